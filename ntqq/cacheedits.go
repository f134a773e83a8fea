package ntqq

import (
	"strings"

	"libration/ntqq/event"
	"libration/ntqq/message"
)

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

// apply keeps the cache right after an event (docs/protocol/events.md 4, end). It
// runs before the event's people are resolved, so a leaving member is only marked.
func (c *cache) apply(e event.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stale(e.Stale())
	switch e := e.(type) {
	case *event.FriendRemoved:
		c.newcomers.gone(e.Friend.UID)
	case *event.FriendRequest: // who asks has ended the friendship, of which nothing is said
		c.newcomers.gone(e.Requester.UID)
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
		c.forgetMembers(s.Left)
	}
}

// update makes a change that an event says in full.
func (c *cache) update(u *event.Update) {
	if !c.inMembers(u.Group, u.Person) {
		c.learn(u.Person.UID, u.Person.UIN)
	}
	who := u.Person.UIN
	if who == 0 {
		who, _ = c.findUIN(u.Person.UID)
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
	for code := range c.members.of {
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
