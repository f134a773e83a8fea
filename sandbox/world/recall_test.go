package world_test

import (
	"testing"
	"testing/synctest"
	"time"

	"libration/ntqq/message"
	"libration/sandbox/world"
)

func TestRecallGroup(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		author, by message.UIN
		after      time.Duration
		sequence   uint64
		reason     world.Reason // 0: allowed
	}{
		{"own", carol, carol, 120 * time.Second, 1, 0},
		{"own, late", carol, carol, 121 * time.Second, 1, world.NoPermission},
		{"owner of a member's, late", carol, alice, time.Hour, 1, 0},
		{"admin of a member's", carol, bob, time.Hour, 1, 0},
		{"admin of the owner's", alice, bob, 0, 1, world.NoPermission},
		{"owner of an admin's", bob, alice, time.Hour, 1, 0},
		{"member of a member's", carol, bot, 0, 1, world.NoPermission},
		{"unknown message", carol, carol, 0, 2, world.NotFound},
		{"stranger", carol, 99, 0, 1, world.NotMember},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := defaultWorld(t)
				w.Messages().Send(world.Send{From: tt.author, Group: mall, Parts: world.Text("x")}, nil)
				time.Sleep(tt.after)
				rec := record(w)
				acked := false
				err := w.Messages().RecallGroup(tt.by, mall, tt.sequence, func() {
					acked = true
					if len(rec.happenings) != 0 {
						t.Errorf("%d happenings were reported before the acknowledgement", len(rec.happenings))
					}
				})
				code := codeOf(err)
				if code != uint32(tt.reason) || acked != (code == 0) {
					t.Fatalf("got %v, acknowledged %t; want code %d", err, acked, tt.reason)
				}
				if (len(rec.happenings) == 1) != (code == 0) || (len(w.History().OfGroup(mall, 1, 1)) == 0) != (code == 0) {
					t.Errorf("code %d with %d happenings and %d messages left", code, len(rec.happenings), len(w.History().OfGroup(mall, 1, 1)))
				}
				if refused := w.Messages().RecallGroup(tt.by, mall, tt.sequence, nil); refused == nil {
					t.Error("recalled a second time")
				}
			})
		})
	}
	if refused := world.New(1).Messages().RecallGroup(1, 2, 3, nil); codeOf(refused) != uint32(world.NotFound) {
		t.Errorf("unknown group: got %v", refused)
	}
}
