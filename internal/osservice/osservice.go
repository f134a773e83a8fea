// Package osservice makes the program a service of Windows, or of launchd on macOS. It owns
// the registration with the system and the translation of its requests to a context. Its
// caller gives it the program to run. On Linux the packages bring a unit for systemd, and
// errors say how it is used.
package osservice

import (
	"context"
	"io"
	"path/filepath"

	"libration/internal/text"
)

// Name is the name of the service.
const Name = "libration"

// Action is what is done with the service.
type Action string

// The actions.
const (
	Install   Action = "install"
	Uninstall Action = "uninstall"
	Start     Action = "start"
	Stop      Action = "stop"
	Status    Action = "status"
)

// plan is how the system runs the program.
type plan struct {
	config string // whole path
	folder string // that it lies in
}

// planFor makes a plan from the path that a person gave: a service has another folder than
// a shell.
func planFor(config string) (plan, error) {
	whole, err := filepath.Abs(config)
	if err != nil {
		return plan{}, err
	}
	return plan{config: whole, folder: filepath.Dir(whole)}, nil
}

// arguments are those of the program.
func (p plan) arguments() []string { return []string{"service", "run", "-c", p.config} }

// Do does something with the service that runs with a configuration file, and writes to
// out what was done and what comes next.
func Do(action Action, config string, out io.Writer, l text.Language) error {
	p, err := planFor(config)
	if err != nil {
		return err
	}
	said, err := do(action, p)
	if err != nil {
		return err
	}
	_, err = io.WriteString(out, said.In(l)+"\n")
	return err
}

// Run runs the program for the system until that stops the service.
func Run(config string, program func(context.Context) error) error {
	p, err := planFor(config)
	if err != nil {
		return err
	}
	return run(p, program)
}
