package ntqq

import (
	"context"
	"maps"
	"time"

	"libration/ntqq/event"
)

// sameFriend is how long two pushes about a new friend are about the same.
const sameFriend = time.Minute

// newFriends finds out who is a new friend after a push that only hints at it
// (docs/protocol/events.md 5.2, 226): whoever is in the list and was not before. It is for
// cache.mu.
type newFriends struct {
	known map[UID]bool      // who was a friend when that was last looked at; nil: not yet
	found map[UID]time.Time // whom a hint led to, and when
	// unreported are those of whom no event was made yet.
	unreported []Friend
}

// meet notes the friends that are no news.
func (c *cache) meet(friends []Friend) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.newcomers.meet(friends)
}

func (n *newFriends) meet(friends []Friend) {
	n.known = make(map[UID]bool, len(friends))
	for _, f := range friends {
		n.known[f.UID] = true
	}
}

// noteFriends notes the friends there are after a hint, and who of them is new.
func (c *cache) noteFriends(friends []Friend) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := &c.newcomers
	maps.DeleteFunc(n.found, func(_ UID, at time.Time) bool { return time.Since(at) >= sameFriend })
	for _, f := range friends {
		if n.known != nil && !n.known[f.UID] {
			n.unreported = append(n.unreported, f)
			n.found[f.UID] = time.Now()
		}
	}
	n.meet(friends)
}

// takeNewFriends returns who was found to be new.
func (c *cache) takeNewFriends() []Friend {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := c.newcomers.unreported
	c.newcomers.unreported = nil
	return list
}

// told reports that a hint has led to a new friend already; else the friend is known from
// now on.
func (c *cache) told(e *event.FriendAdded) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := &c.newcomers
	if at, found := n.found[e.Friend.UID]; found && e.Friend.UID != "" {
		return time.Since(at) < sameFriend
	}
	if n.known != nil {
		n.known[e.Friend.UID] = true
	}
	return false
}

// gone forgets somebody who is no longer a friend.
func (n *newFriends) gone(uid UID) {
	delete(n.known, uid)
	delete(n.found, uid)
}

// findFriends asks for the friends after a hint. Who is new among them is handed on after
// it.
func (c *Client) findFriends(ctx context.Context, q *questions, e event.Event) {
	hint, ok := e.(*event.ListsChanged)
	if !ok || !hint.NewFriend || !q.may(c) {
		return
	}
	friends, err := c.Friends().List(ctx, false)
	c.silence.note(err)
	if err != nil {
		c.log.Debug("not known whether there is a new friend", "err", err)
		return
	}
	c.cache.noteFriends(friends)
}

// befriended reports who is a new friend after a hint.
func (c *Client) befriended(ctx context.Context, hint *event.ListsChanged) {
	for _, f := range c.cache.takeNewFriends() {
		c.deliver(ctx, &event.FriendAdded{Friend: event.Person{UIN: f.UIN, UID: f.UID}, Nickname: f.Nickname, Time: hint.Time})
	}
}
