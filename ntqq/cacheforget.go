package ntqq

// Forgotten is what [Client.ForgetLists] forgot.
type Forgotten struct {
	// MemberLists are the lists of members of groups, Bytes the memory that they took.
	MemberLists, Bytes int
	// People are those known by being looked up.
	People int
}

// ForgetLists forgets what the client keeps of friends, groups, members and people who were
// looked up, and can ask for again: the lists of friends and groups are fetched at their
// next use, and those of members are given up. A list that is on its way goes to whoever
// asked for it. No event comes of that.
func (c *Client) ForgetLists() Forgotten { return c.cache.forget() }

// forget is ForgetLists. The friends and groups of before stay until the lists are there
// again: pushes are compared with them.
func (c *cache) forget() (f Forgotten) {
	c.expire()
	c.mu.Lock()
	defer c.mu.Unlock()
	for code, l := range c.members.of {
		if c.fetching[membersKey(code)] == nil {
			f.MemberLists++
			f.Bytes += l.size()
			delete(c.members.of, code)
		}
	}
	f.People = len(c.uins.young) + len(c.uins.old)
	c.uins = uidTable{}
	clear(c.nobodies)
	return f
}
