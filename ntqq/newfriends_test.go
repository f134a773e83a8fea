package ntqq

import (
	"testing"

	"libration/ntqq/event"
)

// A hint leads to those who are in the list and were not before, once, whether the push
// that names them comes before or after it.
func TestNewFriendsByHint(t *testing.T) {
	c := newTestClient(t)
	alice, bob := Friend{UIN: 1, UID: "u_a"}, Friend{UIN: 2, UID: "u_b"}
	told := func(f Friend) bool { return c.cache.told(&event.FriendAdded{Friend: event.Person{UID: f.UID}}) }
	hint := func(friends ...Friend) int {
		c.cache.setFriends(friends)
		c.cache.noteFriends(friends)
		return len(c.cache.takeNewFriends())
	}
	if n := hint(alice); n != 0 {
		t.Errorf("%d are new in the first list", n)
	}
	if n := hint(alice, bob); n != 1 || !told(bob) {
		t.Errorf("%d are new, and the push that follows is a second one: %t", n, told(bob))
	}
	c.cache.apply(&event.FriendRemoved{Friend: event.Person{UID: bob.UID}})
	if told(bob) {
		t.Error("a friend who went and came again is not reported")
	}
	if n := hint(alice, bob); n != 0 {
		t.Errorf("%d are new after the push that named them", n)
	}
	c.cache.setFriends([]Friend{alice}) // gone unnoticed
	if n := hint(alice, bob); n != 1 {
		t.Errorf("%d are new, want the one who came back", n)
	}
}

// A change of a member who is named by a text id alone is made, too.
func TestUpdateByUID(t *testing.T) {
	c := newTestClient(t)
	c.cache.setMembers(testGroup, []Member{{Group: testGroup, UIN: 1, UID: "u_a"}})
	titled := func(uid UID) {
		c.cache.apply(&event.GroupTitleChanged{Group: testGroup, Member: event.Person{UID: uid}, Title: "Star"})
	}
	titled("u_a")
	if m, _, fresh := c.cache.member(testGroup, 1); m.Title != "Star" || !fresh {
		t.Errorf("got %+v, fresh %t, want the title", m, fresh)
	}
	titled("u_nobody")
	if _, _, fresh := c.cache.member(testGroup, 1); fresh {
		t.Error("the list counts as fresh after a change of nobody who is in it")
	}
}
