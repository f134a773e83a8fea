package account

import (
	"cmp"
	"context"

	"libration/internal/config"
	"libration/ntqq"
)

// servers says where the service is, in mode sandbox after asking the sandbox.
func (a *Account) servers(ctx context.Context) (ntqq.Servers, error) {
	var servers ntqq.Servers
	c := &a.cfg.Server
	if c.Mode == config.ModeSandbox && c.Sandbox.Control != "" {
		var err error
		if servers, err = sandboxServers(ctx, a.o.Network, a.log, c.Sandbox.Control); err != nil {
			return servers, err
		}
	} else if c.Mode == config.ModeReal && len(a.cfg.Signer.URLs) == 0 {
		a.log.Warn("no signer is configured: the real service is likely to refuse the login (signer.urls in the config)")
	}
	servers = a.override(servers)
	if c.Mode == config.ModeSandbox {
		a.sandbox.found(servers, c)
	}
	return servers, nil
}

// findServers asks the sandbox again before each connection: one that was started
// again may have other keys. It is nil in other modes.
func (a *Account) findServers() func(context.Context) (ntqq.Servers, error) {
	if a.cfg.Server.Mode != config.ModeSandbox || a.cfg.Server.Sandbox.Control == "" {
		return nil
	}
	return func(ctx context.Context) (ntqq.Servers, error) {
		servers, err := AskSandbox(ctx, a.o.Network, a.cfg.Server.Sandbox.Control)
		servers = a.override(servers)
		if err == nil {
			a.sandbox.found(servers, &a.cfg.Server)
		}
		return servers, err
	}
}

// override puts the configured addresses and keys over those found.
func (a *Account) override(servers ntqq.Servers) ntqq.Servers {
	c := &a.cfg.Server
	if len(c.Addresses)+len(c.Hosts) > 0 {
		servers.Addresses, servers.Hosts = c.Addresses, c.Hosts
	}
	servers.Web = cmp.Or(c.Web, servers.Web)
	for _, k := range []struct {
		key   *[]byte
		given []byte
	}{{&servers.OicqKey, c.Keys.OICQ}, {&servers.ExchangeKey, c.Keys.Exchange}, {&servers.VerifyKey, c.Keys.Verify}} {
		if len(k.given) > 0 {
			*k.key = k.given
		}
	}
	if c.Mode == config.ModeSandbox && servers.Media == "" && len(servers.Addresses) > 0 {
		servers.Media = servers.Addresses[0] // also without keys: a sandbox has no media at the real service
	}
	return servers
}
