package world_test

import (
	"testing"

	"libration/ntqq/message"
	"libration/sandbox/world"
)

// newcomer is in no group.
const newcomer = message.UIN(20009)

func askingWorld(t *testing.T) *world.World {
	t.Helper()
	w := defaultWorld(t)
	_, err := w.Users().Add(world.User{UIN: newcomer, Nickname: "New"})
	must(t, err)
	return w
}

func isMember(w *world.World, uin message.UIN) bool {
	_, ok := w.Members().Find(mall, uin)
	return ok
}

// TestJoinPolicies: what becomes of somebody who asks, by the way into the group.
func TestJoinPolicies(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name             string
		policy           world.JoinPolicy
		question, answer string
		text             string
		filtered         bool
		waits, in        bool
		code             uint32
		comment          string
	}{
		{name: "free", policy: world.JoinFree, in: true},
		{name: "free, but risky", policy: world.JoinFree, filtered: true, waits: true},
		{name: "ask", policy: world.JoinAsk, text: "hi", waits: true, comment: "hi"},
		{name: "question", policy: world.JoinQuestion, question: "1+1?", text: "2", waits: true, comment: "问题：1+1?\n答案：2"},
		{name: "right answer", policy: world.JoinQuestion, question: "1+1?", answer: "2", text: "2", in: true},
		{name: "wrong answer", policy: world.JoinQuestion, question: "1+1?", answer: "2", text: "3", code: uint32(world.NoPermission)},
		{name: "closed", policy: world.JoinClosed, code: uint32(world.NoPermission)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := askingWorld(t)
			must(t, w.Groups().SetJoin(mall, bob, tt.policy, tt.question, tt.answer))
			sequence, err := w.Requests().Ask(world.Join{Group: mall, User: newcomer, Text: tt.text, Filtered: tt.filtered})
			if codeOf(err) != tt.code || (sequence != 0) != tt.waits || isMember(w, newcomer) != tt.in {
				t.Errorf("request %d, %v, member %t; want waiting %t, code %d, member %t", sequence, err, isMember(w, newcomer), tt.waits, tt.code, tt.in)
			}
			for _, admin := range []message.UIN{alice, bob} {
				n, found := w.Notices().Find(admin, sequence)
				if found != tt.waits || n.Comment != tt.comment || n.Filtered != (tt.filtered && found) {
					t.Errorf("to %d: %+v, %t", admin, n, found)
				}
			}
			if list := w.Notices().Of(carol, tt.filtered); len(list) != 0 {
				t.Errorf("to a plain member: %+v", list)
			}
		})
	}
}

// TestRequestsAreDecidedOnce: by those who may, while there is something to decide.
func TestRequestsAreDecidedOnce(t *testing.T) {
	t.Parallel()
	w := askingWorld(t)
	ask := func() uint64 {
		t.Helper()
		sequence, err := w.Requests().Ask(world.Join{Group: mall, User: newcomer})
		must(t, err)
		return sequence
	}
	want := func(what string, err error, code world.Reason) {
		t.Helper()
		if codeOf(err) != uint32(code) {
			t.Errorf("%s: %v, want code %d", what, err, code)
		}
	}
	first := ask()
	want("of somebody else", w.Requests().Answer(carol, first, world.NoticeAccepted, ""), world.NotFound)
	want("by no verdict", w.Requests().Answer(alice, first, world.NoticeHandled, ""), world.BadRequest)
	must(t, w.Members().SetAdmin(mall, bob, 0, false))
	want("of who is no admin any more", w.Requests().Answer(bob, first, world.NoticeAccepted, ""), world.NoPermission)

	second := ask() // takes the place of the first
	want("the first", w.Requests().Answer(alice, first, world.NoticeAccepted, ""), world.BadRequest)
	must(t, w.Requests().Answer(alice, second, world.NoticeIgnored, ""))
	if list := w.Notices().Of(newcomer, false); len(list) != 0 {
		t.Errorf("who is ignored is told %+v", list)
	}
	want("twice", w.Requests().Answer(alice, second, world.NoticeAccepted, ""), world.BadRequest)

	third := ask()
	must(t, w.Members().Join(mall, newcomer, alice, true)) // otherwise
	if n, _ := w.Notices().Find(alice, third); n.State != world.NoticeHandled {
		t.Errorf("the request of a member is %+v", n)
	}
	_, err := w.Requests().Ask(world.Join{Group: mall, User: newcomer})
	want("a member asks", err, world.BadRequest)
	_, err = w.Requests().Ask(world.Join{Group: 5, User: newcomer})
	want("no group", err, world.NotFound)
	must(t, w.Members().Leave(mall, newcomer))
	fourth := ask()
	must(t, w.Users().Remove(newcomer))
	want("of nobody", w.Requests().Answer(alice, fourth, world.NoticeAccepted, ""), world.BadRequest) // it is settled
	must(t, w.Groups().Remove(mall))
	want("in no group", w.Requests().Answer(alice, fourth, world.NoticeRefused, ""), world.NotFound)
}

