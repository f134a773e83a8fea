package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"

	"libration/internal/rpc"
	"libration/internal/wire"
	"libration/ntqq/message"
	"libration/sandbox/fault"
	"libration/sandbox/world"
)

// Options configures a Server. The zero value serves an empty world to clients that log
// in by scanning codes.
type Options struct {
	// World is what the service serves; nil: an empty one, in a sandbox the default
	// scenario.
	World *world.World
	// Seed decides the key pairs and, with World nil, the world.
	Seed uint64
	// Log is where connections, logins and refusals are told; nil: nowhere.
	Log *slog.Logger
	// RequireSign refuses the signed commands without a signature of this
	// sandbox's own sign provider (docs/protocol/login.md 12).
	RequireSign bool
	// AutoApprove confirms every QR login at once with this account; 0: none.
	AutoApprove message.UIN
	// Passwords are set in the world, see World.SetPassword.
	Passwords map[message.UIN]string
	// SessionLifetime is how long a D2 ticket is honoured; 0: for ever.
	SessionLifetime time.Duration
	// QRLifetime is how long a login code can be scanned; 0: 120 s, at least 1 s.
	QRLifetime time.Duration
	// ExchangeLifetime is how long the key of a key exchange is good; 0: a day, at
	// least 1 s.
	ExchangeLifetime time.Duration
	// FriendPage and MemberPage are the sizes of one page of the friend list and of
	// a member list; 0: 300 and 200. Small ones exercise a client's paging.
	FriendPage, MemberPage int
	// Strict answers unknown commands with code -1 instead of an empty success.
	// Foreign clients drop the connection on such codes.
	Strict bool
}

func (o *Options) setDefaults() {
	if o.World == nil {
		o.World = world.New(o.Seed)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.QRLifetime == 0 {
		o.QRLifetime = 120 * time.Second // docs/protocol/login.md 4.2
	}
	if o.ExchangeLifetime == 0 {
		o.ExchangeLifetime = 24 * time.Hour
	}
	if o.FriendPage == 0 {
		o.FriendPage = 300
	}
	if o.MemberPage == 0 {
		o.MemberPage = 200
	}
}

func (o *Options) validate() error {
	var errs []error
	if o.QRLifetime < time.Second {
		errs = append(errs, fmt.Errorf("qr lifetime %v is below a second", o.QRLifetime))
	}
	if o.ExchangeLifetime < time.Second {
		errs = append(errs, fmt.Errorf("exchange lifetime %v is below a second", o.ExchangeLifetime))
	}
	if o.SessionLifetime < 0 {
		errs = append(errs, fmt.Errorf("session lifetime %v is negative", o.SessionLifetime))
	}
	if o.FriendPage < 0 || o.MemberPage < 0 {
		errs = append(errs, fmt.Errorf("page sizes %d and %d must not be negative", o.FriendPage, o.MemberPage))
	}
	if o.AutoApprove != 0 {
		if _, ok := o.World.User(o.AutoApprove); !ok {
			errs = append(errs, fmt.Errorf("no user %d to approve logins with", o.AutoApprove))
		}
	}
	for uin, password := range o.Passwords {
		if err := o.World.SetPassword(uin, password); err != nil {
			errs = append(errs, fmt.Errorf("password: %w", err))
		}
	}
	return errors.Join(errs...)
}

// Server is a simulated NTQQ service. It is safe for concurrent use.
type Server struct {
	opts   Options
	log    *slog.Logger
	world  *world.World
	keys   keyring
	faults *fault.Set
	pushes *pushes
	mux    rpc.Mux[*request]
	frames *wire.Room // of all clients

	// mu guards everything below. The world's happenings take it, so that no operation of
	// the world may be started with mu held.
	mu        sync.Mutex
	conns     map[*conn]struct{}
	sessions  table[*session]      // by D2
	a1s       table[*a1Ticket]     // by A1
	exchanges table[*exchange]     // by session ticket
	codes     table[*qrCode]       // by signature
	codeA1s   table[*qrCode]       // confirmed codes by the A1 handed out
	unusual   table[unusualTicket] // by unusual-device signature
	captchas  table[*captcha]      // that wait to be solved, by sid
	newcomers table[newcomer]      // new devices, by signature
	control   string               // where Handler is served
	online    map[message.UIN][]*session
	addrs     []string             // where Serve listens
	intercept func(Push)           // takes pushes away; or nil
	cautious  map[message.UIN]bool // whose easy logins count as from an unusual device
}

// New makes a server. There is no I/O and no goroutine before Serve.
func New(o Options) (*Server, error) {
	o.setDefaults()
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("sandbox options: %w", err)
	}
	keys, err := newKeyring(o.Seed)
	if err != nil {
		return nil, err
	}
	s := &Server{
		opts: o, log: o.Log, world: o.World, keys: keys,
		control:  defaultControl,
		faults:   fault.NewSet(fault.Options{Seed: o.Seed, Stages: Stages(), Log: o.Log}),
		frames:   wire.NewRoom(frameRoom),
		conns:    map[*conn]struct{}{},
		online:   map[message.UIN][]*session{},
		cautious: map[message.UIN]bool{},
	}
	s.world.SetClock(s.now)
	s.pushes = newPushes(chatWriter{world: s.world, log: s.log}, o.Seed, s.deliver)
	s.mux.UnknownOperation = s.unknownOperation
	s.handleSession()
	s.handleMessages()
	s.handleUsers()
	s.handleGroups()
	s.world.Listen(s.pushes.happened)
	return s, nil
}

// World returns what the service serves.
func (s *Server) World() *world.World { return s.world }

// Faults returns the switches that make the service misbehave.
func (s *Server) Faults() *fault.Set { return s.faults }

// defaultControl is the default address of `libration sandbox`.
const defaultControl = "http://127.0.0.1:7800"

// SetControlURL tells where Handler is served, without a slash at the end: captchas
// and verifications of new devices carry it. At first it is http://127.0.0.1:7800.
func (s *Server) SetControlURL(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.control = url
}

// Serve runs the service on l until ctx ends, and closes l. It returns when every
// goroutine it started has ended: nil because of ctx, else why l failed. It may
// run on several listeners at once.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	s.listening(l.Addr().String(), true)
	defer s.listening(l.Addr().String(), false)
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	running.Go(func() {
		<-ctx.Done()
		l.Close()
	})
	for {
		nc, err := l.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("accept: %w", err)
		}
		if s.full() {
			nc.Close()
			continue
		}
		if len(s.faults.Strikes(fault.AtConnect, fault.Subject{})) > 0 {
			resetConn(nc)
			continue
		}
		running.Go(func() { s.serveConn(ctx, nc) })
	}
}

// full tells that no more clients may connect.
func (s *Server) full() bool {
	s.mu.Lock()
	n := len(s.conns)
	s.mu.Unlock()
	if n < maxConns {
		return false
	}
	s.log.Warn("client refused: too many are connected", "most", maxConns)
	return true
}

// Addresses returns where the service is served now.
func (s *Server) Addresses() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.addrs)
}

// listening notes that Serve has begun or ended on an address.
func (s *Server) listening(address string, began bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if began {
		s.addrs = append(s.addrs, address)
	} else if i := slices.Index(s.addrs, address); i >= 0 {
		s.addrs = slices.Delete(s.addrs, i, i+1)
	}
}

// now is the server's clock.
func (s *Server) now() time.Time { return time.Now().Add(s.faults.Skew()) }
