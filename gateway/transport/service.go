package transport

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"runtime/debug"
	"sync"
	"time"

	"libration/gateway"
	"libration/internal/text"
)

// Service is a transport that can be run and watched.
type Service interface {
	// Name says what the service is and where, for logs and status pages. It never
	// contains a token.
	Name() string
	// Run serves until ctx ends (nil) or it cannot go on (an error that says what to
	// do, for example when the port is taken). Every goroutine it started has ended
	// when it returns. It may be called again after it returned, not at the same time.
	Run(ctx context.Context) error
	// State is one of the State constants. Safe for concurrent use.
	State() string
	// Err is why the service is not in its good state (listening, connected), nil
	// when it is or was not started. Safe for concurrent use.
	Err() error
	// Watch returns the condition now and a channel that is closed when it changes.
	// Safe for concurrent use.
	Watch() (Condition, <-chan struct{})
}

// Condition is what a service is doing at one moment.
type Condition struct {
	State string // one of the State constants
	Err   error  // as of Service.Err
	// Retry is when a service in StateWaiting tries again; zero in other states.
	Retry time.Time
}

// Serving tells whether bots are served: listening and checked, or connected.
func (c Condition) Serving() bool { return c.State == StateListening || c.State == StateConnected }

// Listening is a Service that accepts connections.
type Listening interface {
	Service
	// Addr is the address listened on, nil while it is not. It tells the port when
	// the configured one is 0.
	Addr() net.Addr
	// Ready is closed when the service listens and has answered a request of its own.
	// Each Run has its own channel: between two runs it is that of the next.
	Ready() <-chan struct{}
	// Prefix begins the paths of the account, where several share the address; else it
	// is "".
	Prefix() string
}

// The values of Service.State.
const (
	StateStopped    = "stopped"    // not started, or ended on request
	StateStarting   = "starting"   // listening, and asking itself whether it answers
	StateListening  = "listening"  // accepting connections, and known to answer
	StateConnecting = "connecting" // dialling the bot
	StateConnected  = "connected"  // all connections to the bot are open
	StateWaiting    = "waiting"    // not connected, the next try is due
	StateFailed     = "failed"     // Run returned an error
)

// errRunning is returned by a second Run while the first is still going on.
var errRunning = text.Errorf("the service is already running", "服务已在运行")

// status is the watched part of a service.
type status struct {
	mu        sync.Mutex // guards the fields
	running   bool
	condition Condition
	addr      net.Addr
	changed   chan struct{} // closed when condition changes; nil while nobody watches
}

// set changes the condition. The caller holds mu.
func (s *status) set(c Condition) {
	s.condition = c
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
}

// Watch implements Service.
func (s *status) Watch() (Condition, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	c := s.condition
	if c.State == "" {
		c.State = StateStopped
	}
	return c, s.changed
}

// State implements Service.
func (s *status) State() string {
	c, _ := s.Watch()
	return c.State
}

// Err implements Service.
func (s *status) Err() error {
	c, _ := s.Watch()
	return c.Err
}

// begin marks the service as running; end is its counterpart.
func (s *status) begin() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running {
		return errRunning
	}
	s.running = true
	return nil
}

func (s *status) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = false
	s.addr = nil
	c := Condition{State: StateStopped}
	if err != nil {
		c = Condition{State: StateFailed, Err: err}
	}
	s.set(c)
}

// guarded turns a panic of f into an error: it would end the program with all its
// services.
func guarded(log *slog.Logger, f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			log.Error("panic in a connection; it ends, the others are not affected",
				"panic", fmt.Sprint(v), "stack", string(debug.Stack()))
			err = text.Errorf("internal error: %v; the log has details", "内部错误：%v；详见日志", v)
		}
	}()
	return f()
}

// timing holds the periods that only tests change.
type timing struct {
	write  time.Duration // one write to the network
	read   time.Duration // for a request and its small body; of a large one, for the first bytes
	room   time.Duration // an HTTP request waits for its part of the budget
	ping   time.Duration // between pings
	pong   time.Duration // from a ping to any sign of life
	ack    time.Duration // from events of the journal to a ping after them
	drain  time.Duration // for running actions to end when stopping
	grace  time.Duration // for cancelled actions to be answered
	close  time.Duration // for the close handshake
	stable time.Duration // a reverse connection older than this was a good one
	check  time.Duration // for a new server to answer itself
	look   time.Duration // from one look at the files of a certificate to the next
}

// defaultTiming: docs/protocol/onebot11.md a.4 (write deadline, pings). Drain, grace
// and close together stay below the five seconds that stopping may take.
func defaultTiming() timing {
	return timing{
		write:  15 * time.Second,
		read:   15 * time.Second,
		room:   5 * time.Second,
		ping:   30 * time.Second,
		pong:   15 * time.Second,
		ack:    time.Second,
		drain:  gateway.FinishTime,
		grace:  500 * time.Millisecond,
		close:  1500 * time.Millisecond,
		stable: 10 * time.Second,
		check:  5 * time.Second,
		look:   10 * time.Second,
	}
}
