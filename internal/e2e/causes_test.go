package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"libration/ntqq"
	"libration/ntqq/message"
	"libration/onebot"
)

// TestCauses: why the service refuses has one code and one text, whichever way a bot asks.
func TestCauses(t *testing.T) {
	const stranger, unknownGroup = 99999, 999
	toGroup := func(code message.GroupCode) [][2]string {
		return [][2]string{
			{"send_group_msg", fmt.Sprintf(`{"group_id":%d,"message":"x"}`, code)},
			{"send_msg", fmt.Sprintf(`{"group_id":%d,"message":"x"}`, code)},
			{".handle_quick_operation", fmt.Sprintf(`{"context":{"message_type":"group","group_id":%d,"user_id":5},"operation":{"reply":"x"}}`, code)},
		}
	}
	toFriend := func(uin message.UIN) [][2]string {
		return [][2]string{
			{"send_private_msg", fmt.Sprintf(`{"user_id":%d,"message":"x"}`, uin)},
			{"send_msg", fmt.Sprintf(`{"user_id":%d,"message":"x"}`, uin)},
			{".handle_quick_operation", fmt.Sprintf(`{"context":{"message_type":"private","user_id":%d},"operation":{"reply":"x"}}`, uin)},
		}
	}
	about := func(action string, code message.GroupCode) [2]string {
		return [2]string{action, fmt.Sprintf(`{"group_id":%d,"user_id":%d}`, code, stranger)}
	}
	for _, tt := range []struct {
		name       string
		bring      func(s *service, b *account) error
		ways       [][2]string
		code, text string
	}{
		{"a stranger", nil, toFriend(stranger), "FRIEND_NOT_FOUND", "好友不存在"},
		{"no such group", nil, append(toGroup(unknownGroup), about("get_group_info", unknownGroup),
			about("get_group_member_list", unknownGroup), about("get_group_member_info", unknownGroup)), "GROUP_NOT_FOUND", "群不存在，或账号不在群中"},
		{"kicked from the group", func(s *service, _ *account) error { return s.World().Members().Kick(group, bot, alice) },
			append(toGroup(group), about("get_group_info", group), about("get_group_member_list", group)), "GROUP_NOT_FOUND", "群不存在，或账号不在群中"},
		{"muted", func(s *service, _ *account) error { return s.World().Members().Mute(group, bot, alice, 600) },
			toGroup(group), "SEND_MSG_API_ERROR", "账号被禁言，或全体禁言"},
		{"all muted", func(s *service, _ *account) error { return s.World().Groups().MuteAll(group, alice, true) },
			toGroup(group), "SEND_MSG_API_ERROR", "账号被禁言，或全体禁言"},
		{"no such member", nil, [][2]string{about("get_group_member_info", group)}, "MEMBER_NOT_FOUND", "群成员不存在"},
		{"no such user", nil, [][2]string{about("get_stranger_info", group)}, "USER_NOT_FOUND", "用户不存在"},
		{"offline", func(_ *service, b *account) error {
			b.stop()
			b.wait("the end of the session", func(s ntqq.State) bool { return !s.Online() })
			return nil
		}, append(toGroup(group), toFriend(alice)...), "ACCOUNT_OFFLINE", "账号不在线，请求未发送"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s, b, _ := two(t)
				bots := b.oneBot(onebot.Chinese)
				if tt.bring != nil {
					if err := tt.bring(s, b); err != nil {
						t.Fatal(err)
					}
					time.Sleep(time.Second) // virtual: for its push
				}
				said := ""
				for _, way := range tt.ways {
					r := bots(way[0], way[1])
					if said == "" {
						said = r.Wording
					}
					if r.RetCode != onebot.RetFailed || r.Msg != tt.code || r.Wording != said || !strings.Contains(r.Wording, tt.text) {
						t.Errorf("%s: got %d %s %q, want %s %q", way[0], r.RetCode, r.Msg, r.Wording, tt.code, tt.text)
					}
				}
			})
		})
	}
}
