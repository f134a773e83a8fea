package server

import (
	"testing"
	"testing/synctest"

	"libration/internal/rpc"
	"libration/internal/wire"
	"libration/sandbox/world"
)

func TestReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, Options{})
		c := h.dial().login(alice).register()
		added, err := h.World().Users().Add(world.User{})
		must(t, err)
		must(t, h.World().Users().SetPassword(alice, "x"))
		late := h.dial().login(added.UIN).register()

		must(t, h.Reset())
		c.closed()
		late.closed()
		if h.World().Users().Password(alice) != "" {
			t.Error("the password is still there")
		}
		c.again().register() // its session is good
		if r := late.again().do(rpc.Heartbeat.Name, wire.FlagD2, nil); r.Code != codeSessionExpired {
			t.Errorf("account that was added later: got code %d", r.Code)
		}
	})
}

func TestRemovedAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, Options{})
		c := h.dial().login(alice).register()
		h.dial().login(bob).register()
		must(t, h.World().Users().Remove(alice))
		for {
			if p := c.push(); p.Command == rpc.PushKick {
				break
			}
		}
		if r := c.do(rpc.Heartbeat.Name, wire.FlagD2, nil); r.Code != codeSessionExpired {
			t.Errorf("got code %d", r.Code)
		}
		if h.isOnline(alice) || !h.isOnline(bob) {
			t.Error("the wrong account is online")
		}
	})
}
