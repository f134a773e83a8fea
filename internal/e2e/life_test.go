package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"libration/gateway"
	"libration/ntqq"
	"libration/ntqq/event"
	"libration/ntqq/message"
	"libration/onebot"
	"libration/sandbox/world"
)

// said has somebody write to the group, and returns the message and its message_id.
func (s *speaker) said(to *service, by message.UIN) (*world.Message, int32) {
	s.t.Helper()
	m, err := to.World().Messages().Send(world.Send{From: by, Group: group, Parts: world.Text("hello")}, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	var e struct {
		ID int32 `json:"message_id"`
	}
	events := s.told()
	if len(events) == 0 {
		s.t.Fatal("no message came")
	}
	if err := json.Unmarshal([]byte(events[len(events)-1]), &e); err != nil {
		s.t.Fatal(err)
	}
	return m, e.ID
}

// data calls an action that succeeds and returns its data.
func (s *speaker) data(action, params string, a ...any) string {
	s.t.Helper()
	r := s.call(action, fmt.Sprintf(params, a...))
	if r.RetCode != onebot.RetOK {
		s.t.Errorf("%s: got %+v", action, r)
	}
	data, err := json.Marshal(r.Data)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(data)
}

// refused calls an action that fails and returns its code and message.
func (s *speaker) refused(action, params string, a ...any) string {
	s.t.Helper()
	r := s.call(action, fmt.Sprintf(params, a...))
	if r.RetCode == onebot.RetOK {
		s.t.Errorf("%s: got %+v, want a failure", action, r)
	}
	return r.Msg + ": " + r.Message
}

// TestReactions: a reaction is seen by all, counted, listed and taken back.
func TestReactions(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, a := speakers(t)
		said, id := b.said(s, bob)
		a.told()
		both := func(what string, want ...string) {
			t.Helper()
			b.tells(what+", the bot", want...)
			a.tells(what+", Alice", want...)
		}
		notice := func(sub string, by message.UIN, code string, count int) string {
			return fmt.Sprintf(`{"post_type":"notice","notice_type":"reaction","sub_type":"%s","group_id":%d,"message_id":%d,"operator_id":%d,"code":"%s","count":%d}`,
				sub, group, id, by, code, count)
		}
		b.data("set_group_reaction", `{"group_id":%d,"message_id":%d,"code":"76"}`, group, id)
		both("a face", notice("add", bot, "76", 1))
		a.data("set_msg_emoji_like", `{"message_id":%d,"emoji_id":76}`, id)
		both("the same face", notice("add", alice, "76", 2))
		b.data("set_group_reaction", `{"message_id":%d,"emoji_id":"128516"}`, id)
		both("a character", notice("add", bot, "128516", 1))
		b.data("set_msg_emoji_like", `{"message_id":%d,"emoji_id":"76"}`, id)
		both("twice the same")

		page := b.data("fetch_emoji_like", `{"message_id":%d,"emojiId":"76","emojiType":"1","count":1}`, id)
		want := fmt.Sprintf(`{"emojiLikesList":[{"tinyId":"%d","nickName":"%s","headUrl":"https://q1.qlogo.cn/g?b=qq\u0026nk=%d\u0026s=640"}],"cookie":"1","isLastPage":false,"isFirstPage":true,"result":0,"errMsg":""}`, bot, b.Self().Nickname, bot)
		if page != want {
			t.Errorf("fetch_emoji_like:\n got %s\nwant %s", page, want)
		}
		if page := b.data("fetch_emoji_like", `{"message_id":%d,"emoji_id":"76","count":1,"cookie":"1"}`, id); !strings.Contains(page, `"tinyId":"20001"`) || !strings.Contains(page, `"isLastPage":true`) {
			t.Errorf("the second page: %s", page)
		}
		want = fmt.Sprintf(`{"emoji_like_list":[{"user_id":"%d","nick_name":"%s"},{"user_id":"%d","nick_name":"Alice"}]}`, bot, b.Self().Nickname, alice)
		if list := a.data("get_emoji_likes", `{"message_id":%d,"emoji_id":"76"}`, id); list != want {
			t.Errorf("get_emoji_likes:\n got %s\nwant %s", list, want)
		}
		if list := a.data("get_emoji_likes", `{"message_id":%d,"emoji_id":"5"}`, id); list != `{"emoji_like_list":[]}` {
			t.Errorf("of nobody: %s", list)
		}
		newest := s.World().History().Newest(group, 0, 0, 1)[0]
		if fmt.Sprint(newest.Reactions) != fmt.Sprintf("[{76 [%d %d]} {128516 [%d]}]", bot, alice, bot) {
			t.Errorf("in the world: %v", newest.Reactions)
		}

		b.data("set_msg_emoji_like", `{"message_id":%d,"emoji_id":"128516","set":false}`, id)
		both("the character back", notice("remove", bot, "128516", 0))
		a.data("unset_msg_emoji_like", `{"message_id":%d,"emoji_id":"76"}`, id)
		both("Alice's back", notice("remove", alice, "76", 1))
		b.data("set_group_reaction", `{"message_id":%d,"code":"76","is_add":false}`, id)
		both("the last back", notice("remove", bot, "76", 0))
		if got := s.World().History().Newest(group, 0, 0, 1)[0].Reactions; len(got) != 0 {
			t.Errorf("left in the world: %v", got)
		}
		if err := s.World().Messages().React(group, said.Sequence, bob, "5", true); err != nil {
			t.Fatal(err)
		}
		both("Bob's, by hand", notice("add", bob, "5", 1))

		b.say(alice, `"private"`)
		private := b.data("get_friend_msg_history", `{"user_id":%d,"count":1}`, alice)
		_, private, _ = strings.Cut(private, `"message_id":`)
		private, _, _ = strings.Cut(private, ",")
		for _, tt := range []struct{ action, params, want string }{
			{"set_group_reaction", fmt.Sprintf(`{"message_id":%d,"code":"smile"}`, id), `BAD_PARAMS: parameter "emoji_id" must be a number`},
			{"set_msg_emoji_like", `{"message_id":` + private + `,"emoji_id":"76"}`, `BAD_PARAMS: parameter "message_id" must be that of a message of a group`},
			{"get_emoji_likes", `{"message_id":1,"emoji_id":"76"}`, "MESSAGE_NOT_FOUND: there is no message with id 1"},
		} {
			if got := b.refused(tt.action, "%s", tt.params); got != tt.want {
				t.Errorf("%s %s: got %q, want %q", tt.action, tt.params, got, tt.want)
			}
		}
		err := b.Messages().React(t.Context(), group, 4711, "76", true)
		if refused, ok := errors.AsType[*ntqq.ServerError](err); !ok || refused.Code != int64(world.NotFound) || refused.Message != "no message 4711" {
			t.Errorf("of no message: %v", err)
		}
		if err := b.Messages().React(t.Context(), 1, 1, "76", true); !errors.Is(err, ntqq.ErrNoGroup) {
			t.Errorf("of no group: %v", err)
		}
	})
}

