package admin

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"libration/internal/captcha"
	"libration/internal/inbound"
	"libration/internal/network"
	"libration/internal/text"
	"libration/internal/webguard"
)

// Limits of the HTTP server.
const (
	readTimeout  = 10 * time.Second
	writeTimeout = 30 * time.Second
	idleTimeout  = 2 * time.Minute
	headerBytes  = 16 << 10
	stopTimeout  = 2 * time.Second
	maxScrapes   = 4 // of /metrics at once
	maxBody      = 16 << 10
)

// ServerHeader is the Server header of every answer; it tells a libration from
// whatever else listens on a port.
const ServerHeader = "libration"

// Options of New. Address and Accounts are required.
type Options struct {
	// Address is host:port. Port 0 takes a free one.
	Address string
	// Network opens the listener. Its zero value is the system's network.
	Network network.Network
	// AccessToken is required from callers of everything but /healthz; "" for none,
	// which is right on loopback addresses only.
	AccessToken string
	// Accounts returns the accounts that there are now, at least one. It and the functions
	// that it returns are safe for concurrent use.
	Accounts func() []Owned
	// Reload reads the configuration again. It returns what it did, and why it could not do
	// more. Safe for concurrent use. Nil: it is not served.
	Reload func() (did []string, err error)
	// OnRefused is called for each request that was refused, from many goroutines; nil:
	// nobody counts.
	OnRefused func(webguard.Reason)
	// Metrics are served at /metrics; nil: none.
	Metrics prometheus.Gatherer
	// Language is that of its errors.
	Language text.Language
	Log      *slog.Logger // discards by default
}

// Server is the owner's HTTP server. Its methods are safe for concurrent use.
type Server struct {
	o       Options
	guard   *webguard.Guard
	handler http.Handler
	// watchers has a place for each who watches the transfers.
	watchers chan struct{}

	mu    sync.Mutex // guards addr
	addr  net.Addr
	ready chan struct{} // closed when it listens for the first time
}

// New returns a server. [Server.Run] starts it.
func New(o Options) *Server {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{o: o, ready: make(chan struct{}), watchers: make(chan struct{}, maxTransferWatchers), guard: webguard.New(webguard.Options{
		Service: "admin", Token: o.AccessToken, Log: o.Log, OnRefused: o.OnRefused,
		Remedy: text.T("set admin.access_token in the configuration and send it", "在配置中设置 admin.access_token 并发送它"),
	})}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", s.health)
	mux.Handle("GET /readyz", s.guarded(http.HandlerFunc(s.readiness)))
	mux.Handle("POST /login", s.guarded(s.forAccount(s.login)))
	mux.Handle("POST /login/captcha", s.guarded(s.forAccount(s.captcha)))
	mux.Handle("GET /transfers", s.guarded(http.HandlerFunc(s.transfers)))
	mux.Handle("DELETE /transfers/{id}", s.guarded(s.forAccount(s.cancelTransfer)))
	if o.Reload != nil {
		mux.Handle("POST /reload", s.guarded(http.HandlerFunc(s.reload)))
	}
	s.profiles(mux)
	if o.Metrics != nil {
		mux.Handle("GET /metrics", s.guarded(promhttp.HandlerFor(o.Metrics, promhttp.HandlerOpts{
			ErrorLog: slog.NewLogLogger(o.Log.Handler(), slog.LevelWarn), DisableCompression: true, MaxRequestsInFlight: maxScrapes,
		})))
	}
	s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Server", ServerHeader)
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		mux.ServeHTTP(w, r)
	})
	return s
}

// Ready returns a channel that is closed when the server listens for the first time.
func (s *Server) Ready() <-chan struct{} { return s.ready }

// Addr returns the address of the listener, nil before Ready.
func (s *Server) Addr() net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addr
}

