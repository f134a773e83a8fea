package ntqq

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"libration/ntqq/event"
)

// cache keeps what the server told of friends, groups and members. Pushes change
// it or mark parts as stale; a stale or missing part is fetched at the next use.
type cache struct {
	fetch singleflight.Group // one request at a time for the same list

	mu        sync.Mutex // guards everything below
	friends   map[UIN]Friend
	kinds     []FriendCategory // of friends
	groups    map[GroupCode]Group
	members   memberLists
	faces     map[uint32]Face
	uins      uidTable
	newcomers newFriends
	nobodies  map[UID]time.Time     // whom the server does not know, and until when that counts
	fetching  map[string]*listFetch // by key
	// friendsOK, groupsOK and facesOK: the list is complete and not stale.
	friendsOK, groupsOK, facesOK bool
	facesAfter                   time.Time // messages do not ask for faces before
}

// listFetch is a list on its way. What is pushed meanwhile may be newer than it.
type listFetch struct {
	stale   bool           // the list has to be fetched again
	changes []event.Update // are made again when it has come
}

// Keys of the lists.
const friendsKey, groupsKey, facesKey = "friends", "groups", "faces"

const membersPrefix = "members "

func membersKey(code GroupCode) string { return fmt.Sprint(membersPrefix, code) }

const maxNobodies = 1 << 12

const (
	// maxUID is how long a text id may be in bytes; real ones have 24.
	maxUID = event.MaxUID
	// maxNames is how long all texts of a member, friend or group that a push changes
	// may be in bytes.
	maxNames = 4 << 10
	// changesMost bounds what is made again on one list; one that misses more is stale.
	changesMost = 256
)

func (c *cache) init(memberMemory int) {
	c.friends = map[UIN]Friend{}
	c.groups = map[GroupCode]Group{}
	c.members = memberLists{of: map[GroupCode]*memberList{}, most: memberMemory}
	c.newcomers.found = map[UID]time.Time{}
	c.nobodies = map[UID]time.Time{}
	c.fetching = map[string]*listFetch{}
}

// begin precedes the fetch of a list, end follows it.
func (c *cache) begin(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fetching[key] = &listFetch{}
}

func (c *cache) end(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.fetching, key)
	c.makeRoom()
}

// disturb makes sure that the list, when it is being fetched, counts as stale.
func (c *cache) disturb(key string) {
	if f := c.fetching[key]; f != nil {
		f.stale = true
	}
}

// arrived makes the pushed changes again on a list that has just come, and tells
// whether it is fresh.
func (c *cache) arrived(key string) bool {
	f := c.fetching[key]
	if f == nil {
		return true
	}
	for i := range f.changes {
		c.update(&f.changes[i])
	}
	return !f.stale
}

func (c *cache) staleFriends() {
	c.friendsOK = false
	c.disturb(friendsKey)
}

func (c *cache) staleGroups() {
	c.groupsOK = false
	c.disturb(groupsKey)
}

func (c *cache) staleMembers(code GroupCode) {
	if l := c.members.of[code]; l != nil {
		l.ok = false
	}
	c.disturb(membersKey(code))
}

// expire marks all lists as stale: pushes may have been missed.
func (c *cache) expire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.friendsOK, c.groupsOK, c.facesOK = false, false, false
	for _, l := range c.members.of {
		l.ok = false
	}
	for _, f := range c.fetching {
		f.stale = true
	}
}

func (c *cache) learn(uid UID, uin UIN) {
	if uid != "" && uin != 0 && len(uid) <= maxUID {
		c.uins.learn(uid, uin)
	}
}

// uin is the number of a text id that is known from anywhere.
func (c *cache) uin(uid UID) (UIN, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.findUIN(uid)
}

// noteNobody notes that the server does not know a text id, isNobody reports that it did
// not a moment ago.
func (c *cache) noteNobody(uid UID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.nobodies) >= maxNobodies {
		clear(c.nobodies)
	}
	if len(uid) <= maxUID {
		c.nobodies[uid] = time.Now().Add(nobodyFor)
	}
}

func (c *cache) isNobody(uid UID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Before(c.nobodies[uid])
}

func (c *cache) setFriends(list []Friend) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.friends = make(map[UIN]Friend, len(list))
	present := make(map[UID]bool, len(list))
	for _, f := range list {
		c.friends[f.UIN] = f
		present[f.UID] = true
		c.learn(f.UID, f.UIN)
	}
	maps.DeleteFunc(c.newcomers.known, func(uid UID, _ bool) bool { return !present[uid] })
	c.friendsOK = c.arrived(friendsKey)
}

func (c *cache) setCategories(kinds []FriendCategory) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kinds = kinds
}

func (c *cache) categoryList() []FriendCategory {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.kinds)
}

func (c *cache) friend(uin UIN) (Friend, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f, ok := c.friends[uin]
	return f, ok
}

// lookFriend returns what is known of a friend, and whether the list is fresh.
func (c *cache) lookFriend(uin UIN) (f Friend, fresh bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.friends[uin], c.friendsOK
}

// friendList is sorted by number; false when it has to be fetched.
func (c *cache) friendList() ([]Friend, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return sorted(c.friends), c.friendsOK
}

func (c *cache) setGroups(list []Group) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.groups = make(map[GroupCode]Group, len(list))
	for _, g := range list {
		c.groups[g.Code] = g
	}
	c.groupsOK = c.arrived(groupsKey)
	for code := range c.members.of {
		if _, joined := c.groups[code]; !joined {
			c.forgetMembers(code)
		}
	}
}

func (c *cache) groupList() ([]Group, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return sorted(c.groups), c.groupsOK
}

func (c *cache) inGroup(code GroupCode) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, in := c.groups[code]
	return in
}

func (c *cache) groupName(code GroupCode) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.groups[code].Name
}

func sorted[K cmp.Ordered, V any](m map[K]V) []V {
	out := make([]V, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, m[k])
	}
	return out
}
