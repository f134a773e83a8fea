// Package demo is `libration demo`: a sandbox, an account that logs in to it by a QR
// code nobody has to scan, the OneBot service, and a bot. All of it runs in one
// process, connected over loopback only.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"libration/internal/app"
	"libration/internal/app/bot"
	"libration/internal/app/simulator"
	"libration/internal/config"
	"libration/internal/filelock"
	"libration/internal/paste"
	"libration/internal/progress"
	"libration/internal/text"
	"libration/ntqq/message"
	"libration/sandbox"
	"libration/sandbox/world"
)

// Who plays in the default scenario.
const (
	account message.UIN       = 10001
	alice   message.UIN       = 20001
	group   message.GroupCode = 730000001
)

// The addresses that are used when they are free and none is given.
const (
	standardHTTP  = "127.0.0.1:5700"
	standardWS    = "127.0.0.1:6700"
	standardPage  = "127.0.0.1:7800"
	standardAdmin = "127.0.0.1:5780"
)

// startTimeout bounds the time until everything is up.
const startTimeout = 20 * time.Second

// Options of Run.
type Options struct {
	// HTTP, WS, Page and Admin are addresses to listen on; "" takes the standard one, or
	// another when that is taken.
	HTTP, WS, Page, Admin string
	// NoBot leaves the built-in bot out.
	NoBot bool
	// Once plays one exchange and ends.
	Once     bool
	Language text.Language
	Out      io.Writer
	Log      *slog.Logger
	Version  string
}

// Run plays the demo until ctx ends (nil), or to the end of the exchange of Once.
// The error names what did not start, or the step that was not seen. Everything it
// has started has ended and its files are gone when it returns.
func Run(ctx context.Context, o Options) (err error) {
	began := time.Now()
	progress.Step(ctx, text.T("starting the sandbox", "启动沙盒"), 0)
	addresses, err := o.choosePorts(ctx)
	if err != nil {
		return err
	}
	data, err := filelock.MakeTemporary("libration-demo-data-")
	if err != nil {
		return text.Errorf("folder for the demo's data: %v", "演示数据的文件夹：%v", err)
	}
	defer func() {
		if removeErr := data.Remove(); removeErr != nil {
			err = errors.Join(err, text.Errorf("remove the demo's data: %v", "删除演示数据：%v", removeErr))
		}
	}()
	p, parts, err := o.start(ctx, data.Path(), addresses)
	if err != nil {
		return err
	}
	p.began = began
	progress.Step(ctx, text.T("logging in", "登录"), 0)
	defer func() { err = errors.Join(parts.end(), err) }()
	if err := p.waitOnline(parts.ctx, parts.app); err != nil {
		return ended(parts.ctx, err)
	}
	if o.Once {
		return ended(parts.ctx, p.once(parts.ctx))
	}
	return ended(parts.ctx, p.stay(parts.ctx))
}

// parts are a sandbox and an installation, running. They end when one of them fails.
type parts struct {
	app     *app.App
	ctx     context.Context // ends with them; its cause is what failed
	stop    context.CancelCauseFunc
	account sync.WaitGroup
	// The sandbox outlives the account, which says goodbye to it.
	sandbox     sync.WaitGroup
	stopSandbox context.CancelFunc
}

