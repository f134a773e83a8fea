package world_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"libration/ntqq/message"
	"libration/sandbox/world"
)

// refusedFor fails when an operation is not refused for this reason; 0: it is not refused.
func refusedFor(t *testing.T, what string, err error, want world.Reason) {
	t.Helper()
	var refused *world.Refusal
	if errors.As(err, &refused) && refused.Reason == want || err == nil && want == 0 {
		return
	}
	t.Errorf("%s: got %v, want reason %d", what, err, want)
}

func TestFriendRequests(t *testing.T) {
	t.Parallel()
	w := defaultWorld(t)
	friends := w.Friends()
	dave, err := w.Users().Add(world.User{Nickname: "Dave"})
	must(t, err)
	ask := func(from, to message.UIN, text string) error {
		return friends.Ask(world.FriendWish{From: from, To: to, Text: text, Remark: "R", Category: 2})
	}
	refusedFor(t, "of oneself", ask(bob, bob, ""), world.BadRequest)
	refusedFor(t, "of nobody", ask(99, bob, ""), world.NotFound)
	refusedFor(t, "of a friend", ask(alice, bob, ""), world.BadRequest)
	refusedFor(t, "too long", ask(dave.UIN, bob, strings.Repeat("x", 513)), world.BadRequest)
	must(t, ask(dave.UIN, bob, "one"))
	must(t, ask(dave.UIN, bob, "two")) // takes its place
	must(t, ask(bob, dave.UIN, "the other way round"))
	if list := friends.Requests(bob); len(list) != 2 || list[1].Text != "two" || list[1].State != world.RequestPending {
		t.Errorf("got %+v", list)
	}
	must(t, friends.Answer(bob, dave.UIN, true))
	for _, r := range friends.Requests(dave.UIN) {
		if r.State != world.RequestAccepted {
			t.Errorf("between friends %+v is open", r)
		}
	}
	list := friends.List(dave.UIN)
	if len(list) != 1 || list[0].Remark != "R" || list[0].Category != 2 {
		t.Errorf("Dave's friends are %+v", list)
	}

	// One-sided, and blocked until who blocked asks.
	must(t, friends.Delete(bob, dave.UIN, true, false))
	if friends.Are(bob, dave.UIN) || !friends.Are(dave.UIN, bob) {
		t.Error("it is not one-sided")
	}
	_, err = w.Messages().Send(world.Send{From: dave.UIN, To: bob, Parts: world.Text("x")}, nil)
	refusedFor(t, "a message", err, world.NoPermission)
	refusedFor(t, "who is blocked", ask(dave.UIN, bob, ""), world.NoPermission)
	must(t, ask(bob, dave.UIN, "sorry"))
	must(t, ask(dave.UIN, bob, "well"))

	// Who is gone has no requests; of many the newest are kept.
	must(t, w.Users().Remove(dave.UIN))
	if list := friends.Requests(bob); len(list) != 0 {
		t.Errorf("of somebody who is gone: %+v", list)
	}
	for range 110 {
		u, err := w.Users().Add(world.User{})
		must(t, err)
		must(t, ask(u.UIN, carol, ""))
	}
	if n := len(friends.Requests(carol)); n != 100 {
		t.Errorf("%d requests are kept", n)
	}
}

func TestLikesADay(t *testing.T) {
	t.Parallel()
	w := defaultWorld(t)
	now := time.Date(2026, 1, 1, 15, 59, 0, 0, time.UTC) // a minute before midnight in UTC+8
	w.SetClock(func() time.Time { return now })
	must(t, w.Users().Like(bob, alice, 20))
	refusedFor(t, "once more", w.Users().Like(bob, alice, 1), world.Quota)
	refusedFor(t, "none", w.Users().Like(bob, alice, 0), world.BadRequest)
	refusedFor(t, "somebody else", w.Users().Like(carol, alice, 1), 0)
	now = now.Add(time.Minute)
	refusedFor(t, "on the next day", w.Users().Like(bob, alice, 20), 0)
}
