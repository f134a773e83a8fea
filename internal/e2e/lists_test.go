package e2e

import (
	"errors"
	"fmt"
	"testing"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/messagepb"
	"libration/ntqq"
	"libration/ntqq/event"
	"libration/ntqq/message"
	"libration/onebot"
	"libration/sandbox/world"
)

func elems(t *testing.T, text string) []*messagepb.Elem {
	t.Helper()
	return []*messagepb.Elem{{Text: &messagepb.Text{Str: proto.String(text)}}}
}

// The lists come in pages of two here.
func TestLists(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, _ := two(t)
		friends, err := b.Friends().List(t.Context(), false)
		if err != nil {
			t.Fatal(err)
		}
		if want := s.World().Friends().List(bot); len(friends) < 3 || len(friends) < len(want) {
			t.Errorf("%d friends, want at least %d", len(friends), len(want))
		}
		groups, err := b.Groups().List(t.Context(), false)
		if err != nil || len(groups) != len(s.World().Groups().Of(bot)) {
			t.Errorf("%d groups (%v), want %d", len(groups), err, len(s.World().Groups().Of(bot)))
		}
		members, err := b.Members().List(t.Context(), group, false)
		if want := s.World().Members().List(group); err != nil || len(members) != len(want) {
			t.Errorf("%d members (%v), want %d", len(members), err, len(want))
		}
		owner, err := b.Members().Info(t.Context(), group, alice, false)
		if err != nil || owner.Role != message.RoleOwner {
			t.Errorf("owner %+v (%v)", owner, err)
		}
		if _, err := b.Members().Info(t.Context(), group, 99999, false); !errors.Is(err, ntqq.ErrNoMember) || !errors.Is(err, ntqq.ErrNotFound) {
			t.Errorf("no such member: %v, want ErrNoMember", err)
		}
		if _, err := b.Groups().Info(t.Context(), 99999, false); !errors.Is(err, ntqq.ErrNoGroup) || !errors.Is(err, ntqq.ErrNotFound) {
			t.Errorf("no such group: %v, want ErrNoGroup", err)
		}
		if _, err := b.Members().List(t.Context(), 99999, false); !errors.Is(err, ntqq.ErrNoGroup) {
			t.Errorf("members of no such group: %v, want ErrNoGroup", err)
		}
		user, err := b.Users().Info(t.Context(), alice)
		if want, _ := s.World().Users().Find(alice); err != nil || user.Nickname != want.Nickname || user.UIN != alice {
			t.Errorf("user %+v (%v), want %+v", user, err, want)
		}
		if u, err := b.Users().Info(t.Context(), 99999); !errors.Is(err, ntqq.ErrNotFound) {
			t.Errorf("no such user: got %+v, %v; want ErrNotFound", u, err)
		}
		if u, err := b.Users().InfoByUID(t.Context(), "u_nobody"); !errors.Is(err, ntqq.ErrNotFound) {
			t.Errorf("no such user: got %+v, %v; want ErrNotFound", u, err)
		}
		nobody := message.Content{message.Text("hi "), &message.AtSegment{UIN: 99999999999}}
		var bad *message.SegmentError
		if _, err := b.Messages().SendGroup(t.Context(), group, nobody); !errors.As(err, &bad) || bad.Index != 1 || bad.Segment.(*message.AtSegment).UIN != 99999999999 {
			t.Errorf("mention of nobody: got %v, want a SegmentError", err)
		}
	})
}

// What others change is seen without asking for a refresh.
func TestCachesFollowPushes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, _ := two(t)
		w := s.World()
		dave, err := w.Users().Add(newUser("Dave"))
		if err != nil {
			t.Fatal(err)
		}
		before, err := b.Members().List(t.Context(), group, false)
		if err != nil {
			t.Fatal(err)
		}

		if err := w.Members().Join(group, dave.UIN, alice, true); err != nil {
			t.Fatal(err)
		}
		joined := eventsOf[*event.GroupMemberIncrease](b)
		if len(joined) != 1 || joined[0].Member.UIN != dave.UIN || joined[0].Operator.UIN != alice || joined[0].Method != event.JoinInvited {
			t.Fatalf("join events %+v", joined)
		}
		if m, err := b.Members().Info(t.Context(), group, dave.UIN, false); err != nil || m.Nickname != "Dave" {
			t.Errorf("new member %+v (%v)", m, err)
		}

		if err := w.Members().SetAdmin(group, dave.UIN, alice, true); err != nil {
			t.Fatal(err)
		}
		eventsOf[*event.GroupAdminChanged](b)
		if m, err := b.Members().Info(t.Context(), group, dave.UIN, false); err != nil || m.Role != message.RoleAdmin {
			t.Errorf("new admin %+v (%v)", m, err)
		}

		if err := w.Groups().Rename(group, alice, "a new name"); err != nil {
			t.Fatal(err)
		}
		eventsOf[*event.GroupNameChanged](b)
		if g, err := b.Groups().Info(t.Context(), group, false); err != nil || g.Name != "a new name" {
			t.Errorf("renamed group %+v (%v)", g, err)
		}

		if err := w.Members().Kick(group, dave.UIN, alice); err != nil {
			t.Fatal(err)
		}
		left := eventsOf[*event.GroupMemberDecrease](b)
		if len(left) != 1 || left[0].Member.UIN != dave.UIN || left[0].Operator.UIN != alice || left[0].Reason != event.LeaveKicked {
			t.Errorf("leave events %+v", left)
		}
		after, err := b.Members().List(t.Context(), group, false)
		if err != nil || len(after) != len(before) {
			t.Errorf("%d members (%v), want %d again", len(after), err, len(before))
		}

		if err := w.Members().Kick(group, bot, alice); err != nil {
			t.Fatal(err)
		}
		eventsOf[*event.GroupLeft](b)
		if _, err := b.Groups().Info(t.Context(), group, false); !errors.Is(err, ntqq.ErrNotFound) {
			t.Errorf("group after being kicked: %v, want ErrNotFound", err)
		}
	})
}

func newUser(name string) world.User { return world.User{Nickname: name} }

func TestSetCard(t *testing.T) {
	bubble(t, func(t *testing.T) {
		_, b, a := two(t)
		call := b.oneBot(onebot.English)
		for who, want := range map[ntqq.UIN]string{bot: "", alice: "SET_CARD_FAILED", 99999: "MEMBER_NOT_FOUND"} {
			if r := call("set_group_card", fmt.Sprintf(`{"group_id":%d,"user_id":%d,"card":"Botty"}`, group, who)); r.Msg != want {
				t.Errorf("card of %d: got %+v, want %q", who, r, want)
			}
		}
		kept, _ := b.Members().Info(t.Context(), group, bot, false)
		fresh, _ := b.Members().Info(t.Context(), group, bot, true)
		_, err := b.Messages().SendGroup(t.Context(), group, say("hello"))
		if got := eventsOf[*event.Message](a); err != nil || kept.Card != "Botty" || fresh.Card != "Botty" || got[0].Sender.Card != "Botty" {
			t.Errorf("%+v, at the server %+v, others see %+v (%v)", kept, fresh, got[0].Sender, err)
		}
	})
}
