package e2e

import (
	"encoding/json"
	"fmt"
	"testing"

	"libration/sandbox/world"
)

// TestRecentContacts: the chats that had a message last come first, each once.
func TestRecentContacts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, a := speakers(t)
		if got := b.data("get_recent_contact", `{}`); got != "[]" {
			t.Errorf("before, it lists %s", got)
		}
		b.does("set_friend_remark", `{"user_id":20001,"remark":"A."}`, "")
		b.said(s, bob)
		if _, err := a.Messages().SendFriend(t.Context(), bot, say("first")); err != nil {
			t.Fatal(err)
		}
		b.told()
		b.data("send_private_msg", `{"user_id":20001,"message":"second"}`)
		b.told()
		recent := func(count int) string {
			t.Helper()
			var list []struct {
				Last struct {
					Raw string `json:"raw_message"`
					ID  int32  `json:"message_id"`
				} `json:"lastestMsg"`
				PeerUin, Remark, MsgTime, MsgID, SendNickName, PeerName string
				ChatType                                                int
			}
			if err := json.Unmarshal([]byte(b.data("get_recent_contact", `{"count":%d}`, count)), &list); err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, c := range list {
				if c.MsgID != fmt.Sprint(c.Last.ID) || c.Last.ID == 0 || c.MsgTime == "" {
					t.Errorf("got %+v", c)
				}
				got += fmt.Sprintln(c.ChatType, c.PeerUin, c.PeerName, c.Remark, c.SendNickName, c.Last.Raw)
			}
			return got
		}
		owner, _ := s.World().Users().Find(bob)
		mall, _ := s.World().Groups().Find(group)
		friend := fmt.Sprintln(1, alice, "Alice", "A.", b.Self().Nickname, "second")
		if got, want := recent(10), friend+fmt.Sprintln(2, group, mall.Name, "", owner.Nickname, "hello"); got != want {
			t.Errorf("it lists %s, want %s", got, want)
		}
		if got := recent(1); got != friend {
			t.Errorf("of one it lists %s, want %s", got, friend)
		}
		if _, err := s.World().Messages().Send(world.Send{From: bob, Group: group, Parts: world.Text("newest")}, nil); err != nil {
			t.Fatal(err)
		}
		b.told()
		if got, want := recent(1), fmt.Sprintln(2, group, mall.Name, "", owner.Nickname, "newest"); got != want {
			t.Errorf("of one it lists %s, want %s", got, want)
		}
	})
}
