package ntqq

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"libration/internal/pb"
	"libration/internal/pb/pushpb"
	"libration/ntqq/event"
	"libration/ntqq/internal/order"
	"libration/ntqq/message"
)

// chatID names a chat: a group, or the private chats with one person.
type chatID = order.ID

func groupChat(code GroupCode) chatID { return chatID{Group: true, Code: uint64(code)} }
func friendChat(uin UIN) chatID       { return chatID{Code: uint64(uin)} }

// historyPage is the most messages that one request gives.
const historyPage = order.PageSize

// history is what an ordering asks: the Client, or a test.
type history interface {
	// latest is the sequence of a chat's newest message, 0 when there is none.
	latest(ctx context.Context, id chatID, peer UID) (uint64, error)
	// page are the messages of a range of sequences, ascending.
	page(ctx context.Context, id chatID, peer UID, first, last uint64) ([]*message.Message, error)
	// memberSince is when the account came into a group, Unix seconds.
	memberSince(ctx context.Context, group GroupCode) (int64, error)
}

// ordering has the order of messages (package order) in the hands of the dispatcher: it
// feeds the book with pushes, answers and time, asks the server what the book wants to
// know, and saves what was delivered. It is for the dispatcher's goroutine, but for
// delivered and privateChats.
type ordering struct {
	c       *Client
	server  history
	self    UIN // the account that the chats belong to
	answers chan order.Answered
	slots   chan struct{} // one for each question that is being answered
	wg      sync.WaitGroup
	timer   *time.Timer
	next    time.Time // when timer fires; zero: it does not
	journal journal
	noticed noticed
	start   time.Time

	mu   sync.Mutex // the book is read by others, too
	book *order.Book
}

func newOrdering(c *Client) *ordering {
	o := &ordering{c: c, server: c, start: time.Now(), answers: make(chan order.Answered), slots: make(chan struct{}, 4)}
	o.book = order.New(o.limits())
	o.timer = time.NewTimer(time.Hour)
	o.timer.Stop()
	o.account()
	return o
}

func (o *ordering) limits() order.Limits {
	return order.Limits{Messages: o.c.opts.CatchUp.Messages, Age: o.c.opts.CatchUp.Age}
}

// delivered is the newest sequence of a chat that was delivered, 0 when none was.
// Safe for concurrent use.
func (o *ordering) delivered(id chatID) uint64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.book.Newest(id)
}

// privateChats are the newest of those with a known text id. Safe for concurrent use.
func (o *ordering) privateChats() map[UIN]UID {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.book.Private(o.c.now().Unix(), comparedChats)
}

// step feeds the book and does what follows.
func (o *ordering) step(ctx context.Context, in order.Input) {
	at := o.at()
	if _, ok := in.(order.Answered); ok {
		at.Oldest = o.oldest()
	}
	o.mu.Lock()
	out := o.book.Step(at, in)
	next := o.book.Next()
	o.mu.Unlock()
	for _, r := range out.Ask {
		o.ask(ctx, r)
	}
	for _, n := range out.Notes {
		if n.Kind != "" {
			o.c.notes.Write(n.Level, n.Kind, n.Text, n.Args)
		} else {
			o.c.log.Log(ctx, n.Level, n.Text, n.Args...)
		}
	}
	switch out.Changed {
	case order.Moved:
		o.changed(progressEvery)
	case order.Begun:
		o.changed(progressNew)
	}
	if !next.IsZero() {
		o.wake(next)
	}
	for _, e := range out.Deliver {
		if m, ok := e.(*event.Message); ok && !m.Self {
			o.c.stats.messagesReceived.Add(1)
			o.c.stats.lastMessage.Store(at.Unix)
		}
		o.c.report(ctx, e)
	}
}

// at reads the monotonic clock, once: this is done for each message, and time.Now
// would read the wall clock, too.
func (o *ordering) at() order.At {
	now := o.start.Add(time.Since(o.start))
	return order.At{Now: now, Unix: o.c.clock.At(now).Unix()}
}

