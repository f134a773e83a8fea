package main

import "libration/internal/app"

type adoptCommand struct {
	Config  string `short:"c" placeholder:"FILE" default:"config.yaml" help:"The configuration file. Default ${default}." zh:"配置文件，默认 ${default}。"`
	Account string `placeholder:"NAME" help:"The account, where there are several. Default: the default one." zh:"有多个账号时指定账号，默认为默认账号。"`
}

// Run has a copied data folder be used.
func (c *adoptCommand) Run(std streams) error { return app.Adopt(std.out, c.Config, c.Account) }
