package ntqq

import (
	"context"
	"fmt"
	"testing"

	"libration/ntqq/event"
	"libration/ntqq/message"
)

// A push that arrives while a list is being fetched may not be in the answer: the
// next use fetches again.
func TestListDisturbedWhileFetched(t *testing.T) {
	const code = GroupCode(5)
	for _, tt := range []struct {
		name                     string
		event                    event.Event // nil: the connection is a new one
		friends, groups, members int         // fetches of two uses each
	}{
		{"nothing of interest", &event.GroupNameChanged{Group: code, NewName: "x"}, 1, 1, 1},
		{"another group", &event.GroupAdminChanged{Group: code + 1}, 1, 1, 1},
		{"an admin", &event.GroupAdminChanged{Group: code}, 1, 1, 2},
		{"a new member", &event.GroupMemberIncrease{Group: code}, 1, 2, 2},
		{"the account left", &event.GroupLeft{Group: code}, 1, 2, 2},
		{"a new friend", &event.FriendAdded{}, 2, 1, 1},
		{"stale", &event.ListsChanged{Lists: event.Stale{Friends: true, Groups: true, Members: code}}, 2, 2, 2},
		{"a new connection", nil, 2, 2, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newTestClient(t)
			disturb := func() {
				if tt.event == nil {
					c.cache.expire()
					return
				}
				c.cache.apply(tt.event)
			}
			if got := fetchTwice(t, c, friendsKey, c.cache.friendList, disturb, func() { c.cache.setFriends(nil) }); got != tt.friends {
				t.Errorf("friends fetched %d times, want %d", got, tt.friends)
			}
			if got := fetchTwice(t, c, groupsKey, c.cache.groupList, disturb, func() { c.cache.setGroups([]Group{{Code: code}}) }); got != tt.groups {
				t.Errorf("groups fetched %d times, want %d", got, tt.groups)
			}
			members := func() ([]Member, bool) { return c.cache.memberList(code) }
			if got := fetchTwice(t, c, membersKey(code), members, disturb, func() { c.cache.setMembers(code, nil) }); got != tt.members {
				t.Errorf("members fetched %d times, want %d", got, tt.members)
			}
			if n := len(c.cache.fetching); n != 0 {
				t.Errorf("%d fetches left over", n)
			}
		})
	}
}

