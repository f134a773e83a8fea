package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"libration/internal/rpc"
	"libration/internal/wire"
	"libration/ntqq/media"
	"libration/ntqq/media/ffmpeg"
	"libration/ntqq/message"
	"libration/sandbox/fault"
	"libration/sandbox/world"
)

// Options configures a Server. The zero value serves an empty world to clients that log
// in by scanning codes.
type Options struct {
	// World is what the service serves. Default: an empty one, in a sandbox the default
	// scenario.
	World *world.World
	// Seed decides the key pairs and, without a World, the world.
	Seed uint64
	// Log is where connections, logins and refusals are reported. Default: nowhere.
	Log *slog.Logger
	// RequireSign refuses the signed commands without a signature of this
	// sandbox's own sign provider (docs/protocol/login.md 12).
	RequireSign bool
	// AutoApprove is the account that confirms every login code at once. It must be in
	// the World. Default: none.
	AutoApprove message.UIN
	// Passwords are set in the World, as by [world.Users.SetPassword].
	Passwords map[message.UIN]string
	// SessionLifetime is how long a D2 ticket is honoured. Default: without end.
	SessionLifetime time.Duration
	// QRLifetime is how long a login code can be scanned, at least 1 s. Default: 120 s.
	QRLifetime time.Duration
	// ExchangeLifetime is how long the key of a key exchange is good, at least 1 s.
	// Default: a day.
	ExchangeLifetime time.Duration
	// CookieLifetime is how long cookies for web pages are good, at least 1 s. Default: a
	// day.
	CookieLifetime time.Duration
	// FriendPage and MemberPage are how many entries one page of the friend list and of a
	// member list has. Small ones exercise a client's paging. Default: 300 and 200.
	FriendPage, MemberPage int
	// Strict answers unknown commands with code -1 instead of an empty success.
	// Foreign clients drop the connection on such codes.
	Strict bool
	// MediaAddress is where clients upload and download media, as IPv4:port, where that is
	// not the address that they have connected to: behind a proxy, or in a container.
	// Default: the local address of the client's connection.
	MediaAddress string
	// Wording returns the words for people of a refusal, where an answer has a place for them
	// beside its own text. Default: its own text; in a sandbox they are Chinese.
	Wording func(error) string
	// FFmpeg converts the voices in m4a and the like that people of the world send, and takes
	// the first picture of their videos. Default: such voices are refused, covers are drawn.
	FFmpeg *ffmpeg.Tool
}

