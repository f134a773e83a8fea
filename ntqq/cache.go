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
	"libration/ntqq/message"
)

// cache keeps what the server told of friends, groups and members. Pushes change
// it or mark parts as stale; a stale or missing part is fetched at the next use.
type cache struct {
	fetch singleflight.Group // one request at a time for the same list

	mu        sync.Mutex // guards everything below
	friends   map[UIN]Friend
	kinds     []FriendCategory // of friends
	groups    map[GroupCode]Group
	members   map[GroupCode]*memberList
	faces     map[uint32]Face
	uins      map[UID]UIN
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

type memberList struct {
	members map[UIN]Member
	bytes   int
	ok      bool
	fetched time.Time
}

// Keys of the lists.
const friendsKey, groupsKey, facesKey = "friends", "groups", "faces"

const membersPrefix = "members "

func membersKey(code GroupCode) string { return fmt.Sprint(membersPrefix, code) }

// maxKnownUIDs bounds the uid table; people in no list fill it over the months.
const (
	maxKnownUIDs = 1 << 18
	maxNobodies  = 1 << 12
)

const (
	// maxUID is how long a text id may be in bytes; real ones have 24.
	maxUID = event.MaxUID
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
	if l := c.members[code]; l != nil {
		l.ok = false
	}
	c.disturb(membersKey(code))
}

// expire marks all lists as stale: pushes may have been missed.
func (c *cache) expire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.friendsOK, c.groupsOK, c.facesOK = false, false, false
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
	for _, f := range list {
		c.friends[f.UIN] = f
		c.learn(f.UID, f.UIN)
	}
	maps.DeleteFunc(c.newcomers.known, func(uid UID, _ bool) bool {
		_, friend := c.friends[c.uins[uid]]
		return !friend
	})
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

// memberUID returns the text id of somebody who is in a list of members.
func (c *cache) memberUID(uin UIN) (UID, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range c.members {
		if m, ok := l.members[uin]; ok {
			return m.UID, true
		}
	}
	return "", false
}

// card returns the card of the member of a group who wrote a message.
func (c *cache) card(m *event.Message) (card string, known bool) {
	if m.Chat.Kind != message.Group {
		return "", false
	}
	member, known, _ := c.member(m.Chat.Group, m.Sender.UIN)
	return member.Card, known
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

func sorted[K cmp.Ordered, V any](m map[K]V) []V {
	out := make([]V, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, m[k])
	}
	return out
}
