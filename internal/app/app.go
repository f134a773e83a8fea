package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"libration/internal/admin"
	"libration/internal/clock"
	"libration/internal/config"
	"libration/internal/inbound"
	"libration/internal/network"
	"libration/internal/packets"
	"libration/internal/store"
	"libration/internal/supervise"
	"libration/internal/text"
	"libration/ntqq"
	"libration/ntqq/event"
	"libration/onebot"
)

// Options of New, besides the configuration.
type Options struct {
	// Log is nil for slog.Default().
	Log *slog.Logger
	// QR is where login codes are drawn; nil: nowhere, only the picture is written.
	QR io.Writer
	// QRPlain draws them without colours and half blocks.
	QRPlain bool
	// In is where a person may type the answer to a captcha, one line "TICKET RANDSTR";
	// nil: nowhere. It is read from the first captcha on until it ends: the goroutine
	// that reads it outlives Run when it does not.
	In io.Reader
	// Version of the program; "" for Version().
	Version string
	// Timing is that of the session; its zero value is right but for tests.
	Timing ntqq.Timing
	// Wall is the machine's clock; nil: time.Now.
	Wall func() time.Time
	// Network is where it listens and connects; its zero value is the system's.
	Network network.Network
	// ServiceRetry is the first pause before a failed service starts again; 0: 1 s.
	ServiceRetry time.Duration
}

// App is an installation with one account.
type App struct {
	cfg      *config.Config
	o        Options
	log      *slog.Logger
	language text.Language
	claims   ntqq.AppInfo
	// clock is the client's, and that of everything that keeps or dates something.
	clock *clock.Clock

	// online is closed when the account is online for the first time.
	online chan struct{}
	// built is closed when transports is final.
	built      chan struct{}
	transports []connection
	admin      *admin.Server // nil when it is turned off

	mu         sync.Mutex // guards what follows
	client     *ntqq.Client
	supervisor *supervise.Supervisor
	changed    chan struct{} // closed at the next change of Status
}

// New checks what can be checked without touching anything; cfg must have been
// validated by package config.
func New(cfg *config.Config, o Options) (*App, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Version == "" {
		o.Version = Version()
	}
	if cfg.Server.Mode == config.ModeReal && len(cfg.OneBot.Connections) == 0 {
		// An empty file must not log in to the real service.
		return nil, text.Errorf("onebot.connections: there is no connection, so no bot could use the account: add one (`libration config init` writes examples), or set server.mode: sandbox",
			"onebot.connections: 没有任何连接，机器人无法使用该账号：请添加一个（`libration config init` 会写出示例），或设置 server.mode: sandbox")
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
	return &App{
		cfg: cfg, o: o, log: o.Log, language: Language(cfg.Language), claims: claims,
		clock:  clock.New(o.Wall),
		online: make(chan struct{}), built: make(chan struct{}), changed: make(chan struct{}),
	}, nil
}

// Run logs in and serves until ctx ends; then it stops in order and returns nil.
// An error says why it could not start, or that it did not stop cleanly. Failures
// of the session and of single connections do not end it. It may be called once.
func (a *App) Run(ctx context.Context) error {
	folder, err := openFolder(a.cfg.Data, a.cfg.Account.UIN)
	if err != nil {
		return err
	}
	defer folder.close()
	initial, err := a.importSession(folder)
	if err != nil {
		return err
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
		Keep: store.Keep{Messages: a.cfg.Store.MaxAge.Std(), Events: keepEvents(&a.cfg.OneBot), Size: int64(a.cfg.Store.MaxSize)},
	})
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	err = a.runSession(ctx, folder, initial, servers, messages)
	return errors.Join(err, messages.Close())
}

