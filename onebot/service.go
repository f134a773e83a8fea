package onebot

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"libration/gateway/table"
	"libration/internal/text"
	"libration/ntqq"
	"libration/ntqq/clock"
	"libration/ntqq/message"
)

// Client is what OneBot needs of an account; *ntqq.Client implements it. All
// methods are called from several goroutines at once. Errors are those of package
// ntqq, wrapped.
type Client interface {
	Self() ntqq.Self
	State() ntqq.State
	// SignFailure is nil while requests can be signed, and so messages be sent.
	SignFailure() *ntqq.SignFailure
	// SendGroup and SendFriend return the message as sent: with Chat, Sender,
	// Sequence, Random, Time and Self set.
	SendGroup(ctx context.Context, group message.GroupCode, c message.Content) (*message.Message, error)
	SendFriend(ctx context.Context, peer message.UIN, c message.Content) (*message.Message, error)
	Recall(ctx context.Context, m *message.Message) error
	Friends(ctx context.Context, refresh bool) ([]ntqq.Friend, error)
	Groups(ctx context.Context, refresh bool) ([]ntqq.Group, error)
	Group(ctx context.Context, code message.GroupCode, refresh bool) (ntqq.Group, error)
	Members(ctx context.Context, code message.GroupCode, refresh bool) ([]ntqq.Member, error)
	Member(ctx context.Context, code message.GroupCode, uin message.UIN, refresh bool) (ntqq.Member, error)
	User(ctx context.Context, uin message.UIN) (ntqq.User, error)
	Stats() ntqq.Stats
}

