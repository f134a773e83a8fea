package ntqq

import (
	"sync"
	"testing"
)

// TestForget: what can be fetched again goes. What is on its way stays for whoever asked,
// and the friends and groups stay to be compared with.
func TestForget(t *testing.T) {
	var c cache
	c.init(1 << 20)
	c.setFriends([]Friend{{UIN: 1, UID: "u_1"}})
	c.setGroups([]Group{{Code: 1}, {Code: 2}})
	c.setMembers(1, crowdOf(1, 10))
	c.begin(membersKey(2))
	c.setMembers(2, crowdOf(2, 10))
	c.noteNobody("u_nobody")
	size := c.members.of[1].size()
	if got, want := c.forget(), (Forgotten{MemberLists: 1, Bytes: size, People: 1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if list, fresh := c.memberList(1); list != nil || fresh {
		t.Errorf("the members of 1: got %d, %v", len(list), fresh)
	}
	if list, fresh := c.memberList(2); len(list) != 10 || fresh {
		t.Errorf("the members of 2, on their way: got %d, %v", len(list), fresh)
	}
	if list, fresh := c.friendList(); len(list) != 1 || fresh {
		t.Errorf("friends: got %v, %v", list, fresh)
	}
	if list, fresh := c.groupList(); len(list) != 2 || fresh || !c.inGroup(1) {
		t.Errorf("groups: got %v, %v", list, fresh)
	}
	if _, known := c.uin("u_1"); known || c.isNobody("u_nobody") {
		t.Error("people are known")
	}
}

// TestForgetInUse: who uses a list while all is forgotten gets it whole.
func TestForgetInUse(t *testing.T) {
	s := &memberServer{page: 10, lists: map[GroupCode][]Member{1: crowdOf(1, 35)}}
	c := s.online(t, 1<<20)
	var using sync.WaitGroup
	for range 4 {
		using.Go(func() {
			for range 20 {
				if list, err := c.Members().List(t.Context(), 1, false); err != nil || len(list) != 35 {
					t.Errorf("got %d members, %v", len(list), err)
				}
			}
		})
	}
	for range 50 {
		c.ForgetLists()
	}
	using.Wait()
}