// oldest is the time from which missed messages are delivered, Unix seconds.
func (o *ordering) oldest() int64 {
	t, ok := o.c.clock.Ago(o.c.opts.CatchUp.Age)
	if !ok { // nothing is known to be old
		return math.MinInt64
	}
	return t.Unix()
}

// wake lets the timer fire at a time, or earlier.
func (o *ordering) wake(at time.Time) {
	if o.next.IsZero() || at.Before(o.next) {
		o.next = at
		o.timer.Reset(time.Until(at))
	}
}

// tick does what is due.
func (o *ordering) tick(ctx context.Context) {
	o.next = time.Time{}
	o.step(ctx, order.Tick{})
	o.keep(time.Now())
}

// ask asks one question.
func (o *ordering) ask(ctx context.Context, r order.Request) {
	o.wg.Go(func() {
		select {
		case o.slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		var answer order.Answered
		o.c.crash.guard(func() { answer = o.answer(ctx, r) })
		<-o.slots
		select {
		case o.answers <- answer:
		case <-ctx.Done():
		}
	})
}

func (o *ordering) answer(ctx context.Context, r order.Request) order.Answered {
	a := order.Answered{Request: r}
	if r.Membership {
		a.Joined, a.Err = o.server.memberSince(ctx, GroupCode(r.Chat.Code))
	}
	switch {
	case a.Err != nil:
	case r.Kind == order.AskNewest:
		a.Newest, a.Err = o.server.latest(ctx, r.Chat, r.Peer)
	default:
		a.Messages, a.Err = o.server.page(ctx, r.Chat, r.Peer, r.First, r.Last)
	}
	switch {
	case a.Err == nil:
	case ended(a.Err):
		a.Failure = order.Ended
	case errors.Is(a.Err, ErrTimeout):
		a.Failure = order.TimedOut
	default:
		a.Failure = order.Refused
	}
	return a
}

// answered takes the answer to a question.
func (o *ordering) answered(ctx context.Context, a order.Answered) {
	if a.Failure == order.Ended && !o.c.State().Online() {
		a.Failure = order.Offline
	}
	o.step(ctx, a)
}

// ended tells whether a call failed with the connection, or for want of one.
func ended(err error) bool {
	for _, e := range []error{ErrOffline, ErrConnectionLost, ErrSessionExpired, ErrKicked, context.Canceled} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// feed takes what an answer of the server says.
func (o *ordering) feed(ctx context.Context, in order.Input) {
	o.account()
	o.step(ctx, in)
}

// infoSync reads the newest sequences of the groups from the push that follows a
// registration.
func (o *ordering) infoSync(ctx context.Context, payload []byte) {
	sync := &pushpb.InfoSyncPush{}
	if err := pb.Unmarshal(payload, sync); err != nil {
		o.c.log.Debug("list of the groups' newest messages not readable", "err", err)
		return
	}
	for _, g := range sync.GetGroups() {
		if g.LatestSequence != nil {
			o.step(ctx, order.Synced{Group: GroupCode(g.GetGroupCode()), Newest: g.GetLatestSequence()})
		}
	}
}

// moved takes the account's coming and going.
func (o *ordering) moved(ctx context.Context, e event.Mover) {
	m, self := e.Moves(), o.c.Self()
	isSelf := m.Who.UID != "" && m.Who.UID == self.UID || m.Who.UIN != 0 && m.Who.UIN == self.UIN
	if m.Who != (event.Person{}) && !isSelf {
		return
	}
	if m.Chat.Kind != message.Group && (m.Chat.Peer == 0 || m.Chat.PeerUID == "") {
		return // nobody knows who that is
	}
	if m.Left {
		o.step(ctx, order.Left{Chat: order.Of(m.Chat), Time: e.When()})
	} else {
		o.step(ctx, order.Joined{Chat: order.Of(m.Chat), Peer: m.Chat.PeerUID, Time: e.When()})
	}
}
