package e2e

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"libration/ntqq"
	"libration/ntqq/message"
	"libration/onebot"
	"libration/sandbox/world"
)

// about are parameters about a member of the group, or 0 for the group.
func about(user message.UIN, more string) string {
	if user == 0 {
		return fmt.Sprintf(`{"group_id":%d%s}`, group, more)
	}
	return fmt.Sprintf(`{"group_id":%d,"user_id":%d%s}`, group, user, more)
}

// does calls an action, whose answer must have this msg: "" for success.
func (s *speaker) does(action, params, msg string) *onebot.Response {
	s.t.Helper()
	r := s.call(action, params)
	if r.Msg != msg {
		s.t.Errorf("%d: %s %s: got %d %q %q, want %q", s.Self().UIN, action, params, r.RetCode, r.Msg, r.Wording, msg)
	}
	return r
}

// TestManagement: Alice owns the group, and the bot is an admin of it. What each does is
// seen by the other and by the world, and what the bot may not do is refused.
func TestManagement(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, a := speakers(t)
		w := s.World()
		member := func(uin message.UIN) world.Member {
			m, _ := w.Members().Find(group, uin)
			return m
		}
		known := func(by *speaker, uin message.UIN) ntqq.Member {
			t.Helper()
			m, err := by.Members().Info(t.Context(), group, uin, false)
			if err != nil {
				t.Error(err)
			}
			return m
		}
		both := func(frames ...string) {
			t.Helper()
			a.tells("Alice", frames...)
			b.tells("the bot", frames...)
		}

		// Admins.
		b.does("set_group_admin", about(bob, ""), "SET_ADMIN_FAILED")
		a.does("set_group_admin", about(bot, ""), "")
		both(`{"post_type":"notice","notice_type":"group_admin","sub_type":"set","group_id":730000001,"user_id":10001}`)
		if m := known(b, bot); m.Role != message.RoleAdmin || member(bot).Role != message.RoleAdmin {
			t.Errorf("the bot is %v", m.Role)
		}
		a.does("set_group_admin", about(bob, `,"enable":false`), "")
		a.does("set_group_admin", about(bob, `,"enable":false`), "") // nothing happens
		both(`{"post_type":"notice","notice_type":"group_admin","sub_type":"unset","group_id":730000001,"user_id":20002}`)

		// Names.
		b.does("set_group_name", about(0, `,"group_name":"new 名"`), "")
		both(`{"post_type":"notice","notice_type":"group_name_change","group_id":730000001,"name":"new 名","operator_id":10001}`)
		if g, err := a.Groups().Info(t.Context(), group, false); err != nil || g.Name != "new 名" {
			t.Errorf("the group is %q (%v)", g.Name, err)
		}
		b.does("set_group_name", about(0, fmt.Sprintf(`,"group_name":"%0128d"`, 0)), "SET_NAME_FAILED")
		b.does("set_group_name", about(0, `,"group_name":""`), "SET_NAME_FAILED")
		b.does("set_group_name", `{"group_id":99999,"group_name":"x"}`, "GROUP_NOT_FOUND")

		// Titles are the owner's to give.
		b.does("set_group_special_title", about(bob, `,"special_title":"x"`), "SET_TITLE_FAILED")
		a.does("set_group_special_title", about(bot, `,"special_title":"robot"`), "")
		a.does("set_group_special_title", about(bot, ``), "")
		both(`{"post_type":"notice","notice_type":"notify","sub_type":"title","group_id":730000001,"user_id":10001,"title":"robot"}`,
			`{"post_type":"notice","notice_type":"notify","sub_type":"title","group_id":730000001,"user_id":10001,"title":""}`)
		if m := known(b, bot); m.Title != "" {
			t.Errorf("the bot is called %q", m.Title)
		}

		// Mutes.
		b.does("set_group_ban", about(alice, ""), "BAN_FAILED")
		b.does("set_group_ban", about(99999, ""), "MEMBER_NOT_FOUND")
		b.does("set_group_ban", about(bob, `,"duration":-1`), "BAD_PARAMS")
		b.does("set_group_ban", about(bob, ""), "")
		both(`{"post_type":"notice","notice_type":"group_ban","sub_type":"ban","group_id":730000001,"operator_id":10001,"user_id":20002,"duration":1800}`)
		until := time.Now().Unix() + 1800
		if m := known(a, bob); m.MuteUntil != until || member(bob).MuteUntil != until {
			t.Errorf("Bob is muted until %d, want %d", m.MuteUntil, until)
		}
		if r := b.does("get_group_shut_list", about(0, ""), ""); !strings.Contains(fmt.Sprint(r.Data), " 20002 ") {
			t.Errorf("muted are %v", r.Data)
		}
		b.does("set_group_ban", about(bob, `,"duration":0`), "")
		both(`{"post_type":"notice","notice_type":"group_ban","sub_type":"lift_ban","group_id":730000001,"operator_id":10001,"user_id":20002,"duration":0}`)
		b.does("set_group_whole_ban", about(0, ""), "")
		both(`{"post_type":"notice","notice_type":"group_ban","sub_type":"ban","group_id":730000001,"operator_id":10001,"user_id":0,"duration":-1}`)
		if g, err := a.Groups().Info(t.Context(), group, false); err != nil || !g.MuteAll {
			t.Errorf("the group is %+v (%v)", g, err)
		}
		b.does("set_group_whole_ban", about(0, `,"enable":false`), "")
		both(`{"post_type":"notice","notice_type":"group_ban","sub_type":"lift_ban","group_id":730000001,"operator_id":10001,"user_id":0,"duration":0}`)

		// What only the bot sees.
		b.does("set_group_remark", about(0, `,"remark":"work"`), "")
		b.does("set_group_msg_mask", about(0, `,"mask":4`), "")
		b.does("set_group_msg_mask", about(0, `,"mask":5`), "BAD_PARAMS")
		b.does("set_group_remark", `{"group_id":99999,"remark":"x"}`, "GROUP_NOT_FOUND")
		b.does("set_group_msg_mask", `{"group_id":99999,"mask":1}`, "GROUP_NOT_FOUND")
		for _, refresh := range []bool{false, true} {
			g, err := b.Groups().Info(t.Context(), group, refresh)
			if err != nil || g.Remark != "work" || g.Mask != ntqq.MaskSilent {
				t.Errorf("the bot has %+v (%v), refreshed %t", g, err, refresh)
			}
		}
		if r := b.does("get_group_at_all_remain", about(0, ""), ""); fmt.Sprint(r.Data) != "{true 20 10}" {
			t.Errorf("mentions of all left: %v", r.Data)
		}
		both()

		// Who goes.
		b.does("set_group_kick", about(alice, ""), "KICK_FAILED")
		b.does("set_group_kick_members", about(0, `,"user_id":[20002,20001]`), "KICK_FAILED")
		both()
		quick := func(operation, msg string) {
			t.Helper()
			b.does(".handle_quick_operation", fmt.Sprintf(
				`{"context":{"post_type":"message","message_type":"group","group_id":%d,"user_id":%d,"anonymous":null},"operation":%s}`,
				group, carol, operation), msg)
		}
		quick(`{"ban":true,"ban_duration":60,"kick":true,"reject_add_request":true}`, "")
		quick(`{"ban":true}`, "MEMBER_NOT_FOUND")
		both(`{"post_type":"notice","notice_type":"group_ban","sub_type":"ban","group_id":730000001,"operator_id":10001,"user_id":20003,"duration":60}`,
			`{"post_type":"notice","notice_type":"group_decrease","sub_type":"kick","group_id":730000001,"operator_id":10001,"user_id":20003}`)
		b.does("set_group_kick", about(bob, `,"reject_add_request":true`), "")
		both(`{"post_type":"notice","notice_type":"group_decrease","sub_type":"kick","group_id":730000001,"operator_id":10001,"user_id":20002}`)
		if _, err := a.Members().Info(t.Context(), group, bob, false); err == nil || member(bob).User.UIN != 0 {
			t.Error("Bob is still there")
		}
		_, err := w.Requests().Ask(world.Join{Group: group, User: bob})
		if refused, ok := errors.AsType[*world.Refusal](err); !ok || refused.Reason != world.NoPermission {
			t.Errorf("Bob, who was removed for good, asks to join: %v", err)
		}
		for action, users := range map[string]string{"set_group_kick_members": "user_id", "batch_delete_group_member": "user_ids"} { // several, and not for good
			for _, uin := range []message.UIN{bob, carol} {
				if err := w.Members().Join(group, uin, 0, false); err != nil {
					t.Fatal(err)
				}
			}
			a.told()
			b.told()
			b.does(action, about(0, `,"`+users+`":[20002,20003]`), "")
			both(`{"post_type":"notice","notice_type":"group_decrease","sub_type":"kick","group_id":730000001,"operator_id":10001,"user_id":20002}`,
				`{"post_type":"notice","notice_type":"group_decrease","sub_type":"kick","group_id":730000001,"operator_id":10001,"user_id":20003}`)
		}
		if _, err := w.Requests().Ask(world.Join{Group: group, User: bob}); err != nil {
			t.Errorf("Bob, who was removed, asks to join: %v", err)
		}
		b.told()
		a.told()
		a.does("set_group_leave", about(0, ""), "IS_OWNER")
		if err := a.Groups().Transfer(t.Context(), group, bot); err != nil {
			t.Fatal(err)
		}
		both()
		for _, sp := range []*speaker{a, b} {
			g, err := sp.Groups().Info(t.Context(), group, false)
			if err != nil || g.OwnerUID != b.Self().UID || known(sp, bot).Role != message.RoleOwner || known(sp, alice).Role != message.RoleMember {
				t.Errorf("%d knows %+v (%v), %+v, %+v", sp.Self().UIN, g, err, known(sp, bot), known(sp, alice))
			}
		}
		if err := a.Groups().Transfer(t.Context(), group, bot); err == nil {
			t.Error("Alice gave away what is not hers")
		}
		b.does("set_group_anonymous", about(0, ""), "NOT_SUPPORTED")
		b.does("set_group_anonymous_ban", about(0, `,"flag":"x"`), "NOT_SUPPORTED")
		a.does("set_group_leave", about(0, `,"is_dismiss":true`), "") // owns it no more
		left := `{"post_type":"notice","notice_type":"group_decrease","sub_type":"leave","group_id":730000001,"operator_id":20001,"user_id":20001}`
		both(left)
		a.does("set_group_leave", about(0, ""), "GROUP_NOT_FOUND")
		b.does("set_group_leave", about(0, `,"is_dismiss":true`), "")
		b.tells("the bot", `{"post_type":"notice","notice_type":"group_decrease","sub_type":"disband","group_id":730000001,"operator_id":0,"user_id":10001}`)
		if _, found := w.Groups().Find(group); found {
			t.Error("the group is still there")
		}
	})
}
