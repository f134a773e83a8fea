package account

import (
	"context"
	"math"
	"sync"
	"time"

	"libration/gateway"
	"libration/gateway/inbox"
	"libration/internal/config"
	"libration/internal/packets"
	"libration/internal/paste"
	"libration/internal/store"
	"libration/internal/supervise"
	"libration/internal/text"
	"libration/ntqq"
	"libration/ntqq/clock"
	"libration/ntqq/event"
	"libration/onebot"
)

// parts are what a running account consists of. They report its state to the owner, and
// its figures as a prometheus.Collector.
type parts struct {
	version    string
	name       func() string // Options.Name
	service    paste.Service // of the installation
	language   text.Language
	clock      *clock.Clock
	client     *ntqq.Client
	signer     *ntqq.HTTPSigner // nil when none is configured
	cards      *cardSigner      // nil when none is configured
	gateway    *gateway.Gateway
	onebot     *onebot.Dialect
	messages   *store.Store
	folder     *folderWatch
	inbox      *inbox.Inbox
	packets    *packets.Ring
	states     *stateQueue
	screen     *loginScreen
	supervisor *supervise.Supervisor
	journal    bool // the gateway has one

	mu          sync.Mutex // guards connections
	connections []connection

	// one is held by whoever gives the gateway something: events come from the
	// session's dispatcher, states from follow.
	one sync.Mutex
}

// build joins the session with OneBot.
func (a *Account) build(ctx context.Context, folder *folder, keys *keptKeystore, initial *ntqq.Keystore, servers ntqq.Servers, messages *store.Store) (*parts, error) {
	progress := &settledProgress{
		Progress: ntqq.FileProgress(folder.file(progressName)), sync: messages.Sync, ours: folder.ours, log: a.log,
		newest: func() (*ntqq.Delivered, error) { return deliveredOf(ctx, keys.uin(), messages) },
	}
	p := &parts{
		version: a.o.Version, name: a.o.Name, service: a.cfg.Service(), language: a.o.Language, clock: a.clock, messages: messages, states: newStateQueue(),
		packets: packets.New(packets.Options{Folder: folder.file(packetsName), Log: a.log}),
		signer:  a.signer(),
		cards:   a.cardSigner(),
		folder:  &folderWatch{folder: folder, keys: keys, progress: progress, messages: messages, log: a.log, change: a.change, space: diskSpace},
		screen: &loginScreen{
			log: a.log, out: a.o.QR, style: a.o.QRStyle, language: a.o.Language, name: a.o.Name, service: a.cfg.Service(), picture: folder.file(qrName), typing: a.o.OnCaptcha != nil,
		},
	}
	if a.cfg.Server.Mode == config.ModeSandbox {
		p.screen.page = a.cfg.Server.Sandbox.Control
	}
	tools, files, handed, err := a.media(folder)
	if err != nil {
		return nil, err
	}
	p.inbox = handed
	o := a.session(ctx, p)
	o.Media, o.Transfers = tools, a.transfers
	o.PrivateMedia = a.cfg.Media.AllowPrivate
	o.Keystore, o.Progress, o.Initial, o.Servers = keys, progress, initial, servers
	if p.client, err = ntqq.New(o); err != nil {
		return nil, ExplainFile(err)
	}
	if uin := keys.uin(); uin != 0 && a.o.Taken != nil && a.o.Taken(uin) {
		return nil, errTaken(folder.path, uin)
	}
	p.gateway = a.gateway(p)
	links, err := a.mediaLinks(folder, p)
	if err != nil {
		return nil, err
	}
	p.onebot = onebot.New(onebot.Options{
		Client: p.client, Gateway: p.gateway, Clock: a.clock, Log: a.log, Version: a.o.Version, Language: a.o.Language,
		Files: files, Inbox: handed, Links: links, ConvertSound: convertSound(&tools, files),
		SignCard: p.cards.signCard(), LongTextForward: a.cfg.OneBot.LongText == config.LongTextForward,
		Flavour: flavours[a.cfg.OneBot.Flavour],
		ReloadFilters: func(file string) error {
			_, err := a.ReloadFilters(file)
			return err
		},
		Restart:  a.restart(),
		OnAction: a.counted.action, Hints: map[string]text.Text{
			"TEXT_TOO_LONG": text.T("with onebot.long_text: forward in the config it is sent as a forward",
				"把配置项 onebot.long_text 设为 forward 即可以合并转发发送"),
			"POLL_OFF":         text.T("set `poll_queue` of this connection in the config, such as 2000", "请在配置中为该连接设置 `poll_queue`，如 2000"),
			"MUSIC_SIGN_ERROR": text.T("see onebot.music_sign_url in the config", "见配置项 onebot.music_sign_url"),
			"SIGN_ERROR":       text.T("see signer.urls and the log", "请检查 signer.urls 和日志"),
			"RATE_LIMITED": text.T("see send.account, send.chat and send.max_wait in the config",
				"见配置项 send.account、send.chat 和 send.max_wait"),
		},
	})
	a.counted.registry.MustRegister(p)
	p.supervisor = supervise.New(supervise.Options{Log: a.log, MinRetry: a.o.ServiceRetry, OnChange: a.change})
	return p, a.connect(p, a.cfg)
}

