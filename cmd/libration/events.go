package main

import (
	"cmp"
	"context"

	"libration/internal/app"
	"libration/internal/app/bot"
	"libration/internal/config"
)

type eventsCommand struct {
	Config  string `short:"c" placeholder:"FILE" xor:"service" help:"The service's configuration file: it has address and token." zh:"服务的配置文件，其中有地址和令牌。"`
	Account string `placeholder:"NAME" help:"With -c, the account, where there are several. Default: the default one." zh:"与 -c 同用：有多个账号时指定账号，默认为默认账号。"`
	URL     string `name:"url" xor:"service" placeholder:"URL" help:"Or the address of its OneBot WebSocket. Default ws://127.0.0.1:6700." zh:"或 OneBot WebSocket 的地址，默认 ws://127.0.0.1:6700。"`
	Token   string `env:"LIBRATION_TOKEN" help:"The access token, with --url. Others can see it on a command line: set it in the environment." zh:"访问令牌，与 --url 同用。写在命令行上会被其他人看到，请用环境变量设置。"`
}

// Run prints events until it is stopped.
func (c *eventsCommand) Run(ctx context.Context, std streams) error {
	target := bot.Target{URL: cmp.Or(c.URL, "ws://127.0.0.1:6700"), Token: c.Token}
	if c.Config != "" {
		var err error
		if target, err = app.BotAddress(c.Config, c.Account, config.WebSocket); err != nil {
			return err
		}
	}
	return whatToDo(bot.PrintEvents(ctx, std.out, newLog(std.err, "info", false), target), c.Config)
}
