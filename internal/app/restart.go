package app

import (
	"context"
	"errors"
	"time"

	"libration/internal/text"
)

// restartPause is how long after a restart that a bot asked for the next one comes at the
// earliest: bots ask when they start, and they start because of it.
const restartPause = 10 * time.Second

// errRestarting is why an account does not run that stops to start anew.
var errRestarting = text.Errorf("the account restarts, as a bot asked for", "账号正在按机器人的请求重新启动")

// restarts are those that bots ask for; the member's mu guards them.
type restarts struct {
	again func()      // has the running account stop and start anew; nil: none runs
	due   *time.Timer // the one that comes; nil: none
	last  time.Time
}

// restart has the account start anew after a delay, and not sooner than restartPause after
// the last time. It returns at once. While a restart is to come, it does nothing. by says
// who asks.
func (m *member) restart(delay time.Duration, by string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.due != nil || m.again == nil {
		return
	}
	delay = max(delay, time.Until(m.last.Add(restartPause)))
	m.due = time.AfterFunc(delay, m.again)
	m.app.log.Info("the account will restart", "account", m.cfg.Account.Name, "asked_by", by, "in", delay.Round(time.Millisecond))
}

// once runs the account until ctx ends, it fails, or a restart is due.
func (m *member) once(ctx context.Context, begun func()) (restart bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ended := false // mu guards it
	m.mu.Lock()
	m.again = func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if !ended {
			m.failed = errRestarting // so that a reload changes no connections of what stops
			cancel(errRestarting)
		}
	}
	m.mu.Unlock()
	err = m.account().Run(ctx, begun)
	restart = errors.Is(context.Cause(ctx), errRestarting)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.due != nil {
		m.due.Stop()
	}
	if restart {
		m.last = time.Now()
	}
	m.again, m.due, ended = nil, nil, true
	return restart, err
}