// TestEssence: the owner and admins choose the best messages.
func TestEssence(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, a := speakers(t)
		said, id := b.said(s, bob)
		owner, other := b, a
		if m, _ := s.World().Members().Find(group, alice); m.Role == message.RoleOwner {
			owner, other = a, b
		}
		a.told()
		both := func(what string, want ...string) {
			t.Helper()
			b.tells(what+", the bot", want...)
			a.tells(what+", Alice", want...)
		}
		notice := func(sub string, by message.UIN) string {
			return fmt.Sprintf(`{"post_type":"notice","notice_type":"essence","sub_type":"%s","group_id":%d,"sender_id":%d,"user_id":%d,"operator_id":%d,"message_id":%d}`,
				sub, group, bob, bob, by, id)
		}
		if got := other.refused("set_essence_msg", `{"message_id":%d}`, id); !strings.HasPrefix(got, "SET_ESSENCE_FAILED: ") ||
			!strings.Contains(got, "11001") || !strings.Contains(got, "may not choose the best messages") {
			t.Errorf("as a member: %s", got)
		}
		owner.data("set_essence_msg", `{"message_id":%d}`, id)
		both("chosen", notice("add", owner.Self().UIN))
		owner.data("set_essence_msg", `{"message_id":%d}`, id)
		both("again")
		if !s.World().History().Newest(group, 0, 0, 1)[0].Essence {
			t.Error("it is no essence in the world")
		}
		if e := eventsOf[*event.GroupEssenceChanged](owner.account); len(e) != 1 || e[0].Author.UIN != bob || e[0].AuthorName != "Bob" || e[0].Random != said.Random {
			t.Errorf("events %+v", e)
		}
		owner.data("delete_essence_msg", `{"group_id":%d,"msg_seq":%d}`, group, said.Sequence)
		both("taken back", notice("delete", owner.Self().UIN))
		if got := owner.refused("delete_essence_msg", `{"group_id":%d,"msg_seq":4711}`, group); !strings.HasPrefix(got, "MESSAGE_NOT_FOUND") {
			t.Errorf("of no message: %s", got)
		}
		if got := owner.refused("delete_essence_msg", `{"group_id":%d}`, group); got != `BAD_PARAMS: parameter "message_id" is missing` {
			t.Errorf("of nothing: %s", got)
		}
		if err := s.World().Messages().SetEssence(group, said.Sequence, 0, 0, true); err != nil {
			t.Fatal(err)
		}
		g, _ := s.World().Groups().Find(group)
		both("by hand", notice("add", g.Owner))
	})
}

