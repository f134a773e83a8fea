package e2e

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"libration/ntqq"
	"libration/ntqq/event"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// TestRobots: an official robot of a group is switched off and on, its buttons are pressed,
// and it becomes a friend.
func TestRobots(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, a := speakers(t)
		w := s.World()
		robot, err := w.Users().Add(newUser("Robo"))
		if err != nil {
			t.Fatal(err)
		}
		about := func(rest string) string { return fmt.Sprintf(`{"group_id":%d,"bot_id":%d%s}`, group, robot.UIN, rest) }
		a.fails("set_group_bot_status", about(`,"enable":1`), "API_ERROR", "no robot")
		if err := w.Robots().Add(group, robot.UIN); err != nil {
			t.Fatal(err)
		}
		if added := eventsOf[*event.GroupBotAdded](b.account); len(added) != 1 || added[0].Bot.UIN != robot.UIN {
			t.Errorf("got %+v", added)
		}

		seen, stop := w.Watch(100)
		defer stop()
		pressed := func(want string) {
			t.Helper()
			synctest.Wait()
			for len(seen) > 0 {
				if e := <-seen; e.Kind == world.ActivityButton {
					if got := fmt.Sprint(e.Group, e.User, e.By, e.ID, e.Text); got != want {
						t.Errorf("the robot has %q, want %q", got, want)
					}
					return
				}
			}
			t.Errorf("no button was pressed, want %q", want)
		}
		if got := b.data("send_group_bot_callback", "%s", about(`,"data_1":"id","data_2":"more"`)); got != fmt.Sprint(robot.UIN) {
			t.Errorf("the answer is %s", got)
		}
		pressed(fmt.Sprint(group, robot.UIN, bot, "id", "more"))
		a.data("set_group_bot_status", "%s", about(`,"enable":0`)) // Alice is the owner
		if list := w.Robots().List(group); len(list) != 1 || list[0].On {
			t.Errorf("the robots are %+v", list)
		}
		b.fails("send_group_bot_callback", about(""), "API_ERROR", "is off")
		a.data("set_group_bot_status", "%s", about(`,"enable":1`))
		b.data("send_group_bot_callback", "%s", about(""))
		pressed(fmt.Sprint(group, robot.UIN, bot, "", ""))
		if err := w.Members().SetAdmin(group, bot, 0, false); err != nil {
			t.Fatal(err)
		}
		b.fails("set_group_bot_status", about(`,"enable":0`), "API_ERROR", "may not")
		b.fails("set_group_bot_status", `{"group_id":9,"bot_id":1,"enable":0}`, "GROUP_NOT_FOUND", "")

		private := ntqq.RobotButton{Robot: robot.UIN, ID: "id"}
		var refused *ntqq.ServerError
		if err := b.Robots().Press(t.Context(), private); !errors.As(err, &refused) || refused.Code != int64(world.NotFound) {
			t.Errorf("a robot that is no friend: %v", err)
		}
		if err := b.Robots().AddFriend(t.Context(), robot.UIN, "u_another"); !errors.As(err, &refused) || refused.Code != int64(world.NotFound) {
			t.Errorf("a robot with another text id: %v", err)
		}
		if err := b.Robots().AddFriend(t.Context(), robot.UIN, robot.UID); err != nil {
			t.Fatal(err)
		}
		if _, ok := b.friend(robot.UIN); !ok {
			t.Error("the robot is no friend")
		}
		if err := b.Robots().Press(t.Context(), private); err != nil {
			t.Error(err)
		}
		pressed(fmt.Sprint(0, robot.UIN, bot, "id", ""))
	})
}

// TestEmojiChains: a face follows a message, in a group and in a private chat.
func TestEmojiChains(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, a := speakers(t)
		_, id := b.said(s, bob)
		if _, err := a.Messages().SendFriend(t.Context(), bot, say("follow me")); err != nil {
			t.Fatal(err)
		}
		privately := b.data("get_friend_msg_history", `{"user_id":20001,"count":1}`)

		b.data(".join_group_emoji_chain", `{"group_id":%d,"message_id":%d,"emoji_id":66}`, group, id)
		var friendID int32
		if _, err := fmt.Sscanf(after(privately, `"message_id":`), "%d", &friendID); err != nil {
			t.Fatalf("%s: %v", privately, err)
		}
		b.data(".join_friend_emoji_chain", `{"user_id":20001,"message_id":%d,"emoji_id":67}`, friendID)
		faces := ""
		for _, m := range eventsOf[*event.Message](a.account) {
			for _, segment := range m.Content {
				if face, ok := segment.(*message.FaceSegment); ok {
					faces += fmt.Sprint(m.Chat.Kind, m.Sender.UIN, face.ID, ";")
				}
			}
		}
		if want := fmt.Sprint(message.Group, bot, 66, ";", message.Friend, bot, 67, ";"); faces != want {
			t.Errorf("Alice has %q, want %q", faces, want)
		}

		b.fails(".join_group_emoji_chain", fmt.Sprintf(`{"group_id":%d,"message_id":5,"emoji_id":66}`, group), "MESSAGE_NOT_FOUND", "")
		b.fails(".join_group_emoji_chain", fmt.Sprintf(`{"group_id":%d,"message_id":%d,"emoji_id":66}`, group, friendID), "BAD_PARAMS", "another chat")
		if err := s.World().Messages().RecallGroup(bob, group, 1, nil); err != nil {
			t.Fatal(err)
		}
		b.fails(".join_group_emoji_chain", fmt.Sprintf(`{"group_id":%d,"message_id":%d,"emoji_id":66}`, group, id), "JOIN_EMOJI_CHAIN_FAILED", "no message")
	})
}

// after is what stands behind the first occurrence of a text.
func after(s, what string) string {
	_, rest, _ := strings.Cut(s, what)
	return rest
}
