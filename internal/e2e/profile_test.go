package e2e

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"libration/ntqq"
	"libration/ntqq/event"
	"libration/ntqq/message"
	"libration/sandbox"
	"libration/sandbox/world"
)

// stranger returns what a bot reads of somebody's profile.
func (s *speaker) stranger(user message.UIN) string {
	s.t.Helper()
	return s.data("get_stranger_info", `{"user_id":%d}`, user)
}

// contains fails when a text lacks one of the parts.
func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("got %s, want %s in it", text, part)
		}
	}
}

// TestOwnProfile: what the account says of itself is seen by others, and a new name by its
// friends at once.
func TestOwnProfile(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, a := speakers(t)
		w := s.World()
		err := w.Users().Edit(bot, func(u *world.User, d *world.Details) {
			u.Age = 30
			d.Country, d.Region, d.City, d.School = "中国", "广东", "深圳", "school"
			d.Labels, d.VIP, d.LoginDays = []string{"one", "two"}, world.VIP{Level: 7, Year: true, Super: true}, 41
		})
		if err != nil {
			t.Fatal(err)
		}
		contains(t, a.stranger(bot), `"age":30`, `"country":"中国"`, `"city":"深圳"`, `"labels":["one","two"]`, `"login_days":41`,
			`"is_vip":true,"is_svip":true,"is_years_vip":true,"vip_level":7`,
			`"Business":[{"type":1,"name":"QQ会员","level":7,"icon":"https://vip.sandbox.invalid/icon.png","ispro":1,"isyear":1}]`)

		b.does("set_qq_profile", `{"nickname":"新名","personal_note":"note","sex":"2"}`, "")
		if got := eventsOf[*event.FriendRenamed](a.account); len(got) != 1 || got[0].Friend.UIN != bot || got[0].Nickname != "新名" {
			t.Errorf("her friend was renamed: %+v", got)
		}
		if got := eventsOf[*event.SelfRenamed](b.account); len(got) != 1 || b.Self().Nickname != "新名" {
			t.Errorf("the account is %q, after %+v", b.Self().Nickname, got)
		}
		contains(t, a.stranger(bot), `"nickname":"新名"`, `"sex":"female"`, `"sign":"note"`, `"country":"","city":""`)
		b.does("set_self_longnick", `{"longNick":""}`, "")
		birthday := ntqq.Birthday{Year: 2001, Month: 2, Day: 3}
		if err := b.Profile().Set(t.Context(), ntqq.ProfileChange{Birthday: &birthday}); err != nil {
			t.Fatal(err)
		}
		u, err := a.Users().Info(t.Context(), bot)
		if err != nil || u.Birthday != birthday || u.Sign != "" || u.School != "school" || u.Nickname != "新名" {
			t.Errorf("she sees %+v, %v", u, err)
		}

		b.does("set_qq_profile", `{"nickname":""}`, "API_ERROR")
		b.does("set_qq_profile", `{"college":"x"}`, "BAD_PARAMS")
		b.does("set_qq_profile", `{"sex":"3"}`, "BAD_PARAMS")
		b.does("set_self_longnick", fmt.Sprintf(`{"longNick":"%0128d"}`, 0), "API_ERROR")
		if b.Self().Nickname != "新名" {
			t.Errorf("after refusals the account is %q", b.Self().Nickname)
		}
		if _, err := b.Users().LoginDays(t.Context(), 99999); !errors.Is(err, ntqq.ErrNoUser) {
			t.Errorf("login days of nobody: %v", err)
		}
	})
}

// TestStatuses: how the account is online is seen by others, also after a reconnect.
func TestStatuses(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, a := speakers(t)
		sees := func(user message.UIN, status, extended uint32) {
			t.Helper()
			if got, want := a.data("nc_get_user_status", `{"user_id":%d}`, user), fmt.Sprintf(`{"status":%d,"ext_status":%d}`, status, extended); got != want {
				t.Errorf("she sees %s, want %s", got, want)
			}
		}
		sees(bot, 10, 0)
		b.does("set_online_status", `{"status":30,"ext_status":0,"battery_status":0}`, "")
		sees(bot, 30, 0)
		b.does("set_online_status", `{"status":"10","ext_status":1028,"battery_status":80}`, "")
		sees(bot, 10, 1028)
		b.does("set_online_status", `{"status":20}`, "API_ERROR")
		b.does("set_online_status", `{"status":30,"ext_status":1028}`, "API_ERROR")
		b.does("set_online_status", `{"status":0}`, "BAD_PARAMS")
		sees(bot, 10, 1028)

		b.does("set_diy_online_status", `{"face_id":14,"wording":"在忙"}`, "")
		sees(bot, 10, 2000)
		contains(t, a.stranger(bot), `"face_id":14,"message":"在忙"}`)
		list, err := a.Friends().Statuses(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, f := range list {
			if f.UIN == bot {
				found = true
				if got := (ntqq.User{Status: f.Status}).Presence(); got != (ntqq.Status{Code: ntqq.StatusOnline, Extended: 2000}) {
					t.Errorf("in the list of friends it is %+v", got)
				}
			}
		}
		if !found {
			t.Errorf("the bot is not in %+v", list)
		}

		s.fault(t, "close:count=1")
		_, _ = b.Groups().List(t.Context(), true)
		b.until(ntqq.Online)
		if !slices.Contains(b.steps(), "reconnecting") {
			t.Error("the connection held")
		}
		sees(bot, 10, 2000)
		if u, err := a.Users().Info(t.Context(), bot); err != nil || u.Custom.Text != "在忙" {
			t.Errorf("after a reconnect it is %+v, %v", u.Custom, err)
		}
		a.does("nc_get_user_status", `{"user_id":99999}`, "USER_NOT_FOUND")
	})
}

