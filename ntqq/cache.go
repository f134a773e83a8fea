package ntqq

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
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

// editMember makes a change to a member that the account made itself and that no push
// says. A list on its way may not have it yet. Changes that a push says to the account,
// too, are the push's: in that order they are right.
func (c *cache) editMember(code GroupCode, uin UIN, change func(*Member)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.disturb(membersKey(code))
	c.changeMember(code, uin, change)
}

// editGroup is editMember for a group.
func (c *cache) editGroup(code GroupCode, change func(*Group)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.disturb(groupsKey)
	if g, ok := c.groups[code]; ok {
		change(&g)
		c.groups[code] = g
	}
}

// editFriend is editMember for a friend.
func (c *cache) editFriend(uin UIN, change func(*Friend)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.disturb(friendsKey)
	if f, ok := c.friends[uin]; ok {
		change(&f)
		c.friends[uin] = f
	}
}

// dropFriend forgets whom the account removed. The number of the uid stays known: events
// may still name who is gone.
func (c *cache) dropFriend(uin UIN) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.disturb(friendsKey)
	c.newcomers.gone(c.friends[uin].UID)
	delete(c.friends, uin)
}

// outdate marks lists as stale after an operation of which it is not known what they say
// now.
func (c *cache) outdate(s event.Stale) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stale(s)
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

// apply keeps the cache right after an event (docs/protocol/events.md 4, end). It
// runs before the event's people are resolved, so a leaving member is only marked.
func (c *cache) apply(e event.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stale(e.Stale())
	if e, ok := e.(*event.FriendRemoved); ok {
		c.newcomers.gone(e.Friend.UID)
	}
	if e, ok := e.(event.Updater); ok {
		u := e.Update()
		c.update(&u)
		if len(c.fetching) > 0 {
			c.updateAgain(&u)
		}
	}
}

func (c *cache) stale(s event.Stale) {
	if s.Friends {
		c.staleFriends()
	}
	if s.Groups {
		c.staleGroups()
	}
	if s.Members != 0 {
		c.staleMembers(s.Members)
	}
	if s.Left != 0 {
		c.disturb(groupsKey)
		delete(c.groups, s.Left)
		c.disturb(membersKey(s.Left))
		delete(c.members, s.Left)
	}
}

// update makes a change that an event says in full.
func (c *cache) update(u *event.Update) {
	c.learn(u.Person.UID, u.Person.UIN)
	who := u.Person.UIN
	if who == 0 {
		who = c.uins[u.Person.UID]
	}
	switch {
	case u.Fields == 0 || textSize(u) > maxNames:
	case u.Person == (event.Person{}):
		if g, ok := c.groups[u.Group]; ok {
			g.Name = u.Name
			c.groups[u.Group] = g
		}
	case u.Group != 0 && who == 0:
		c.staleMembers(u.Group)
	case u.Group != 0:
		c.noteOwner(u)
		c.changeMember(u.Group, who, func(m *Member) { updateMember(m, u) })
	default:
		for uin, f := range c.friends {
			if uin == u.Person.UIN || u.Person.UID != "" && f.UID == u.Person.UID {
				f.Nickname = u.Name
				c.friends[uin] = f
			}
		}
		c.renameMember(who, u.Name)
	}
}

// noteOwner marks the lists of a group as stale whose owner is another one than they say:
// whether a push says so is not known (docs/protocol/events.md 5.2).
func (c *cache) noteOwner(u *event.Update) {
	g := c.groups[u.Group]
	owns := u.Fields&event.FieldRole != 0 && u.Role == message.RoleOwner
	if owns && u.Person.UID != "" && g.OwnerUID != "" && g.OwnerUID != u.Person.UID {
		c.staleGroups()
		c.staleMembers(u.Group)
	}
}

// renameMember gives somebody another nickname in all groups; mu is held.
func (c *cache) renameMember(uin UIN, name string) {
	for code := range c.members {
		c.changeMember(code, uin, func(m *Member) { m.Nickname = name })
	}
	for key, f := range c.fetching {
		f.stale = f.stale || strings.HasPrefix(key, membersPrefix)
	}
}

// renameSelf gives the account another nickname in all groups.
func (c *cache) renameSelf(uin UIN, name string) {
	if len(name) > maxNames {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.renameMember(uin, name)
}

func updateMember(m *Member, u *event.Update) {
	if u.Fields&event.FieldName != 0 {
		m.Nickname = u.Name
	}
	if u.Fields&event.FieldCard != 0 {
		m.Card = u.Card
	}
	if u.Fields&event.FieldTitle != 0 {
		m.Title = u.Title
	}
	if u.Fields&event.FieldRole != 0 {
		m.Role = u.Role
	}
	if u.Fields&event.FieldSpoke != 0 {
		m.LastSpeak = u.Spoke
	}
}

func textSize(u *event.Update) int { return len(u.Name) + len(u.Card) + len(u.Title) }

// updateAgain keeps a change for the list that is being fetched.
func (c *cache) updateAgain(u *event.Update) {
	key := friendsKey
	switch {
	case u.Fields == 0 || textSize(u) > maxNames:
		return
	case u.Person == (event.Person{}):
		key = groupsKey
	case u.Group != 0:
		key = membersKey(u.Group)
	}
	switch f := c.fetching[key]; {
	case f == nil:
	case len(f.changes) == changesMost:
		f.stale = true
	default:
		f.changes = append(f.changes, *u)
	}
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
