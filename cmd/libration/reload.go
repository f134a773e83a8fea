package main

import "context"

type reloadCommand struct{ adminFlags }

// Run has the running service read its configuration file again.
func (c *reloadCommand) Run(ctx context.Context, std streams) error {
	owner, err := c.service()
	if err != nil {
		return err
	}
	defer owner.Close()
	return owner.Reload(ctx, std.out)
}