// start starts both.
func (o *Options) start(ctx context.Context, data string, a addresses) (*play, *parts, error) {
	box, err := sandbox.New(sandbox.Options{AutoApprove: account, FFmpeg: simulator.FFmpeg(), Log: o.Log})
	if err != nil {
		return nil, nil, err
	}
	// So that the bot may mute.
	if err := box.World().Members().SetAdmin(group, account, 0, true); err != nil {
		return nil, nil, err
	}
	sim, err := simulator.Listen(ctx, box, simulator.Options{SSO: "127.0.0.1:0", Control: a.page, Log: o.Log})
	if err != nil {
		return nil, nil, err
	}
	installation, err := app.New(configuration(data, sim.ControlURL(), a), app.Options{Log: o.Log, Version: o.Version})
	if err != nil {
		sim.Close()
		return nil, nil, err
	}
	p := &parts{app: installation}
	p.ctx, p.stop = context.WithCancelCause(ctx)
	simCtx, stopSandbox := context.WithCancel(context.WithoutCancel(ctx))
	p.stopSandbox = stopSandbox
	p.sandbox.Go(func() { p.stop(sim.Run(simCtx)) })
	p.account.Go(func() { p.stop(installation.Run(p.ctx)) })
	return &play{Options: *o, world: box.World(), control: sim.ControlURL(), sso: sim.SSO(), admin: a.admin}, p, nil
}

// end stops both, waits for them and returns what failed. The end of the caller's
// context is no failure.
func (p *parts) end() error {
	p.stop(nil)
	p.account.Wait()
	p.stopSandbox()
	p.sandbox.Wait()
	if cause := context.Cause(p.ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// ended leaves out errors that only say that the demo was stopped, or failed
// elsewhere.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// addresses are the ports of the demo.
type addresses struct{ http, ws, page, admin string }

func (o *Options) choosePorts(ctx context.Context) (addresses, error) {
	var a addresses
	for _, p := range []struct {
		flag, given, standard string
		address               *string
	}{
		{"--http", o.HTTP, standardHTTP, &a.http},
		{"--ws", o.WS, standardWS, &a.ws},
		{"--page", o.Page, standardPage, &a.page},
		{"--admin", o.Admin, standardAdmin, &a.admin},
	} {
		address, wasMoved, err := choosePort(ctx, p.flag, p.given, p.standard)
		if err != nil {
			return a, err
		}
		if wasMoved {
			fmt.Fprintf(o.Out, moved.In(o.Language), p.standard, address)
		}
		*p.address = address
	}
	return a, nil
}

// configuration is what `libration run` would have in its file.
func configuration(data, control string, a addresses) *config.Config {
	c := config.Default()
	c.Data = filepath.Join(data, "data")
	c.Account.UIN = account
	c.Server.Mode = config.ModeSandbox
	c.Server.Sandbox.Control = control
	c.Admin.Address = a.admin // what the demo asks for has commands that go there
	c.OneBot.Connections = []config.Connection{
		{Type: config.HTTP, Address: a.http},
		{Type: config.WebSocket, Address: a.ws},
	}
	return c
}

// play is a demo that is up.
type play struct {
	Options
	world        *world.World
	control, sso string
	admin        string // HOST:PORT
	http, ws     string // URLs, once online
	began        time.Time
}

// waitOnline waits until the account is online and the OneBot ports are open.
func (p *play) waitOnline(ctx context.Context, installation *app.App) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	endpoints, err := installation.Endpoints(ctx)
	if err != nil {
		return text.Errorf("the account did not come online within %v: run with --log-level info to see why", "账号未能在 %v 内上线：加上 --log-level info 运行可查看原因", startTimeout)
	}
	for _, e := range endpoints {
		switch e.Kind {
		case config.HTTP:
			p.http = "http://" + e.Addr.String()
		case config.WebSocket:
			p.ws = "ws://" + e.Addr.String()
		}
	}
	return nil
}

// stay says what is there and keeps the built-in bot going until ctx ends.
func (p *play) stay(ctx context.Context) error {
	who := withBot
	if p.NoBot {
		who = withoutBot
	}
	fmt.Fprintf(p.Out, welcome.In(p.Language), account, p.control, p.http, p.ws, p.sso, who.In(p.Language), group, alice,
		p.admin, paste.Service{Admin: p.admin}.Command("login"))
	if p.NoBot {
		<-ctx.Done()
		return nil
	}
	b := &echoBot{log: p.Log, language: p.Language, greet: int64(group), mutes: map[string]*bot.Frame{}}
	return bot.Follow(ctx, p.Log, p.ws, "", b.handle)
}
