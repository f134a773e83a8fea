package session

import (
	"context"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"

	"libration/internal/text"
	"libration/ntqq/session/link"
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
// again, and when a person is needed ([Kicked], [NeedsLogin]) it waits for
// [Session.Relogin]. [State] reports where it is. Run may be called once at a time.
func (s *Session) Run(ctx context.Context) error {
	if !s.running.CompareAndSwap(false, true) {
		return text.Errorf("session is running already", "会话已在运行")
	}
	defer s.running.Store(false)
	defer s.Save()
	defer s.setState(State{Stage: Stopped}, nil)

	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.MaxInterval, wait.RandomizationFactor = s.opts.Timing.RetryFirst, s.opts.Timing.RetryMost, 0.2
	l := newLoop(s)
	for again := l.resume(ctx); again; {
		onlineFor, err := l.once(ctx)
		if ctx.Err() != nil {
			break
		}
		s.disconnects.Add(1)
		if onlineFor >= steadyAfter {
			wait.Reset()
		}
		again = l.recover(ctx, err, wait)
	}
	return nil
}

// loop is the state of the session's goroutine between two connections.
type loop struct {
	s *Session
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

func newLoop(s *Session) *loop {
	return &loop{s: s, bad: map[string]badServer{}, lookedUp: map[string][]string{}}
}

// recover applies the remedy of err and waits for the next try. It returns false
// when ctx ended meanwhile.
func (l *loop) recover(ctx context.Context, err error, wait *backoff.ExponentialBackOff) bool {
	s := l.s
	if s.State().Online() { // a login that was asked for until now was not needed
		s.unasked()
	}
	switch classify(err) {
	case kickedOff:
		s.log.Error("kicked offline: waiting for a person, as coming back by itself would kick the other side", "err", err)
		return l.waitForPerson(ctx, State{Stage: Kicked, Err: err, Prompt: &Prompt{Kind: PromptKicked}}, wait)
	case needsPerson:
		s.log.Error("login needs a person", "err", err)
		return l.waitForPerson(ctx, State{
			Stage: NeedsLogin, Err: fmt.Errorf("%w: %w", ErrNeedsLogin, err), Prompt: &Prompt{Kind: PromptNeedsLogin, Why: whyPerson(err)},
		}, wait)
	case doubtSession:
		l.doubtedSession(err)
	case dropSession:
		ks := withoutSession(*s.keys())
		if l.freshTickets { // new tickets, refused at once: A1 will not do better
			ks.A1 = nil
		}
		l.freshTickets = false
		s.setKeys(ks)
		s.log.Warn("session no longer accepted: logging in again", "err", err, "by", l.nextLogin())
	case dropA1:
		ks := withoutSession(*s.keys())
		ks.A1 = nil
		s.setKeys(ks)
		s.log.Warn("saved login no longer accepted: logging in again", "err", err, "by", l.nextLogin())
	}
	return l.rest(ctx, err, wait.NextBackOff())
}

func (l *loop) waitForPerson(ctx context.Context, state State, wait *backoff.ExponentialBackOff) bool {
	l.s.unasked() // it was asked for before it was needed
	l.s.setState(state, nil)
	select {
	case <-l.s.restart:
		wait.Reset()
		l.s.endPause()
		l.confirmations = 0
		l.password.sent = 0
		return true
	case <-ctx.Done():
		return false
	}
}

// once runs one connection from choosing the server to its end, and tells how
// long the account was online on it.
func (l *loop) once(ctx context.Context) (onlineFor time.Duration, err error) {
	s := l.s
	nc, addr, err := l.connect(ctx)
	if err != nil {
		return 0, err
	}
	defer func() {
		if ctx.Err() == nil {
			l.judge(addr, onlineFor, err)
		}
	}()
	// The connection survives ctx for the goodbye.
	k := s.link.Start(context.WithoutCancel(ctx), nc)
	defer k.Close()

	if !s.keys().HasSession() {
		if err := l.login(ctx, k); err != nil {
			return 0, endedOr(k, err)
		}
	}
	s.setState(State{Stage: Registering}, nil)
	if err := s.register(ctx, k); err != nil {
		return 0, k.Doubted(endedOr(k, err))
	}
	k.Believe()
	l.freshTickets, l.doubts, l.confirmations = false, 0, 0
	k.KeepOnline()
	if s.opts.Signer != nil {
		k.Go(func() { s.keepSigning(k.Context()) })
	}
	s.opts.OnOnline(k.Context(), k.ServerTime())
	self := s.Self()
	s.log.Info("online", "uin", self.UIN, "nickname", self.Nickname, "server", addr)
	since := time.Now()
	s.setState(State{Stage: Online}, k)
	err = l.stay(ctx, k)
	return time.Since(since), k.Doubted(endedOr(k, err))
}

// stay keeps the tickets of an online session fresh until it ends.
func (l *loop) stay(ctx context.Context, k *link.Conn) error {
	s := l.s
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	defer timer.Stop()
	save := time.NewTicker(saveEvery)
	defer save.Stop()
	plan := func() time.Duration {
		left, ok := s.untilRefresh()
		if ok {
			timer.Reset(left)
		}
		return left
	}
	s.dateTickets()
	plan()
	for {
		select {
		case <-k.Context().Done():
			return k.Err()
		case <-ctx.Done():
			bye, cancel := context.WithTimeout(k.Context(), stopWait)
			defer cancel()
			s.unregister(bye, k)
			return ctx.Err()
		case <-save.C:
			s.Save()
			continue
		case <-timer.C:
		}
		swapped, err := l.refresh(ctx, k)
		if swapped && err != nil {
			return err
		}
		left := plan()
		if err != nil && ctx.Err() == nil && k.Err() == nil {
			s.log.Warn("session not refreshed: the old one stays in use", "err", err, "again_in", left) // 0: never
		}
	}
}

// endedOr prefers the connection's own cause of death to what a call made of it.
func endedOr(k *link.Conn, err error) error {
	if ended := k.Err(); ended != nil {
		return ended
	}
	return err
}
