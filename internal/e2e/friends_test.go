package e2e

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"libration/ntqq"
	"libration/ntqq/event"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

func (a *account) friend(user message.UIN) (ntqq.Friend, bool) {
	a.t.Helper()
	synctest.Wait()
	list, err := a.Friends().List(a.t.Context(), false)
	if err != nil {
		a.t.Fatal(err)
	}
	i := slices.IndexFunc(list, func(f ntqq.Friend) bool { return f.UIN == user })
	if i < 0 {
		return ntqq.Friend{}, false
	}
	return list[i], true
}

// TestFriendRequests: somebody asks, the account answers, both have a friend.
func TestFriendRequests(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, a := speakers(t)
		w := s.World()
		dave, err := w.Users().Add(newUser("Dave"))
		if err != nil {
			t.Fatal(err)
		}
		ask := func(wish world.FriendWish) {
			t.Helper()
			if err := w.Friends().Ask(wish); err != nil {
				t.Fatal(err)
			}
		}
		params := func(format string, args ...any) string { return fmt.Sprintf(format, args...) }
		request := func(text string) string {
			return params(`{"post_type":"request","request_type":"friend","user_id":%d,"comment":%q,"flag":%q,"via":"search"}`, dave.UIN, text, dave.UID)
		}

		ask(world.FriendWish{From: dave.UIN, To: bot, Text: "hi, \"it's\" me"})
		b.tells("a request", request(`hi, "it's" me`))
		b.does("set_friend_add_request", params(`{"flag":%q,"approve":false}`, dave.UID), "")
		b.does("set_friend_add_request", params(`{"flag":%q}`, dave.UID), "SYSTEM_MSG_API_ERROR") // it is answered
		b.does("set_friend_add_request", `{"flag":"5"}`, "FLAG_NOT_FOUND")
		b.tells("nothing follows from a refusal")
		if w.Friends().Are(bot, dave.UIN) {
			t.Fatal("who was refused is a friend")
		}

		// A quick operation.
		ask(world.FriendWish{From: dave.UIN, To: bot, Text: "again"})
		b.tells("a second request", request("again"))
		b.does(".handle_quick_operation", params(`{"context":%s,"operation":{"approve":true,"remark":"D."}}`, request("again")), "")
		if f, ok := b.friend(dave.UIN); !ok || f.Remark != "D." || f.Nickname != "Dave" {
			t.Errorf("the new friend is %+v, %t", f, ok)
		}
		if list := w.Friends().List(bot); !slices.ContainsFunc(list, func(f world.Friendship) bool { return f.User.UIN == dave.UIN && f.Remark == "D." }) {
			t.Errorf("in the world: %+v", list)
		}

		// Filtered ones are in a list of their own.
		b.does("delete_friend", params(`{"user_id":%d,"temp_both_del":true}`, dave.UIN), "")
		b.told()
		ask(world.FriendWish{From: dave.UIN, To: bot, Text: "psst", Filtered: true})
		b.tells("a filtered request", request("psst"))
		list := b.does("get_doubt_friends_add_request", `{}`, "").AppendJSON(nil)
		if want := params(`{"flag":%q,"uin":"%d","nick":"Dave","source":"search","reason":"","msg":"psst","group_code":"0",`, dave.UID, dave.UIN); !strings.Contains(string(list), want) {
			t.Errorf("filtered requests %s, want %s", list, want)
		}
		b.does("set_friend_add_request", params(`{"flag":%q,"approve":false}`, dave.UID), "ACTION_FAILED")
		b.does("set_doubt_friends_add_request", params(`{"flag":%q,"approve":false}`, dave.UID), "ACTION_FAILED")
		b.does("set_friend_add_request", params(`{"flag":%q}`, dave.UID), "")
		b.does("set_doubt_friends_add_request", params(`{"flag":%q}`, dave.UID), "SYSTEM_MSG_API_ERROR")
		b.tells("accepted by the bot", params(`{"post_type":"notice","notice_type":"friend_add","user_id":%d}`, dave.UIN))
		if _, ok := b.friend(dave.UIN); !ok {
			t.Error("who was accepted is no friend")
		}

		// The account asks, and another account of ours answers.
		b.does("delete_friend", params(`{"user_id":%d,"temp_both_del":true}`, alice), "")
		b.told()
		if err := b.Friends().Add(t.Context(), alice, ntqq.FriendWish{Text: "please", Remark: "A."}); err != nil {
			t.Fatal(err)
		}
		a.tells("a request of the bot", params(`{"post_type":"request","request_type":"friend","user_id":%d,"comment":"please","flag":%q,"via":"search"}`, bot, b.Self().UID))
		own, err := b.Requests().Friends(t.Context())
		if err != nil || len(own) == 0 || !own[0].Own || own[0].UIN != alice || own[0].State != ntqq.FriendRequestWaits {
			t.Errorf("own requests %+v, %v", own, err)
		}
		if err := a.Requests().AnswerFriend(t.Context(), b.Self().UID, true, ""); err != nil {
			t.Fatal(err)
		}
		b.tells("accepted", params(`{"post_type":"notice","notice_type":"friend_add","user_id":%d}`, alice))
		added := eventsOf[*event.FriendAdded](b.account)
		if e := added[len(added)-1]; e.Friend.UIN != alice || e.Message != "please" || e.Nickname != "Alice" {
			t.Errorf("got %+v", e)
		}
		if f, _ := b.friend(alice); f.Remark != "A." {
			t.Errorf("the friend is %+v", f)
		}
		if _, ok := a.friend(bot); !ok {
			t.Error("the bot is no friend of Alice")
		}
		var refused *ntqq.ServerError
		if err := b.Friends().Add(t.Context(), alice, ntqq.FriendWish{}); !errors.As(err, &refused) || refused.Code != int64(world.BadRequest) {
			t.Errorf("a friend was asked: %v", err)
		}
	})
}

