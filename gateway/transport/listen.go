package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"libration/gateway"
	"libration/internal/network"
	"libration/internal/text"
	"libration/internal/webguard"
)

// Limits of the HTTP servers of this package.
const (
	headerTimeout  = 10 * time.Second
	requestTimeout = 5 * time.Minute // for all of a large request
	idleTimeout    = 2 * time.Minute
	headerBytes    = 64 << 10
)

// checkAddress reports what is wrong with the address of a listening service.
func checkAddress(address, token string) error {
	if path, ok := network.UnixPath(address); ok {
		if err := network.CheckUnix(path); err != nil {
			return unixProblem(path, err)
		}
		return nil // only who may open the file gets there
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return text.Errorf("address %q is not host:port; use for example 127.0.0.1:3000", "地址 %q 不是 host:port；例如写 127.0.0.1:3000", address)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil {
		return text.Errorf("address %q: port %q is not a number from 0 to 65535", "地址 %q：端口 %q 不是 0 到 65535 的数字", address, port)
	} else if n == 0 && port != "0" {
		return text.Errorf("address %q: port %q is not a plain number", "地址 %q：端口 %q 不是纯数字", address, port)
	}
	if token == "" && !isLoopback(host) {
		return text.Errorf("address %q can be reached from other machines and no access token is set: set one, or listen on 127.0.0.1",
			"地址 %q 可从其他机器访问，而没有设置令牌：请设置令牌，或监听 127.0.0.1", address)
	}
	return nil
}

// isLoopback tells whether only this machine reaches host. A name other than
// localhost counts as public: what it resolves to can change.
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// unixProblem explains why there is no socket at a path.
func unixProblem(path string, err error) error {
	switch {
	case errors.Is(err, network.ErrUnixPath):
		return text.Errorf("address unix:%s names no file: use for example unix:/run/libration/bot.sock", "地址 unix:%s 没有指定文件：例如写 unix:/run/libration/bot.sock", path)
	case errors.Is(err, network.ErrUnixLong):
		return text.Errorf("address unix:%s: the path has %d bytes, and the system takes at most %d: use a shorter one", "地址 unix:%s：路径有 %d 字节，系统最多支持 %d：请使用更短的路径", path, len(path), network.MaxUnixPath())
	case errors.Is(err, network.ErrNoSocket):
		return text.Errorf("address unix:%s: the file is there and is no socket: remove it, or use another path", "地址 unix:%s：该文件已存在，且不是套接字：请删除它，或换一个路径", path)
	case errors.Is(err, syscall.EADDRINUSE):
		return text.Errorf("the socket %s is in use by another program, or by another copy of this one: stop it or use another path", "套接字 %s 已被其他程序（或本程序的另一个实例）使用：请停止它，或换一个路径", path)
	case errors.Is(err, fs.ErrPermission):
		return text.Errorf("no permission to make the socket %s: use a folder that this user may write to: %v", "没有权限创建套接字 %s：请使用当前用户可写的文件夹：%v", path, err)
	case errors.Is(err, fs.ErrNotExist):
		return text.Errorf("the folder of the socket %s does not exist: make it", "套接字 %s 所在的文件夹不存在：请创建它", path)
	}
	return text.Errorf("listen on the socket %s: %v", "监听套接字 %s：%v", path, err)
}

// listen opens the port and explains the usual failures.
func listen(ctx context.Context, n network.Network, address string) (net.Listener, error) {
	ln, err := n.Listen(ctx, address)
	if err == nil {
		return ln, nil
	}
	if path, ok := network.UnixPath(address); ok {
		return nil, unixProblem(path, err)
	}
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, text.Errorf("address %s is in use by another program, or by another copy of this one: stop it or choose another port: %v",
			"地址 %s 已被其他程序（或本程序的另一个实例）占用：请停止它，或换一个端口：%v", address, err)
	case errors.Is(err, syscall.EACCES):
		return nil, text.Errorf("no permission to listen on %s: choose a port above 1023: %v", "没有权限监听 %s：请使用 1023 以上的端口：%v", address, err)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, text.Errorf("address %s does not belong to this machine: use 127.0.0.1, or 0.0.0.0 for all: %v",
			"地址 %s 不属于本机：请使用 127.0.0.1，或用 0.0.0.0 表示全部：%v", address, err)
	}
	return nil, text.Errorf("listen on %s: %v", "监听 %s：%v", address, err)
}

// server is the listening part that HTTP and WebSocket share.
type server struct {
	status
	name    string
	scheme  string // of its URLs without TLS
	port    *Port
	account string // whose it is, on the port
	log     *slog.Logger
	time    timing
	calls   bool // of mount, as lasting
	lasting bool
	refuse  func(status int, why text.Text) gateway.Answer
	// check asks the service itself, at its own address, whether it answers.
	check func(ctx context.Context, addr net.Addr) error
	ready chan struct{} // of the present or next run; guarded by status.mu
}

// newServer makes the part; port is nil for one that nobody shares, made as own says.
func newServer(name, scheme string, port *Port, account string, own PortOptions, log *slog.Logger) server {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if port == nil {
		own.Log = log
		port = NewPort(own)
	}
	return server{name: name, scheme: scheme, port: port, account: account, log: log, time: defaultTiming(), ready: make(chan struct{})}
}

