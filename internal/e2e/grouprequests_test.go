package e2e

import (
	"encoding/json"
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
	"libration/onebot"
	"libration/sandbox"
	"libration/sandbox/world"
)

const (
	dave  = message.UIN(20004)           // is in no group, and nobody's friend
	small = message.GroupCode(730000002) // the bot owns it; Alice and Bob are in it
)

// asks asks for somebody to be let into a group, and returns the sequence of the request.
func (s *service) asks(t *testing.T, j world.Join) uint64 {
	t.Helper()
	sequence, err := s.World().Requests().Ask(j)
	if err != nil {
		t.Fatal(err)
	}
	return sequence
}

// invites invites somebody into a group.
func (s *service) invites(t *testing.T, code message.GroupCode, by, who message.UIN) uint64 {
	t.Helper()
	sequence, err := s.World().Requests().Invite(code, by, who)
	if err != nil {
		t.Fatal(err)
	}
	return sequence
}

func (s *service) isMember(code message.GroupCode, uin message.UIN) bool {
	_, ok := s.World().Members().Find(code, uin)
	return ok
}

// newestNotice is the newest entry of an account's list.
func (s *service) newestNotice(uin message.UIN) world.Notice {
	if list := s.World().Notices().Of(uin, false); len(list) > 0 {
		return list[0]
	}
	return world.Notice{}
}

func (s *speaker) fails(action, params, code, text string) {
	s.t.Helper()
	if got := s.refused(action, "%s", params); !strings.HasPrefix(got, code+": ") || !strings.Contains(got, text) {
		s.t.Errorf("%s %s: %s, want %s and %q", action, params, got, code, text)
	}
}

func groupAdd(code message.GroupCode, user, inviter message.UIN, comment, flag string) string {
	return fmt.Sprintf(`{"post_type":"request","request_type":"group","sub_type":"add","group_id":%d,"user_id":%d,"invitor_id":%d,"comment":%q,"flag":%q}`,
		code, user, inviter, comment, flag)
}

func groupInvite(code message.GroupCode, inviter message.UIN, flag string) string {
	return fmt.Sprintf(`{"post_type":"request","request_type":"group","sub_type":"invite","group_id":%d,"user_id":%d,"invitor_id":0,"comment":"","flag":%q}`,
		code, inviter, flag)
}

func increase(code message.GroupCode, how string, operator, user message.UIN) string {
	return fmt.Sprintf(`{"post_type":"notice","notice_type":"group_increase","sub_type":%q,"group_id":%d,"operator_id":%d,"user_id":%d}`,
		how, code, operator, user)
}

