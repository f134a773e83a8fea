package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"libration/gateway/transport"
	"libration/internal/admin"
	"libration/internal/app/account"
	"libration/internal/config"
	"libration/internal/inbound"
	"libration/internal/network"
	"libration/internal/sdnotify"
	"libration/internal/supervise"
	"libration/internal/text"
	"libration/ntqq"
)

// Options of New, besides the configuration.
type Options struct {
	// Log is nil for slog.Default().
	Log *slog.Logger
	// QR is where login codes are drawn; nil: nowhere, only the picture is written.
	QR io.Writer
	// QRStyle is how.
	QRStyle account.QRStyle
	// In is where a person may type the answer to a captcha, one line "TICKET RANDSTR",
	// after the account's name where several wait; nil: nowhere. It is read from the first
	// captcha on until it ends: the goroutine that reads it outlives Run when it does not.
	In io.Reader
	// Version of the program; "" for Version().
	Version string
	// Timing is that of the sessions; its zero value is right but for tests.
	Timing ntqq.Timing
	// Wall is the machine's clock; nil: time.Now.
	Wall func() time.Time
	// Network is where it listens and connects; its zero value is the system's.
	Network network.Network
	// Load reads the configuration file again, for Reload; nil: that is not possible.
	Load func() (*config.Config, error)
	// Notify tells the service manager of the system lines of its protocol; nil: nobody
	// manages the program. Watchdog is within which time the manager wants to hear from it;
	// 0: it does not. See package sdnotify.
	Notify   func(lines ...string) error
	Watchdog time.Duration
	// ServiceRetry is the first pause before a failed service starts again; 0: 1 s.
	ServiceRetry time.Duration
}

// App is an installation: its accounts, and the owner's service.
type App struct {
	cfg        *config.Config // guarded by reloading
	o          Options
	log        *slog.Logger
	language   text.Language
	typed      typedAnswers
	pool       *inbound.Pool // what bots connect to
	metrics    *metrics
	admin      *admin.Server      // nil when it is turned off
	reporter   *sdnotify.Reporter // nil: nobody manages the program
	supervisor *supervise.Supervisor
	// begin starts what waits for the only account to begin, or for Run when there are
	// several. Later calls do nothing.
	begin func()
	begun chan struct{} // closed by it

	running  context.Context // of Run; nil before it
	end      func()          // ends it
	accounts sync.WaitGroup

	reloading sync.Mutex // held by who changes cfg and members
	mu        sync.Mutex // guards what follows
	failed    []error    // why accounts ended
	members   []*member
	ports     map[string]*transport.Port // by their address
	changed   chan struct{}              // closed at the next change of Status
}

// Status is what an account is doing at one moment.
type Status = account.Status

// Endpoint is an address on which the installation listens.
type Endpoint = account.Endpoint

// New checks what can be checked without touching anything; cfg must have been
// validated by package config.
func New(cfg *config.Config, o Options) (*App, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Version == "" {
		o.Version = Version()
	}
	if err := usable(cfg); err != nil {
		return nil, err
	}
	a := &App{
		cfg: cfg, o: o, log: o.Log, language: Language(cfg.Language), metrics: newMetrics(o.Version),
		changed: make(chan struct{}), ports: make(map[string]*transport.Port), begun: make(chan struct{}),
	}
	a.typed.app = a
	a.begin = sync.OnceFunc(func() {
		a.startAdmin()
		close(a.begun)
		a.change()
	})
	a.supervisor = supervise.New(supervise.Options{Log: a.log, MinRetry: o.ServiceRetry, OnChange: a.change})
	files := inbound.OpenFiles()
	a.pool = inbound.NewPool(inbound.Connections(files), a.log)
	if files != 0 && files < inbound.EnoughFiles {
		a.log.Warn("the program may open few files: raise the limit (ulimit -n)", "files", files,
			"recommended", inbound.EnoughFiles, "connections_of_bots", a.pool.Stats().Most)
	}
	all := cfg.Each()
	for _, one := range all {
		m, err := a.newMember(one, len(all) > 1)
		if err != nil {
			return nil, err
		}
		a.members = append(a.members, m)
	}
	a.share()
	a.metrics.registry.MustRegister(a)
	a.admin = a.newAdmin()
	a.reporter = a.newReporter()
	return a, nil
}

// Run logs all accounts in and serves until ctx ends; then it stops in order and
// returns nil. An error says why the only account could not start, or that one did not
// stop cleanly. Failures of sessions and of single connections do not end it, nor do
// those of one of several accounts. It may be called once.
func (a *App) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	a.reloading.Lock()
	a.running, a.end = ctx, stop
	all := a.now()
	if len(all) > 1 {
		a.begin()
	}
	for _, m := range all {
		a.start(m)
	}
	a.reloading.Unlock()
	defer a.report(ctx)()
	var resting sync.WaitGroup
	resting.Go(func() { a.rest(ctx) })
	defer func() {
		stop()
		resting.Wait()
	}()
	services := a.supervisor.Run(ctx)
	a.reloading.Lock() // none is under way, and none begins
	a.accounts.Wait()
	return errors.Join(append(a.failed, services)...)
}

// now returns the accounts at this moment.
func (a *App) now() []*member {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.members
}

// Status returns what the first account is doing now. Safe for concurrent use, also
// before Run and after it.
func (a *App) Status() Status { return a.now()[0].account().Status() }

// Account returns the account of this name; nil: there is none.
func (a *App) Account(name string) *account.Account {
	for _, m := range a.now() {
		if m.name() == name {
			return m.account()
		}
	}
	return nil
}

// Wait returns the first status of the first account, the present one included, for
// which ok is true. What passes quickly may be missed. The error is ctx's.
func (a *App) Wait(ctx context.Context, ok func(Status) bool) (Status, error) {
	for {
		a.mu.Lock()
		changed := a.changed
		a.mu.Unlock()
		s := a.Status()
		if ok(s) {
			return s, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return s, ctx.Err()
		}
	}
}

// change wakes Wait.
func (a *App) change() {
	a.mu.Lock()
	defer a.mu.Unlock()
	close(a.changed)
	a.changed = make(chan struct{})
}

// Endpoints waits until all listening connections of the first account have begun to
// serve, and returns them in the order of the configuration. The error is ctx's.
func (a *App) Endpoints(ctx context.Context) ([]Endpoint, error) {
	return a.now()[0].account().Endpoints(ctx)
}

// AdminAddr waits until the owner's service listens and returns its address; nil
// when it is turned off. The error is ctx's.
func (a *App) AdminAddr(ctx context.Context) (net.Addr, error) {
	if a.admin == nil {
		return nil, nil
	}
	select {
	case <-a.admin.Ready():
		return a.admin.Addr(), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// explain puts the name of an account before its error, where there are several.
func explain(name string, several bool, err error) error {
	if err == nil || !several {
		return err
	}
	return text.Errorf("account %s: %v", "账号 %s：%v", name, err)
}
