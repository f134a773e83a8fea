package main

import (
	"context"

	"libration/internal/app"
	"libration/internal/app/simulator"
)

type sandboxCommand struct {
	SSO         string   `name:"sso" placeholder:"HOST:PORT" default:"127.0.0.1:8001" help:"Address for clients. Default ${default}."`
	Control     string   `placeholder:"HOST:PORT" default:"127.0.0.1:7800" help:"Address of the control API and the chat page. Default ${default}."`
	Seed        uint64   `help:"Seed of the keys and of drawn ids. Default 0."`
	Scenario    string   `placeholder:"FILE" help:"Users, friends and groups as YAML. Default: one bot, three friends, two groups."`
	AutoApprove uint64   `placeholder:"UIN" help:"Confirm every QR login with this account."`
	RequireSign bool     `help:"Refuse unsigned packets. The signer is at <control>/sign."`
	AllowRemote bool     `help:"Permit addresses that other machines can reach. There is no password."`
	Fault       []string `placeholder:"NAME[:PARAM=VALUE,...]" sep:"none" help:"Switch on a fault, as delay:on=send,delay=3s; may be repeated."`
	ListFaults  bool     `help:"Print the faults and their parameters and exit."`
	PrintKeys   bool     `help:"Print the public keys as JSON and exit."`
	LogLevel    string   `enum:"debug,info,warn,error" default:"info" help:"Least level of log lines: ${enum}."`
}

// Run runs the sandbox until it is stopped.
func (c *sandboxCommand) Run(ctx context.Context, std streams) error {
	outliveReaders()
	return simulator.Run(ctx, simulator.Settings{
		Options: simulator.Options{
			SSO: c.SSO, Control: c.Control, AllowRemote: c.AllowRemote, Log: newLog(std.err, c.LogLevel, false),
		},
		Seed: c.Seed, Scenario: c.Scenario, AutoApprove: c.AutoApprove, RequireSign: c.RequireSign,
		Faults: c.Fault, ListFaults: c.ListFaults, PrintKeys: c.PrintKeys, Language: app.EnvironmentLocale(), Out: std.out,
	})
}
