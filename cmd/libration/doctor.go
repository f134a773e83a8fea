package main

import (
	"context"
	"os"

	"libration/internal/app"
	"libration/internal/app/doctor"
)

type doctorCommand struct {
	adminFlags
	Account string `placeholder:"NAME" help:"The account, where there are several. Default: all." zh:"有多个账号时指定账号，默认检查全部。"`
	Online  bool   `help:"Also contact what is not on this machine: signers, bots, and the service's names and ports." zh:"同时检查不在本机的部分：签名服务、机器人，以及服务的域名和端口。"`
}

// Run examines the installation; something wrong is an error.
func (c *doctorCommand) Run(ctx context.Context, std streams) error {
	ctx, std, stop := showing(ctx, std)
	defer stop()
	o := doctor.Options{Config: c.file(), Account: c.Account, Online: c.Online, Out: std.out}
	if c.Admin != "" {
		if err := app.CheckAdmin(c.Admin); err != nil {
			return err
		}
		o.Config, o.Admin, o.AdminToken = "", c.Admin, os.Getenv(app.TokenVariable)
	}
	return doctor.Run(ctx, o)
}
