package transport

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"
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
}

// Listening is a Service that accepts connections.
type Listening interface {
	Service
	// Addr is the address listened on, nil before Ready. It tells the port when the
	// configured one is 0.
	Addr() net.Addr
	// Ready is closed when the service listens for the first time.
	Ready() <-chan struct{}
}

// The values of Service.State.
const (
	StateStopped    = "stopped"    // not started, or ended on request
	StateListening  = "listening"  // accepting connections
	StateConnecting = "connecting" // dialling the bot
	StateConnected  = "connected"  // all connections to the bot are open
	StateWaiting    = "waiting"    // not connected, the next try is due
	StateFailed     = "failed"     // Run returned an error
)

// errRunning is returned by a second Run while the first is still going on.
var errRunning = errors.New("the service is already running")

// status is the watched part of a service.
type status struct {
	mu      sync.Mutex // guards the fields
	running bool
	state   string
	err     error
	addr    net.Addr
}

func (s *status) set(state string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state, s.err = state, err
}

// State implements Service.
func (s *status) State() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == "" {
		return StateStopped
	}
	return s.state
}

// Err implements Service.
func (s *status) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
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
	s.state, s.err = StateStopped, err
	if err != nil {
		s.state = StateFailed
	}
}

// timing holds the periods that only tests change.
type timing struct {
	write   time.Duration // one write to the network
	ping    time.Duration // between pings
	pong    time.Duration // from a ping to any sign of life
	drain   time.Duration // for running actions to end when stopping
	grace   time.Duration // for cancelled actions to be answered
	close   time.Duration // for the close handshake
	stable  time.Duration // a reverse connection older than this was a good one
	refusal time.Duration // between log lines about refused requests
}

// defaultTiming: docs/protocol/onebot11.md a.4 (write deadline, pings). Drain, grace
// and close together stay below the five seconds that stopping may take.
func defaultTiming() timing {
	return timing{
		write:   15 * time.Second,
		ping:    30 * time.Second,
		pong:    15 * time.Second,
		drain:   2500 * time.Millisecond,
		grace:   500 * time.Millisecond,
		close:   1500 * time.Millisecond,
		stable:  10 * time.Second,
		refusal: time.Minute,
	}
}