// restart is onebot.Options.Restart.
func (a *Account) restart() func(time.Duration) {
	if a.o.Restart == nil {
		return nil
	}
	return func(delay time.Duration) { a.o.Restart(delay, "the action set_restart") }
}

// session are the options of the client but for what is in the folder.
func (a *Account) session(ctx context.Context, p *parts) ntqq.Options {
	o := ntqq.Options{
		App: a.claims, UIN: a.cfg.Account.UIN, PasswordMD5: a.password(),
		Taken: a.o.Taken, SignLongList: a.cfg.Signer.Commands == config.SignLong,
		FindServers: a.findServers(), Log: a.log,
		Handler: func(e event.Event) {
			p.one.Lock()
			defer p.one.Unlock()
			p.gateway.Handle(ctx, e)
		},
		OnState: func(s ntqq.State) {
			a.counted.state(s)
			p.states.put(s)
			a.change()
		},
		OnCall:    a.counted.call,
		OnUnknown: func(u ntqq.UnknownPacket) { p.packets.Add(keptPacket(u, a.clock.Now())) },
		Forwards:  p.messages,
		Clock:     a.clock,
		Timing:    a.o.Timing,
		Proxy:     a.cfg.AccountProxy(),
		Dial:      a.o.Network.DialFunc,

		MemberMemory: int(min(a.cfg.Cache.Members, math.MaxInt)),
	}
	if c := &a.cfg.Send; c.Limit {
		o.SendLimit = ntqq.SendLimit{Account: sendRate(c.Account), Chat: sendRate(c.Chat), MaxWait: c.MaxWait.Std()}
	}
	if p.signer != nil {
		o.Signer = countedSigner{p.signer, a.counted}
	}
	return o
}

func sendRate(r config.SendRate) ntqq.SendRate {
	return ntqq.SendRate{PerMinute: int(r.PerMinute), Burst: int(r.Burst)}
}

// signer is nil when none is configured.
func (a *Account) signer() *ntqq.HTTPSigner {
	s := &a.cfg.Signer
	if len(s.URLs) == 0 {
		return nil
	}
	return &ntqq.HTTPSigner{
		URLs: s.URLs, Style: ntqq.SignStyle(s.Style), Token: s.Token, Client: a.proxied.HostClient(),
		Timeout: time.Duration(s.Timeout), Log: a.log, OnAsk: a.counted.ask,
		RetryFirst: a.o.Timing.RetryFirst, RetryMost: a.o.Timing.RetryMost,
	}
}

// gateway makes what all dialects of the account share.
func (a *Account) gateway(p *parts) *gateway.Gateway {
	o := gateway.Options{Account: p.client, Store: p.messages, Clock: a.clock, Log: a.log}
	if p.journal, o.OwnKept = kept(&a.cfg.OneBot); p.journal {
		o.Journal = p.messages
	}
	return gateway.New(o)
}

// keptPacket is what is written down of input that was not understood.
func keptPacket(u ntqq.UnknownPacket, now time.Time) packets.Packet {
	p := packets.Packet{
		Time: now, Source: packets.Source(u.Source), Name: u.Name, Reason: string(u.Reason),
		Size: u.Size, Data: u.Data,
	}
	if u.Err != nil {
		p.Error = u.Err.Error()
	}
	return p
}