// TestGroupJoinRequests: people ask to come into the bot's group; the bot decides.
func TestGroupJoinRequests(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, a := speakers(t)
		flag := func(sequence uint64, kind, filtered int) string {
			return fmt.Sprintf("%d-%d-%d-%d", sequence, small, kind, filtered)
		}
		answer := func(flag string, approve bool, reason string) (string, string) {
			return "set_group_add_request", fmt.Sprintf(`{"flag":%q,"sub_type":"add","approve":%t,"reason":%q}`, flag, approve, reason)
		}

		first := s.asks(t, world.Join{Group: small, User: carol, Text: "let me in"})
		b.tells("Carol asks", groupAdd(small, carol, 0, "let me in", flag(first, 1, 0)))
		a.tells("to a plain member")
		action, params := answer(flag(first, 1, 0), false, "not now")
		b.data(action, "%s", params)
		if n := s.newestNotice(carol); n.Kind != world.NoticeJoinRefused || n.Comment != "not now" || n.Operator.UIN != bot || s.isMember(small, carol) {
			t.Errorf("Carol was refused: %+v", n)
		}
		_, params = answer(flag(first, 1, 0), true, "")
		b.fails(action, params, "SYSTEM_MSG_API_ERROR", "settled already")

		second := s.asks(t, world.Join{Group: small, User: carol, Text: "please", Filtered: true})
		b.tells("a filtered request", groupAdd(small, carol, 0, "please", flag(second, 1, 1)))
		_, params = answer(flag(second, 1, 1), true, "")
		b.data(action, "%s", params)
		want := increase(small, "approve", bot, carol)
		b.tells("Carol is in", want)
		a.tells("Carol is in, to Alice", want)
		if n := s.newestNotice(carol); n.Kind != world.NoticeJoinAccepted || !s.isMember(small, carol) {
			t.Errorf("Carol was accepted: %+v", n)
		}

		// Alice is a plain member: an admin decides about whom she invites.
		if _, err := s.World().Users().Add(world.User{UIN: dave, Nickname: "Dave"}); err != nil {
			t.Fatal(err)
		}
		if err := s.World().Friends().Add(alice, dave); err != nil {
			t.Fatal(err)
		}
		if err := a.Groups().Invite(t.Context(), small, dave, 0); err != nil {
			t.Fatal(err)
		}
		var refused *ntqq.ServerError
		if err := a.Groups().Invite(t.Context(), small, bob, group); !errors.As(err, &refused) || refused.Code != int64(world.BadRequest) {
			t.Errorf("who is in already was invited: %v", err)
		}
		if err := a.Groups().Invite(t.Context(), small, 99999, 0); !errors.Is(err, ntqq.ErrNoFriend) {
			t.Errorf("a stranger was invited: %v", err)
		}
		third := s.newestNotice(bot).Sequence
		a.told() // of the friend
		b.tells("Alice invites", groupAdd(small, dave, alice, "", flag(third, 22, 0)))
		b.data(".handle_quick_operation", `{"context":%s,"operation":{"approve":true}}`, groupAdd(small, dave, alice, "", flag(third, 22, 0)))
		b.tells("Dave is in", increase(small, "invite", alice, dave))

		// A flag with who asks does for a request whose sequence was not found.
		if err := s.World().Members().Leave(small, dave); err != nil {
			t.Fatal(err)
		}
		user, _ := s.World().Users().Find(dave)
		b.told()
		b.fails(action, fmt.Sprintf(`{"flag":"0-%d-1-0-%s"}`, small, user.UID), "FLAG_NOT_FOUND", "")
		fourth := s.asks(t, world.Join{Group: small, User: dave})
		b.tells("Dave asks", groupAdd(small, dave, 0, "", flag(fourth, 1, 0)))
		b.data("set_group_add_request", `{"flag":"0-%d-1-0-%s","approve":false}`, small, user.UID)
		fifth := s.asks(t, world.Join{Group: small, User: dave, Text: "again"})
		b.tells("Dave asks again", groupAdd(small, dave, 0, "again", flag(fifth, 1, 0)))
		if got := b.data("get_group_requests", `{}`); strings.Count(got, `"flag"`) != 1 || !strings.Contains(got, flag(fifth, 1, 0)) {
			t.Errorf("get_group_requests: %s", got)
		}
		all := b.data("get_group_system_msg", `{}`)
		if strings.Count(all, "request_id") != 5 || !strings.Contains(all, fmt.Sprintf(`"requester_uin":%d,"requester_nick":"Dave"`, dave)) {
			t.Errorf("get_group_system_msg: %s", all)
		}
		// One record serves both lists in clients of NapCat: who asks is its inviter.
		napCat := b.calls(b.dialect(func(o *onebot.Options) { o.Flavour = onebot.NapCat }))
		if got, err := json.Marshal(napCat("get_group_system_msg", `{}`).Data); err != nil ||
			!strings.Contains(string(got), fmt.Sprintf(`"invitor_uin":%d,"invitor_nick":"Dave"`, dave)) || strings.Contains(all, `"invitor_nick":"Dave"`) {
			t.Errorf("get_group_system_msg for clients of NapCat: %s, %v", got, err)
		}
		for _, action := range []string{"get_group_ignored_notifies", "get_group_ignore_add_request"} {
			if got := b.data(action, `{}`); strings.Count(got, "request_id") != 1 || !strings.Contains(got, fmt.Sprint(second)) {
				t.Errorf("%s: %s", action, got)
			}
		}
		b.data("set_group_add_request", `{"flag":"%d"}`, fifth) // as other services name it
		b.tells("Dave is in again", increase(small, "approve", bot, dave))
		b.fails("set_group_add_request", `{"flag":"nonsense"}`, "FLAG_NOT_FOUND", "")

		// What is decided by somebody else, or by nobody.
		if err := s.World().Members().Leave(small, dave); err != nil {
			t.Fatal(err)
		}
		before := s.newestNotice(dave)
		sixth := s.asks(t, world.Join{Group: small, User: dave})
		b.told()
		asked := eventsOf[*event.GroupJoinRequest](b.account)
		request, ok := ntqq.GroupRequestOf(asked[len(asked)-1])
		if err := b.Requests().AnswerGroup(t.Context(), request, ntqq.Ignore, ""); err != nil || !ok || request.Sequence != sixth {
			t.Errorf("ignoring %+v (%t): %v", request, ok, err)
		}
		if n := s.newestNotice(bot); n.State != world.NoticeIgnored || s.newestNotice(dave) != before || s.isMember(small, dave) {
			t.Errorf("the ignored request is %+v, and Dave knows %+v", n, s.newestNotice(dave))
		}
		if err := a.Requests().AnswerGroup(t.Context(), ntqq.GroupRequest{Group: small, Kind: ntqq.NoticeJoin, Sequence: fifth}, ntqq.Accept, ""); err == nil {
			t.Error("Alice, who is no admin, has decided")
		}
	})
}