// runSession joins the session with OneBot and runs both.
func (a *App) runSession(ctx context.Context, folder *folder, initial *ntqq.Keystore, servers ntqq.Servers, messages *store.Store) error {
	// one is held by whoever talks to the OneBot service: events come from the
	// session's dispatcher, states from follow.
	var one sync.Mutex
	var service *onebot.Service
	states := newStateQueue()
	counted := newMetrics(a.o.Version)
	ring := packets.New(packets.Options{Folder: folder.file(packetsName), Log: a.log})
	signer := a.signer(counted)
	keys := &keptKeystore{KeystoreFile: ntqq.FileKeystore(folder.file(keystoreName)), folder: folder}
	progress := &settledProgress{
		Progress: ntqq.FileProgress(folder.file(progressName)), sync: messages.Sync, ours: folder.ours, log: a.log,
		newest: func() (*ntqq.Delivered, error) { return deliveredOf(ctx, keys.uin(), messages) },
	}
	watch := &folderWatch{folder: folder, keys: keys, progress: progress, messages: messages, log: a.log, change: a.change, space: diskSpace}
	o := ntqq.Options{
		App: a.claims, UIN: a.cfg.Account.UIN, PasswordMD5: a.password(),
		Keystore: keys, Initial: initial,
		Progress:     progress,
		SignLongList: a.cfg.Signer.Commands == config.SignLong,
		Servers:      servers, FindServers: a.findServers(), Log: a.log,
		Handler: func(e event.Event) {
			one.Lock()
			defer one.Unlock()
			service.Handle(ctx, e)
		},
		OnState: func(s ntqq.State) {
			counted.state(s)
			states.put(s)
			a.change()
		},
		OnCall:    counted.call,
		OnUnknown: func(p ntqq.UnknownPacket) { ring.Add(keptPacket(p, a.clock.Now())) },
		Clock:     a.clock,
		Timing:    a.o.Timing,
		Dial:      a.o.Network.DialFunc,
	}
	if c := &a.cfg.Send; c.Limit {
		o.SendLimit = ntqq.SendLimit{Account: sendRate(c.Account), Chat: sendRate(c.Chat), MaxWait: c.MaxWait.Std()}
	}
	if signer != nil {
		defer signer.Client.CloseIdleConnections()
		o.Signer = countedSigner{signer, counted}
	}
	client, err := ntqq.New(o)
	if err != nil {
		return ExplainFile(err)
	}
	events := onebot.Options{
		Client: client, Store: messages, Clock: a.clock, Log: a.log, Version: a.o.Version, Language: a.language,
		OnAction: counted.action,
	}
	for _, c := range a.cfg.OneBot.Resolved() {
		if journaled(&c) {
			events.Journal = messages
			events.Kept = append(events.Kept, onebot.EventForm{Format: formatOf(&c), ReportSelf: *c.ReportSelf})
		}
	}
	service = onebot.New(events)
	owned := &parts{version: a.o.Version, language: a.language, clock: a.clock, client: client, signer: signer, service: service, messages: messages, folder: watch, packets: ring}
	supervisor, err := a.connect(owned, counted)
	if err != nil {
		return err
	}
	a.mu.Lock()
	a.client, a.supervisor = client, supervisor
	a.mu.Unlock()
	a.change()
	screen := &loginScreen{
		log: a.log, out: a.o.QR, plain: a.o.QRPlain, language: a.language, picture: folder.file(qrName), typing: a.o.In != nil,
	}
	typed := &typedAnswers{in: a.o.In, log: a.log, answer: client.Answer}
	if a.cfg.Server.Mode == config.ModeSandbox {
		screen.page = a.cfg.Server.Sandbox.Control
	}
	defer screen.clear()

	// They are stopped one after the other, so that actions that still run have a
	// session, and its last events a service.
	var running sync.WaitGroup
	defer running.Wait()
	lasting := context.WithoutCancel(ctx)
	startPart := func(run func(context.Context) error) (stop func() error) {
		ctx, cancel := context.WithCancel(lasting)
		ended := make(chan error, 1)
		running.Go(func() { ended <- run(ctx) })
		return func() error {
			cancel()
			return <-ended
		}
	}
	stopWatch := startPart(watch.Run)
	stopRing := startPart(ring.Run)
	stopStates := startPart(func(ctx context.Context) error {
		return states.follow(ctx, func(s ntqq.State) {
			screen.follow(s)
			typed.follow(s)
			one.Lock()
			service.HandleState(s)
			one.Unlock()
			switch s.Stage {
			case ntqq.Online:
				a.firstOnline()
			case ntqq.Kicked, ntqq.NeedsLogin:
				a.log.Error("waiting for a person", "state", s.Stage, "do", whatToDo(s.Prompt).EN)
			}
		})
	})
	stopService := startPart(service.Run)
	stopClient := startPart(client.Run)
	stopNotices := startPart(a.notifier(owned, folder.file(qrName)).Run)

	began := time.Now()
	connections := make(chan error, 1)
	running.Go(func() { connections <- supervisor.Run(ctx) })
	<-ctx.Done() // the supervisor may be done earlier, when it has nothing to run
	a.log.Info("stopping", "ran_for", time.Since(began).Round(time.Second))
	finished := make(chan struct{})
	running.Go(func() { // while the connections do the same with what they have answered
		defer close(finished)
		late, cancel := context.WithTimeout(lasting, onebot.FinishTime)
		defer cancel()
		service.Finish(late)
	})
	failed := <-connections
	<-finished
	return errors.Join(stopNotices(), failed, stopClient(), stopRing(), stopService(), stopStates(), stopWatch())
}

