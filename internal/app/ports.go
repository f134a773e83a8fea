package app

import (
	"slices"
	"strings"

	"libration/gateway/transport"
	"libration/internal/config"
	"libration/ntqq"
)

// port returns the listener of a connection, which its accounts share. A connection that
// takes over the address of another one has the same: the accounts change one after the
// other.
func (a *App) port(c *config.Connection) *transport.Port {
	a.mu.Lock()
	defer a.mu.Unlock()
	key := c.Address
	if strings.HasSuffix(key, ":0") { // each has one of its own
		key = c.Name()
	}
	p := a.ports[key]
	if p == nil {
		p = transport.NewPort(transport.PortOptions{Address: c.Address, Network: a.o.Network, Connections: a.pool, Log: a.log})
		a.ports[key] = p
	}
	p.Secure(transport.TLS(c.TLS.Files()))
	return p
}

// share tells each listener which accounts it has.
func (a *App) share() {
	for i := range a.cfg.OneBot.Connections {
		c := &a.cfg.OneBot.Connections[i]
		if c.Address == "" {
			continue
		}
		var all []transport.Sharer
		for _, m := range a.now() {
			if len(c.Accounts) == 0 || slices.Contains(c.Accounts, m.name()) {
				all = append(all, transport.Sharer{Key: m.key, Name: m.name(), Default: m.configuration().Account.Default, Self: m.self})
			}
		}
		a.port(c).Share(all, config.Routes())
	}
}

// taken reports whether another account has this number.
func (m *member) taken(uin ntqq.UIN) bool {
	return slices.ContainsFunc(m.app.now(), func(other *member) bool { return other.key != m.key && other.self() == uint64(uin) })
}

// self is the account's number; 0 while it is not known.
func (m *member) self() uint64 {
	if uin := m.configuration().Account.UIN; uin != 0 {
		return uint64(uin)
	}
	return uint64(m.account().Status().Self.UIN)
}
