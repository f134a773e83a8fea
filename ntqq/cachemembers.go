package ntqq

import (
	"time"

	"libration/ntqq/event"
	"libration/ntqq/message"
)

// memberMemory is Options.MemberMemory when that is 0: a million members fit.
const memberMemory = 128 << 20

// memberLists are the lists of members that are in memory. Those used last stay.
type memberLists struct {
	of      map[GroupCode]*memberList
	most    int // bytes that they may take
	uses    uint64
	evicted uint64
}

// use returns the list of a group, which is in use, or nil.
func (m *memberLists) use(code GroupCode) *memberList {
	l := m.of[code]
	if l != nil {
		m.uses++
		l.used = m.uses
	}
	return l
}

func (m *memberLists) size() (total int) {
	for _, l := range m.of {
		total += l.size()
	}
	return total
}

func (c *cache) memberStats() (lists, bytes int, forgotten uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.members.of), c.members.size(), c.members.evicted
}

func (c *cache) setMembers(code GroupCode, list []Member) {
	l := newMemberList(code, list) // without the lock, as it takes a while
	l.fetched = time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.members.of[code]; old != nil {
		c.learnGone(old, l)
	}
	c.members.of[code] = l
	c.members.use(code)
	l.ok = c.arrived(membersKey(code))
}

// learnGone keeps the numbers of those who are in a list and not in the next one, nil for
// none: events may still name who is gone.
func (c *cache) learnGone(l, next *memberList) {
	for i := range l.rows {
		if next != nil {
			if _, still := next.find(l.rows[i].uin); still {
				continue
			}
		}
		c.learn(UID(l.uid(uint32(i))), l.rows[i].uin)
	}
}

// forgetMembers drops the list of a group that the account has left.
func (c *cache) forgetMembers(code GroupCode) {
	if l := c.members.of[code]; l != nil {
		c.learnGone(l, nil)
	}
	delete(c.members.of, code)
}

// makeRoom forgets the lists that were not used for the longest time while all of them
// take too much memory. Those on their way stay until whoever asked has them.
func (c *cache) makeRoom() {
	m := &c.members
	for total := m.size(); total > m.most; m.evicted++ {
		var least *memberList
		for code, l := range m.of {
			if (least == nil || l.used < least.used) && c.fetching[membersKey(code)] == nil {
				least = l
			}
		}
		if least == nil {
			return
		}
		total -= least.size()
		delete(m.of, least.group)
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

// memberList is sorted by number; false when it has to be fetched.
func (c *cache) memberList(code GroupCode) ([]Member, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.members.use(code)
	if l == nil {
		return nil, false
	}
	return l.all(), l.ok
}

// member returns what is known of one member, and whether the list is fresh.
func (c *cache) member(code GroupCode, uin UIN) (m Member, found, fresh bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.members.use(code)
	if l == nil {
		return Member{}, false, false
	}
	i, found := l.find(uin)
	if found {
		m = l.at(i)
	}
	return m, found, l.ok
}

// memberUID returns the text id of somebody who is in a list of members.
func (c *cache) memberUID(uin UIN) (UID, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range c.members.of {
		if i, ok := l.find(uin); ok {
			return UID(l.uid(uint32(i))), true
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
	if l := c.members.of[code]; l != nil {
		return time.Since(l.fetched)
	}
	return time.Hour
}

// changeMember changes somebody who is in a list; mu is held.
func (c *cache) changeMember(code GroupCode, uin UIN, change func(*Member)) {
	l := c.members.of[code]
	if l == nil {
		return
	}
	if i, ok := l.find(uin); ok {
		before := l.size()
		l.change(i, change)
		if l.size() > before {
			c.makeRoom()
		}
	}
}

// inMembers reports whether somebody is in the list of a group by both numbers; mu is held.
func (c *cache) inMembers(code GroupCode, p event.Person) bool {
	l := c.members.of[code]
	if l == nil {
		return false
	}
	i, ok := l.findUID(p.UID)
	return ok && l.rows[i].uin == p.UIN
}

// findUIN is uin; mu is held.
func (c *cache) findUIN(uid UID) (UIN, bool) {
	if uin, ok := c.uins.find(uid); ok {
		return uin, true
	}
	for _, l := range c.members.of {
		if i, ok := l.findUID(uid); ok {
			return l.rows[i].uin, true
		}
	}
	return 0, false
}

// knownUIDs bounds each half of a uidTable.
const knownUIDs = 1 << 16

// uidTable has the numbers of people who are in no list of members. They fill it over the
// months: then the half that was learned first is forgotten.
type uidTable struct{ young, old map[UID]UIN }

func (t *uidTable) learn(uid UID, uin UIN) {
	if t.young == nil || len(t.young) >= knownUIDs {
		t.young, t.old = map[UID]UIN{}, t.young
	}
	t.young[uid] = uin
}

func (t *uidTable) find(uid UID) (uin UIN, ok bool) {
	if uin, ok = t.young[uid]; !ok {
		uin, ok = t.old[uid]
	}
	return uin, ok
}
