package app

import (
	"errors"

	"libration/internal/admin"
	"libration/internal/config"
	"libration/internal/supervise"
	"libration/internal/text"
)

// adminName is the name of the owner's service.
const adminName = "admin"

// addAdmin adds the owner's service. It waits for the only account to begin, not for it
// to be online.
func (a *App) addAdmin() error {
	c := &a.cfg.Admin
	if c.Address == "" {
		return nil
	}
	a.admin = admin.New(admin.Options{
		Address: c.Address, Network: a.o.Network, AccessToken: c.AccessToken, Accounts: a.owned, Metrics: a, Log: a.log,
		Reload:    a.reload,
		OnRefused: a.metrics.refused(adminName),
	})
	return a.supervisor.Add(adminName, supervise.After(a.begun), a.admin.Run)
}

// owned are the accounts as the owner's service has them.
func (a *App) owned() []admin.Owned {
	all := a.now()
	owned := make([]admin.Owned, len(all))
	for i, m := range all {
		now := m.account()
		owned[i] = admin.Owned{Name: m.name(), Default: m.configuration().Account.Default, Status: m.report, Login: now.Login, Captcha: now.Answer}
	}
	return owned
}

// report is the state of the account now.
func (m *member) report() admin.Status {
	s := m.account().Report()
	if err := m.err(); err != nil {
		s.Account.Reason = err.Error()
	}
	return s
}

// reload is Reload in the owner's language.
func (a *App) reload() ([]string, error) {
	all, err := a.Reload()
	said := make([]string, len(all))
	for i, t := range all {
		said[i] = t.In(a.language)
	}
	if err == nil {
		return said, nil
	}
	if e, ok := errors.AsType[*config.Error](err); ok {
		return said, errors.New(e.Text().In(a.language))
	}
	return said, errors.New(text.Of(err).In(a.language))
}
