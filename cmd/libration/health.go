package main

import "context"

type healthCommand struct {
	adminFlags
	Ready bool `help:"Whether bots can use all accounts, too. Without it an account that waits for a login is healthy: a restart would not help." zh:"同时检查机器人能否使用所有账号。不加此项时，等待登录的账号也算正常，因为重启没有帮助。"`
}

// Run asks the running service; one that is not sound is an error.
func (c *healthCommand) Run(ctx context.Context, std streams) error {
	owner, err := c.service()
	if err != nil {
		return err
	}
	defer owner.Close()
	return owner.Health(ctx, std.out, c.Ready)
}