// password is the MD5 of the configured one; nil: there is none.
func (a *App) password() ntqq.HexBytes {
	c := &a.cfg.Account
	if c.Password != "" {
		return ntqq.PasswordMD5(c.Password)
	}
	return ntqq.HexBytes(c.PasswordMD5)
}

// firstOnline is called by the goroutine that follows the states only.
func (a *App) firstOnline() {
	select {
	case <-a.online:
	default:
		close(a.online)
	}
}

// importSession returns what a new keystore begins with: nil when there is one
// already, or nothing to import.
func (a *App) importSession(folder *folder) (*ntqq.Keystore, error) {
	has, err := folder.hasKeystore()
	if err != nil {
		return nil, explainFolder(folder.path, err)
	}
	if has {
		return nil, nil
	}
	initial, err := ReadImport(&a.cfg.Account)
	if initial != nil {
		a.log.Info("identity imported", "keystore", a.cfg.Account.Keystore, "device", a.cfg.Account.Device, "uin", initial.UIN)
	}
	return initial, err
}

// ReadImport reads what account.keystore and account.device name; nil when they name
// nothing. It changes nothing.
func ReadImport(c *config.Account) (*ntqq.Keystore, error) {
	if c.Keystore == "" && c.Device == "" {
		return nil, nil
	}
	initial, err := ntqq.ImportLagrange(c.Keystore, c.Device)
	if err != nil {
		return nil, text.Errorf("import of account.keystore and account.device: %v: correct the paths, or leave them out to log in anew",
			"导入 account.keystore 和 account.device: %v：请修改路径，或删去这两项以重新登录", ExplainFile(err))
	}
	if c.UIN != 0 && initial.UIN != 0 && c.UIN != initial.UIN {
		return nil, text.Errorf("account.keystore %s is of account %d, not of the configured %d: correct account.uin or the path",
			"account.keystore %s 属于账号 %d，而不是配置的 %d：请修改 account.uin 或路径", c.Keystore, initial.UIN, c.UIN)
	}
	return initial, nil
}

// servers says where the service is, in mode sandbox after asking the sandbox.
func (a *App) servers(ctx context.Context) (ntqq.Servers, error) {
	var servers ntqq.Servers
	c := &a.cfg.Server
	if c.Mode == config.ModeSandbox && c.Sandbox.Control != "" {
		var err error
		if servers, err = sandboxServers(ctx, a.o.Network, a.log, c.Sandbox.Control); err != nil {
			return servers, err
		}
	} else if c.Mode == config.ModeReal && len(a.cfg.Signer.URLs) == 0 {
		a.log.Warn("no signer is configured: the real service is likely to refuse the login (signer.urls in the config)")
	}
	return a.override(servers), nil
}