// Name implements Service.
func (s *server) Name() string { return s.name + " " + s.port.o.Address }

// Addr implements Listening.
func (s *server) Addr() net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addr
}

// Prefix implements Listening.
func (s *server) Prefix() string { return s.port.prefix(s.account) }

// Ready implements Listening.
func (s *server) Ready() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ready
}

// url is what bots connect to.
func (s *server) url(addr net.Addr) string {
	if unix, ok := addr.(*net.UnixAddr); ok {
		path := unix.Name
		if full, err := filepath.Abs(path); err == nil { // URLs have no relative ones
			path = full
		}
		return s.port.scheme(s.scheme) + "://" + path + ":" + s.Prefix() + "/"
	}
	return s.port.scheme(s.scheme) + "://" + addr.String() + s.Prefix()
}

// listens notes the address, before the service has proved to answer; answers
// notes that it has.
func (s *server) listens(addr net.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addr = addr
	s.set(Condition{State: StateStarting})
}

func (s *server) answers() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.ready)
	s.set(Condition{State: StateListening})
}

// ended notes the end of a run; the next one gets a new ready channel.
func (s *server) ended(err error) {
	s.mu.Lock()
	select {
	case <-s.ready:
		s.ready = make(chan struct{})
	default: // nobody was told
	}
	s.mu.Unlock()
	s.end(err)
}

// handler serves one request. ctx ends when the service stops. calls is the context for
// actions: it outlives ctx by the time that running actions have to end then.
type handler func(ctx, calls context.Context, w http.ResponseWriter, r *http.Request)

// serve listens and serves h until ctx ends. It then waits, with wait, for what h
// has taken over from the HTTP server.
func (s *server) serve(ctx context.Context, h handler, wait func()) (err error) {
	if err := s.begin(); err != nil {
		return fmt.Errorf("%s: %w", s.Name(), err)
	}
	defer func() { s.ended(err) }()

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	calls, cancelCalls := outlive(ctx, s.time.drain)
	defer cancelCalls()
	m := &mount{
		key: s.account, calls: s.calls, lasting: s.lasting, refuse: s.refuse, time: s.time,
		handle: func(w http.ResponseWriter, r *http.Request) { h(ctx, calls, w, r) },
	}
	if err := s.port.mount(ctx, m); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("%s: %w", s.name, err)
	}
	s.listens(m.addr)
	s.log.Info("listening", "service", s.name, "address", m.addr.String(), "url", s.url(m.addr))

	checked := make(chan error, 1)
	go func() { checked <- s.checkSelf(ctx, m.addr) }()
	for serving := true; serving; {
		select {
		case <-ctx.Done():
			serving = false
		case <-m.ended:
			err = text.Errorf("%s: accept connections on %s: %v", "%s：在 %s 接受连接：%v", s.name, m.addr, m.err)
			serving = false
		case failed := <-checked:
			checked = nil
			switch {
			case failed == nil:
				s.answers()
			case ctx.Err() == nil:
				err = text.Errorf("%s: %s is open but does not answer a request of our own: %v", "%s：%s 已打开，但不应答本程序自己的请求：%v", s.name, m.addr, failed)
				serving = false
			}
		}
	}
	cancel()
	if checked != nil {
		<-checked
	}
	m.unmount(calls)
	wait()
	s.log.Info("stopped listening", "service", s.name, "address", m.addr.String())
	return err
}

// unknown answers who wants events before the account's number is known.
func (s *server) unknown(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "1")
	reply(w, s.refuse(http.StatusServiceUnavailable, text.T("the account has not logged in yet, and its number is not known: try again later", "账号尚未登录，QQ 号未知：请稍后重试")))
}

// public answers a request that proves itself by its address; false when it is none.
func (s *server) public(w http.ResponseWriter, r *http.Request, d gateway.Speaker, g *webguard.Guard) bool {
	serve := d.Public(r)
	if serve == nil {
		return false
	}
	if refused := g.CheckHost(r); refused != nil {
		reply(w, s.refuse(refused.Status, refused.Text))
		return true
	}
	if r.ContentLength == 0 { // else the deadline of the head would end a long answer
		if err := connOf(r.Context()).SetReadDeadline(time.Time{}); err != nil {
			return true
		}
	}
	serve(w, r)
	return true
}

// whileCalled returns a context that ends when the caller hangs up or ctx ends. The
// request's body was read, or has none.
func whileCalled(ctx context.Context, r *http.Request) (context.Context, context.CancelFunc) {
	called, cancel := context.WithCancel(r.Context())
	stop := context.AfterFunc(ctx, cancel)
	return called, func() {
		stop()
		cancel()
	}
}

// outlive returns a context that ends the time d after ctx, or when cancelled.
func outlive(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(d, cancel) })
	return longer, func() {
		stop()
		cancel()
	}
}

type connKey struct{}

// withConn keeps the connection for the WebSocket upgrade, which needs to cork it.
func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

func connOf(ctx context.Context) *corkConn {
	switch c := ctx.Value(connKey{}).(type) {
	case *corkConn:
		return c
	case *tls.Conn:
		below, _ := c.NetConn().(*corkConn)
		return below
	}
	return nil
}
