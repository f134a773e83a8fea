package main

import (
	"context"

	"libration/internal/app"
)

type noticesCommand struct {
	Test noticesTest `cmd:"" help:"Send a test notice to every target, and say which ones failed." zh:"向每个通知去处发送测试通知，并指出失败的去处。"`
}

type noticesTest struct {
	Config string `short:"c" placeholder:"FILE" default:"config.yaml" help:"The configuration file. Default ${default}." zh:"配置文件，默认 ${default}。"`
}

// Run sends the notices; a target that fails is an error.
func (c *noticesTest) Run(ctx context.Context, std streams) error {
	return app.TestNotices(ctx, std.out, c.Config)
}
