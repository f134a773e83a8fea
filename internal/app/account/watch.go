package account

import (
	"slices"
	"time"

	"libration/internal/supervise"
	"libration/ntqq"
)

// Status is what an account is doing at one moment.
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

// Status returns what the account is doing now, also before Run and after it.
func (a *Account) Status() Status {
	s, _ := a.watch()
	return s
}

func (a *Account) watch() (Status, <-chan struct{}) {
	a.mu.Lock()
	p, changed := a.parts, a.changed
	a.mu.Unlock()
	if p == nil {
		return Status{Account: ntqq.State{Stage: ntqq.Offline, Since: time.Now()}}, changed
	}
	return Status{Self: p.client.Self(), Account: p.client.State(), Services: p.supervisor.Status()}, changed
}

// running returns the parts; nil before they are made.
func (a *Account) running() *parts {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.parts
}

// change wakes those who watch. It is called with locks of the session or the
// supervisor held, which is why mu is never held while they are called.
func (a *Account) change() {
	a.mu.Lock()
	close(a.changed)
	a.changed = make(chan struct{})
	a.mu.Unlock()
	a.o.OnChange()
}
