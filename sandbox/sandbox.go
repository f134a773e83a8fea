package sandbox

import (
	"context"
	"log/slog"
	"net/http"

	"libration/internal/text"
	"libration/internal/webguard"
	"libration/ntqq/message"
	"libration/sandbox/control"
	"libration/sandbox/fault"
	"libration/sandbox/scenario"
	"libration/sandbox/server"
	"libration/sandbox/world"
)

// Options configures a Sandbox. Default of World: that of [scenario.Default]. Clients log
// in by scanning codes, or where Passwords has their account by its password.
type Options = server.Options

// Sandbox is a simulated NTQQ service with its control API and sign provider. It is safe
// for concurrent use. [server.Server.World] has what people do, [server.Server.Faults]
// what goes wrong.
type Sandbox struct {
	*server.Server
	log *slog.Logger
}

// New makes a sandbox. It does no I/O and starts no goroutine. The error lists all
// options that are wrong.
func New(o Options) (*Sandbox, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.World == nil {
		made, err := scenario.Default().Build(o.Seed)
		if err != nil {
			return nil, text.Errorf("default scenario: %v", "默认场景：%v", err)
		}
		o.World = made
	}
	if o.Wording == nil {
		o.Wording = control.Chinese
	}
	s, err := server.New(o)
	if err != nil {
		return nil, err
	}
	return &Sandbox{s, o.Log}, nil
}

// Handler returns the control API with the chat page at /, and the sign provider at
// /sign.
//
// Streams of events end only with the context of their request. http.Server's Shutdown
// waits for them and does not end it: give the server a BaseContext that ends before
// Shutdown is called.
func (s *Sandbox) Handler() http.Handler {
	guard := webguard.New(webguard.Options{Service: "sandbox", Remote: true, Log: s.log})
	mux := http.NewServeMux()
	mux.Handle("/", control.New(s.World(), s, control.Options{Guard: guard, Log: s.log}))
	sign := s.SignHandler(guard)
	mux.Handle("/sign", sign)
	mux.Handle("/sign/", sign)
	return control.PlainIDs(mux)
}

// Close removes the media that the sandbox has kept, which are in a temporary folder. Call
// it when Serve has returned.
func (s *Sandbox) Close() error { return s.World().Close() }

// Parts returns content as somebody of the world sends it: what a client would bring to
// the service first is there, pictures, voices and videos, the nodes of forwards and contact
// cards. group is 0 for a private chat. Of a node without an author, name or time those are
// filled in. For content without all of these [world.Parts] is enough. The error is a
// *message.SegmentError.
func (s *Sandbox) Parts(from message.UIN, group message.GroupCode, content ...message.Segment) ([]world.Part, error) {
	ready, err := s.Prepare(context.Background(), from, group, content)
	return world.Parts(ready...), err
}

// FaultStages returns the stages of a session that faults can be bound to.
func FaultStages() []fault.Stage { return server.Stages() }

// MemoryListener is a listener without sockets, for tests in one process.
type MemoryListener = server.MemoryListener

// NewMemoryListener returns an open listener. What its DialContext returns is served like
// a TCP connection. In a testing/synctest bubble, make it inside the bubble.
func NewMemoryListener() *MemoryListener { return server.NewMemoryListener() }