// Run serves until ctx ends, and then returns nil, or until it cannot go on. It calls
// ready when it listens. Every goroutine that it started has ended when it returns. Run
// may then be called again.
func (s *Server) Run(ctx context.Context, ready func()) error {
	ln, err := s.o.Network.Listen(ctx, s.o.Address)
	if err != nil {
		return text.Errorf("admin: listen on %s: %v: stop the other program, or choose another port (admin.address in the config)", "admin：监听 %s：%v：请停止另一个程序，或换一个端口（配置项 admin.address）", s.o.Address, err)
	}
	s.mu.Lock()
	s.addr = ln.Addr()
	select {
	case <-s.ready:
	default:
		close(s.ready)
	}
	s.mu.Unlock()
	pool := inbound.NewPool(inbound.OwnerConnections, s.o.Log)
	web := &http.Server{
		ConnState: pool.ConnState,
		Handler:   s.handler, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: headerBytes, ErrorLog: slog.NewLogLogger(s.o.Log.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context { return ctx }, // refusals that wait end with it
	}
	ended := make(chan error, 1)
	s.o.Log.Info("listening", "service", "admin", "address", ln.Addr().String()) // before the first request's lines
	go func() { ended <- web.Serve(pool.Listener(ln)) }()
	ready()
	select {
	case err := <-ended:
		return fmt.Errorf("admin: %w", err)
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	if web.Shutdown(drain) != nil {
		_ = web.Close() // those that did not end in time
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("admin: %w", err)
	}
	return nil
}

// health answers 200 when the process is sound, and the data folder and the store of an
// account. It tells nothing about the account, so it needs no token. Of several accounts
// one that is sound is enough: a restart would help no other.
func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	var wrong string
	for _, a := range s.o.Accounts() {
		switch status := a.Status(); {
		case !status.Folder.OK:
			wrong = "the data folder cannot be used"
		case !status.Store.OK:
			wrong = "the message store cannot write"
		default:
			answer(w, http.StatusOK, map[string]string{"status": "ok"})
			return
		}
	}
	answer(w, http.StatusServiceUnavailable, map[string]string{"status": wrong})
}

// readiness answers 200 when bots can use all accounts, 503 otherwise; the body says
// what is missing either way.
func (s *Server) readiness(w http.ResponseWriter, _ *http.Request) {
	all := s.o.Accounts()
	together := Together{Ready: true}
	for _, a := range all {
		status := a.Status()
		status.settle()
		together.Ready = together.Ready && status.Ready
		together.Version = status.Version
		together.Accounts = append(together.Accounts, Named{a.Name, status})
	}
	code := http.StatusOK
	if !together.Ready {
		code = http.StatusServiceUnavailable
	}
	if len(all) == 1 {
		answer(w, code, together.Accounts[0].Status)
		return
	}
	answer(w, code, together)
}

// forAccount finds the account that a request is about.
func (s *Server) forAccount(act func(w http.ResponseWriter, r *http.Request, a *Owned)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		all, name := s.o.Accounts(), r.URL.Query().Get("account")
		var names []string
		for _, a := range all {
			if name == a.Name || name == "" && (a.Default || len(all) == 1) {
				act(w, r, &a)
				return
			}
			names = append(names, a.Name)
		}
		code, wrong := http.StatusNotFound, text.T("there is no such account; there are: %s", "没有这个账号；现有：%s")
		if name == "" {
			code, wrong = http.StatusBadRequest, text.T("add ?account= and a name: %s", "请加上 `?account=` 和名称：%s")
		}
		answer(w, code, map[string]any{"error": wrong.Fill(strings.Join(names, ", ")).In(s.o.Language), "accounts": names})
	})
}

// login asks for a new login; the answer is the account as it was before.
func (s *Server) login(w http.ResponseWriter, _ *http.Request, a *Owned) {
	before := a.Status().Account
	a.Login()
	answer(w, http.StatusAccepted, before)
}

// reload reads the configuration again. What stands in the request means nothing: nobody
// names files here.
func (s *Server) reload(w http.ResponseWriter, _ *http.Request) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Time{}) // accounts may take a while to stop
	did, err := s.o.Reload()
	if err != nil {
		answer(w, http.StatusConflict, map[string]any{"error": text.Of(err).In(s.o.Language), "did": did})
		return
	}
	answer(w, http.StatusOK, map[string]any{"did": did})
}

// captcha takes the answer to a captcha. Whether it is right shows in the next
// states.
func (s *Server) captcha(w http.ResponseWriter, r *http.Request, a *Owned) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	solved, unread := captcha.Read(string(body))
	if err != nil || unread != nil {
		answer(w, http.StatusBadRequest, s.failure(text.T(`send {"ticket": "...", "randstr": "..."}: %v`, `请发送 {"ticket": "...", "randstr": "..."}：%v`).Fill(cmp.Or(err, unread))))
		return
	}
	if err := a.Captcha(solved.Ticket, solved.RandStr); err != nil {
		answer(w, http.StatusConflict, s.failure(text.Of(err)))
		return
	}
	answer(w, http.StatusAccepted, a.Status().Account)
}

func (s *Server) failure(said text.Text) map[string]string {
	return map[string]string{"error": said.In(s.o.Language)}
}

func answer(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(code)
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	_ = e.Encode(v) // the caller has gone
}

// guarded lets pass what may act. The methods are those of the patterns.
func (s *Server) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if refused := s.guard.Check(w, r); refused != nil {
			answer(w, refused.Status, s.failure(refused.Text))
			return
		}
		next.ServeHTTP(w, r)
	})
}
