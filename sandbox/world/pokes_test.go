package world

import (
	"errors"
	"testing"

	"libration/ntqq/message"
)

// TestPokeRules: who may poke whom, and take it back.
func TestPokeRules(t *testing.T) {
	const stranger = 99
	w := New(1)
	for _, uin := range []message.UIN{1, 2, 3, stranger} {
		if _, err := w.Users().Add(User{UIN: uin}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Friends().Add(1, 2); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Groups().Add(Group{Code: 5, Name: "g", Owner: 1}, 1, 2, 3); err != nil {
		t.Fatal(err)
	}
	var heard []Happening
	w.Listen(func(h Happening) { heard = append(heard, h) })
	inGroup := func(by, target message.UIN) error {
		_, err := w.Pokes().InGroup(5, by, target, PokeWords{})
		return err
	}
	inPrivate := func(by, peer, target message.UIN) error {
		_, err := w.Pokes().InPrivate(by, peer, target, PokeWords{})
		return err
	}
	for _, tt := range []struct {
		name string
		err  error
		want Reason // 0: it happens
	}{
		{"a member", inGroup(2, 3), 0},
		{"themselves", inGroup(2, 2), 0},
		{"a stranger to the group", inGroup(2, stranger), NotMember},
		{"by a stranger to the group", inGroup(stranger, 2), NotMember},
		{"a friend", inPrivate(1, 2, 2), 0},
		{"themselves, before a friend", inPrivate(1, 2, 1), 0},
		{"somebody else, before a friend", inPrivate(1, 2, 3), BadRequest},
		{"no friend", inPrivate(1, 3, 3), NotFound},
		{"take back the first", w.Pokes().RecallInGroup(5, 2, 1), 0},
		{"take it back again", w.Pokes().RecallInGroup(5, 2, 1), NotFound},
		{"take back another one's", w.Pokes().RecallInGroup(5, 1, 2), NoPermission},
		{"take back a private one in a group", w.Pokes().RecallInGroup(5, 1, 3), NotFound},
		{"take back a friend's", w.Pokes().RecallInPrivate(2, 1, 3), NoPermission},
		{"take back a private one", w.Pokes().RecallInPrivate(1, 2, 3), 0},
		{"take back in another chat", w.Pokes().RecallInPrivate(1, 3, 4), NotFound},
	} {
		var refused *Refusal
		switch {
		case tt.want == 0 && tt.err != nil:
			t.Errorf("%s: %v", tt.name, tt.err)
		case tt.want != 0 && (!errors.As(tt.err, &refused) || refused.Reason != tt.want):
			t.Errorf("%s: got %v, want reason %d", tt.name, tt.err, tt.want)
		}
	}
	if len(heard) != 6 {
		t.Errorf("%d happenings, want 6: %v", len(heard), heard)
	}
}
