package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"libration/ntqq"
	"libration/ntqq/clock"
	"libration/ntqq/event"
	"libration/ntqq/message"
)

// Account is the account that the events are about; *ntqq.Client implements it.
type Account interface{ Self() ntqq.Self }

// Store keeps messages and gives them their ids. All methods are called from several
// goroutines at once.
type Store interface {
	// Put stores m and returns its id, never 0. Storing the same message again
	// returns the same id.
	Put(m *message.Message) (id int32, err error)
	// PutSent is Put for a message as it was sent: what was reported of it stays.
	PutSent(m *message.Message) (id int32, err error)
	// PutFetched is PutSent for a message that was fetched and becomes no event.
	PutFetched(m *message.Message) (id int32, err error)
	// Get returns the message with this id, or nil, nil when there is none.
	Get(id int32) (*message.Message, error)
	// ID returns the id that the message with this key has or would have; it writes
	// nothing.
	ID(chat message.Chat, sequence uint64) (id int32, err error)
	// FindFriend finds a private message by what a recall tells of it; nil, nil when
	// there is none.
	FindFriend(peer message.UIN, clientSequence uint64, random uint32) (*message.Message, error)
	// Through returns by which group the newest temporary message of the chat with peer
	// came or went; 0 when there is none.
	Through(peer message.UIN) (message.GroupCode, error)
	// Recent returns the ids of the newest messages on disk of the chats that had one last:
	// one of each chat, and most at most.
	Recent(ctx context.Context, most int) (ids []int32, err error)
	// PutMedium keeps what is known of a medium under an id, as JSON.
	PutMedium(id, kind string, payload []byte) error
	// Medium returns what is kept under this id; a nil payload when nothing is.
	Medium(id string) (kind string, payload []byte, err error)
	// FlushMessage returns when the message with this id, given by PutSent, is on disk, or
	// with the error of ctx. It does not wait for others.
	FlushMessage(ctx context.Context, id int32) error
	// Flush returns when everything put before is on disk, or with the error of ctx.
	Flush(ctx context.Context) error
}

// Clock is the time, as far as it is known; *clock.Clock implements it.
type Clock interface {
	Now() time.Time
	// Trusted tells whether the time is known.
	Trusted() bool
	// Ago is the time before which something must have been written to be older than
	// age; without ok nothing is known to be old.
	Ago(age time.Duration) (t time.Time, ok bool)
}

// Options configure a Gateway. Account and Store are required.
type Options struct {
	Account Account
	Store   Store
	// Journal keeps events for clients that were away; nil: nobody does. With a
	// journal every event gets an id and goes through it before anybody sees it.
	Journal Journal
	// OwnKept keeps the account's own messages in the journal also while nobody who
	// takes them is there.
	OwnKept bool
	// Log gets what goes wrong; nil discards it.
	Log *slog.Logger
	// Buffer is how many bytes of events may wait for subscribers; default
	// DefaultBuffer.
	Buffer int64
	// Budget bounds the requests of the account; default one of its own.
	Budget *Budget
	// Clock is that of events that carry no time of their own, and of the journal. nil:
	// one that is never trusted, so that no event becomes too old.
	Clock Clock
}

func (o *Options) setDefaults() {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = clock.New(nil)
	}
	if o.Buffer <= 0 {
		o.Buffer = DefaultBuffer
	}
	if o.Budget == nil {
		o.Budget = NewBudget()
	}
}

// Gateway serves the dialects of one account. Handle and HandleState belong to one
// goroutine, Register to the time before it; everything else is safe for concurrent use.
type Gateway struct {
	account Account
	store   Store
	log     *slog.Logger
	clock   Clock
	budget  *Budget

	known   chan struct{} // closed when the account's number is known
	knowing sync.Mutex    // guards closing it
	hub     hub
	journal *journal // nil: events go straight to the hub
	later   *later
	named   namedMessages

	// These belong to the goroutine that calls Handle and HandleState.
	online   bool
	left     map[message.GroupCode]int64 // when the account left a group, Unix seconds
	handling Event                       // the event that is being handed on
}

