package main

import (
	"fmt"

	"libration/internal/app"
)

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(std streams) error {
	_, err := fmt.Fprintln(std.out, app.VersionDetails())
	return err
}
