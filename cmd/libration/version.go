package main

import (
	"context"
	"fmt"

	"libration/internal/app"
)

type versionCommand struct {
	Check  bool   `help:"Ask the address of update.url in the configuration whether there is a newer version. Nothing is downloaded." zh:"向配置中 update.url 的地址查询是否有新版本，不会下载任何内容。"`
	Config string `short:"c" placeholder:"FILE" default:"config.yaml" help:"With --check, the configuration file. Default ${default}." zh:"与 --check 同用：配置文件，默认 ${default}。"`
}

// Run prints the version, or whether there is a newer one.
func (c *versionCommand) Run(ctx context.Context, std streams) error {
	if c.Check {
		ctx, std, stop := showing(ctx, std)
		defer stop()
		return app.CheckVersion(ctx, std.out, c.Config)
	}
	_, err := fmt.Fprintln(std.out, app.VersionDetails())
	return err
}