// TestGroupInvitations: the bot is invited, by a push and by a card, and decides once; it
// asks to join itself by hand.
func TestGroupInvitations(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, _ := speakers(t)
		g, err := s.World().Groups().Add(world.Group{Name: "third group", Owner: bob}, alice)
		if err != nil {
			t.Fatal(err)
		}
		flag := func(sequence uint64) string { return fmt.Sprintf("%d-%d-2-0", sequence, g.Code) }
		first := s.invites(t, g.Code, bob, bot) // they are friends: there is a card, too
		b.tells("invited", groupInvite(g.Code, bob, flag(first)))
		b.data("set_group_add_request", `{"flag":%q,"type":"invite","approve":false}`, flag(first))
		if n := s.newestNotice(bob); n.Kind != world.NoticeInvitationRefused || n.Target.UIN != bot || s.isMember(g.Code, bot) {
			t.Errorf("Bob is told %+v", n)
		}
		second := s.invites(t, g.Code, bob, bot)
		b.tells("invited again, within the minute", groupInvite(g.Code, bob, flag(second)))
		b.data("set_group_add_request", `{"flag":%q}`, flag(second))
		b.tells("the bot is in", increase(g.Code, "invite", bob, bot))
		if n := s.newestNotice(bob); n.Kind != world.NoticeInvitationAccepted || !s.isMember(g.Code, bot) {
			t.Errorf("Bob is told %+v", n)
		}
		if n := len(eventsOf[*event.Message](b.account)); n != 0 {
			t.Errorf("the cards are %d messages, too", n)
		}

		// By its own request, which only a person makes.
		if err := s.World().Members().Leave(g.Code, bot); err != nil {
			t.Fatal(err)
		}
		b.told()
		sequence := s.asks(t, world.Join{Group: g.Code, User: bot})
		if err := s.World().Requests().Answer(bob, sequence, world.NoticeRefused, "no"); err != nil {
			t.Fatal(err)
		}
		if got := eventsOf[*event.GroupJoinRejected](b.account); len(got) != 1 || got[0].Group != g.Code {
			t.Errorf("the bot was refused: %+v", got)
		}
		sequence = s.asks(t, world.Join{Group: g.Code, User: bot})
		if err := s.World().Requests().Answer(bob, sequence, world.NoticeAccepted, ""); err != nil {
			t.Fatal(err)
		}
		b.tells("the bot is in, once", increase(g.Code, "approve", bob, bot))
		notices, err := b.Requests().GroupNotices(t.Context(), 0)
		if err != nil || len(notices) != 4 || notices[0].Kind != ntqq.NoticeJoinAccepted || notices[0].Operator.UIN != bob || notices[1].Comment != "no" {
			t.Errorf("the bot's list: %+v, %v", notices, err)
		}
	})
}

