package transport

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"libration/gateway"
	"libration/internal/inbound"
	"libration/internal/network"
	"libration/internal/text"
	"libration/internal/tlsfiles"
)

// Sharer is one of the accounts that share a Port.
type Sharer struct {
	// Key is the Account of its services; it stays when the name changes.
	Key string
	// Name is the first part of the paths that are for it.
	Name string
	// Default: it gets what names no account.
	Default bool
	// Self is its number, 0 while it is not known. Safe for concurrent use.
	Self func() uint64
}

// TLS names PEM files; "" is none. They are read again when they change.
type TLS struct {
	// Certificate holds a certificate, and those between it and its authority. Key holds
	// its key; it may be the same file. Both are set, or none is.
	Certificate, Key string
	// CA holds authorities that are trusted beside those of the system, of who is
	// connected to.
	CA string
}

// PortOptions configure a Port. Address is required.
type PortOptions struct {
	// Address is host:port, or unix:/path. Port 0 takes a free one.
	Address string
	// TLS names the files of the certificate; none: it speaks plain HTTP.
	TLS TLS
	// Network is where it listens; default the system's.
	Network network.Network
	// Connections bounds the open connections, with those of the ports that share it;
	// default one of its own, with inbound.MostConnections.
	Connections *inbound.Pool
	Log         *slog.Logger // discards by default
}

// Port is an address on which the services of one or several accounts listen. It listens
// while one of them runs. Of several accounts a request names one by the first part of
// its path, /NAME/..., or by its number in the header X-Self-ID. Safe for concurrent use.
type Port struct {
	o PortOptions

	mu      sync.RWMutex                    // guards what follows
	sharers []Sharer                        // of the configuration; at most one: there is nothing to tell apart
	routes  []string                        // first parts of paths that name no account
	mounts  map[string]*mount               // by Sharer.Key
	serving *serving                        // nil while nobody runs
	files   TLS                             // of the certificate, as configured
	keeper  atomic.Pointer[tlsfiles.Keeper] // of it, as new connections get it; nil: none
}

// serving is the time from the first service that runs to the last.
type serving struct {
	web    *http.Server
	accept net.Listener
	addr   net.Addr
	cancel context.CancelFunc // of all requests
	ended  chan struct{}      // closed when it accepts no more
	err    error              // why; read after ended
	watch  sync.WaitGroup     // of the files of the certificate
}

// mount is a service that runs.
type mount struct {
	port     *Port
	key      string
	ctx      context.Context // of its requests
	calls    bool            // a path of one part is a request of its dialect
	lasting  bool            // its requests last until it stops
	handle   http.HandlerFunc
	refuse   func(status int, why text.Text) gateway.Answer
	time     timing
	requests sessions // that it answers
	*serving
}

// NewPort returns a port of one account; Share makes it one of several.
func NewPort(o PortOptions) *Port {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Connections == nil {
		o.Connections = inbound.NewPool(inbound.MostConnections, o.Log)
	}
	return &Port{o: o, files: o.TLS, mounts: make(map[string]*mount)}
}

// Secure says in which files the certificate is from now on. A service that is mounted
// later reads them.
func (p *Port) Secure(files TLS) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.files = files
}

// secure reads the certificate, when it is another one than that of before. The caller
// holds mu.
func (p *Port) secure() error {
	before := p.keeper.Load()
	switch {
	case p.files == (TLS{}):
		p.keeper.Store(nil)
	case before == nil || before.Files() != tlsfiles.Files(p.files) || p.serving == nil:
		k, err := tlsfiles.Keep(tlsfiles.Files(p.files), p.o.Log.With("address", p.o.Address))
		if err != nil {
			return err
		}
		p.keeper.Store(k)
	}
	return nil
}

// scheme is how its URLs begin: plain is http or ws.
func (p *Port) scheme(plain string) string {
	switch _, unix := network.UnixPath(p.o.Address); {
	case unix:
		return plain + "+unix"
	case p.keeper.Load() != nil:
		return plain + "s"
	}
	return plain
}

// Share says which accounts there are, in the order of the configuration, and with what
// paths begin that name none.
func (p *Port) Share(all []Sharer, routes []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sharers, p.routes = all, routes
}

// prefix begins the paths of an account.
func (p *Port) prefix(key string) string {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if i := slices.IndexFunc(p.sharers, func(s Sharer) bool { return s.Key == key }); i >= 0 && len(p.sharers) > 1 {
		return "/" + p.sharers[i].Name
	}
	return ""
}

// mount has a service answer what is for its account, until unmount. The first one opens
// the port.
func (p *Port) mount(ctx context.Context, m *mount) error {
	m.port, m.ctx = p, ctx
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mounts[m.key] != nil {
		return text.Errorf("account %q listens on %s already", "账号 %q 已在监听 %s", m.key, p.o.Address)
	}
	if err := p.secure(); err != nil {
		return err
	}
	if p.serving == nil {
		if err := p.open(ctx, m.time); err != nil {
			return err
		}
	}
	m.serving = p.serving
	p.mounts[m.key] = m
	return nil
}

// open begins to listen. The caller holds mu.
func (p *Port) open(ctx context.Context, times timing) error {
	ln, err := listen(ctx, p.o.Network, p.o.Address)
	if err != nil {
		return err
	}
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s := &serving{accept: ln, addr: ln.Addr(), cancel: cancel, ended: make(chan struct{})}
	s.web = &http.Server{
		Handler:           http.HandlerFunc(p.answer),
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       times.read,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    headerBytes,
		ErrorLog:          slog.NewLogLogger(p.o.Log.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return base },
		ConnState:         p.o.Connections.ConnState,
		ConnContext:       func(ctx context.Context, c net.Conn) context.Context { return withConn(ctx, c) },
	}
	go func() {
		s.err = s.web.Serve(&tlsListener{corkListener{p.o.Connections.Listener(ln), times.write}, &p.keeper})
		close(s.ended)
	}()
	s.watch.Go(func() { p.watch(base, times.look) })
	p.serving = s
	return nil
}

// watch reads the certificate again when it changes, until ctx ends.
func (p *Port) watch(ctx context.Context, period time.Duration) {
	t := time.NewTicker(period)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			if k := p.keeper.Load(); k != nil {
				k.Look()
			}
		}
	}
}

// unmount stops a service: it gets no new requests, and those that run have until calls
// ends, and a little longer to write their answers. The last one closes the port.
func (m *mount) unmount(calls context.Context) {
	p := m.port
	p.mu.Lock()
	delete(p.mounts, m.key)
	last := len(p.mounts) == 0
	if last {
		p.serving = nil
		_ = m.accept.Close() // another service may open the port at once
		<-m.ended
	}
	p.mu.Unlock()
	soon := func() (context.Context, context.CancelFunc) {
		return context.WithTimeout(context.WithoutCancel(calls), m.time.close)
	}
	if !last {
		answered := make(chan struct{})
		go func() { // ends with the port at the latest
			m.requests.wait()
			close(answered)
		}()
		select {
		case <-answered:
			return
		case <-calls.Done():
		}
		late, cancel := soon()
		defer cancel()
		select {
		case <-answered:
		case <-late.Done():
		}
		return
	}
	m.cancel()
	m.watch.Wait()
	if m.web.Shutdown(calls) != nil {
		late, cancel := soon()
		defer cancel()
		_ = m.web.Shutdown(late)
		_ = m.web.Close()
	}
}