// fetchTwice uses a list twice, with a disturbance in the first fetch, and returns
// how often it was fetched.
func fetchTwice[T any](t *testing.T, c *Client, key string, get func() ([]T, bool), disturb, set func()) int {
	t.Helper()
	fetches := 0
	for range 2 {
		_, err := cached(t.Context(), c, key, false, get, func(context.Context) error {
			if fetches++; fetches == 1 {
				disturb()
			}
			set()
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return fetches
}

// What a push renames while a list is being fetched is newer than the list.
func TestRenamedWhileTheListIsFetched(t *testing.T) {
	const code, uin, uid = GroupCode(5), UIN(20001), UID("u_alice")
	spoke := func(card string) event.Event {
		return &event.Message{Message: &message.Message{
			Chat: message.Chat{Kind: message.Group, Group: code}, Raw: []byte{1},
			Sender: message.Sender{UIN: uin, UID: uid, Nickname: "Alice", Card: card},
		}}
	}
	friend := func(c *Client) string { f, _ := c.cache.friend(uin); return f.Nickname }
	member := func(name func(Member) string) func(*Client) string {
		return func(c *Client) string { m, _, _ := c.cache.member(code, uin); return name(m) }
	}
	for name, tt := range map[string]struct {
		list    string
		renamed event.Event
		name    func(*Client) string
	}{
		"friend by uid":    {friendsKey, &event.FriendRenamed{Friend: event.Person{UID: uid}, Nickname: "new"}, friend},
		"friend by number": {friendsKey, &event.FriendRenamed{Friend: event.Person{UIN: uin}, Nickname: "new"}, friend},
		"group":            {groupsKey, &event.GroupNameChanged{Group: code, NewName: "new"}, func(c *Client) string { return c.cache.groupName(code) }},
		"title":            {membersKey(code), &event.GroupTitleChanged{Group: code, Member: event.Person{UIN: uin}, Title: "new"}, member(func(m Member) string { return m.Title })},
		"card":             {membersKey(code), spoke("new"), member(func(m Member) string { return m.Card })},
	} {
		for _, first := range []bool{true, false} {
			t.Run(fmt.Sprint(name, "/first fetch=", first), func(t *testing.T) {
				c := newTestClient(t)
				during := ""
				fetches := 0
				fetch := func(list string, set func()) func(context.Context) error {
					return func(context.Context) error {
						fetches++
						if during == list {
							c.cache.apply(tt.renamed)
						}
						set()
						return nil
					}
				}
				all := func(refresh bool) {
					for _, err := range []error{
						second(cached(t.Context(), c, friendsKey, refresh, c.cache.friendList, fetch(friendsKey, func() {
							c.cache.setFriends([]Friend{{UIN: uin, UID: uid, Nickname: "old"}})
						}))),
						second(cached(t.Context(), c, groupsKey, refresh, c.cache.groupList, fetch(groupsKey, func() {
							c.cache.setGroups([]Group{{Code: code, Name: "old"}})
						}))),
						second(cached(t.Context(), c, membersKey(code), refresh, func() ([]Member, bool) { return c.cache.memberList(code) }, fetch(membersKey(code), func() {
							c.cache.setMembers(code, []Member{{Group: code, UIN: uin, UID: uid, Nickname: "Alice", Card: "old", Title: "old"}})
						}))),
					} {
						if err != nil {
							t.Fatal(err)
						}
					}
				}
				if !first {
					all(false)
				}
				during = tt.list
				all(true)
				if got := tt.name(c); got != "new" {
					t.Errorf("the name is %q after the list came, want the new one", got)
				}
				before := fetches
				all(false)
				if fetches != before {
					t.Errorf("%d lists are fetched again", fetches-before)
				}
			})
		}
	}
}

func second[T any](_ T, err error) error { return err }

// More than is remembered was renamed: the list counts as out of date.
func TestManyRenamedWhileTheListIsFetched(t *testing.T) {
	c := newTestClient(t)
	got := fetchTwice(t, c, friendsKey, c.cache.friendList, func() {
		for range changesMost + 1 {
			c.cache.apply(&event.FriendRenamed{Friend: event.Person{UIN: 1}, Nickname: "x"})
		}
	}, func() { c.cache.setFriends(nil) })
	if got != 2 {
		t.Errorf("fetched %d times, want twice", got)
	}
}

// Who asks while a list is on its way that a push has made old gets the next one.
func TestListIsFetchedAgainForThoseWhoWaited(t *testing.T) {
	c := newTestClient(t)
	fetches := 0
	list, err := cached(t.Context(), c, friendsKey, true, c.cache.friendList, func(context.Context) error {
		if fetches++; fetches == 1 {
			c.cache.apply(&event.FriendAdded{})
			c.cache.setFriends(nil)
			return nil
		}
		c.cache.setFriends([]Friend{{UIN: 20001}})
		return nil
	})
	if err != nil || len(list) != 1 {
		t.Errorf("got %v, %v; want the friend that was added meanwhile", list, err)
	}
}

// One member is asked for, and renamed before the answer comes.
func TestRenamedWhileTheMemberIsFetched(t *testing.T) {
	const code, uin = GroupCode(5), UIN(20001)
	c := newTestClient(t)
	before := Member{Group: code, UIN: uin, Title: "old"}
	c.cache.setMembers(code, []Member{before})
	c.cache.apply(&event.GroupTitleChanged{Group: code, Member: event.Person{UIN: uin}, Title: "new"})
	c.cache.setMember(before, Member{Group: code, UIN: uin, Title: "old", Level: 7})
	if m, _, fresh := c.cache.member(code, uin); m.Title != "new" || fresh {
		t.Errorf("got %+v, fresh: %v; want the new title in a list that is fetched again", m, fresh)
	}
	c.cache.setMember(Member{Group: code, UIN: uin, Title: "new"}, Member{Group: code, UIN: uin, Title: "new", Level: 7})
	if m, _, _ := c.cache.member(code, uin); m.Level != 7 {
		t.Errorf("got %+v, want the answer", m)
	}
}

// Who writes as the owner of a group is that, whoever the lists say it is.
func TestOwnerWhoWrites(t *testing.T) {
	const code = GroupCode(730000001)
	for _, tt := range []struct {
		name  string
		from  UID
		role  message.Role
		fresh bool
	}{
		{"the owner", "u_alice", message.RoleOwner, true},
		{"another one", "u_bob", message.RoleOwner, false},
		{"an admin", "u_bob", message.RoleAdmin, true},
		{"somebody without a uid", "", message.RoleOwner, true},
	} {
		c := newTestClient(t)
		c.cache.setGroups([]Group{{Code: code, OwnerUID: "u_alice"}})
		c.cache.setMembers(code, []Member{{Group: code, UIN: 20001, UID: "u_alice", Role: message.RoleOwner}, {Group: code, UIN: 20002, UID: "u_bob"}})
		c.cache.apply(&event.Message{Message: &message.Message{
			Chat: message.Chat{Kind: message.Group, Group: code}, Raw: []byte{1}, Sender: message.Sender{UIN: 20002, UID: tt.from, Nickname: "x", Role: tt.role},
		}})
		_, groups := c.cache.groupList()
		if _, members := c.cache.memberList(code); groups != tt.fresh || members != tt.fresh {
			t.Errorf("%s writes: fresh are groups %t, members %t, want %t", tt.name, groups, members, tt.fresh)
		}
	}
}
