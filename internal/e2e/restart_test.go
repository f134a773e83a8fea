package e2e

import (
	"context"
	"net"
	"sync/atomic"
	"testing"

	"libration/ntqq"
	"libration/sandbox"
)

func TestServerStartsAgainWithOtherKeys(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var current atomic.Pointer[service]
		var last atomic.Pointer[net.Conn]
		first := startService(t, sandbox.Options{Seed: 1, AutoApprove: bot})
		current.Store(first)
		a := first.account(t, nil, func(o *ntqq.Options) {
			o.FindServers = func(context.Context) (ntqq.Servers, error) {
				keys := current.Load().PublicKeys()
				return ntqq.Servers{
					Addresses: []string{"sandbox:1"}, OicqKey: keys.Oicq192, ExchangeKey: keys.NT, VerifyKey: keys.VerifyKey,
				}, nil
			}
			o.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
				nc, err := current.Load().listener.DialContext(ctx, network, address)
				if err == nil {
					last.Store(&nc)
				}
				return nc, err
			}
		})
		a.until(ntqq.Online)
		current.Store(startService(t, sandbox.Options{Seed: 2, AutoApprove: bot}))
		(*last.Load()).Close()
		a.wait("to be back", func(s ntqq.State) bool { return s.OnlineCount == 2 })
	})
}