// Store keeps messages and gives them their message_id
// (docs/protocol/onebot11.md (e)). All methods are called from several goroutines
// at once.
type Store interface {
	// Put stores m and returns its id, never 0. Storing the same message again
	// returns the same id.
	Put(m *message.Message) (id int32, err error)
	// Get returns the message with this id, or nil, nil when there is none.
	Get(id int32) (*message.Message, error)
	// ID returns the id that the message with this key has or would have; it writes
	// nothing.
	ID(chat message.Chat, sequence uint64) (id int32, err error)
	// FindFriend finds a private message by what a recall tells of it; nil, nil when
	// there is none.
	FindFriend(peer message.UIN, clientSequence uint64, random uint32) (*message.Message, error)
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

// Language chooses the language of the texts in failed responses and bot_offline
// notices.
type Language = text.Language

// The languages.
const (
	English = text.English
	Chinese = text.Chinese
)

// Options configure a Service. Client and Store are required.
type Options struct {
	Client Client
	Store  Store
	// Journal keeps events for clients that were away; nil: nobody does. With a
	// journal every event gets an event_id and goes through it before anybody sees
	// it.
	Journal Journal
	// Kept are the forms in which events are kept while nobody is connected: those of
	// the connections with a journal.
	Kept []EventForm
	// Log gets what goes wrong; nil discards it.
	Log *slog.Logger
	// Version is the program's version, for get_version_info; default "dev".
	Version string
	// Language of texts for people; default English.
	Language Language
	// OnAction gets every action that ended, for statistics: its name ("unknown" for
	// those that do not exist), its return code and how long it took. It is called
	// from many goroutines and must return quickly; nil: nobody counts.
	OnAction func(action string, retcode int, took time.Duration)
	// Buffer is how many bytes of events may wait for subscribers; default
	// DefaultBuffer.
	Buffer int64
	// Budget bounds the requests of an installation; default one of its own.
	Budget *Budget
	// Clock is that of events that carry no time of their own, and of the journal. nil:
	// one that is never trusted, so that no event becomes too old.
	Clock Clock
}

func (o *Options) setDefaults() {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Version == "" {
		o.Version = "dev"
	}
	if o.Language == "" {
		o.Language = English
	}
	if o.OnAction == nil {
		o.OnAction = func(string, int, time.Duration) {}
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

// Limits of actions called with the suffix _async or _rate_limited.
const (
	// asyncWorkers run at once: many, as messages may have to wait for their turn.
	asyncWorkers = 64
	asyncQueue   = 256 // of each kind wait for a worker; more are refused
	// pacedPause is the standard's default (docs/protocol/onebot11.md a.7).
	pacedPause = 500 * time.Millisecond
)

// FinishTime is how long running actions have to end when the program stops.
const FinishTime = 2500 * time.Millisecond

// Service is the OneBot v11 service of one account. Call, Subscribe, Lifecycle and
// Heartbeat are safe for concurrent use; Handle and HandleState belong to one
// goroutine.
type Service struct {
	client   Client
	store    Store
	log      *slog.Logger
	version  string
	language Language
	clock    Clock
	onAction func(action string, retcode int, took time.Duration)
	budget   *Budget

	actions  *table.Table[*Service]
	segments *segmentTable
	readers  sync.Pool // of *args
	hub      hub
	journal  *journal  // nil: events go straight to the hub
	renders  sync.Pool // of *rendering
	pending  chan task // _async actions waiting for a worker of Run
	paced    chan task // _rate_limited ones

	accepting sync.Mutex // guards finishing, and putting into the two
	finishing bool
	cut       chan struct{} // closed: Finish does not wait any longer
	finished  chan struct{} // closed: no such action runs any more

	// These belong to the goroutine that calls Handle and HandleState.
	online bool
	left   map[message.GroupCode]int64 // when the account left a group, Unix seconds
}

// New makes a service. It starts nothing.
func New(o Options) *Service {
	o.setDefaults()
	s := &Service{
		client:   o.Client,
		store:    o.Store,
		log:      o.Log,
		version:  o.Version,
		language: o.Language,
		clock:    o.Clock,
		onAction: o.OnAction,
		budget:   o.Budget,
		hub:      hub{size: o.Buffer},
		actions:  Table(),
		segments: newSegmentTable(),
		pending:  make(chan task, asyncQueue),
		paced:    make(chan task, asyncQueue),
		cut:      make(chan struct{}),
		finished: make(chan struct{}),
		left:     map[message.GroupCode]int64{},
	}
	s.readers.New = func() any { return new(args) }
	s.renders.New = func() any { return new(rendering) }
	if o.Journal != nil {
		s.journal = newJournal(o.Journal, o.Log, o.Clock)
		for _, f := range o.Kept {
			s.hub.count(f, 1)
		}
	}
	return s
}

// Run carries out the actions that are answered before and, with a journal, hands
// its events to the subscriptions. It returns nil when ctx has ended and all of them
// have returned; actions still waiting are dropped, unless Finish was called first.
// It may be called once. Everything else but Finish works without Run.
func (s *Service) Run(ctx context.Context) error {
	var relaying sync.WaitGroup
	defer relaying.Wait()
	if s.journal != nil {
		relaying.Go(func() { s.relay(ctx) })
	}
	calls, cancel := context.WithCancel(ctx)
	defer cancel()
	relaying.Go(func() {
		select {
		case <-s.cut:
			cancel()
		case <-calls.Done():
		}
	})
	var workers sync.WaitGroup
	workers.Go(func() {
		slots := make(chan struct{}, asyncWorkers)
		for {
			select {
			case slots <- struct{}{}:
			case <-calls.Done():
				return
			}
			t, ok := nextTask(calls, s.pending)
			if !ok {
				return
			}
			workers.Go(func() {
				defer func() { <-slots }()
				s.runTask(calls, t)
			})
		}
	})
	workers.Go(func() { s.pace(calls) })
	workers.Wait()
	close(s.finished)
	if n := len(s.pending) + len(s.paced); n > 0 {
		s.log.Warn("accepted actions not carried out: the program stops", "count", n)
	}
	return nil
}

// nextTask takes the next action that was answered; false when no more comes, or ctx
// has ended.
func nextTask(ctx context.Context, queue <-chan task) (t task, ok bool) {
	if ctx.Err() != nil {
		return t, false
	}
	select {
	case t, ok = <-queue:
	case <-ctx.Done():
	}
	return t, ok
}

// pace carries out the _rate_limited actions, one after the other with a pause.
func (s *Service) pace(ctx context.Context) {
	rested := time.NewTimer(0)
	defer rested.Stop()
	for {
		select {
		case <-rested.C:
		case <-ctx.Done():
			return
		}
		t, ok := nextTask(ctx, s.paced)
		if !ok {
			return
		}
		s.runTask(ctx, t)
		rested.Reset(pacedPause)
	}
}

// Finish takes no more actions that are answered before, and waits until those that
// were accepted have run, or ctx has ended: then they are cancelled. It may be called
// once, while Run runs.
func (s *Service) Finish(ctx context.Context) {
	s.accepting.Lock()
	s.finishing = true
	close(s.pending)
	close(s.paced)
	s.accepting.Unlock()
	select {
	case <-s.finished:
	case <-ctx.Done():
		close(s.cut)
		<-s.finished
	}
}

// Budget is where whoever hands requests to Call takes their bytes from.
func (s *Service) Budget() *Budget { return s.budget }