// TestTodos: the owner makes a message the group's to-do, which members finish.
func TestTodos(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, a := speakers(t)
		said, id := b.said(s, bob)
		pushes := 0
		both := func(what string, by message.UIN) {
			t.Helper()
			b.told() // OneBot has no word for it
			pushes++
			for _, sp := range []*speaker{b, a} {
				got := eventsOf[*event.GroupTodo](sp.account)
				if len(got) != pushes || got[len(got)-1].Operator.UIN != by || got[len(got)-1].Group != group {
					t.Errorf("%s: got %d events, want %d, the last by %d: %+v", what, len(got), pushes, by, got)
				}
			}
		}
		a.data("set_group_todo", `{"group_id":%d,"message_id":%d}`, group, id)
		both("set", alice)
		todo, err := b.Groups().Todo(t.Context(), group)
		if err != nil || todo == nil || *todo != (ntqq.Todo{Group: group, Sequence: said.Sequence, By: alice, Name: "Alice", Title: "hello", Time: todo.Time}) || todo.Time == 0 {
			t.Errorf("the to-do is %+v, %v", todo, err)
		}
		b.data("complete_group_todo", `{"group_id":%d}`, group)
		both("finished", bot)
		b.data("complete_group_todo", `{"group_id":%d,"message_seq":%d}`, group, said.Sequence)
		if got := eventsOf[*event.GroupTodo](b.account); len(got) != pushes {
			t.Errorf("finished twice: %+v", got)
		}
		if held, _ := s.World().Groups().TodoOf(group, bot); fmt.Sprint(held.Done) != fmt.Sprint([]message.UIN{bot}) {
			t.Errorf("done by %v", held.Done)
		}
		for _, tt := range []struct{ action, params, want string }{
			{"set_group_todo", fmt.Sprintf(`{"group_id":%d}`, group), `BAD_PARAMS: parameter "message_id" is missing`},
			{"complete_group_todo", fmt.Sprintf(`{"group_id":%d,"message_seq":4711}`, group), "there is no such to-do"},
			{"cancel_group_todo", `{"group_id":1}`, "GROUP_NOT_FOUND"},
			{"cancel_group_todo", fmt.Sprintf(`{"group_id":%d}`, group), "10001 may not change the to-do"},
		} {
			if got := b.refused(tt.action, "%s", tt.params); !strings.Contains(got, tt.want) {
				t.Errorf("%s %s: got %q, want %q", tt.action, tt.params, got, tt.want)
			}
		}
		a.data("cancel_group_todo", `{"group_id":%d,"message_seq":%d}`, group, said.Sequence)
		both("cancelled", alice)
		if todo, err := b.Groups().Todo(t.Context(), group); todo != nil || err != nil {
			t.Errorf("after that: %+v, %v", todo, err)
		}
		if err := b.Groups().FinishTodo(t.Context(), group, 0); err == nil {
			t.Error("a to-do that is none was finished")
		}
		s.api(t, "POST", "/api/todos", fmt.Sprintf(`{"group":%d,"sequence":%d,"do":"set"}`, group, said.Sequence), new(any))
		both("by hand", ownerOf(s))
	})
}

func ownerOf(s *service) message.UIN {
	g, _ := s.World().Groups().Find(group)
	return g.Owner
}

// TestSignIn: who signs in is seen by all, once a day.
func TestSignIn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, a := speakers(t)
		signed := func(what string, want ...message.UIN) {
			t.Helper()
			a.told()
			for _, sp := range []*speaker{b, a} {
				var got []message.UIN
				for _, e := range eventsOf[*event.GroupSignIn](sp.account) {
					got = append(got, e.Member.UIN)
				}
				if fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("%s: got %v, want %v", what, got, want)
				}
			}
		}
		b.data("send_group_sign", `{"group_id":%d}`, group)
		signed("the bot", bot)
		b.data("set_group_sign", `{"group_id":%d}`, group)
		signed("the bot again", bot)
		s.api(t, "POST", "/api/sign-in", fmt.Sprintf(`{"group":%d,"uin":%d}`, group, bob), new(any))
		in, err := a.Groups().ClockIn(t.Context(), group)
		if err != nil || in.Rank != "今日第3个打卡" || in.Days != "已连续打卡1天" || in.Time == 0 {
			t.Errorf("Alice: %+v, %v", in, err)
		}
		signed("all three", bot, bob, alice)
		time.Sleep(24 * time.Hour)
		if in, err := a.Groups().ClockIn(t.Context(), group); err != nil || in.Rank != "今日第1个打卡" || in.Days != "已连续打卡2天" {
			t.Errorf("Alice, a day later: %+v, %v", in, err)
		}
		signed("a day later", bot, bob, alice, alice)
		if got := b.refused("send_group_sign", `{"group_id":1}`); !strings.HasPrefix(got, "GROUP_NOT_FOUND") {
			t.Errorf("in no group: %s", got)
		}
	})
}