// findServers asks the sandbox again before each connection: one that was started
// again may have other keys. It is nil in other modes.
func (a *App) findServers() func(context.Context) (ntqq.Servers, error) {
	if a.cfg.Server.Mode != config.ModeSandbox || a.cfg.Server.Sandbox.Control == "" {
		return nil
	}
	return func(ctx context.Context) (ntqq.Servers, error) {
		servers, err := AskSandbox(ctx, a.o.Network, a.cfg.Server.Sandbox.Control)
		return a.override(servers), err
	}
}

// override puts the configured addresses and keys over those found.
func (a *App) override(servers ntqq.Servers) ntqq.Servers {
	c := &a.cfg.Server
	if len(c.Addresses)+len(c.Hosts) > 0 {
		servers.Addresses, servers.Hosts = c.Addresses, c.Hosts
	}
	for _, k := range []struct {
		key   *[]byte
		given []byte
	}{{&servers.OicqKey, c.Keys.OICQ}, {&servers.ExchangeKey, c.Keys.Exchange}, {&servers.VerifyKey, c.Keys.Verify}} {
		if len(k.given) > 0 {
			*k.key = k.given
		}
	}
	return servers
}

// signer is nil when none is configured.
func (a *App) signer(counted *metrics) *ntqq.HTTPSigner {
	s := &a.cfg.Signer
	if len(s.URLs) == 0 {
		return nil
	}
	return &ntqq.HTTPSigner{
		URLs: s.URLs, Style: ntqq.SignStyle(s.Style), Token: s.Token, Client: a.o.Network.Client(),
		Timeout: time.Duration(s.Timeout), Log: a.log, OnAsk: counted.ask,
		RetryFirst: a.o.Timing.RetryFirst, RetryMost: a.o.Timing.RetryMost,
	}
}

func sendRate(r config.SendRate) ntqq.SendRate {
	return ntqq.SendRate{PerMinute: int(r.PerMinute), Burst: int(r.Burst)}
}

// connect makes the OneBot connections and the owner's service, and a supervisor
// that runs them; it completes p.
func (a *App) connect(p *parts, counted *metrics) (*supervise.Supervisor, error) {
	supervisor := supervise.New(supervise.Options{Log: a.log, MinRetry: a.o.ServiceRetry, OnChange: a.change})
	p.supervisor, p.connections = supervisor, make(map[string]connection)
	files := inbound.OpenFiles()
	p.inbound = inbound.NewPool(inbound.Connections(files), a.log)
	if files != 0 && files < inbound.EnoughFiles {
		a.log.Warn("the program may open few files: raise the limit (ulimit -n)", "files", files,
			"recommended", inbound.EnoughFiles, "connections_of_bots", p.inbound.Stats().Most)
	}
	if err := a.addAdmin(p, counted); err != nil {
		return nil, err
	}
	for _, c := range a.cfg.OneBot.Resolved() {
		t, err := newConnection(a.o.Network, p.service, &c, a.o.Version, counted, p.inbound, a.log)
		if err != nil {
			return nil, err
		}
		start := supervise.After(a.online)
		if c.Start == config.StartAtOnce {
			start = nil
		}
		name := c.Name()
		run := t.supervised(func(err error, retry time.Time) { supervisor.Trouble(name, err, retry) })
		if err := supervisor.Add(name, start, run); err != nil {
			return nil, fmt.Errorf("onebot.connections: %w", err)
		}
		a.transports = append(a.transports, t)
		p.connections[c.Name()] = t
	}
	if len(a.transports) == 0 {
		a.log.Warn("no OneBot connection is configured: the account will be online, but no bot can reach it (onebot.connections in the config)")
	}
	close(a.built)
	return supervisor, nil
}

// addAdmin adds the owner's service, which does not wait for the account.
func (a *App) addAdmin(p *parts, counted *metrics) error {
	c := &a.cfg.Admin
	if c.Address == "" {
		return nil
	}
	counted.registry.MustRegister(p)
	a.admin = admin.New(admin.Options{
		Address: c.Address, Network: a.o.Network, AccessToken: c.AccessToken, Status: p.status, Metrics: counted.registry, Log: a.log,
		Login: p.login, Captcha: p.answer, OnRefused: counted.refused(adminName),
	})
	return p.supervisor.Add(adminName, nil, a.admin.Run)
}
