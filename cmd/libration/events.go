package main

import (
	"context"

	"libration/internal/app/bot"
)

type eventsCommand struct {
	URL   string `name:"url" default:"ws://127.0.0.1:6700" help:"Address of the OneBot WebSocket. Default ${default}."`
	Token string `env:"LIBRATION_TOKEN" help:"The access token."`
}

// Run prints events until it is stopped.
func (c *eventsCommand) Run(ctx context.Context, std streams) error {
	return bot.PrintEvents(ctx, std.out, newLog(std.err, "info", false), c.URL, c.Token)
}
