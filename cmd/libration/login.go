package main

import (
	"context"

	"libration/internal/app"
	"libration/internal/config"
)

type loginCommand struct {
	Start   loginStart   `cmd:"" default:"withargs" help:"Log in again, and show what to do until the account is online."`
	Captcha loginCaptcha `cmd:"" help:"Hand over the answer to the captcha that is asked for."`
}

type loginStart struct {
	Config  string `short:"c" placeholder:"FILE" default:"config.yaml" help:"The configuration file. Default ${default}."`
	QRASCII bool   `name:"qr-ascii" help:"Draw login codes with plain characters."`
}

// Run asks the running service to log in again and waits until it is.
func (c *loginStart) Run(ctx context.Context, std streams) error {
	owner, err := ownerOf(c.Config)
	if err != nil {
		return err
	}
	defer owner.Close()
	return owner.Login(ctx, std.out, c.QRASCII || plainTerminal() || !isTerminal(std.out))
}

type loginCaptcha struct {
	Config  string `short:"c" placeholder:"FILE" default:"config.yaml" help:"The configuration file. Default ${default}."`
	Ticket  string `arg:"" help:"The ticket that the captcha's page gave."`
	RandStr string `arg:"" name:"randstr" help:"The randstr that it gave."`
}

// Run hands the answer to the running service.
func (c *loginCaptcha) Run(ctx context.Context) error {
	owner, err := ownerOf(c.Config)
	if err != nil {
		return err
	}
	defer owner.Close()
	return owner.Captcha(ctx, c.Ticket, c.RandStr)
}

// ownerOf reaches the service that runs with a configuration.
func ownerOf(path string) (*app.Owner, error) {
	cfg, err := config.Load(path)
	if err != nil {
		return nil, err
	}
	return app.NewOwner(cfg)
}
