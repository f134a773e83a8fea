package main

import (
	"context"

	"libration/internal/app"
	"libration/internal/config"
)

type loginCommand struct {
	Start   loginStart   `cmd:"" default:"withargs" help:"Log in again, and show what to do until the account is online." zh:"重新登录，并在账号上线前提示操作。"`
	Captcha loginCaptcha `cmd:"" help:"Hand over the answer to the captcha that is asked for." zh:"提交所要求的验证码的结果。"`
}

type loginStart struct {
	Config  string `short:"c" placeholder:"FILE" default:"config.yaml" help:"The configuration file. Default ${default}." zh:"配置文件，默认 ${default}。"`
	Account string `placeholder:"NAME" help:"The account, where there are several. Default: the default one." zh:"有多个账号时指定账号，默认为默认账号。"`
	QRASCII bool   `name:"qr-ascii" help:"Draw login codes with plain characters." zh:"用普通字符显示登录二维码。"`
}

// Run asks the running service to log in again and waits until it is.
func (c *loginStart) Run(ctx context.Context, std streams) error {
	owner, err := ownerOf(c.Config, c.Account)
	if err != nil {
		return err
	}
	defer owner.Close()
	return owner.Login(ctx, std.out, c.QRASCII || plainTerminal() || !isTerminal(std.out))
}

type loginCaptcha struct {
	Config  string `short:"c" placeholder:"FILE" default:"config.yaml" help:"The configuration file. Default ${default}." zh:"配置文件，默认 ${default}。"`
	Account string `placeholder:"NAME" help:"The account, where there are several. Default: the default one." zh:"有多个账号时指定账号，默认为默认账号。"`
	Ticket  string `arg:"" help:"The ticket that the captcha's page gave." zh:"验证码页面给出的 ticket。"`
	RandStr string `arg:"" name:"randstr" help:"The randstr that it gave." zh:"验证码页面给出的 randstr。"`
}

// Run hands the answer to the running service.
func (c *loginCaptcha) Run(ctx context.Context) error {
	owner, err := ownerOf(c.Config, c.Account)
	if err != nil {
		return err
	}
	defer owner.Close()
	return owner.Captcha(ctx, c.Ticket, c.RandStr)
}

// ownerOf reaches the service that runs with a configuration, for one of its accounts.
func ownerOf(path, account string) (*app.Owner, error) {
	cfg, err := config.Load(path)
	if err != nil {
		return nil, err
	}
	return app.NewOwner(cfg, account)
}
