package ntqq

import (
	"context"
	"testing"

	"libration/ntqq/event"
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
		{"stale", &event.Stale{Friends: true, Groups: true, Members: code}, 2, 2, 2},
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
