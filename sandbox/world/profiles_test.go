package world_test

import (
	"slices"
	"strings"
	"testing"

	"libration/ntqq/message"
	"libration/sandbox/world"
)

// TestEdit: who an account is stays, and nothing changes by a refusal.
func TestEdit(t *testing.T) {
	w := world.New(1)
	u, _ := w.Users().Add(world.User{UIN: 1, Nickname: "one"})
	labels := []string{"a"}
	err := w.Users().Edit(1, func(u *world.User, d *world.Details) {
		u.UIN, u.UID, u.RegisterTime, u.Sex = 2, "u_2", 3, 2
		d.Labels = labels
	})
	u.Sex = 2
	if got, _ := w.Users().Find(1); err != nil || got != u {
		t.Errorf("got %+v, %v, want %+v", got, err, u)
	}
	w.Users().Details(1).Labels[0] = "changed outside"
	for name, edit := range map[string]func(*world.User, *world.Details){
		"name":   func(u *world.User, _ *world.Details) { u.Nickname = "" },
		"text":   func(_ *world.User, d *world.Details) { d.City = strings.Repeat("x", 128) },
		"label":  func(_ *world.User, d *world.Details) { d.Labels[0] = "\xff" },
		"labels": func(_ *world.User, d *world.Details) { d.Labels = make([]string, 21) },
		"sex":    func(u *world.User, _ *world.Details) { u.Sex = 3 },
		"month":  func(_ *world.User, d *world.Details) { d.Birthday = world.Date{Year: 2000, Month: 13, Day: 1} },
		"day":    func(_ *world.User, d *world.Details) { d.Birthday = world.Date{Year: 2001, Month: 2, Day: 29} },
		"day 0":  func(_ *world.User, d *world.Details) { d.Birthday.Month = 1 },
		"year":   func(_ *world.User, d *world.Details) { d.Birthday = world.Date{Year: 10_000, Month: 1, Day: 1} },
	} {
		if err := w.Users().Edit(1, edit); err == nil {
			t.Errorf("%s: no refusal", name)
		}
	}
	if got, _ := w.Users().Find(1); got != u || !slices.Equal(w.Users().Details(1).Labels, []string{"a"}) {
		t.Errorf("after refusals: %+v, %+v", got, w.Users().Details(1))
	}
}

// TestLikesOfTheRemoved: who is gone is in no list of likes.
func TestLikesOfTheRemoved(t *testing.T) {
	w := world.New(1)
	for uin := range message.UIN(3) {
		_, _ = w.Users().Add(world.User{UIN: uin + 1})
	}
	_ = w.Users().Like(1, 2, 5)
	_ = w.Users().Like(1, 3, 6)
	_ = w.Users().Like(2, 1, 7)
	if err := w.Users().Remove(2); err != nil {
		t.Fatal(err)
	}
	got, err := w.Users().Likes(1, false)
	given, _ := w.Users().Likes(1, true)
	if err != nil || len(got) != 1 || got[0].User.UIN != 3 || got[0].Times != 6 || got[0].Today != 6 || len(given) != 0 {
		t.Errorf("got %+v, given %+v, %v", got, given, err)
	}
	if _, err := w.Users().Likes(2, true); err == nil {
		t.Error("likes of nobody are listed")
	}
}
