package ntqq

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"libration/ntqq/event"
	"libration/ntqq/message"
)

// cache keeps what the server told of friends, groups and members. Pushes change
// it or mark parts as stale; a stale or missing part is fetched at the next use.
type cache struct {
	fetch singleflight.Group // one request at a time for the same list

	mu       sync.Mutex // guards everything below
	friends  map[UIN]Friend
	groups   map[GroupCode]Group
	members  map[GroupCode]*memberList
	uins     map[UID]UIN
	fetching map[string]*listFetch // by key
	// friendsOK and groupsOK: the list is complete and not stale.
	friendsOK, groupsOK bool
}

// listFetch is a list on its way. What is pushed meanwhile may be newer than it.
type listFetch struct {
	stale   bool          // the list has to be fetched again
	changes []event.Event // are made again when it has come
}

type memberList struct {
	members map[UIN]Member
	bytes   int
	ok      bool
	fetched time.Time
}

// Keys of the lists.
const friendsKey, groupsKey = "friends", "groups"

func membersKey(code GroupCode) string { return fmt.Sprint("members ", code) }

// maxKnownUIDs bounds the uid table; people in no list fill it over the months.
const maxKnownUIDs = 1 << 18

const (
	// maxUID is how long a text id may be in bytes; real ones have 24.
	maxUID = 128
	// maxNames is how long all texts of a member, friend or group that a push changes
	// may be in bytes.
	maxNames = 4 << 10
	// maxMemberBytes bounds the member lists of all groups: some 500,000 members. The
	// lists that were fetched longest ago give way, and are fetched again when needed.
	maxMemberBytes = 128 << 20
	memberBytes    = 256
	// changesMost bounds what is made again on one list; one that misses more is stale.
	changesMost = 256
)

func (m *Member) size() int {
	return memberBytes + len(m.UID) + len(m.Nickname) + len(m.Card) + len(m.Title)
}

func (c *cache) init() {
	c.friends = map[UIN]Friend{}
	c.groups = map[GroupCode]Group{}
	c.members = map[GroupCode]*memberList{}
	c.uins = map[UID]UIN{}
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
	for _, e := range f.changes {
		c.change(e)
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
	if l := c.members[code]; l != nil {
		l.ok = false
	}
	c.disturb(membersKey(code))
}

// expire marks all lists as stale: pushes may have been missed.
func (c *cache) expire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.friendsOK, c.groupsOK = false, false
	for _, l := range c.members {
		l.ok = false
	}
	for _, f := range c.fetching {
		f.stale = true
	}
}

func (c *cache) learn(uid UID, uin UIN) {
	if uid == "" || uin == 0 || len(uid) > maxUID {
		return
	}
	if len(c.uins) >= maxKnownUIDs {
		clear(c.uins) // they are learned again
	}
	c.uins[uid] = uin
}

func (c *cache) uin(uid UID) (UIN, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	uin, ok := c.uins[uid]
	return uin, ok
}

func (c *cache) setFriends(list []Friend) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.friends = make(map[UIN]Friend, len(list))
	for _, f := range list {
		c.friends[f.UIN] = f
		c.learn(f.UID, f.UIN)
	}
	c.friendsOK = c.arrived(friendsKey)
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
	maps.DeleteFunc(c.members, func(code GroupCode, _ *memberList) bool {
		_, joined := c.groups[code]
		return !joined
	})
}

func (c *cache) groupList() ([]Group, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return sorted(c.groups), c.groupsOK
}

func (c *cache) groupName(code GroupCode) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.groups[code].Name
}

func (c *cache) setMembers(code GroupCode, list []Member) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := &memberList{members: make(map[UIN]Member, len(list)), fetched: time.Now()}
	for _, m := range list {
		l.members[m.UIN] = m
		l.bytes += m.size()
		c.learn(m.UID, m.UIN)
	}
	c.members[code] = l
	l.ok = c.arrived(membersKey(code))
	c.makeRoom(code)
}

// makeRoom forgets the oldest lists of members, but for one, when all of them take
// too much memory.
func (c *cache) makeRoom(but GroupCode) {
	for {
		total, oldest := 0, but
		for code, l := range c.members {
			total += l.bytes
			if code != but && (oldest == but || l.fetched.Before(c.members[oldest].fetched)) {
				oldest = code
			}
		}
		if total <= maxMemberBytes || oldest == but {
			return
		}
		delete(c.members, oldest)
	}
}

// setMember takes the answer about one member, who was known as before when it was
// asked for. What was pushed meanwhile may be newer.
func (c *cache) setMember(before, m Member) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changeMember(m.Group, m.UIN, func(known *Member) {
		before.LastSpeak = known.LastSpeak
		if *known != before {
			c.staleMembers(m.Group)
			return
		}
		*known = m
	})
}

func (c *cache) memberList(code GroupCode) ([]Member, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.members[code]
	if l == nil {
		return nil, false
	}
	return sorted(l.members), l.ok
}