func (o *Options) setDefaults() {
	if o.World == nil {
		o.World = world.New(o.Seed)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Wording == nil {
		o.Wording = error.Error
	}
	if o.QRLifetime == 0 {
		o.QRLifetime = 120 * time.Second // docs/protocol/login.md 4.2
	}
	if o.ExchangeLifetime == 0 {
		o.ExchangeLifetime = 24 * time.Hour
	}
	if o.CookieLifetime == 0 {
		o.CookieLifetime = 24 * time.Hour
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
	if o.CookieLifetime < time.Second {
		errs = append(errs, fmt.Errorf("cookie lifetime %v is below a second", o.CookieLifetime))
	}
	if o.SessionLifetime < 0 {
		errs = append(errs, fmt.Errorf("session lifetime %v is negative", o.SessionLifetime))
	}
	if o.FriendPage < 0 || o.MemberPage < 0 {
		errs = append(errs, fmt.Errorf("page sizes %d and %d must not be negative", o.FriendPage, o.MemberPage))
	}
	if o.MediaAddress != "" {
		if _, err := parseMediaAddress(o.MediaAddress); err != nil {
			errs = append(errs, fmt.Errorf("media address: %w", err))
		}
	}
	if o.AutoApprove != 0 {
		if _, ok := o.World.Users().Find(o.AutoApprove); !ok {
			errs = append(errs, fmt.Errorf("no user %d to approve logins with", o.AutoApprove))
		}
	}
	for uin, password := range o.Passwords {
		if err := o.World.Users().SetPassword(uin, password); err != nil {
			errs = append(errs, fmt.Errorf("password: %w", err))
		}
	}
	return errors.Join(errs...)
}

// Server is a simulated NTQQ service. It is safe for concurrent use.
type Server struct {
	*registry
	*qrCodes
	*checks
	*reservations

	opts   Options
	log    *slog.Logger
	world  *world.World
	keys   *keyring
	wt     *wtLogins
	nt     *ntLogins
	faults *fault.Set
	pushes *pushes
	media  *mediaDesk
	files  *fileDesk
	web    *webKeys
	albums albumUploads
	mux    rpc.Mux[*request]
	frames *wire.Room // of all clients
	blocks *blocks

	handler     http.Handler // of HTTP on the listeners
	certificate func() (tls.Certificate, error)

	addrsMu sync.Mutex
	addrs   []string // where Serve listens
}

// New makes a server. It does no I/O and starts no goroutine. The error lists all options
// that are wrong.
func New(o Options) (*Server, error) {
	o.setDefaults()
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("sandbox options: %w", err)
	}
	var address mediaAddress
	if o.MediaAddress != "" {
		address, _ = parseMediaAddress(o.MediaAddress) // validate has read it
	}
	keys, err := newKeyring(o.Seed)
	if err != nil {
		return nil, err
	}
	clients := newRegistry(&o)
	codes := &qrCodes{world: o.World, log: o.Log, clients: clients, autoApprove: o.AutoApprove, lifetime: o.QRLifetime}
	checks := &checks{codes: codes, control: defaultControl, cautious: map[message.UIN]bool{}}
	s := &Server{
		registry: clients, qrCodes: codes, checks: checks, reservations: &reservations{world: o.World},
		opts: o, log: o.Log, world: o.World, keys: keys,
		wt: &wtLogins{o.World, o.Log, keys, clients, codes},
		nt: &ntLogins{
			world: o.World, log: o.Log, keys: keys, clients: clients, codes: codes, checks: checks,
			lifetime: o.ExchangeLifetime,
		},
		faults: fault.NewSet(fault.Options{Seed: o.Seed, Stages: Stages(), Log: o.Log}),
		frames: wire.NewRoom(frameRoom),
	}
	s.blocks = &blocks{reservations: s.reservations, world: o.World, log: o.Log, faults: s.faults}
	s.handler = s.webHandler()
	s.certificate = sync.OnceValues(func() (tls.Certificate, error) { return newCertificate(time.Now()) })
	s.media = &mediaDesk{reservations: s.reservations, signer: newMediaSigner(), faults: s.faults, address: address, tools: media.Tools{FFmpeg: o.FFmpeg}}
	s.files = &fileDesk{mediaDesk: s.media, private: &privateFiles{world: o.World}}
	s.web = newWebKeys(s.world, o.CookieLifetime)
	writer := chatWriter{world: s.world, log: s.log}
	s.pushes = newPushes(writer, o.Seed, clients.deliver)
	s.mux.UnknownOperation = s.unknownOperation
	users := &users{s.world, o.FriendPage}
	for _, subject := range []interface{ handle(*rpc.Mux[*request]) }{
		&presence{s.world, clients}, &chats{writer, s.files.private}, users, &profiles{users, checks}, &groups{s.world, o.MemberPage},
		&pokes{s.world},
		&aiVoices{world: s.world, prepare: s.Prepare}, &robots{s.world},
		&life{s.world},
		&links{s.world}, &albums{s.world, s.media},
		s.web,
		&faces{keys}, s.media, s.files, &groupFiles{s.files, o.Wording},
		&customFaceDesk{s.blocks, s.media}, &pictures{s.media},
	} {
		subject.handle(&s.mux)
	}
	s.world.SetClock(s.now)
	s.world.Listen(s.happened)
	return s, nil
}

// World returns the world that the service serves.
func (s *Server) World() *world.World { return s.world }

// Faults returns the faults of the service, to be switched on and off.
func (s *Server) Faults() *fault.Set { return s.faults }

// Serve runs the service on l until ctx ends, and closes l. It returns when every
// goroutine that it started has ended. The error is nil when ctx ended, else why l
// failed. Serve may run on several listeners at once.
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

// Addresses returns the addresses of the listeners that are served now, as host:port.
func (s *Server) Addresses() []string {
	s.addrsMu.Lock()
	defer s.addrsMu.Unlock()
	return slices.Clone(s.addrs)
}

// MediaAddress returns [Options.MediaAddress].
func (s *Server) MediaAddress() string { return s.opts.MediaAddress }

// listening notes that Serve has begun or ended on an address.
func (s *Server) listening(address string, began bool) {
	s.addrsMu.Lock()
	defer s.addrsMu.Unlock()
	if began {
		s.addrs = append(s.addrs, address)
	} else if i := slices.Index(s.addrs, address); i >= 0 {
		s.addrs = slices.Delete(s.addrs, i, i+1)
		if len(s.addrs) == 0 {
			s.blocks.dropAll()
			s.albums.dropAll()
		}
	}
}

// now is the server's clock.
func (s *Server) now() time.Time { return time.Now().Add(s.faults.Skew()) }

// UnknownPushes sends the clients of an account that are online the six pushes of
// docs/protocol/events.md 9.1 point 6, which no client knows.
func (s *Server) UnknownPushes(uin message.UIN) {
	for _, p := range s.pushes.unknown(uin) {
		s.Deliver(p)
	}
}

// PushOf returns the push of a message to one of its receivers, as it was sent.
func (s *Server) PushOf(m *world.Message, to message.UIN) Push {
	user, _ := s.world.Users().Find(to)
	return Push{To: to, Command: rpc.PushMessage, Payload: newEnvelope(s.pushes.message(m)).payload(to, user.UID)}
}
