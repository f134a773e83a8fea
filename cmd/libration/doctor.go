package main

import (
	"context"

	"libration/internal/app/doctor"
)

type doctorCommand struct {
	Config  string `short:"c" placeholder:"FILE" default:"config.yaml" help:"The configuration file. Default ${default}." zh:"配置文件，默认 ${default}。"`
	Account string `placeholder:"NAME" help:"The account, where there are several. Default: all." zh:"有多个账号时指定账号，默认检查全部。"`
	Online  bool   `help:"Also contact what is not on this machine: signers, bots, and the service's names and ports." zh:"同时检查不在本机的部分：签名服务、机器人，以及服务的域名和端口。"`
}

// Run examines the installation; something wrong is an error.
func (c *doctorCommand) Run(ctx context.Context, std streams) error {
	return doctor.Run(ctx, doctor.Options{Config: c.Config, Account: c.Account, Online: c.Online, Out: std.out})
}
