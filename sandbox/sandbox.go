package sandbox

import (
	"fmt"
	"log/slog"
	"net/http"

	"libration/internal/webguard"
	"libration/sandbox/control"
	"libration/sandbox/fault"
	"libration/sandbox/scenario"
	"libration/sandbox/server"
)

// Options configures a Sandbox. Without a World it is that of [scenario.Default]; clients
// log in by scanning codes.
type Options = server.Options

// Sandbox is a simulated NTQQ service with its control API and sign provider. It is safe
// for concurrent use. All that happens in it is done by its [server.Server], and by its
// World: see [server.Server.World] and [server.Server.Faults].
type Sandbox struct {
	*server.Server
	log *slog.Logger
}

// New makes a sandbox. There is no I/O and no goroutine before Serve.
func New(o Options) (*Sandbox, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.World == nil {
		world, err := scenario.Default().Build(o.Seed)
		if err != nil {
			return nil, fmt.Errorf("default scenario: %w", err)
		}
		o.World = world
	}
	s, err := server.New(o)
	if err != nil {
		return nil, err
	}
	return &Sandbox{s, o.Log}, nil
}

// Handler returns the control API with the chat page at /, and the sign provider
// at /sign.
//
// Streams of events end only with the context of their request, and http.Server's
// Shutdown waits for them without ending it: give the server a BaseContext that
// ends before Shutdown is called.
func (s *Sandbox) Handler() http.Handler {
	guard := webguard.New(webguard.Options{Service: "sandbox", Remote: true, Log: s.log})
	mux := http.NewServeMux()
	mux.Handle("/", control.New(s.World(), s, control.Options{Guard: guard, Log: s.log}))
	sign := s.SignHandler(guard)
	mux.Handle("/sign", sign)
	mux.Handle("/sign/", sign)
	return mux
}

// FaultStages returns the stages of a session that faults can be bound to.
func FaultStages() []fault.Stage { return server.Stages() }

// MemoryListener is a listener without sockets, for tests in one process.
type MemoryListener = server.MemoryListener

// NewMemoryListener returns an open listener: what its DialContext returns is served like
// a TCP connection. It works in testing/synctest bubbles, where it must be made inside the
// bubble.
func NewMemoryListener() *MemoryListener { return server.NewMemoryListener() }