// TestFriendOperations: what is done with friends, and what they do.
func TestFriendOperations(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, a := speakers(t)
		w := s.World()
		const stranger = `{"user_id":99999,"remark":"x","category_id":1}`
		for _, action := range []string{"delete_friend", "set_friend_remark", "set_friend_category", "send_like"} {
			b.does(action, stranger, "FRIEND_NOT_FOUND")
		}

		b.does("set_friend_remark", `{"user_id":20001,"remark":"the owner"}`, "")
		b.does("set_friend_remark", fmt.Sprintf(`{"user_id":20001,"remark":%q}`, strings.Repeat("x", 128)), "API_ERROR")
		b.does("set_friend_category", `{"user_id":20001,"category_id":3}`, "")
		b.does("set_friend_category", `{"user_id":20001,"category_id":256}`, "API_ERROR")
		if f, _ := b.friend(alice); f.Remark != "the owner" || f.Category != 3 || f.CategoryName != "分组 3" {
			t.Errorf("the friend is %+v", f)
		}
		text := b.does("get_friends_with_category", `{}`, "").AppendJSON(nil)
		if want := `{"categoryId":3,"categorySortId":3,"categoryName":"分组 3","categoryMbCount":1,"buddyList":[{"user_id":20001,"nickname":"Alice","remark":"the owner",`; !strings.Contains(string(text), want) {
			t.Errorf("got %s, want %s", text, want)
		}

		b.does("send_like", `{"user_id":20001,"times":10}`, "")
		a.tells("liked", `{"post_type":"notice","notice_type":"notify","sub_type":"profile_like","operator_id":10001,"operator_nick":"小振 Libration","times":10}`)
		b.does("send_like", `{"user_id":20001}`, "")
		b.does("send_like", `{"user_id":20001,"times":10}`, "API_ERROR") // more than 20 a day
		b.does("send_like", `{"user_id":20001,"times":21}`, "BAD_PARAMS")
		a.told()

		// Another name is seen by friends, and by the account itself, in groups, too.
		for _, s := range []*speaker{a, b} {
			if _, err := s.Members().List(t.Context(), group, false); err != nil {
				t.Fatal(err)
			}
		}
		name := "Alicia"
		if err := w.Users().Edit(alice, func(u *world.User, _ *world.Details) { u.Nickname = name }); err != nil {
			t.Fatal(err)
		}
		if f, _ := b.friend(alice); f.Nickname != name || a.Self().Nickname != name {
			t.Errorf("the friend is %+v, the account itself %q", f, a.Self().Nickname)
		}
		for _, s := range []*speaker{a, b} {
			if m, err := s.Members().Info(t.Context(), group, alice, false); err != nil || m.Nickname != name {
				t.Errorf("%d knows the member as %+v, %v", s.Self().UIN, m, err)
			}
		}
		if got := eventsOf[*event.FriendRenamed](b.account); len(got) != 1 || got[0].Friend.UIN != alice || got[0].Nickname != name {
			t.Errorf("got %+v", got)
		}
		if got := eventsOf[*event.SelfRenamed](a.account); len(got) != 1 || got[0].Nickname != name {
			t.Errorf("got %+v", got)
		}

		// Deleted with a block: the other side is not told, cannot write and cannot ask.
		b.does("delete_friend", `{"user_id":20001,"block":true}`, "")
		if _, ok := b.friend(alice); ok || len(eventsOf[*event.FriendRemoved](b.account)) != 1 {
			t.Error("she is a friend still")
		}
		if _, ok := a.friend(bot); !ok || len(eventsOf[*event.FriendRemoved](a.account)) != 0 {
			t.Error("Alice knows that")
		}
		if _, err := a.Messages().SendFriend(t.Context(), bot, say("hello?")); !errors.Is(err, ntqq.ErrBlocked) {
			t.Errorf("a message to the bot: %v", err)
		}
		var refused *ntqq.ServerError
		if err := a.Friends().Add(t.Context(), bot, ntqq.FriendWish{}); !errors.As(err, &refused) || refused.Code != int64(world.NoPermission) {
			t.Errorf("a request to the bot: %v", err)
		}
		b.does("delete_friend", `{"user_id":20001}`, "FRIEND_NOT_FOUND")
		b.tells("OneBot has no word for the rest")
	})
}
