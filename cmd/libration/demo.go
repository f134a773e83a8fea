package main

import (
	"context"

	"libration/internal/app"
	"libration/internal/app/demo"
)

type demoCommand struct {
	Once     bool   `help:"Play one exchange, print it, and exit." zh:"演示一次完整的收发，输出过程后退出。"`
	HTTP     string `name:"http" placeholder:"HOST:PORT" help:"Address of OneBot HTTP. Default 127.0.0.1:5700, or a free port." zh:"OneBot HTTP 的地址，默认 127.0.0.1:5700，被占用时另选端口。"`
	WS       string `name:"ws" placeholder:"HOST:PORT" help:"Address of the OneBot WebSocket. Default 127.0.0.1:6700, or a free port." zh:"OneBot WebSocket 的地址，默认 127.0.0.1:6700，被占用时另选端口。"`
	Page     string `placeholder:"HOST:PORT" help:"Address of the chat page. Default 127.0.0.1:7800, or a free port." zh:"聊天页面的地址，默认 127.0.0.1:7800，被占用时另选端口。"`
	Admin    string `placeholder:"HOST:PORT" help:"Address of the owner's service. Default 127.0.0.1:5780, or a free port." zh:"管理服务的地址，默认 127.0.0.1:5780，被占用时另选端口。"`
	NoBot    bool   `help:"Leave out the built-in bot, to connect one of your own." zh:"不启用内置机器人，以便连接自己的机器人。"`
	LogLevel string `enum:"debug,info,warn,error" default:"warn" help:"Least level of log lines: ${enum}." zh:"日志的最低级别：${enum}。"`
}

// Run plays the demo.
func (c *demoCommand) Run(ctx context.Context, std streams) error {
	ctx, std, stop := showing(ctx, std)
	defer stop()
	return demo.Run(ctx, demo.Options{
		HTTP: c.HTTP, WS: c.WS, Page: c.Page, Admin: c.Admin, NoBot: c.NoBot, Once: c.Once,
		Language: app.EnvironmentLocale(), Out: std.out, Log: newLog(std.err, c.LogLevel, false), Version: app.Version(),
	})
}
