package main

import (
	"context"

	"libration/internal/app"
)

type noticesCommand struct {
	Test noticesTest `cmd:"" help:"Send a test notice to every target, and say which ones failed."`
}

type noticesTest struct {
	Config string `short:"c" placeholder:"FILE" default:"config.yaml" help:"The configuration file. Default ${default}."`
}

// Run sends the notices; a target that fails is an error.
func (c *noticesTest) Run(ctx context.Context, std streams) error {
	return app.TestNotices(ctx, std.out, c.Config)
}