// member returns what is known of one member, and whether the list is fresh.
func (c *cache) member(code GroupCode, uin UIN) (m Member, found, fresh bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.members[code]
	if l == nil {
		return Member{}, false, false
	}
	m, found = l.members[uin]
	return m, found, l.ok
}

// membersAge is how long ago the list was fetched.
func (c *cache) membersAge(code GroupCode) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l := c.members[code]; l != nil {
		return time.Since(l.fetched)
	}
	return time.Hour
}

func sorted[K UIN | GroupCode, V any](m map[K]V) []V {
	out := make([]V, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, m[k])
	}
	return out
}

// apply keeps the cache right after an event (docs/protocol/events.md 4, end). It
// runs before the event's people are resolved, so a leaving member is only marked.
func (c *cache) apply(e event.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch e := e.(type) {
	case *event.Stale:
		if e.Friends {
			c.staleFriends()
		}
		if e.Groups {
			c.staleGroups()
		}
		c.staleMembers(e.Members)
	case *event.GroupMemberIncrease:
		c.staleMembers(e.Group)
		c.staleGroups() // the member count, or a new group
	case *event.GroupMemberDecrease:
		c.staleMembers(e.Group)
		c.staleGroups()
	case *event.GroupLeft:
		c.disturb(groupsKey)
		delete(c.groups, e.Group)
		c.disturb(membersKey(e.Group))
		delete(c.members, e.Group)
	case *event.GroupAdminChanged:
		c.staleMembers(e.Group)
	case *event.GroupMuted:
		c.staleMembers(e.Group)
	case *event.FriendAdded:
		c.staleFriends()
	case *event.FriendRemoved:
		c.staleFriends()
	default:
		c.change(e)
		if len(c.fetching) > 0 {
			c.changeAgain(e)
		}
	}
}

// change makes a change that an event says in full.
func (c *cache) change(e event.Event) {
	switch e := e.(type) {
	case *event.Message:
		c.applyMessage(e.Message)
	case *event.GroupTitleChanged:
		c.changeMember(e.Group, e.Member.UIN, func(m *Member) { m.Title = e.Title })
	case *event.GroupNameChanged:
		if g, ok := c.groups[e.Group]; ok && e.NewName != "" && len(e.NewName) <= maxNames {
			g.Name = e.NewName
			c.groups[e.Group] = g
		}
	case *event.FriendRenamed:
		if len(e.Nickname) > maxNames {
			return
		}
		for uin, f := range c.friends {
			if uin == e.Friend.UIN || e.Friend.UID != "" && f.UID == e.Friend.UID {
				f.Nickname = e.Nickname
				c.friends[uin] = f
			}
		}
	}
}

// changeAgain keeps a change for the list that is being fetched.
func (c *cache) changeAgain(e event.Event) {
	key, size := "", 0
	switch x := e.(type) {
	case *event.Message:
		if x.Chat.Kind != message.Group || x.Raw == nil {
			return
		}
		key, size = membersKey(x.Chat.Group), len(x.Sender.Nickname)+len(x.Sender.Card)+len(x.Sender.Title)
		e = &event.Message{Message: &message.Message{ // what counts of it
			Chat: x.Chat, Sender: x.Sender, Time: x.Time, CaughtUp: x.CaughtUp, Raw: []byte{},
		}}
	case *event.GroupTitleChanged:
		key, size = membersKey(x.Group), len(x.Title)
	case *event.GroupNameChanged:
		key, size = groupsKey, len(x.NewName)
	case *event.FriendRenamed:
		key, size = friendsKey, len(x.Nickname)
	}
	f := c.fetching[key]
	switch {
	case f == nil || size > maxNames:
	case len(f.changes) == changesMost:
		f.stale = true
	default:
		f.changes = append(f.changes, e)
	}
}

// applyMessage takes the sender's names and role from a message: they are newer
// than any list.
func (c *cache) applyMessage(m *message.Message) {
	c.learn(m.Sender.UID, m.Sender.UIN)
	if m.Chat.Kind != message.Group || m.Raw == nil || m.Sender.Nickname == "" || m.CaughtUp {
		return // those fetched later are not newer
	}
	c.changeMember(m.Chat.Group, m.Sender.UIN, func(x *Member) {
		x.Nickname, x.Card, x.Role = m.Sender.Nickname, m.Sender.Card, m.Sender.Role
		x.LastSpeak = m.Time
		if m.Sender.Title != "" {
			x.Title = m.Sender.Title
		}
	})
}

func (c *cache) changeMember(code GroupCode, uin UIN, change func(*Member)) {
	l := c.members[code]
	if l == nil {
		return
	}
	if m, ok := l.members[uin]; ok {
		change(&m)
		if m.size() <= memberBytes+maxNames {
			l.members[uin] = m
		}
	}
}
