package server

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"libration/internal/pb"
	"libration/internal/pb/pushpb"
	"libration/internal/rpc"
	"libration/internal/wire"
)

// TestDevicesOnline: each client of an account hears which are online, made-up ones too.
func TestDevicesOnline(t *testing.T) {
	h := start(t, Options{})
	pc := h.dial().login(bot).register()
	check := func(when string, want ...string) {
		t.Helper()
		pc.must(rpc.Heartbeat.Name, wire.FlagD2, nil) // what was pushed before is there
		push := &pushpb.PushParams{}
		if err := pb.Unmarshal(pc.devices[len(pc.devices)-1], push); err != nil {
			t.Fatal(err)
		}
		got := []string{}
		seen := map[uint32]bool{0: true}
		for _, d := range push.GetDevices() {
			if seen[d.GetInstanceId()] {
				t.Errorf("%s: %v has no number of its own", when, d)
			}
			seen[d.GetInstanceId()] = true
			got = append(got, d.GetPlatformType())
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", when, diff)
		}
	}
	check("alone", "pc")
	phone := h.dial()
	phone.guid[0], phone.app.SubAppId = 9, 537275636
	phone.login(bot).register()
	check("with a phone", "pc", "phone")
	for range 2 { // the second time nothing changes
		if err := h.SetDevice(bot, "made up", true); err != nil {
			t.Fatal(err)
		}
	}
	check("with one that is made up", "pc", "phone", "phone")
	phone.must(rpc.UnRegister.Name, wire.FlagD2, nil)
	check("the phone is gone", "pc", "phone")
	if err := h.SetDevice(bot, "made up", false); err != nil {
		t.Fatal(err)
	}
	check("alone again", "pc")
	if err := h.SetDevice(5, "x", true); err == nil {
		t.Error("a device of nobody")
	}
	if err := h.SetDevice(bot, "", true); err == nil {
		t.Error("a device without a name")
	}
}
