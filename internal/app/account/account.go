package account

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"libration/gateway"
	"libration/gateway/transport"
	"libration/internal/config"
	"libration/internal/network"
	"libration/internal/place"
	"libration/internal/store"
	"libration/internal/text"
	"libration/ntqq"
	"libration/ntqq/clock"
	"libration/ntqq/media/transfer"
)

// Options of New, besides the configuration.
type Options struct {
	// Name tells the account apart where there are several: on the terminal and in
	// notices. It may change; "" where it is the only one. Nil: it always is.
	Name func() string
	// Log is nil for slog.Default().
	Log *slog.Logger
	// Language of what is shown to people.
	Language text.Language
	// QR is where login codes are drawn; nil: nowhere, only the picture is written.
	QR io.Writer
	// QRStyle is how.
	QRStyle QRStyle
	// OnCaptcha is called when the answer to a captcha is asked for, which a person may
	// type; nil: nobody can type it.
	OnCaptcha func()
	// Version of the program.
	Version string
	// Timing is that of the session; its zero value is right but for tests.
	Timing ntqq.Timing
	// Wall is the machine's clock; nil: time.Now.
	Wall func() time.Time
	// Network is where it listens and connects, also to the proxies of the configuration; its
	// zero value is the system's.
	Network network.Network
	// ServiceRetry is the first pause before a failed connection starts again; 0: 1 s.
	ServiceRetry time.Duration
	// Port returns the listener of a connection, which other accounts may share; nil: each
	// has one of its own.
	Port func(*config.Connection) *transport.Port
	// Taken reports whether another account of the installation has this number: this one
	// must not log in with it. Nil: none has.
	Taken func(ntqq.UIN) bool
	// Restart has the account stop in order and start anew after a delay, because somebody
	// asks; it returns at once. Nil: it cannot.
	Restart func(delay time.Duration, by string)
	// OnChange is called at each change of Status, with locks held: it must return at once
	// and not call the account. Nil: nobody.
	OnChange func()
}

// Account is one account. All methods but Run are safe for concurrent use at any time.
type Account struct {
	cfg     *config.Config
	o       Options
	log     *slog.Logger
	claims  ntqq.AppInfo
	counted *metrics
	// clock is the client's, and that of everything that keeps or dates something.
	clock   *clock.Clock
	proxied network.Network // through the account's proxy
	owners  network.Network // through the installation's
	sandbox sandboxAddresses
	// transfers are the uploads and downloads of the client, and the downloads for bots.
	transfers *transfer.Registry

	filters filters

	// online is closed when the account is online for the first time.
	online chan struct{}

	mu      sync.Mutex // guards what follows
	parts   *parts     // nil before they are made
	changed chan struct{}
}

// New checks what can be checked without touching anything. cfg is that of the account
// alone, as config.Config.Each returns it, and validated.
func New(cfg *config.Config, o Options) (*Account, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Name == nil {
		o.Name = func() string { return "" }
	}
	if o.OnChange == nil {
		o.OnChange = func() {}
	}
	claims, err := ntqq.App(string(cfg.Account.Protocol))
	if err != nil {
		return nil, fmt.Errorf("account.protocol: %w", err)
	}
	if path := cfg.Account.AppInfo; path != "" {
		if claims, err = ntqq.LoadApp(path, claims); err != nil {
			return nil, text.Errorf("account.app_info: %v", "account.app_info 无法使用：%v", ExplainFile(err))
		}
	}
	proxied := o.Network
	if proxied.Proxy, err = network.ParseProxy(cfg.AccountProxy()); err != nil {
		return nil, text.Errorf("proxy: %v", "proxy 无法使用：%v", err)
	}
	owners, err := OwnersNetwork(cfg, o.Network)
	if err != nil {
		return nil, err
	}
	if err := CheckFilters(cfg); err != nil {
		return nil, err
	}
	return &Account{
		proxied: proxied, owners: owners, cfg: cfg, o: o, log: o.Log, claims: claims, counted: newMetrics(),
		clock: clock.New(o.Wall), transfers: &transfer.Registry{},
		online: make(chan struct{}), changed: make(chan struct{}),
	}, nil
}

// Run logs in and serves until ctx ends; then it stops in order and returns nil.
// begun is called when the session begins. An error says why it could not start, that
// it did not stop cleanly, or that a part of it panicked. Failures of the session and
// of single connections do not end it. It may be called once.
func (a *Account) Run(ctx context.Context, begun func()) error {
	return a.guarded(func() error { return a.run(ctx, begun) })
}

