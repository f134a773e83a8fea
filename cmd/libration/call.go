package main

import (
	"cmp"
	"context"

	"libration/internal/app"
	"libration/internal/app/bot"
	"libration/internal/config"
)

type callCommand struct {
	Action string   `arg:"" help:"The action, such as get_login_info."`
	Params []string `arg:"" optional:"" name:"key=value" help:"Its parameters. Values that are JSON are taken as JSON."`
	Config string   `short:"c" placeholder:"FILE" xor:"service" help:"The service's configuration file: it has address and token."`
	URL    string   `name:"url" xor:"service" placeholder:"URL" help:"Or the address of its OneBot HTTP. Default http://127.0.0.1:5700."`
	Token  string   `env:"LIBRATION_TOKEN" help:"The access token, with --url. Others can see it on a command line: set it in the environment."`
}

// Run calls the action.
func (c *callCommand) Run(ctx context.Context, std streams) error {
	address, token := cmp.Or(c.URL, "http://127.0.0.1:5700"), c.Token
	if c.Config != "" {
		var err error
		if address, token, err = app.BotAddress(c.Config, config.HTTP); err != nil {
			return err
		}
	}
	return bot.PrintCall(ctx, std.out, address, token, c.Action, c.Params)
}