// TestInvitedWhileAway: the card is among the missed messages, and is an invitation there, too.
func TestInvitedWhileAway(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{AutoApprove: bot})
		keys, progress := &ntqq.MemoryKeystore{}, &memoryProgress{}
		remember := func(o *ntqq.Options) { o.Progress = progress }
		first := s.account(t, keys, remember)
		first.until(ntqq.Online)
		time.Sleep(time.Minute)
		first.stop()
		g, err := s.World().Groups().Add(world.Group{Name: "third group", Owner: bob}, alice)
		if err != nil {
			t.Fatal(err)
		}
		sequence := s.invites(t, g.Code, bob, bot)
		if _, err := s.World().Messages().Send(world.Send{From: bob, To: bot, Parts: world.Text("come in")}, nil); err != nil {
			t.Fatal(err)
		}
		b := s.account(t, keys, remember)
		b.until(ntqq.Online)
		time.Sleep(time.Minute)
		synctest.Wait()
		got := eventsOf[*event.GroupInvitation](b)
		if len(got) != 1 || got[0].Request != sequence || got[0].Group != g.Code || got[0].Inviter.UIN != bob {
			t.Errorf("got %+v, want the invitation %d", got, sequence)
		}
		if texts := b.texts(); len(texts) != 1 || texts[0] != "come in" {
			t.Errorf("missed messages: %q", texts)
		}
	})
}

// TestGroupRequestsByHand: the same over the control API.
func TestGroupRequestsByHand(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, _ := speakers(t)
		var group struct{ Join, Question, Answer string }
		path := fmt.Sprintf("/api/groups/%d", small)
		s.api(t, "PATCH", path, `{"join":"question","question":"1+1?"}`, &group)
		if group.Join != "question" || group.Question != "1+1?" || group.Answer != "" {
			t.Errorf("the group is %+v", group)
		}
		var made struct{ Sequence uint64 }
		s.api(t, "POST", path+"/requests", fmt.Sprintf(`{"uin":%d,"text":"2"}`, carol), &made)
		b.tells("Carol asks", groupAdd(small, carol, 0, "问题：1+1?\n答案：2", fmt.Sprintf("%d-%d-1-0", made.Sequence, small)))
		var list []struct {
			Sequence             uint64
			Kind, State, Comment string
			Target               message.UIN
		}
		s.api(t, "GET", fmt.Sprintf("/api/group-requests?user=%d", bot), "", &list)
		if len(list) != 1 || list[0].Sequence != made.Sequence || list[0].Kind != "join" || list[0].State != "pending" || list[0].Target != carol {
			t.Errorf("the bot's list is %+v", list)
		}
		var none struct{}
		s.api(t, "POST", "/api/group-requests/answer", fmt.Sprintf(`{"user":%d,"sequence":%d,"verdict":"accept"}`, bot, made.Sequence), &none)
		b.tells("Carol is in", increase(small, "approve", bot, carol))

		s.api(t, "POST", "/api/users", fmt.Sprintf(`{"uin":%d,"nickname":"Dave"}`, dave), &none)
		s.api(t, "POST", path+"/invitations", fmt.Sprintf(`{"by":%d,"uin":%d}`, carol, dave), &made)
		b.tells("Carol invites", groupAdd(small, dave, carol, "", fmt.Sprintf("%d-%d-22-0", made.Sequence, small)))
		s.api(t, "POST", "/api/group-requests/answer", fmt.Sprintf(`{"user":%d,"sequence":%d,"verdict":"refuse","reason":"no"}`, bot, made.Sequence), &none)
		s.api(t, "GET", fmt.Sprintf("/api/group-requests?user=%d", carol), "", &list)
		if len(list) != 2 || list[0].Kind != "join_refused" || list[0].Comment != "no" || list[1].Kind != "join_accepted" {
			t.Errorf("Carol's list is %+v", list)
		}
		b.tells("nothing more")
	})
}

