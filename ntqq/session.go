package ntqq

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"

	"libration/internal/rpc"
	"libration/ntqq/event"
	"libration/ntqq/internal/order"
)

const (
	backoffFirst = time.Second
	backoffMost  = 30 * time.Second
	// steadyAfter is how long a session must have been online for the next failure
	// to start with a short wait again.
	steadyAfter = time.Minute
	// stopWait bounds the farewell to the server.
	stopWait = 3 * time.Second
	// saveEvery is how often a keystore that could not be written is tried again.
	saveEvery = time.Minute
)

// Run connects, logs in and keeps the account online until ctx ends; then it says
// goodbye to the server and returns nil. Failures never end it: it waits and tries
// again, and when a person is needed (Kicked, NeedsLogin) it waits for Relogin.
// The state tells. Run may be called once at a time.
func (c *Client) Run(ctx context.Context) error {
	if !c.running.CompareAndSwap(false, true) {
		return errors.New("client is running already")
	}
	defer c.running.Store(false)
	defer c.saveAgain()

	// Events outlive the session's end a little: what has been received is handed on.
	dispatchCtx, stopDispatch := context.WithCancel(context.WithoutCancel(ctx))
	dispatched := make(chan struct{})
	go func() {
		defer close(dispatched)
		c.dispatch(dispatchCtx)
	}()
	defer func() {
		stopDispatch()
		<-dispatched
	}()

	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.MaxInterval, wait.RandomizationFactor = c.opts.Timing.RetryFirst, c.opts.Timing.RetryMost, 0.2
	s := newSession(c)
	if !s.resume(ctx) {
		c.setState(State{Stage: Stopped}, nil)
		return nil
	}
	for {
		onlineFor, err := s.once(ctx)
		if ctx.Err() != nil {
			c.setState(State{Stage: Stopped}, nil)
			return nil
		}
		c.stats.disconnects.Add(1)
		if onlineFor >= steadyAfter {
			wait.Reset()
		}
		if !s.recover(ctx, err, wait) {
			c.setState(State{Stage: Stopped}, nil)
			return nil
		}
	}
}

// session is the state of the session's goroutine between two connections.
type session struct {
	c *Client
	// doubts counts connections in a row on which the session was doubted to the end.
	doubts int
	// freshTickets: the last tickets came from a login that has not been followed by
	// a successful registration.
	freshTickets bool
	cookie       string // of the NT login, echoed back
	// confirmations counts how often the phone was asked about an unusual device since
	// the account was online, or a person asked for a login.
	confirmations int
	password      passwordGate

	bad      map[string]badServer // by address
	several  bool                 // there is a choice of servers
	lookedUp map[string][]string  // the addresses of each host name, of the last time
}

func newSession(c *Client) *session {
	return &session{c: c, bad: map[string]badServer{}, lookedUp: map[string][]string{}}
}

// recover applies the remedy of err and waits for the next try. It returns false
// when ctx ended meanwhile.
func (s *session) recover(ctx context.Context, err error, wait *backoff.ExponentialBackOff) bool {
	c := s.c
	if c.State().Online() { // a login that was asked for until now was not needed
		c.unasked()
	}
	switch classify(err) {
	case kickedOff:
		c.log.Error("kicked offline: waiting for a person, as coming back by itself would kick the other side", "err", err)
		return s.waitForPerson(ctx, State{Stage: Kicked, Err: err, Prompt: &Prompt{Kind: PromptKicked}}, wait)
	case needsPerson:
		c.log.Error("login needs a person", "err", err)
		return s.waitForPerson(ctx, State{
			Stage: NeedsLogin, Err: fmt.Errorf("%w: %w", ErrNeedsLogin, err), Prompt: &Prompt{Kind: PromptNeedsLogin},
		}, wait)
	case doubtSession:
		s.doubtedSession(err)
	case dropSession:
		ks := withoutSession(*c.keys())
		if s.freshTickets { // new tickets, refused at once: A1 will not do better
			ks.A1 = nil
		}
		s.freshTickets = false
		c.setKeys(ks)
		c.log.Warn("session no longer accepted: logging in again", "err", err, "by", s.nextLogin())
	case dropA1:
		ks := withoutSession(*c.keys())
		ks.A1 = nil
		c.setKeys(ks)
		c.log.Warn("saved login no longer accepted: logging in again", "err", err, "by", s.nextLogin())
	}
	return s.rest(ctx, err, wait.NextBackOff())
}

func (s *session) waitForPerson(ctx context.Context, state State, wait *backoff.ExponentialBackOff) bool {
	s.c.unasked() // it was asked for before it was needed
	s.c.setState(state, nil)
	select {
	case <-s.c.restart:
		wait.Reset()
		s.c.endPause()
		s.confirmations = 0
		s.password.sent = 0
		return true
	case <-ctx.Done():
		return false
	}
}

// once runs one connection from choosing the server to its end, and tells how
// long the account was online on it.
func (s *session) once(ctx context.Context) (onlineFor time.Duration, err error) {
	c := s.c
	nc, addr, err := s.connect(ctx)
	if err != nil {
		return 0, err
	}
	defer func() {
		if ctx.Err() == nil {
			s.judge(addr, onlineFor, err)
		}
	}()
	// The connection survives ctx for the goodbye.
	k := c.startConn(context.WithoutCancel(ctx), nc)
	defer func() { k.close(errConnClosed) }()
	k.wg.Go(k.keepAlive)

	if !c.keys().HasSession() {
		if err := s.login(ctx, k); err != nil {
			return 0, k.endedOr(err)
		}
	}
	c.setState(State{Stage: Registering}, nil)
	if err := k.register(ctx); err != nil {
		return 0, k.doubtedOr(k.endedOr(err))
	}
	k.believe()
	s.freshTickets, s.doubts, s.confirmations = false, 0, 0
	k.wg.Go(k.keepSession)
	k.wg.Go(k.keepProof)
	if c.opts.Signer != nil {
		k.wg.Go(k.keepSigning)
	}
	c.cache.expire()
	self := c.Self()
	c.log.Info("online", "uin", self.UIN, "nickname", self.Nickname, "server", addr)
	since := time.Now()
	c.setState(State{Stage: Online}, k)
	k.wg.Go(k.compare)

	err = s.stay(ctx, k)
	return time.Since(since), k.doubtedOr(k.endedOr(err))
}

