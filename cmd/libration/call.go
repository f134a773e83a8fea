package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"sync"

	"libration/internal/app"
	"libration/internal/app/bot"
	"libration/internal/config"
	"libration/internal/paste"
	"libration/internal/text"
	"libration/onebot"
)

type callCommand struct {
	Action  string   `arg:"" optional:"" help:"The action, such as get_login_info. Without it all are listed; with --help behind it, it is explained." zh:"动作名，如 get_login_info。省略时列出全部动作，其后加 --help 则显示该动作的说明。"`
	Params  []string `arg:"" optional:"" name:"key=value" help:"Its parameters. Values that are JSON are taken as JSON." zh:"动作的参数。值若是 JSON 则按 JSON 解析。"`
	Config  string   `short:"c" placeholder:"FILE" xor:"service" help:"The service's configuration file: it has address and token." zh:"服务的配置文件，其中有地址和令牌。"`
	Account string   `placeholder:"NAME" help:"With -c, the account, where there are several. Default: the default one." zh:"与 -c 同用：有多个账号时指定账号，默认为默认账号。"`
	URL     string   `name:"url" xor:"service" placeholder:"URL" help:"Or the address of its OneBot HTTP. Default http://127.0.0.1:5700." zh:"或 OneBot HTTP 的地址，默认 http://127.0.0.1:5700。"`
	Token   string   `env:"LIBRATION_TOKEN" help:"The access token, with --url. Others can see it on a command line: set it in the environment." zh:"访问令牌，与 --url 同用。写在命令行上会被其他人看到，请用环境变量设置。"`
}

// Run calls the action.
func (c *callCommand) Run(ctx context.Context, std streams) error {
	if c.Action == "" {
		_, err := io.WriteString(std.out, onebot.Help("", app.EnvironmentLocale(), nil))
		return err
	}
	target := bot.Target{URL: cmp.Or(c.URL, "http://127.0.0.1:5700"), Token: c.Token}
	out := std.out
	if c.Config != "" {
		var err error
		if target, err = app.BotAddress(c.Config, c.Account, config.HTTP); err != nil {
			return err
		}
		if isTerminal(std.err) && !plainTerminal() {
			line := c.showTransfers(ctx, std.err)
			defer line.stop()
			out = line.before(out)
		}
	}
	return whatToDo(bot.PrintCall(ctx, out, target, c.Action, c.Params), c.Config)
}

// whatToDo adds to an error of a call what to do about it; config is the file of the
// service, "" where its address was given.
func whatToDo(err error, config string) error {
	switch {
	case errors.Is(err, bot.ErrUnreachable) && config == "":
		return text.Errorf("%v Name its configuration with -c FILE, or its address with --url", "%v请用 -c FILE 指定其配置，或用 --url 指定其地址", err)
	case errors.Is(err, bot.ErrUnreachable):
		return text.Errorf("%v Start it with: %s", "%v启动它：%s", err, paste.Service{Config: config}.Command("run"))
	case errors.Is(err, bot.ErrToken) && config != "":
		return text.Errorf("%v; the one in %s is not the one that it runs with: use its configuration, or restart it", "%v；%s 中的令牌与它运行时的不同：请使用它的配置，或重启它", err, config)
	}
	return err
}

// transfersShown is the line that shows what the call uploads and downloads.
type transfersShown struct{ stop func() }

// showTransfers draws it on a terminal until it is stopped.
func (c *callCommand) showTransfers(ctx context.Context, terminal io.Writer) transfersShown {
	all, err := config.Load(c.Config)
	if err != nil {
		return transfersShown{func() {}} // the call says it
	}
	owner, err := app.NewOwner(all, c.Account)
	if err != nil {
		return transfersShown{func() {}} // the owner's service is not needed for a call
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer owner.Close()
		owner.ShowTransfers(ctx, terminal, app.EnvironmentLocale())
	}()
	return transfersShown{sync.OnceFunc(func() {
		cancel()
		<-ended
	})}
}

// before stops the line before something is written to out.
func (t transfersShown) before(out io.Writer) io.Writer { return stopFirst{t, out} }

type stopFirst struct {
	transfersShown
	out io.Writer
}

// Write implements io.Writer.
func (s stopFirst) Write(b []byte) (int, error) {
	s.stop()
	return s.out.Write(b)
}