func (a *Account) run(ctx context.Context, begun func()) (err error) {
	if p := a.proxied.Proxy; p != nil {
		a.log.Info("connections go through a proxy", "proxy", p.Shown())
	}
	folder, err := openFolder(PathsOf(a.cfg).Folder)
	if err != nil {
		return err
	}
	defer folder.close()
	if err := CheckPlace(a.cfg, a.o.Name()); err != nil {
		return err
	}
	keys := &keptKeystore{KeystoreFile: KeystoreFile(a.cfg, folder.file(keystoreName)), folder: folder, log: a.log}
	saved, err := keys.Load() // before anything waits for others
	if err != nil {
		return ExplainFile(err)
	}
	initial, err := a.importSession(folder)
	if err != nil {
		return err
	}
	if err := keys.claim(cmp.Or(saved, initial)); err != nil {
		return err
	}
	defer keys.release()
	if err := place.Settle(folder.path, a.clock.Now()); err != nil {
		return explainFolder(folder.path, err)
	}
	servers, err := a.servers(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	messages, err := store.Open(ctx, store.Options{
		Path: folder.file(storeName), Log: a.log, Clock: a.clock,
		Keep: a.keep(&a.cfg.OneBot),
	})
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	defer func() { err = errors.Join(err, messages.Close()) }()
	p, err := a.build(ctx, folder, keys, initial, servers, messages)
	if err != nil {
		return err
	}
	a.mu.Lock()
	a.parts = p
	a.mu.Unlock()
	a.change()
	begun()
	return a.serve(ctx, p)
}

// serve runs the parts. They are stopped one after the other, so that actions that
// still run have a session, and its last events a service.
func (a *Account) serve(ctx context.Context, p *parts) error {
	if p.signer != nil {
		defer p.signer.Client.CloseIdleConnections()
	}
	if p.cards != nil {
		defer p.cards.client.CloseIdleConnections()
	}
	defer p.screen.clear()
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var running sync.WaitGroup
	defer running.Wait()
	lasting := context.WithoutCancel(ctx)
	start := func(run func(context.Context) error) (stop func() error) {
		ctx, cancel := context.WithCancel(lasting)
		ended := make(chan error, 1)
		running.Go(func() {
			err := a.guarded(func() error { return run(ctx) })
			if ctx.Err() == nil && errors.Is(err, errPanic) {
				fail(err)
			}
			ended <- err
		})
		return func() error {
			cancel()
			return <-ended
		}
	}
	stopWatch := start(p.folder.Run)
	stopRing := start(p.packets.Run)
	stopInbox := start(p.inbox.Run)
	stopStates := start(func(ctx context.Context) error { return p.states.follow(ctx, func(s ntqq.State) { a.follow(p, s) }) })
	stopService := start(p.gateway.Run)
	stopClient := start(p.client.Run)
	stopNotices := start(a.notifier(p).Run)

	began := time.Now()
	connections := make(chan error, 1)
	running.Go(func() { connections <- p.supervisor.Run(ctx) })
	<-ctx.Done() // the supervisor may be done earlier, when it has nothing to run
	a.log.Info("stopping", "ran_for", time.Since(began).Round(time.Second))
	finished := make(chan struct{})
	running.Go(func() { // while the connections do the same with what they have answered
		defer close(finished)
		late, cancel := context.WithTimeout(lasting, gateway.FinishTime)
		defer cancel()
		p.gateway.Finish(late)
	})
	failed := <-connections
	<-finished
	return errors.Join(stopNotices(), failed, stopClient(), stopRing(), stopInbox(), stopService(), stopStates(), stopWatch())
}

// follow acts on a state of the session.
func (a *Account) follow(p *parts, s ntqq.State) {
	p.screen.follow(s)
	if a.o.OnCaptcha != nil && s.Step == ntqq.StepCaptcha {
		a.o.OnCaptcha()
	}
	p.one.Lock()
	p.gateway.HandleState(s)
	p.one.Unlock()
	switch s.Stage {
	case ntqq.Online:
		select {
		case <-a.online:
		default:
			close(a.online)
		}
	case ntqq.Kicked, ntqq.NeedsLogin:
		a.log.Error("waiting for a person", "state", s.Stage, "do", whatToDo(s.Prompt, a.o.Name(), a.cfg.Service()).EN)
	}
}

var errPanic = text.Errorf("panic", "程序内部错误")

// guarded turns a panic into an error: it would end the program, with all accounts.
func (a *Account) guarded(run func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			a.log.Error("a part of the account panicked", "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
			err = fmt.Errorf("%w: %v", errPanic, v)
		}
	}()
	return run()
}

// Metrics are those of the account. While it has not begun only its counters are there.
func (a *Account) Metrics() prometheus.Gatherer { return a.counted.registry }