// TestConfirmedLogins: the account chooses whether a phone confirms its next login.
func TestConfirmedLogins(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{})
		ks := &ntqq.MemoryKeystore{}
		login := func() *account {
			s.ExpireSessions(bot)
			return s.account(t, ks)
		}
		a := s.account(t, ks)
		a.wait("a QR code", func(st ntqq.State) bool { return st.QR != nil })
		if err := s.ApproveQR(s.PendingQR()[0].ID, bot); err != nil {
			t.Fatal(err)
		}
		a.until(ntqq.Online)
		if err := a.Profile().ConfirmLogins(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		a.stop()

		a = login()
		a.prompted(ntqq.PromptUnusualDevice)
		if err := s.ApproveQR(s.PendingQR()[0].ID, bot); err != nil {
			t.Fatal(err)
		}
		a.until(ntqq.Online)
		if err := a.Profile().ConfirmLogins(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		a.stop()

		a = login()
		a.until(ntqq.Online)
		if n := a.count(ntqq.StepUnusualDevice); n != 0 {
			t.Errorf("the phone was asked %d times", n)
		}
	})
}

// TestLikeLists: both sides see who has liked whom.
func TestLikeLists(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, a := speakers(t)
		w := s.World()
		b.does("send_like", `{"user_id":20001,"times":3}`, "")
		for i := range 31 { // more than a page
			u, err := w.Users().Add(newUser(fmt.Sprintf("liker %d", i)))
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Users().Like(alice, u.UIN, 1); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		time.Sleep(17 * time.Hour) // the day of these is over
		b.does("send_like", `{"user_id":20001,"times":2}`, "")

		want := fmt.Sprintf(`"users":[{"uid":"%s","uin":20001,"src":71,"latestTime":%d,"count":5,"giftCount":0,"customId":0,"lastCharged":0,`+
			`"bAvailableCnt":0,"bTodayVotedCnt":2,"nick":"Alice"`, a.Self().UID, time.Now().Unix())
		contains(t, b.data("get_profile_like", `{}`), want, `"isFriend":true`, `"nextStart":-1`, `"voteInfo":{"total_count":0`)
		contains(t, a.data("get_profile_like", `{"count":1}`), `"voteInfo":{"total_count":36,`, `"uin":10001,`, `"users":[],"nextStart":-1`)
		contains(t, a.data("get_profile_like_me", `{"start":1,"count":2}`), `"nick":"liker 30","gender":0,"age":0,"isFriend":false`, `"nextStart":3`)
		if got := strings.Count(a.data("get_profile_like_me", `{"start":-1}`), `"uid"`); got != 32 {
			t.Errorf("she was liked by %d accounts, want 32", got)
		}
		if got := b.data("get_profile_like_count", `{"user_id":20001}`); got != `{"count":36}` {
			t.Errorf("likes of Alice: %s", got)
		}
		contains(t, b.data("get_profile_like", `{"user_id":20001}`), `"voteInfo":{"total_count":36,`, `"users":[]`)
		b.does("get_profile_like_count", `{"user_id":99999}`, "FRIEND_NOT_FOUND")
		a.does("get_profile_like_me", `{"start":-2}`, "BAD_PARAMS")
	})
}

// TestInputShown: a friend sees that the account types, speaks, and that it ends.
func TestInputShown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		_, b, a := speakers(t)
		for _, kind := range []uint32{1, 0, 2} {
			b.does("set_input_status", fmt.Sprintf(`{"user_id":20001,"event_type":%d}`, kind), "")
			synctest.Wait()
			got := eventsOf[*event.InputStatus](a.account)
			if len(got) == 0 || got[len(got)-1].Kind != kind || got[len(got)-1].Peer.UIN != bot {
				t.Errorf("after %d she has seen %+v", kind, got)
			}
		}
		b.does("set_input_status", `{"user_id":99999,"event_type":1}`, "FRIEND_NOT_FOUND")
		b.does("set_input_status", `{"user_id":20001,"event_type":3}`, "BAD_PARAMS")
	})
}
