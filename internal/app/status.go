package app

import (
	"context"
	"slices"
	"time"

	"libration/internal/supervise"
	"libration/ntqq"
)

// Status is what an installation is doing at one moment.
type Status struct {
	// Self is the account; its UIN is 0 before the first login.
	Self ntqq.Self
	// Account is the state of its session.
	Account ntqq.State
	// Services are the OneBot connections, in the order of the configuration. One that
	// listens is Running once it has answered a request of its own, one that dials
	// while it is connected to the bot. Empty before they are made.
	Services []supervise.Status
}

// Ready tells whether the account is online and all services run.
func (s Status) Ready() bool {
	return s.Account.Online() && !slices.ContainsFunc(s.Services, func(s supervise.Status) bool {
		return s.State != supervise.Running
	})
}

// Status returns what the installation is doing now. Safe for concurrent use, also
// before Run and after it.
func (a *App) Status() Status {
	s, _ := a.watch()
	return s
}

// Wait returns the first status, the present one included, for which ok is true.
// What passes quickly may be missed. The error is ctx's.
func (a *App) Wait(ctx context.Context, ok func(Status) bool) (Status, error) {
	for {
		s, changed := a.watch()
		if ok(s) {
			return s, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return s, ctx.Err()
		}
	}
}

func (a *App) watch() (Status, <-chan struct{}) {
	a.mu.Lock()
	client, supervisor, changed := a.client, a.supervisor, a.changed
	a.mu.Unlock()
	if client == nil {
		return Status{Account: ntqq.State{Stage: ntqq.Offline, Since: time.Now()}}, changed
	}
	services := slices.DeleteFunc(supervisor.Status(), func(s supervise.Status) bool { return s.Name == adminName })
	return Status{Self: client.Self(), Account: client.State(), Services: services}, changed
}

// change wakes Wait. It is called with locks of the session or the supervisor held,
// which is why mu is never held while they are called.
func (a *App) change() {
	a.mu.Lock()
	defer a.mu.Unlock()
	close(a.changed)
	a.changed = make(chan struct{})
}
