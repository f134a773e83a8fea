package app

import (
	"context"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"libration/internal/app/account"
	"libration/internal/config"
)

// Pauses before an account that could not start, or panicked, is tried again.
const (
	memberRetryFirst = time.Second
	memberRetryMost  = time.Minute
)

// member is an account in the installation. It is made anew after a failure.
type member struct {
	app *App
	key string // config.Account.Folder: what it is, whatever it is called
	// connected is the configuration of its connections, cancel ends it, and ended is
	// closed then: they are those of App.start and App.Reload.
	connected *config.Config
	cancel    context.CancelFunc
	ended     chan struct{}

	mu      sync.Mutex // guards what follows
	cfg     *config.Config
	several bool // it is one of several
	current *account.Account
	failed  error // why it does not run; nil while it does
	restarts
}

// newMember makes an account. Its errors are those of the configuration.
func (a *App) newMember(cfg *config.Config, several bool) (*member, error) {
	m := &member{app: a, key: cfg.Account.Folder(), cfg: cfg, connected: cfg, several: several}
	made, err := m.made()
	m.current = made
	return m, explain(m.name(), several, err)
}

// made returns the account that may run next.
func (m *member) made() (*account.Account, error) {
	o := account.Options{
		Log: m.app.log, Language: m.app.language, QR: m.app.o.QR, QRStyle: m.app.o.QRStyle, Version: m.app.o.Version,
		Timing: m.app.o.Timing, Wall: m.app.o.Wall, Network: m.app.o.Network, ServiceRetry: m.app.o.ServiceRetry,
		Name: m.shown, Port: m.app.port, Taken: m.taken, OnChange: m.app.change, Restart: m.restart,
	}
	cfg, several := m.configuration(), m.isOneOfSeveral()
	if several {
		o.Log = o.Log.With("account", m.name())
	}
	if m.app.o.In != nil {
		o.OnCaptcha = m.app.typed.begin
	}
	return account.New(cfg, o)
}

// replace has another account run next.
func (m *member) replace(made *account.Account) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.current = made
}

// configure changes the configuration of the account that runs next.
func (m *member) configure(cfg *config.Config, several bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cfg, m.several = cfg, several
}

// shown is what it is called where people see it, "" when it is the only one.
func (m *member) shown() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.several {
		return ""
	}
	return m.cfg.Account.Name
}

// name is what it is called.
func (m *member) name() string { return m.configuration().Account.Name }

func (m *member) configuration() *config.Config {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.cfg
}

func (m *member) isOneOfSeveral() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.several
}

// isDefault tells whether it gets what names no account.
func (m *member) isDefault() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.cfg.Account.Default || !m.several
}

// account is the one that runs, ran last or runs next.
func (m *member) account() *account.Account {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.current
}

// err is why the account does not run, nil while it does.
func (m *member) err() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.failed
}

// run runs the account until ctx ends. It starts anew when a bot asks for that, and one of
// several when it fails; the others do not notice. The only one ends with its error: nothing
// is left to run.
func (m *member) run(ctx context.Context, begun func()) error {
	pauses := backoff.NewExponentialBackOff()
	pauses.InitialInterval, pauses.MaxInterval, pauses.Multiplier = memberRetryFirst, memberRetryMost, 2
	for {
		m.fail(nil)
		began := time.Now()
		restart, err := m.once(ctx, begun)
		several := len(m.app.now()) > 1 // it need not have been one of them when it began
		err = explain(m.name(), several, err)
		if ctx.Err() != nil || !several && !restart {
			return err
		}
		if restart && err != nil {
			m.app.log.Warn("account did not stop cleanly", "account", m.name(), "err", err)
		}
		if time.Since(began) > memberRetryMost {
			pauses.Reset()
		}
		for made := (*account.Account)(nil); made == nil; restart = false {
			if !restart {
				m.fail(err)
				wait := pauses.NextBackOff()
				m.app.log.Error("account failed; it starts again", "account", m.name(), "err", err, "retry_in", wait.Round(time.Millisecond))
				select {
				case <-time.After(wait):
				case <-ctx.Done():
					return nil
				}
			}
			if made, err = m.made(); err != nil { // a file of it was changed
				err = explain(m.name(), true, err)
				continue
			}
			m.replace(made)
		}
	}
}

func (m *member) fail(err error) {
	m.mu.Lock()
	m.failed = err
	m.mu.Unlock()
	m.app.change()
}
