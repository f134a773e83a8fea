package app

import (
	"errors"

	"libration/internal/admin"
	"libration/internal/config"
	"libration/internal/text"
)

// adminName is the name of the owner's service.
const adminName = "admin"

// newAdmin returns the owner's service; nil when it is turned off.
func (a *App) newAdmin() *admin.Server {
	c := &a.cfg.Admin
	if c.Address == "" {
		return nil
	}
	return admin.New(admin.Options{
		Address: c.Address, Network: a.o.Network, AccessToken: c.AccessToken, Accounts: a.owned, Metrics: a, Log: a.log,
		Reload:    a.reloadForOwner,
		OnRefused: a.metrics.refused(adminName), Language: a.language,
	})
}

// startAdmin starts the owner's service. It has no part in a start that fails, and the
// account need not be online.
func (a *App) startAdmin() {
	if a.admin == nil {
		return
	}
	if err := a.supervisor.Add(adminName, nil, a.admin.Run); err != nil { // the program has ended already
		a.log.Debug("the owner's service does not start", "err", err)
	}
}

// owned are the accounts as the owner's service has them.
func (a *App) owned() []admin.Owned {
	all := a.now()
	owned := make([]admin.Owned, len(all))
	for i, m := range all {
		now := m.account()
		owned[i] = admin.Owned{
			Name: m.name(), Default: m.configuration().Account.Default, Status: m.report, Login: now.Login,
			Captcha:   func(ticket, randStr string) error { return a.inLanguage(now.Answer(ticket, randStr)) },
			Transfers: now.Transfers, CancelTransfer: now.CancelTransfer,
		}
	}
	return owned
}

// inLanguage returns an error whose text is in the owner's language.
func (a *App) inLanguage(err error) error {
	if err == nil {
		return nil
	}
	return errors.New(text.Of(err).In(a.language))
}

// report is the state of the account now.
func (m *member) report() admin.Status {
	s := m.account().Report()
	if err := m.err(); err != nil {
		s.Account.Reason = text.Of(err).In(m.app.language)
	}
	return s
}

// reloadForOwner is Reload in the owner's language.
func (a *App) reloadForOwner() ([]string, error) {
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