// New makes a Gateway. It starts nothing.
func New(o Options) *Gateway {
	o.setDefaults()
	g := &Gateway{
		account: o.Account,
		store:   o.Store,
		log:     o.Log,
		clock:   o.Clock,
		budget:  o.Budget,
		known:   make(chan struct{}),
		hub:     hub{size: o.Buffer},
		later:   newLater(),
		left:    map[message.GroupCode]int64{},
	}
	if o.Journal != nil {
		g.journal = newJournal(o.Journal, g, o.OwnKept)
	}
	return g
}

// Run carries out the calls that are answered before and, with a journal, hands its
// events to the subscriptions. It returns nil when ctx has ended and all of them have
// returned; calls still waiting are dropped, unless Finish was called first. It may be
// called once. Everything else but Finish works without Run.
func (g *Gateway) Run(ctx context.Context) error {
	var relaying sync.WaitGroup
	if g.journal != nil {
		relaying.Go(func() { g.relay(ctx) })
	}
	if n := g.later.run(ctx); n > 0 {
		g.log.Warn("accepted actions not carried out: the program stops", "count", n)
	}
	relaying.Wait()
	return nil
}

// Budget is where whoever takes requests takes their bytes from.
func (g *Gateway) Budget() *Budget { return g.budget }

// Known is closed when the account's number is known. Before, no connection may be
// opened that says whose it is, or that events come over.
func (g *Gateway) Known() <-chan struct{} {
	g.knowing.Lock()
	defer g.knowing.Unlock()
	select {
	case <-g.known:
	default:
		if g.account.Self().UIN != 0 {
			close(g.known)
		}
	}
	return g.known
}

// Handle takes one event of the account: it stores messages, and has the event written
// in each form that somebody takes, or puts it into the journal. It never panics. It
// waits for a journal that is full; without one, for subscribers that take events too
// slowly (Subscribe), but not for those that take none. Events that no dialect has a
// word for are ignored.
// Only one goroutine may call Handle and HandleState.
func (g *Gateway) Handle(_ context.Context, e event.Event) {
	defer func() {
		if v := recover(); v != nil {
			g.log.Error("event panicked", "event", fmt.Sprintf("%T", e), "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
		}
	}()
	if m, ok := e.(*event.Message); ok {
		if m != nil && m.Message != nil {
			g.message(m.Message)
		}
		return
	}
	if !g.repeats(e) {
		g.happened(e)
	}
}

// happened hands an event on that is no message.
func (g *Gateway) happened(e Happening) {
	if !g.wanted(false) || !g.hub.tells(e.Name()) {
		return
	}
	id := int32(0)
	if r, ok := e.(event.Referrer); ok {
		id = g.ReferredID(r.Refers())
	}
	g.handling = Event{At: g.clock.Now().Unix(), MessageID: id, Event: e}
	g.publish()
}

// message stores a message of an event and hands it on, unless it says nothing: such
// messages only fill a sequence (docs/protocol/messages.md 8).
func (g *Gateway) message(m *message.Message) {
	if g.told(m) {
		g.keep(m, g.store.PutSent) // what is stored of it is what was told
		return
	}
	if m.Time <= 0 {
		dated := *m
		dated.Time = g.clock.Now().Unix()
		m = &dated
	}
	id := g.keep(m, g.store.Put)
	if len(m.Content) > 0 && g.wanted(m.Self) {
		g.handling = Event{At: m.Time, Self: m.Self, MessageID: id, Message: m}
		g.publish()
	}
}

// KeepOwn changes Options.OwnKept. It does nothing without a journal. Safe for concurrent
// use.
func (g *Gateway) KeepOwn(own bool) {
	if g.journal != nil {
		g.journal.ownKept.Store(own)
	}
}

// wanted tells whether somebody wants own messages, or the rest.
func (g *Gateway) wanted(self bool) bool {
	if j := g.journal; j != nil && (!self || j.ownKept.Load()) {
		return true
	}
	return g.hub.wanted(self) != 0
}

// publish hands the event being handled on, by way of the journal when there is one.
func (g *Gateway) publish() {
	if g.journal != nil {
		g.journal.append(&g.handling)
	} else {
		w := g.hub.write(&g.handling, g.hub.wanted(g.handling.Self))
		g.hand(g.handling.Self, &w)
	}
	g.handling = Event{}
}
