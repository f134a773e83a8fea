package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"libration/internal/admin"
	"libration/internal/config"
	"libration/internal/sdnotify"
	"libration/internal/supervise"
)

// newReporter returns what tells the service manager of the system how the installation
// is; nil: there is none.
func (a *App) newReporter() *sdnotify.Reporter {
	if a.o.Notify == nil {
		return nil
	}
	return sdnotify.New(sdnotify.Options{
		Send: a.o.Notify, Watchdog: a.o.Watchdog, Status: a.managed, Log: a.log,
		Changed: func() <-chan struct{} {
			a.mu.Lock()
			defer a.mu.Unlock()
			return a.changed
		},
	})
}

// report runs the reporter until stop is called.
func (a *App) report(ctx context.Context) (stop func()) {
	if a.reporter == nil {
		return func() {}
	}
	ended, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		a.reporter.Run(ctx, ended)
	}()
	return func() {
		close(ended)
		<-done
	}
}

// managed is what the service manager is told. It asks the supervisors and sessions, so
// that an answer is a sign of life. An account that is offline is none that is dead: the
// manager must let people scan a code.
func (a *App) managed() (sdnotify.Report, error) {
	ready := false
	select {
	case <-a.begun:
		ready = a.admin == nil || slices.ContainsFunc(a.supervisor.Status(), func(s supervise.Status) bool {
			return s.Name == adminName && (s.State == supervise.Running || s.State == supervise.Failed) // one that failed is tried again
		})
	default:
	}
	var said []string
	var stuck []error
	all := a.now()
	for _, m := range all {
		if err := m.account().Stuck(); err != nil {
			stuck = append(stuck, explain(m.name(), len(all) > 1, err))
		}
		s := m.report()
		said = append(said, inOneLine(m.name(), &s))
	}
	return sdnotify.Report{Ready: ready, Text: strings.Join(said, "; ")}, errors.Join(stuck...)
}

// inOneLine is the state of an account for the service manager, in the logs' language:
// "10001 online, 2 of 3 connections running".
func inOneLine(name string, s *admin.Status) string {
	if name == config.DefaultName && s.Account.UIN != 0 {
		name = strconv.FormatUint(s.Account.UIN, 10)
	}
	line := name + " " + s.Account.State
	if s.Account.Step != "" {
		line += " (" + s.Account.Step + ")"
	}
	running := 0
	for _, v := range s.Services {
		if v.Running {
			running++
		}
	}
	return fmt.Sprintf("%s, %d of %d connections running", line, running, len(s.Services))
}
