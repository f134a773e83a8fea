package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"libration/ntqq"
	"libration/ntqq/message"
	"libration/onebot"
	"libration/sandbox/world"
)

// TestTemporaryChat: what a member of a group writes who is no friend comes with the names,
// and can be answered.
func TestTemporaryChat(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, _ := speakers(t)
		w := s.World()
		if err := w.Members().SetCard(group, bob, bob, "Bobby"); err != nil {
			t.Fatal(err)
		}
		if err := w.Friends().Remove(bot, bob); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		b.told()
		if r := b.call("send_private_msg", fmt.Sprintf(`{"user_id":%d,"message":"x"}`, bob)); r.Msg != "FRIEND_NOT_FOUND" {
			t.Errorf("to no friend, who has not written: got %+v", r)
		}
		write := func() string {
			t.Helper()
			if _, err := w.Messages().Send(world.Send{From: bob, To: bot, TempGroup: group, Parts: world.Text("psst")}, nil); err != nil {
				t.Fatal(err)
			}
			events := b.told()
			if len(events) != 1 {
				t.Fatalf("got %q, want one message", events)
			}
			return events[0]
		}
		came := write()
		var e struct {
			ID      int32  `json:"message_id"`
			SubType string `json:"sub_type"`
			Sender  struct {
				Nickname string            `json:"nickname"`
				Card     string            `json:"card"`
				Group    message.GroupCode `json:"group_id"`
			} `json:"sender"`
		}
		if err := json.Unmarshal([]byte(came), &e); err != nil || e.SubType != "group" || e.Sender.Nickname != "Bob" || e.Sender.Card != "Bobby" || e.Sender.Group != group {
			t.Errorf("got %s, want the names of the group's member", came)
		}
		answers := func(text string) {
			t.Helper()
			history := w.History().OfPrivate(bot, bob, 1, 1<<40)
			last := history[len(history)-1]
			if last.Text() != text || last.TempGroup != group || last.To != bob {
				t.Errorf("the last message is %q by group %d to %d, want %q by %d", last.Text(), last.TempGroup, last.To, text, group)
			}
		}
		b.data(".handle_quick_operation", `{"context":%s,"operation":{"reply":"what is it?"}}`, came)
		answers("what is it?")
		b.data("send_private_msg", `{"user_id":%d,"group_id":%d,"message":"well?"}`, bob, group)
		answers("well?")
		b.data("send_msg", `{"message_type":"private","user_id":%d,"group_id":%d,"message":"hm"}`, bob, group)
		answers("hm")
		// Frameworks know no group: they answer whoever has written, and quote it.
		b.data("send_private_msg", `{"user_id":%d,"message":"so?"}`, bob)
		answers("so?")
		b.data("send_msg", `{"message_type":"private","user_id":%d,"message":[{"type":"reply","data":{"id":"%d"}},{"type":"text","data":{"text":"this"}}]}`, bob, e.ID)
		answers("this")
		for params, want := range map[string]string{
			fmt.Sprintf(`{"user_id":5,"group_id":%d,"message":"x"}`, group):                         "MEMBER_NOT_FOUND",
			fmt.Sprintf(`{"user_id":%d,"group_id":%d,"message":"[CQ:forward,id=abc]"}`, bob, group): "TEMP_CHAT",
		} {
			if r := b.call("send_private_msg", params); r.RetCode == onebot.RetOK || r.Msg != want {
				t.Errorf("%s: got %+v, want %s", params, r, want)
			}
		}
		if _, err := b.Messages().SendTemp(t.Context(), 5, bob, say("x")); !errors.Is(err, ntqq.ErrNoGroup) {
			t.Errorf("by a foreign group: got %v, want ErrNoGroup", err)
		}
		// A friend is written to as one.
		b.data("send_private_msg", `{"user_id":%d,"group_id":%d,"message":"hi"}`, alice, group)
		history := w.History().OfPrivate(bot, alice, 1, 1<<40)
		if last := history[len(history)-1]; last.TempGroup != 0 {
			t.Errorf("a message to a friend went by group %d", last.TempGroup)
		}
	})
}
