package main

import (
	"context"

	"libration/internal/app/bot"
)

type callCommand struct {
	Action string   `arg:"" help:"The action, such as get_login_info."`
	Params []string `arg:"" optional:"" name:"key=value" help:"Its parameters. Values that are JSON are taken as JSON."`
	URL    string   `name:"url" default:"http://127.0.0.1:5700" help:"Address of OneBot HTTP. Default ${default}."`
	Token  string   `env:"LIBRATION_TOKEN" help:"The access token."`
}

// Run calls the action.
func (c *callCommand) Run(ctx context.Context, std streams) error {
	return bot.PrintCall(ctx, std.out, c.URL, c.Token, c.Action, c.Params)
}