// stay keeps the tickets of an online session fresh until it ends.
func (s *session) stay(ctx context.Context, k *conn) error {
	c := s.c
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	defer timer.Stop()
	save := time.NewTicker(saveEvery)
	defer save.Stop()
	plan := func() time.Duration {
		left, ok := c.untilRefresh()
		if ok {
			timer.Reset(left)
		}
		return left
	}
	c.dateTickets()
	plan()
	for {
		select {
		case <-k.ctx.Done():
			return k.cause()
		case <-ctx.Done():
			bye, cancel := context.WithTimeout(k.ctx, stopWait)
			defer cancel()
			k.unregister(bye)
			return ctx.Err()
		case <-save.C:
			c.saveAgain()
			continue
		case <-timer.C:
		}
		swapped, err := s.refresh(ctx, k)
		if swapped && err != nil {
			return err
		}
		left := plan()
		if err != nil && ctx.Err() == nil && k.ctx.Err() == nil {
			c.log.Warn("session not refreshed: the old one stays in use", "err", err, "again_in", left) // 0: never
		}
	}
}

// errConnClosed is the cause when our own side is done with a connection.
var errConnClosed = fmt.Errorf("%w: closed by this side", ErrConnectionLost)

// endedOr prefers the connection's own cause of death to what a call made of it.
func (k *conn) endedOr(err error) error {
	if k.ctx.Err() != nil {
		return k.cause()
	}
	return err
}

const (
	pushQueue = 8192     // packets waiting for the dispatcher; then the server waits
	pushBytes = 32 << 20 // of these
	ownQueue  = 1024     // own messages waiting for the dispatcher; then they are not reported
	ownBytes  = 16 << 20
	namedSize = 64 // bytes of a sequence that waits there, about
)

// push is a pushed packet.
type push struct {
	command string
	payload []byte
}

// dispatch turns pushes into events, one after the other. An answer comes after the
// pushes that were received before it: it counts them.
func (c *Client) dispatch(ctx context.Context) {
	o := c.order
	o.begin()
	defer o.end(ctx)
	for {
		select {
		case p := <-c.pushes.Items():
			c.handlePush(ctx, c.pushes.Take(p))
		case in := <-c.own.Items():
			c.received(ctx)
			o.feed(ctx, c.own.Take(in))
		case a := <-o.answers:
			c.received(ctx)
			o.answered(ctx, a)
		case in := <-c.compared:
			c.received(ctx)
			o.feed(ctx, in)
		case <-o.timer.C:
			c.received(ctx)
			o.tick(ctx)
		case <-ctx.Done():
			c.received(ctx) // what has been received is handed on
			for {
				select {
				case in := <-c.own.Items():
					o.feed(ctx, c.own.Take(in))
				default:
					return
				}
			}
		}
	}
}

// received handles the pushes that wait now.
func (c *Client) received(ctx context.Context) {
	for range c.pushes.Len() {
		c.handlePush(ctx, c.pushes.Take(<-c.pushes.Items()))
	}
}

func (c *Client) handlePush(ctx context.Context, p push) {
	c.order.account()
	if p.command == rpc.PushInfoSync {
		c.order.infoSync(ctx, p.payload)
	}
	for _, e := range c.decoder.Decode(p.command, p.payload) {
		c.sends.saw(e)
		c.deliver(ctx, e)
	}
}

// deliver hands an event on when it is its turn.
func (c *Client) deliver(ctx context.Context, e event.Event) {
	switch e := e.(type) {
	case *event.Message:
		c.order.step(ctx, order.Pushed{Message: e})
		return
	case *event.MessageRecalled:
		c.resolve(ctx, e) // its chat is looked for by number
		c.order.step(ctx, order.Recalled{MessageRecalled: e})
		return
	case *event.Unknown:
		c.noteUnknown(e)
	case *event.GroupMemberIncrease, *event.GroupMemberDecrease, *event.GroupLeft:
		c.order.member(ctx, e) // first what waits: it was written before
	case *event.FriendAdded:
		defer c.order.friend(ctx, e) // whose number is looked up first
	}
	c.report(ctx, e)
}

// report completes an event and hands it to the handler.
func (c *Client) report(ctx context.Context, e event.Event) {
	if m, ok := e.(*event.Message); ok {
		c.noteElements(m)
	}
	c.cache.apply(e)
	c.resolve(ctx, e)
	c.name(ctx, e)
	if _, ok := e.(*event.ListsChanged); ok {
		return
	}
	if r, ok := e.(*event.SelfRenamed); ok {
		c.rename(r.Nickname)
	}
	defer func() {
		if p := recover(); p != nil {
			c.log.Error("event handler panicked; the event is lost to it", "event", e.Name(), "panic", p)
		}
	}()
	c.opts.Handler(e)
}

// emit queues the event of an own private message: the server echoes group messages to
// the sender, private ones not. It never waits: the caller may be the event handler.
func (c *Client) emit(e *event.Message) {
	if !c.own.TryPut(order.Sent{Message: e}, e.Size()) {
		c.notes.Warn("own", "event of an own message dropped: the event handler is too slow")
	}
}
