package session

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"libration/internal/hourly"
	"libration/internal/network"
	"libration/internal/rpc"
	"libration/internal/text"
	"libration/ntqq/clock"
	"libration/ntqq/session/identity"
	"libration/ntqq/session/link"
)

// Session is one account's connection to the service. Its methods are safe for concurrent
// use.
type Session struct {
	opts        Options
	proxy       *network.Proxy // nil: none
	log         *slog.Logger
	notes       *hourly.Log
	signed      map[string]bool // commands to sign
	link        *link.Link
	restart     chan struct{} // holds one request of Relogin
	running     atomic.Bool
	disconnects atomic.Uint64

	signFailure atomic.Pointer[SignFailure]
	clock       *clock.Clock
	loginAhead  atomic.Int64 // loginNow
	server      string       // chosen last; the session goroutine's

	// keystore is replaced as a whole, by the session goroutine only.
	keystore atomic.Pointer[identity.Keystore]
	media    atomic.Pointer[string] // Servers.Media
	web      atomic.Pointer[string] // Servers.Web
	unsaved  bool                   // the keystore could not be written; the session goroutine's
	// renamed is the account's new name until the session goroutine has put it into the
	// keystore; nil: there is none.
	renamed atomic.Pointer[string]

	mu      sync.Mutex // guards the fields below
	state   State
	changed chan struct{}      // closed at the next change of state
	online  *link.Conn         // the connection to call through; nil when not Online
	captcha chan CaptchaAnswer // takes the one answer that is waited for; nil: none is
}

// New checks the options and loads the keystore. It starts nothing.
func New(o Options) (*Session, error) {
	o.setDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	proxy, err := network.ParseProxy(o.Proxy)
	if err != nil {
		return nil, fieldError("Proxy", err)
	}
	ks, err := firstKeys(&o)
	if err != nil {
		return nil, err
	}
	s := &Session{
		opts: o, proxy: proxy, log: o.Log, notes: hourly.New(o.Log), signed: rpc.SignedCommands(o.SignLongList),
		restart: make(chan struct{}, 1), clock: o.Clock,
		state: State{Stage: Offline, Since: time.Now()}, changed: make(chan struct{}),
	}
	s.keystore.Store(ks)
	s.media.Store(&o.Servers.Media)
	s.web.Store(&o.Servers.Web)
	s.link = link.New(link.Options{
		App: o.App, Keys: s.keys, Sign: s.signIfWanted, AnswerTime: s.noteAnswerTime,
		OnPush: o.OnPush, OnCall: o.OnCall, OnFrame: o.OnFrame,
		Answer: o.Timing.Answer, Alive: o.Timing.Alive, AliveAnswer: o.Timing.AliveAnswer, Session: o.Timing.Session,
		Log: o.Log,
	})
	return s, nil
}

// App is the client version that the session claims.
func (s *Session) App() identity.AppInfo { return s.opts.App }

// Device is the machine that the session claims. Its GUID is read-only.
func (s *Session) Device() identity.Device { return s.keys().Device }

// Relogin starts the session again when it waits for a person ([Kicked] or [NeedsLogin]).
// It ends the pause when the session waits for its next try. While the account is online
// it does nothing.
func (s *Session) Relogin() {
	select {
	case s.restart <- struct{}{}:
	default: // one is already asked for
	}
}

// unasked forgets a Relogin.
func (s *Session) unasked() {
	select {
	case <-s.restart:
	default:
	}
}

// Call sends one command over the online session and returns the payload of the answer.
// The request was refused, or never left, unless the error is an [*InFlightError].
// Errors: [ErrOffline], [ErrTimeout], [ErrConnectionLost], [ErrSessionExpired],
// [ErrKicked], [ErrSign], [*ServerError], or ctx's.
func (s *Session) Call(ctx context.Context, command string, payload []byte) ([]byte, error) {
	k, err := s.connection()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", command, err)
	}
	return k.Call(ctx, command, payload)
}

// Exchange sends a packet over the online session and returns its answer, whatever its
// code. The errors are those of [Session.Call].
func (s *Session) Exchange(ctx context.Context, p Packet) (Answer, error) {
	k, err := s.connection()
	if err != nil {
		return Answer{}, fmt.Errorf("%s: %w", p.Command, err)
	}
	return k.Exchange(ctx, p)
}

// connection returns the connection of the online session, or why there is none.
func (s *Session) connection() (*link.Conn, error) {
	s.mu.Lock()
	k, st := s.online, s.state
	s.mu.Unlock()
	switch {
	case k != nil:
		return k, nil
	case st.Err != nil: // its text alone: an ErrTimeout or ErrConnectionLost was not this call's
		return nil, fmt.Errorf("%w (%s: %s)", ErrOffline, st.Stage, st.Err.Error())
	}
	return nil, fmt.Errorf("%w (%s)", ErrOffline, st.Stage)
}

// firstKeys is the keystore that a session begins with.
func firstKeys(o *Options) (*identity.Keystore, error) {
	ks, err := o.Keystore.Load()
	if err != nil {
		return nil, err
	}
	if ks == nil {
		ks = o.Initial
	}
	if ks == nil {
		ks = &identity.Keystore{Device: identity.NewDevice()}
	}
	if len(ks.Device.GUID) != 16 {
		return nil, fieldError("Initial", text.Errorf("the device needs a GUID of 16 bytes", "设备需要 16 字节的 GUID"))
	}
	if o.UIN != 0 && ks.UIN != 0 && o.UIN != ks.UIN {
		return nil, text.Errorf("the keystore belongs to account %d, not to the expected %d: use another keystore or correct the number", "keystore 属于账号 %d，而不是 %d：请换一个 keystore 或修改号码", ks.UIN, o.UIN)
	}
	return ks, nil
}

// Stats count what a session did since it was made.
type Stats struct {
	link.Stats
	Disconnects uint64
}

// Stats returns the counters.
func (s *Session) Stats() Stats {
	return Stats{Stats: s.link.Stats(), Disconnects: s.disconnects.Load()}
}

// Unproven returns how many packets did not come under the session's key while no login
// waited for them. Nothing followed from them.
func (s *Session) Unproven() Unproven { return s.link.Unproven() }
