package e2e

import (
	"testing"

	"libration/ntqq/event"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// Who is in a group that is made while clients are online hears of it, be it as its owner.
func TestGroupFounded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, a := two(t)
		if _, err := b.Groups().List(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		g, err := s.World().Groups().Add(world.Group{Name: "new"}, alice, bot, carol)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			account *account
			uin     message.UIN
			method  event.JoinMethod
		}{{b, bot, event.JoinInvited}, {a, alice, event.JoinSelf}} {
			joined := eventsOf[*event.GroupMemberIncrease](c.account)
			if len(joined) != 1 || joined[0].Member.UIN != c.uin || joined[0].Operator.UIN != alice || joined[0].Method != c.method {
				t.Errorf("%d: got %+v", c.uin, joined)
			}
			groups, err := c.account.Groups().List(t.Context(), false)
			if err != nil || len(groups) != 3 || groups[2].Code != g.Code || groups[2].MemberCount != 3 {
				t.Errorf("%d: groups %+v (%v)", c.uin, groups, err)
			}
		}
	})
}
