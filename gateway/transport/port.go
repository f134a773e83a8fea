package transport

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"libration/gateway"
	"libration/internal/inbound"
	"libration/internal/network"
	"libration/internal/text"
	"libration/internal/webguard"
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

// PortOptions configure a Port. Address is required.
type PortOptions struct {
	// Address is host:port. Port 0 takes a free one.
	Address string
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

	mu      sync.RWMutex      // guards what follows
	sharers []Sharer          // of the configuration; at most one: there is nothing to tell apart
	routes  []string          // first parts of paths that name no account
	mounts  map[string]*mount // by Sharer.Key
	serving *serving          // nil while nobody runs
}

// serving is the time from the first service that runs to the last.
type serving struct {
	web    *http.Server
	accept net.Listener
	addr   net.Addr
	cancel context.CancelFunc // of all requests
	ended  chan struct{}      // closed when it accepts no more
	err    error              // why; read after ended
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
	return &Port{o: o, mounts: make(map[string]*mount)}
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
		s.err = s.web.Serve(corkListener{p.o.Connections.Listener(ln), times.write})
		close(s.ended)
	}()
	p.serving = s
	return nil
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
	if m.web.Shutdown(calls) != nil {
		late, cancel := soon()
		defer cancel()
		_ = m.web.Shutdown(late)
		_ = m.web.Close()
	}
}

// answer hands a request to the service of its account.
func (p *Port) answer(w http.ResponseWriter, r *http.Request) {
	m, shared, cut, refused := p.find(r)
	if m == nil {
		if refused.Status == http.StatusServiceUnavailable {
			w.Header().Set("Retry-After", "1")
		}
		reply(w, refused)
		return
	}
	if cut > 0 {
		r = cutPath(r, cut)
	}
	if !m.requests.enter() {
		w.Header().Set("Retry-After", "1")
		reply(w, m.refuse(http.StatusServiceUnavailable, text.T("the service is stopping", "服务正在停止")))
		return
	}
	defer m.requests.done()
	if shared || m.lasting { // the port may outlive the service
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		defer context.AfterFunc(m.ctx, cancel)()
		r = r.WithContext(ctx)
	}
	m.handle(w, r)
}

// find returns the service that a request is for, whether it is one of several, and how
// much of the path names its account. Without a service, refused is the answer.
func (p *Port) find(r *http.Request) (_ *mount, shared bool, cut int, refused gateway.Answer) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	var some *mount
	for _, some = range p.mounts {
		break
	}
	if some == nil { // the last one has just gone
		return nil, false, 0, gateway.Answer{Status: http.StatusServiceUnavailable}
	}
	first, _, deeper := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch len(p.sharers) {
	case 0:
		return some, false, 0, gateway.Answer{}
	case 1: // others may be on their way out
		m := p.mounts[p.sharers[0].Key]
		if m == nil {
			return nil, false, 0, some.refuse(http.StatusServiceUnavailable, text.T("the account does not run yet", "账号尚未运行"))
		}
		if first == p.sharers[0].Name { // there were others, and may be again
			cut = 1 + len(first)
		}
		return m, false, cut, gateway.Answer{}
	}
	at := slices.IndexFunc(p.sharers, func(s Sharer) bool { return s.Name == first })
	self := r.Header.Get("X-Self-ID")
	status, why := http.StatusNotFound, text.T("there is no such account", "没有该账号")
	switch {
	case at >= 0:
		cut = 1 + len(first)
	case self != "":
		at = slices.IndexFunc(p.sharers, func(s Sharer) bool { n := s.Self(); return n != 0 && strconv.FormatUint(n, 10) == self })
	default:
		at = slices.IndexFunc(p.sharers, func(s Sharer) bool { return s.Default })
		if first == "" || slices.Contains(p.routes, first) || !deeper && some.calls {
			status, why = http.StatusBadRequest, text.T("there are several accounts: put the name of one before the path, /NAME/..., or its number into the header X-Self-ID",
				"有多个账号：请在路径前加上账号的名称（/NAME/...），或在请求头 X-Self-ID 中给出 QQ 号")
		}
	}
	if at < 0 {
		if host, _, err := net.SplitHostPort(p.o.Address); err == nil && isLoopback(host) && webguard.IsLoopbackHost(r.Host) { // strangers are told no names
			var names []string
			for _, s := range p.sharers {
				names = append(names, s.Name)
			}
			why = text.T("%s: %s", "%s：%s").Fill(why, strings.Join(names, ", "))
		}
		return nil, false, 0, some.refuse(status, why)
	}
	m := p.mounts[p.sharers[at].Key]
	if m == nil {
		return nil, false, 0, some.refuse(http.StatusServiceUnavailable, text.T("account %s does not run yet", "账号 %s 尚未运行").Fill(p.sharers[at].Name))
	}
	return m, true, cut, gateway.Answer{}
}

// cutPath returns the request without the beginning of its path.
func cutPath(r *http.Request, cut int) *http.Request {
	short, u := *r, *r.URL
	u.Path, u.RawPath = u.Path[cut:], ""
	if u.Path == "" {
		u.Path = "/"
	}
	short.URL = &u
	return &short
}
