package main

import (
	"context"

	"libration/internal/app"
	"libration/internal/app/demo"
)

type demoCommand struct {
	Once     bool   `help:"Play one exchange, print it, and exit."`
	HTTP     string `name:"http" placeholder:"HOST:PORT" help:"Address of OneBot HTTP. Default 127.0.0.1:5700, or a free port."`
	WS       string `name:"ws" placeholder:"HOST:PORT" help:"Address of the OneBot WebSocket. Default 127.0.0.1:6700, or a free port."`
	Page     string `placeholder:"HOST:PORT" help:"Address of the chat page. Default 127.0.0.1:7800, or a free port."`
	NoBot    bool   `help:"Leave out the built-in bot, to connect one of your own."`
	LogLevel string `enum:"debug,info,warn,error" default:"warn" help:"Least level of log lines: ${enum}."`
}

// Run plays the demo.
func (c *demoCommand) Run(ctx context.Context, std streams) error {
	return demo.Run(ctx, demo.Options{
		HTTP: c.HTTP, WS: c.WS, Page: c.Page, NoBot: c.NoBot, Once: c.Once,
		Language: app.EnvironmentLocale(), Out: std.out, Log: newLog(std.err, c.LogLevel, false), Version: app.Version(),
	})
}
