package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"libration/ntqq"
	"libration/ntqq/event"
	"libration/onebot"
	"libration/sandbox/world"
)

// told returns what a bot has got since the last time, without time and self_id.
func (s *speaker) told() []string {
	s.t.Helper()
	synctest.Wait()
	out := []string{}
	events, err := s.array.Take(nil, 100)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, e := range events {
		fields := map[string]any{}
		if err := json.Unmarshal(e, &fields); err != nil {
			s.t.Fatal(err)
		}
		delete(fields, "time")
		delete(fields, "self_id")
		b, err := json.Marshal(fields)
		if err != nil {
			s.t.Fatal(err)
		}
		out = append(out, string(b))
	}
	if _, err := s.code.Take(nil, 100); err != nil && len(events) > 0 {
		s.t.Fatal(err)
	}
	return out
}

// tells fails when a bot has not got just these events since the last time, as JSON.
func (s *speaker) tells(what string, want ...string) {
	s.t.Helper()
	canonical := []string{}
	for _, w := range want {
		var v any
		if err := json.Unmarshal([]byte(w), &v); err != nil {
			s.t.Fatalf("%s: %v", w, err)
		}
		b, _ := json.Marshal(v)
		canonical = append(canonical, string(b))
	}
	if diff := cmp.Diff(canonical, s.told()); diff != "" {
		s.t.Errorf("%s (-want +told):\n%s", what, diff)
	}
}

const pokeWords = `"action":"戳了戳","suffix":"","action_img_url":"https://poke.sandbox.invalid/poke.png"`

func TestPokes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, a := speakers(t)
		in := func(who, whom any) string {
			return fmt.Sprintf(`{"post_type":"notice","notice_type":"notify","sub_type":"poke","group_id":%d,"user_id":%d,"target_id":%d,"sender_id":%[2]d,%[4]s}`,
				group, who, whom, pokeWords)
		}
		private := func(who, whom any) string {
			return fmt.Sprintf(`{"post_type":"notice","notice_type":"notify","sub_type":"poke","user_id":%d,"target_id":%d,"sender_id":%[1]d,%[3]s}`,
				who, whom, pokeWords)
		}
		for _, tt := range []struct {
			action, params string
			want           string
		}{
			{"group_poke", `{"group_id":730000001,"user_id":20002}`, in(bot, bob)},
			{"send_poke", `{"group_id":730000001,"user_id":20001}`, in(bot, alice)},
			{"send_poke", `{"user_id":20001}`, private(bot, alice)},
			{"friend_poke", `{"user_id":20001,"target_id":10001}`, private(bot, bot)},
			{"friend_poke", `{"group_id":730000001,"user_id":10001}`, in(bot, bot)},
			{"send_msg", `{"user_id":20001,"message":"[CQ:poke,qq=20001]"}`, private(bot, alice)},
			{"send_group_msg", `{"group_id":730000001,"message":[{"type":"poke","data":{"qq":"20002"}}]}`, in(bot, bob)},
		} {
			if r := b.call(tt.action, tt.params); r.RetCode != onebot.RetOK {
				t.Errorf("%s %s: %+v", tt.action, tt.params, r)
			}
			b.tells(tt.action+" "+tt.params, tt.want)
			a.tells("to Alice: "+tt.action+" "+tt.params, tt.want)
		}
		for _, tt := range []struct{ action, params, code, text string }{
			{"group_poke", `{"group_id":730000001,"user_id":5}`, "POKE_FAILED", "5 is not a member of group 730000001"},
			{"group_poke", `{"group_id":5,"user_id":20001}`, "GROUP_NOT_FOUND", ""},
			{"friend_poke", `{"user_id":5}`, "POKE_FAILED", "10001 and 5 are not friends"},
		} {
			r := b.call(tt.action, tt.params)
			if r.RetCode != onebot.RetFailed || r.Msg != tt.code || tt.text != "" && !strings.Contains(r.Message, tt.text) {
				t.Errorf("%s %s: %+v, want %s and %q", tt.action, tt.params, r, tt.code, tt.text)
			}
		}
		b.tells("nothing happened")

		// Alice pokes by hand, and takes it back.
		var poke struct{ Tips uint64 }
		s.api(t, "POST", "/api/pokes", fmt.Sprintf(`{"by":%d,"target":%d,"group":%d,"action":"拍了拍","suffix":"的头"}`, alice, bot, group), &poke)
		got := eventsOf[*event.GroupPoked](b.account)
		want := &event.GroupPoked{
			Group: group, Operator: event.Person{UIN: alice}, Target: event.Person{UIN: bot, UID: b.Self().UID},
			Look: event.PokeLook{Action: "拍了拍", Suffix: "的头", ImageURL: "https://poke.sandbox.invalid/poke.png"}, TipsSequence: poke.Tips,
			Time: time.Now().Unix(),
		}
		if diff := cmp.Diff(want, got[len(got)-1]); diff != "" {
			t.Errorf("by hand (-want +got):\n%s", diff)
		}
		b.told()
		s.api(t, "POST", "/api/pokes/recall", fmt.Sprintf(`{"by":%d,"group":%d,"tips":%d}`, alice, group, poke.Tips), &struct{}{})
		b.tells("taken back", fmt.Sprintf(`{"post_type":"notice","notice_type":"notify","sub_type":"poke_recall","group_id":%d,"user_id":%d}`, group, alice))
		a.told()

		// The bot takes back what it did.
		if err := b.Pokes().Friend(t.Context(), alice, alice); err != nil {
			t.Fatal(err)
		}
		mine := eventsOf[*event.FriendPoked](b.account)
		last := mine[len(mine)-1]
		if last.Peer.UIN != alice {
			t.Errorf("the account's own poke is in the chat with %v, want Alice", last.Peer)
		}
		if err := b.Pokes().RecallFriend(t.Context(), last); err != nil {
			t.Fatal(err)
		}
		words := fmt.Sprintf(`{"post_type":"notice","notice_type":"notify","sub_type":"poke_recall","user_id":%d,"sender_id":`, bot)
		b.tells("own recall", private(bot, alice), words+fmt.Sprintf("%d}", alice))
		a.tells("recall to Alice", private(bot, alice), words+fmt.Sprintf("%d}", bot))
		var refused *ntqq.ServerError
		if err := b.Pokes().RecallFriend(t.Context(), last); !errors.As(err, &refused) || refused.Code != int64(world.NotFound) {
			t.Errorf("a second recall: %v", err)
		}
		if err := b.Pokes().RecallGroup(t.Context(), got[0]); err != nil {
			t.Errorf("recall in the group: %v", err)
		}
		if err := a.Pokes().RecallGroup(t.Context(), got[1]); !errors.As(err, &refused) || refused.Code != int64(world.NoPermission) {
			t.Errorf("recall of another one's poke: %v", err)
		}
	})
}