// TestPins: pins are seen by the account's own clients alone.
func TestPins(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, a := two(t)
		inGroup, withAlice := message.Chat{Kind: message.Group, Group: group}, message.Chat{Kind: message.Friend, Peer: alice}
		for _, chat := range []message.Chat{inGroup, withAlice} {
			for range 2 { // the second time nothing happens
				if err := b.Chats().Pin(t.Context(), chat, true); err != nil {
					t.Fatal(err)
				}
			}
		}
		withAlice.PeerUID = a.Self().UID
		if got, err := b.Chats().Pinned(t.Context()); err != nil || fmt.Sprint(got) != fmt.Sprint([]message.Chat{withAlice, inGroup}) {
			t.Errorf("pinned are %v, %v", got, err)
		}
		if err := b.Chats().Pin(t.Context(), withAlice, false); err != nil {
			t.Fatal(err)
		}
		s.api(t, "POST", "/api/pins", fmt.Sprintf(`{"uin":%d,"group":%d,"on":false}`, bot, group), new(any))
		synctest.Wait()
		var got []event.ChatPinChanged
		for _, e := range eventsOf[*event.ChatPinChanged](b) {
			e := *e
			e.Time = 0
			got = append(got, e)
		}
		friend := event.Person{UIN: alice, UID: a.Self().UID}
		want := []event.ChatPinChanged{{Group: group, Pinned: true}, {Peer: friend, Pinned: true}, {Peer: friend}, {Group: group}}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("events:\n got %+v\nwant %+v", got, want)
		}
		if others := eventsOf[*event.ChatPinChanged](a); len(others) > 0 {
			t.Errorf("Alice got %+v", others)
		}
		if got, err := b.Chats().Pinned(t.Context()); err != nil || len(got) != 0 {
			t.Errorf("pinned are %v, %v, want none", got, err)
		}
		for chat, want := range map[message.Chat]error{
			{Kind: message.Group, Group: 1}: ntqq.ErrNoGroup, {Kind: message.Friend, Peer: 5}: ntqq.ErrNoFriend, {Kind: message.Temp}: ntqq.ErrTempChat,
		} {
			if err := b.Chats().Pin(t.Context(), chat, true); !errors.Is(err, want) {
				t.Errorf("pinning %v: %v, want %v", chat, err, want)
			}
		}
	})
}

// TestBothFlavours: one push becomes a notice in the words of each service.
func TestBothFlavours(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, _ := two(t)
		both := b.dialect(func(o *onebot.Options) { o.Flavour = onebot.Lagrange | onebot.NapCat })
		sub := both.Gateway().Subscribe(gateway.Selection{Form: both.Form(onebot.FormatArray)})
		defer sub.Close()
		if _, err := s.World().Messages().Send(world.Send{From: bob, Group: group, Parts: world.Text("hello")}, nil); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(
			s.World().Messages().React(group, 1, alice, "76", true), s.World().Groups().Rename(group, alice, "renamed"),
			s.World().Messages().SetEssence(group, 1, 0, alice, true),
		); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		for _, e := range eventsOf[event.Event](b) {
			switch e.(type) {
			case *event.GroupReaction, *event.GroupNameChanged, *event.GroupEssenceChanged:
				both.Gateway().Handle(t.Context(), e)
			}
		}
		frames, err := sub.Take(nil, 10)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range frames {
			var n struct {
				Type string `json:"notice_type"`
				Sub  string `json:"sub_type"`
			}
			if err := json.Unmarshal(f, &n); err != nil {
				t.Fatal(err)
			}
			got = append(got, n.Type+"/"+n.Sub)
		}
		if want := "reaction/add group_msg_emoji_like/ group_name_change/ notify/group_name essence/add"; strings.Join(got, " ") != want {
			t.Errorf("got %s, want %s", strings.Join(got, " "), want)
		}
	})
}
