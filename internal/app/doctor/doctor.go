package doctor

import (
	"cmp"
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"libration/internal/admin"
	"libration/internal/app"
	"libration/internal/app/account"
	"libration/internal/config"
	"libration/internal/network"
	"libration/internal/paste"
	"libration/internal/progress"
	"libration/internal/text"
)

// lookTimeout bounds each look at something that may not answer.
const lookTimeout = 3 * time.Second

// Options of Run.
type Options struct {
	// Config is the path of the configuration file. "" looks at nothing but a running
	// installation, at Admin, the address of its owner's service, with AdminToken.
	Config            string
	Admin, AdminToken string
	// Account is the name of the account to examine; "" for all.
	Account string
	// Online permits connections to other machines: to signers, to bots and, with
	// server.mode real, name look-ups and connections to the servers of QQ.
	Online bool
	Out    io.Writer

	// Replaced by tests.
	now    func() time.Time
	free   func(path string) (uint64, bool)
	lookup func(ctx context.Context, host string) ([]string, error)
}

// ErrUnwell is returned by Run when something is wrong.
var ErrUnwell = text.Errorf("something is wrong, see above", "存在问题，见上文")

// Run examines the installation and writes the report to o.Out.
func Run(ctx context.Context, o Options) error {
	all, language := Examine(ctx, o)
	if print(o.Out, language, all) > 0 {
		return ErrUnwell
	}
	return nil
}

// Examine returns what it found, in the order of looking, and the language of the
// texts, which is that of the configuration.
func Examine(ctx context.Context, o Options) ([]Finding, text.Language) {
	if o.now == nil {
		o.now = time.Now
	}
	if o.free == nil {
		o.free = freeSpace
	}
	if o.lookup == nil {
		o.lookup = network.Lookup
	}
	d := &doctor{o: o, language: app.EnvironmentLocale()}
	d.client = &http.Client{Timeout: lookTimeout, Transport: &http.Transport{DialContext: network.Network{}.Dial}, CheckRedirect: stay}
	defer d.client.CloseIdleConnections()
	if o.Config == "" {
		d.elsewhere(ctx)
		return d.found, d.language
	}
	if d.config() {
		if accounts := d.accounts(); len(accounts) > 0 {
			all := d.cfg
			d.each(ctx, accounts)
			if len(accounts) > 1 {
				d.cfg = all
				d.cfg.Account = accounts[0].Account // whose protocol the signers are asked for
			}
			d.installation(ctx, accounts)
		}
	}
	return d.found, d.language
}

// each examines what every account has for itself.
func (d *doctor) each(ctx context.Context, accounts []*config.Config) {
	for _, one := range accounts {
		d.cfg, d.paths, d.status = one, account.PathsOf(one), nil
		if len(accounts) > 1 {
			d.name = one.Account.Name
		}
		d.identity()
		d.filters()
		d.folder()
		d.keystore()
		progress.Step(ctx, text.T("looking at the message store", "检查消息库"), 0)
		d.database(ctx)
		progress.Step(ctx, text.T("asking the running libration", "查询正在运行的 libration"), 0)
		d.ask(ctx)
	}
	d.name = ""
}

// installation examines what the accounts share.
func (d *doctor) installation(ctx context.Context, accounts []*config.Config) {
	progress.Step(ctx, text.T("looking at clock and addresses", "检查时钟和地址"), 0)
	d.clock()
	d.ports(ctx)
	d.certificates()
	var proxies []string
	for _, one := range accounts {
		proxies = append(proxies, one.AccountProxy())
	}
	d.proxies(ctx, proxies)
	progress.Step(ctx, text.T("looking at the servers", "检查服务器"), 0)
	if d.cfg.Server.Mode == config.ModeSandbox {
		d.sandbox(ctx)
	} else {
		d.servers(ctx)
	}
	progress.Step(ctx, text.T("looking at the signers", "检查签名服务"), 0)
	d.signers(ctx)
	progress.Step(ctx, text.T("looking at the bots", "检查机器人"), 0)
	d.bots(ctx)
	d.media()
	d.logs()
}

// stay follows no redirects: they might lead off this machine.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// doctor is one examination.
type doctor struct {
	o        Options
	language text.Language
	client   *http.Client
	found    []Finding

	cfg     *config.Config
	paths   account.Paths
	name    string        // of the account that is looked at, where there are several
	running bool          // a process holds the data folder
	status  *admin.Status // what it says of the account that was looked at last, nil when it could not be asked
	serving []string      // connections that it says run
	// clockWrong: the clock was found wrong, and need not be compared with others.
	clockWrong bool
}

func (d *doctor) report(level Level, code string, what, remedy text.Text, args ...any) {
	said := what.Fill(args...)
	if d.name != "" {
		said = text.T("account %s: %s", "账号 %s：%s").Fill(d.name, said)
	}
	d.found = append(d.found, Finding{Level: level, Code: code, What: said.In(d.language), Remedy: remedy.In(d.language)})
}

// command is a command about the installation.
func (d *doctor) command(words ...string) string {
	return paste.Service{Config: d.o.Config, Admin: d.o.Admin}.Command(words...)
}

// accountCommand is a command about the account that is looked at.
func (d *doctor) accountCommand(words ...string) string {
	if name := cmp.Or(d.name, d.o.Account); name != "" {
		words = append(words, "--account", name)
	}
	return d.command(words...)
}

func (d *doctor) good(code string, what text.Text, args ...any) {
	d.report(Good, code, what, text.Text{}, args...)
}

func (d *doctor) problem(code string, what, remedy text.Text, args ...any) {
	d.report(Problem, code, what, remedy, args...)
}

// mayContact tells whether a host may be contacted: it is this machine, or the user
// said so. The finding for one that may not says what would have been looked at.
func (d *doctor) mayContact(host string, what text.Text, args ...any) bool {
	if d.o.Online || isLocal(host) {
		return true
	}
	d.report(Note, "not-checked", text.T("not checked: %s", "未检查：%s"), text.T("it is not on this machine; check it with --online", "不在本机；加上 --online 才会检查"), what.Fill(args...))
	return false
}

func isLocal(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// dial tells whether an address takes a connection.
func dial(ctx context.Context, by network.Network, kind, address string) error {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	c, err := by.Dial(ctx, kind, address)
	if err != nil {
		return err
	}
	return c.Close()
}

// hostPortOf returns where a URL leads; its port may be that of the scheme.
func hostPortOf(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = "80"
		if u.Scheme == "https" || u.Scheme == "wss" {
			port = "443"
		}
	}
	return net.JoinHostPort(u.Hostname(), port)
}
