package main

import (
	"cmp"
	"context"
	"os"
	"strings"

	"libration/internal/app"
	"libration/internal/captcha"
	"libration/internal/config"
	"libration/internal/paste"
)

type loginCommand struct {
	Start   loginStart   `cmd:"" default:"withargs" help:"Log in again, and show what to do until the account is online." zh:"重新登录，并在账号上线前提示操作。"`
	Captcha loginCaptcha `cmd:"" help:"Hand over the answer to the captcha that is asked for." zh:"提交所要求的验证码的结果。"`
}

type loginStart struct {
	ownerFlags
	QRASCII bool `name:"qr-ascii" help:"Draw login codes with plain characters." zh:"用普通字符显示登录二维码。"`
}

// Run asks the running service to log in again and waits until it is.
func (c *loginStart) Run(ctx context.Context, std streams) error {
	owner, err := c.owner()
	if err != nil {
		return err
	}
	defer owner.Close()
	return owner.Login(ctx, std.out, qrStyle(c.QRASCII, std.out))
}

type loginCaptcha struct {
	ownerFlags
	QRASCII bool     `name:"qr-ascii" help:"Draw login codes with plain characters." zh:"用普通字符显示登录二维码。"`
	Ticket  string   `arg:"" help:"The ticket that the captcha's page gave, or all that it gave, in quotes." zh:"验证码页面给出的 ticket，或加引号的完整响应。"`
	RandStr []string `arg:"" optional:"" name:"randstr" help:"The randstr that it gave." zh:"验证码页面给出的 randstr。"`
}

// Validate finds out whether there is an answer. Shells take copied text apart.
func (c *loginCaptcha) Validate() error {
	if _, err := captcha.Read(c.answer()); err != nil {
		return err
	}
	return nil
}

func (c *loginCaptcha) answer() string {
	return strings.Join(append([]string{c.Ticket}, c.RandStr...), " ")
}

// Run hands the answer to the running service, and waits for what comes of it.
func (c *loginCaptcha) Run(ctx context.Context, std streams) error {
	owner, err := c.owner()
	if err != nil {
		return err
	}
	defer owner.Close()
	return owner.Captcha(ctx, std.out, c.answer(), qrStyle(c.QRASCII, std.out))
}

// ownerFlags name an account of a running service.
type ownerFlags struct {
	adminFlags
	Account string `placeholder:"NAME" help:"The account, where there are several. Default: the default one." zh:"有多个账号时指定账号，默认为默认账号。"`
}

// owner reaches the service.
func (f *ownerFlags) owner() (*app.Owner, error) {
	if f.Admin != "" {
		return app.OwnerAt(f.Admin, os.Getenv(app.TokenVariable), f.Account)
	}
	cfg, err := config.Load(f.file())
	if err != nil {
		return nil, err
	}
	return app.NewOwner(cfg, f.Account)
}

// adminFlags name a running service. A default of kong's would be one of two flags that
// cannot be used together.
type adminFlags struct {
	Config string `short:"c" xor:"service" placeholder:"FILE" help:"The configuration file. Default config.yaml." zh:"配置文件，默认 config.yaml。"`
	Admin  string `xor:"service" placeholder:"HOST:PORT" help:"Or the address of its owner's service. Its token is read from the environment variable LIBRATION_ADMIN_TOKEN." zh:"或其管理服务的地址，令牌取自环境变量 LIBRATION_ADMIN_TOKEN。"`
}

// file is the configuration file.
func (f *adminFlags) file() string { return cmp.Or(f.Config, paste.DefaultConfig) }

// service reaches it for what is about no account.
func (f *adminFlags) service() (*app.Owner, error) {
	if f.Admin != "" {
		return app.OwnerAt(f.Admin, os.Getenv(app.TokenVariable), "")
	}
	cfg, err := config.Load(f.file())
	if err != nil {
		return nil, err
	}
	return app.OwnerOf(cfg)
}