// TestRequestsInARow: somebody asks again before the client has looked up the first
// request, and once more while the account is away, within the minute. Each request has a
// flag of its own; the last one is answered.
func TestRequestsInARow(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{AutoApprove: bot})
		keys, progress := &ntqq.MemoryKeystore{}, &memoryProgress{}
		remember := func(o *ntqq.Options) { o.Progress = progress }
		b := s.account(t, keys, remember)
		b.until(ntqq.Online)
		time.Sleep(time.Minute)
		want := []uint64{
			s.asks(t, world.Join{Group: small, User: carol, Text: "one"}),
			s.asks(t, world.Join{Group: small, User: carol, Text: "two"}),
		}
		sequences := func(b *account) (list []uint64) {
			for _, e := range eventsOf[*event.GroupJoinRequest](b) {
				list = append(list, e.Request)
			}
			return list
		}
		if got := sequences(b); !slices.Equal(got, want) {
			t.Errorf("requests %d, want %d", got, want)
		}
		time.Sleep(10 * time.Second)
		b.stop()
		last := s.asks(t, world.Join{Group: small, User: carol, Text: "three"})
		b = s.account(t, keys, remember)
		b.until(ntqq.Online)
		time.Sleep(10 * time.Second)
		if got := sequences(b); !slices.Equal(got, []uint64{last}) {
			t.Errorf("requests of the time away: %d, want %d", got, last)
		}
	})
}

// TestFriendAgain: who has ended a friendship without a word, asks and is accepted is a new
// friend.
func TestFriendAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, _ := speakers(t)
		if err := s.World().Friends().Remove(carol, bot); err != nil {
			t.Fatal(err)
		}
		if err := s.World().Friends().Ask(world.FriendWish{From: carol, To: bot}); err != nil {
			t.Fatal(err)
		}
		user, _ := s.World().Users().Find(carol)
		eventsOf[*event.FriendRequest](b.account)
		b.data("set_friend_add_request", `{"flag":%q}`, user.UID)
		time.Sleep(time.Second)
		if got := eventsOf[*event.FriendAdded](b.account); len(got) != 1 || got[0].Friend.UIN != carol {
			t.Errorf("new friends: %+v", got)
		}
	})
}

// TestDecidedWhileAway: what was decided about those whom the account has invited says
// nothing about the account itself.
func TestDecidedWhileAway(t *testing.T) {
	for verdict, decision := range map[string]world.NoticeState{"accepted": world.NoticeAccepted, "refused": world.NoticeRefused} {
		beside(t, verdict, func(t *testing.T) {
			s := startService(t, sandbox.Options{AutoApprove: alice})
			keys, progress := &ntqq.MemoryKeystore{}, &memoryProgress{}
			remember := func(o *ntqq.Options) { o.Progress = progress }
			a := s.account(t, keys, remember)
			a.until(ntqq.Online)
			time.Sleep(time.Minute)
			a.stop()
			sequence := s.invites(t, small, alice, carol)
			if err := s.World().Requests().Answer(bot, sequence, decision, ""); err != nil {
				t.Fatal(err)
			}
			a = s.account(t, keys, remember)
			a.until(ntqq.Online)
			time.Sleep(time.Minute)
			joined, rejected := eventsOf[*event.GroupMemberIncrease](a), eventsOf[*event.GroupJoinRejected](a)
			if len(joined)+len(rejected) != 0 {
				t.Errorf("joined: %+v, rejected: %+v", joined, rejected)
			}
		})
	}
}

// TestTwiceWhileAway: what happened and was undone within a minute is reported in full, in order.
func TestTwiceWhileAway(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{AutoApprove: bot})
		keys, progress := &ntqq.MemoryKeystore{}, &memoryProgress{}
		remember := func(o *ntqq.Options) { o.Progress = progress }
		admin := func(on bool) {
			if err := s.World().Members().SetAdmin(small, bob, 0, on); err != nil {
				t.Fatal(err)
			}
		}
		b := s.account(t, keys, remember)
		b.until(ntqq.Online)
		time.Sleep(time.Minute)
		admin(true) // it hears of this
		time.Sleep(5 * time.Second)
		b.stop()
		want := []bool{false, true, false, true}
		for _, on := range want {
			admin(on)
		}
		for range 2 {
			b = s.account(t, keys, remember)
			b.until(ntqq.Online)
			time.Sleep(10 * time.Second)
			var got []bool
			for _, e := range eventsOf[*event.GroupAdminChanged](b) {
				got = append(got, e.Admin)
			}
			if !slices.Equal(got, want) {
				t.Errorf("admin: %t, want %t", got, want)
			}
			b.stop()
			want = nil
		}
	})
}