// TestInvitations: who decides about somebody who is invited.
func TestInvitations(t *testing.T) {
	t.Parallel()
	w := askingWorld(t)
	sequence, err := w.Requests().Invite(mall, carol, newcomer)
	must(t, err)
	if n, ok := w.Notices().Find(alice, sequence); !ok || n.Kind != world.NoticeInvitedJoin || n.Inviter.UIN != carol {
		t.Errorf("a member invites: the owner has %+v", n)
	}
	must(t, w.Requests().Answer(bob, sequence, world.NoticeRefused, "full of people"))
	if list := w.Notices().Of(carol, false); len(list) != 1 || list[0].Kind != world.NoticeJoinRefused || list[0].Comment != "full of people" {
		t.Errorf("who invited is told %+v", list)
	}
	sequence, err = w.Requests().Invite(mall, 0, newcomer)
	must(t, err)
	if n, ok := w.Notices().Find(newcomer, sequence); !ok || n.Kind != world.NoticeInvitation || n.Inviter.UIN != alice {
		t.Errorf("the owner invites: who is invited has %+v", n)
	}
	if talk := w.History().OfPrivate(alice, newcomer, 0, ^uint64(0)); len(talk) != 0 {
		t.Errorf("strangers got %d cards", len(talk))
	}
	must(t, w.Requests().Answer(newcomer, sequence, world.NoticeAccepted, ""))
	if list := w.Notices().Of(alice, false); list[0].Kind != world.NoticeInvitationAccepted || !isMember(w, newcomer) {
		t.Errorf("the owner is told %+v", list[0])
	}
	must(t, w.Members().Leave(mall, newcomer))
	must(t, w.Groups().SetJoin(mall, 0, world.JoinClosed, "", ""))
	if _, err := w.Requests().Invite(mall, carol, newcomer); codeOf(err) != uint32(world.NoPermission) {
		t.Errorf("a member invites into a closed group: %v", err)
	}
	must(t, w.Groups().SetJoin(mall, 0, world.JoinFree, "", ""))
	if sequence, err := w.Requests().Invite(mall, carol, newcomer); err != nil || sequence != 0 || !isMember(w, newcomer) {
		t.Errorf("into a free group: %d, %v", sequence, err)
	}
	if err := w.Groups().SetJoin(mall, carol, world.JoinAsk, "", ""); codeOf(err) != uint32(world.NoPermission) {
		t.Errorf("a member sets how people join: %v", err)
	}
	for _, bad := range []world.JoinPolicy{"perhaps", world.JoinQuestion} {
		if err := w.Groups().SetJoin(mall, 0, bad, "", ""); codeOf(err) != uint32(world.BadRequest) {
			t.Errorf("to join by %q: %v", bad, err)
		}
	}
}
