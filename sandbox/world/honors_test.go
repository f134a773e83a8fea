package world

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"libration/ntqq/message"
)

// honored is a world with a group of three, at noon in China of a day that can be moved.
func honored(t *testing.T) (w *World, at *time.Time) {
	t.Helper()
	noon := time.Date(2026, 8, 1, 4, 0, 0, 0, time.UTC)
	w, at = New(1), &noon
	w.SetClock(func() time.Time { return *at })
	for uin := range message.UIN(4) {
		if _, err := w.Users().Add(User{UIN: uin + 1, Nickname: fmt.Sprint("n", uin+1)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Groups().Add(Group{Code: 5, Name: "g", Owner: 1}, 1, 2, 3); err != nil {
		t.Fatal(err)
	}
	return w, at
}

func (w *World) say(t *testing.T, by ...message.UIN) {
	t.Helper()
	for _, uin := range by {
		if _, err := w.Messages().Send(Send{From: uin, Group: 5, Parts: Text("x")}, nil); err != nil {
			t.Fatal(err)
		}
	}
}

// lists writes who has an honour: the current one first.
func (w *World) lists(t *testing.T, honor Honor) string {
	t.Helper()
	list, current, err := w.Members().Honors(5, 1, honor)
	if err != nil {
		t.Fatal(err)
	}
	out := ""
	if current != nil {
		out = fmt.Sprintf("%d for %d of ", current.Member.UIN, current.Days)
	}
	for _, h := range list {
		out += fmt.Sprintf("%d:%d ", h.Member.UIN, h.Days)
	}
	return out
}

// TestTalkative: who wrote most the day before is the most talkative one of a day.
func TestTalkative(t *testing.T) {
	w, at := honored(t)
	for day, d := range []struct {
		say  []message.UIN
		want string // on the day after
	}{
		{[]message.UIN{2, 1, 2}, "2 for 1 of 2:1 "},
		{[]message.UIN{2, 1, 2}, "2 for 2 of 2:2 "},
		{[]message.UIN{3, 1}, "1 for 1 of 1:1 2:2 "}, // the smaller number
		{nil, "1:1 2:2 "},
		{[]message.UIN{2}, "2 for 1 of 2:3 1:1 "},
	} {
		w.say(t, d.say...)
		before := w.lists(t, HonorTalkative)
		*at = at.Add(24 * time.Hour)
		if got := w.lists(t, HonorTalkative); got != d.want {
			t.Errorf("after day %d: %q, want %q; on it %q", day, got, d.want, before)
		}
	}
	if err := w.Members().Honor(5, 3, HonorTalkative); err != nil {
		t.Fatal(err)
	}
	if got, want := w.lists(t, HonorTalkative), "3 for 1 of 3:1 1:1 2:2 "; got != want {
		t.Errorf("by hand: %q, want %q", got, want)
	}
	if err := w.Members().Leave(5, 3); err != nil {
		t.Fatal(err)
	}
	if got, want := w.lists(t, HonorTalkative), "1:1 2:2 "; got != want {
		t.Errorf("when that one has left: %q, want %q", got, want)
	}
}

// TestHonorsByDays: who writes for days has honours for as long as that goes on; others are
// given by hand.
func TestHonorsByDays(t *testing.T) {
	w, at := honored(t)
	for day := 1; day <= 31; day++ {
		w.say(t, 2)
		if day > 25 {
			w.say(t, 3)
		}
		for honor, least := range map[Honor]int{HonorPerformer: 7, HonorLegend: 30} {
			want := ""
			if day >= least {
				want = fmt.Sprintf("2:%d ", day)
			}
			if got := w.lists(t, honor); got != want {
				t.Errorf("day %d, %s: %q, want %q", day, honor, got, want)
			}
		}
		*at = at.Add(24 * time.Hour)
	}
	if got := w.lists(t, HonorLegend); got != "2:31 " {
		t.Errorf("before the day's first message: %q", got)
	}
	*at = at.Add(24 * time.Hour)
	if got := w.lists(t, HonorLegend); got != "" {
		t.Errorf("after a silent day: %q", got)
	}
	for _, honor := range []Honor{HonorNewbie, HonorEmotion, HonorLegend} {
		if err := w.Members().Honor(5, 3, honor); err != nil {
			t.Fatal(err)
		}
		*at = at.Add(24 * time.Hour)
		if got := w.lists(t, honor); got != "3:2 " {
			t.Errorf("%s by hand, a day later: %q", honor, got)
		}
	}
	var refused *Refusal
	if _, _, err := w.Members().Honors(5, 4, HonorLegend); !errors.As(err, &refused) || refused.Reason != NotMember {
		t.Errorf("for a stranger: %v", err)
	}
	if err := w.Members().Honor(5, 2, "best"); !errors.As(err, &refused) || refused.Reason != BadRequest {
		t.Errorf("no honour: %v", err)
	}
}

// TestSignIns: a day's list has who signed in, in order, and is forgotten after 31 days.
func TestSignIns(t *testing.T) {
	w, at := honored(t)
	first := *at
	signIn := func(uin message.UIN) {
		t.Helper()
		if _, err := w.Members().SignIn(5, uin); err != nil {
			t.Fatal(err)
		}
	}
	list := func(day time.Time) (out string) {
		t.Helper()
		signed, err := w.Members().SignIns(5, 1, day)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range signed {
			out += fmt.Sprintf("%d %s %d at %d; ", s.Member.UIN, s.Card, s.Rank, s.Time-first.Unix())
		}
		return out
	}
	if err := w.Members().SetCard(5, 3, 0, "card"); err != nil {
		t.Fatal(err)
	}
	signIn(3)
	*at = at.Add(time.Minute)
	signIn(2)
	signIn(3) // again
	if got, want := list(first), "3 card 1 at 0; 2  2 at 60; "; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if err := w.Members().Leave(5, 3); err != nil {
		t.Fatal(err)
	}
	if got, want := list(first), "2  2 at 60; "; got != want {
		t.Errorf("when one has left: %q, want %q", got, want)
	}
	*at = at.Add(30 * 24 * time.Hour)
	signIn(2)
	if list(first) == "" || list(*at) == "" || list(at.Add(-24*time.Hour)) != "" {
		t.Errorf("30 days later: %q, %q and %q", list(first), list(*at), list(at.Add(-24*time.Hour)))
	}
	*at = at.Add(24 * time.Hour)
	signIn(2)
	if got := list(first); got != "" {
		t.Errorf("31 days later: %q", got)
	}
	var refused *Refusal
	if _, err := w.Members().SignIns(5, 4, first); !errors.As(err, &refused) || refused.Reason != NotMember {
		t.Errorf("for a stranger: %v", err)
	}
}

// TestEssences: the newest choice is first, what was recalled is none.
func TestEssences(t *testing.T) {
	w, at := honored(t)
	w.say(t, 2, 3, 2)
	choose := func(seq uint64, on bool) {
		t.Helper()
		if err := w.Messages().SetEssence(5, seq, 0, 1, on); err != nil {
			t.Fatal(err)
		}
		*at = at.Add(time.Second)
	}
	list := func() (out string) {
		t.Helper()
		best, err := w.Messages().Essences(5, 3)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range best {
			out += fmt.Sprintf("%d by %s; ", e.Sequence, e.By.Nickname)
		}
		return out
	}
	for _, seq := range []uint64{3, 1, 2} {
		choose(seq, true)
	}
	if got, want := list(), "2 by n1; 1 by n1; 3 by n1; "; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	choose(1, false)
	if err := w.Messages().RecallGroup(3, 5, 2, nil); err != nil {
		t.Fatal(err)
	}
	if got, want := list(), "3 by n1; "; got != want {
		t.Errorf("then %q, want %q", got, want)
	}
	var refused *Refusal
	if _, err := w.Messages().Essences(5, 4); !errors.As(err, &refused) || refused.Reason != NotMember {
		t.Errorf("for a stranger: %v", err)
	}
}
