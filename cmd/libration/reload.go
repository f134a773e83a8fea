package main

import (
	"context"

	"libration/internal/app"
	"libration/internal/config"
)

type reloadCommand struct {
	Config string `short:"c" placeholder:"FILE" default:"config.yaml" help:"The configuration file. Default ${default}." zh:"配置文件，默认 ${default}。"`
}

// Run has the running service read its configuration file again.
func (c *reloadCommand) Run(ctx context.Context, std streams) error {
	cfg, err := config.Load(c.Config)
	if err != nil {
		return err
	}
	owner, err := app.OwnerOf(cfg)
	if err != nil {
		return err
	}
	defer owner.Close()
	return owner.Reload(ctx, std.out)
}
