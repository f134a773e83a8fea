package ntqq

import (
	"context"
	"errors"
	"slices"
	"time"

	"libration/ntqq/event"
	"libration/ntqq/message"
)

const (
	// resolveTimeout bounds all look-ups for one event.
	resolveTimeout = 10 * time.Second
	// resolveMembersEvery is how often events may cause a group's list to be fetched.
	resolveMembersEvery = 30 * time.Second
	// lookPause follows a look-up without an answer: events must not all wait for a
	// server that is silent about people.
	lookPause = 30 * time.Second
)

// resolve fills in the numbers of the people an event names by uid
// (docs/protocol/events.md 4). Who cannot be found keeps the number 0; the event
// is delivered all the same.
func (c *Client) resolve(ctx context.Context, e event.Event) {
	if m, ok := e.(*event.Message); ok {
		c.nameMentions(m.Message, func() { c.refreshMembers(ctx, m.Chat.Group) })
		return
	}
	people := e.People()
	if chat := people.Chat; chat != nil && chat.Peer == 0 && chat.PeerUID != "" {
		peer := event.Person{UID: chat.PeerUID}
		people.Others = append(people.Others, &peer)
		defer func() { chat.Peer = peer.UIN }()
	}
	cancel := func() {}
	looking := false
	find := func(who []*event.Person, group GroupCode) {
		for _, p := range who {
			if p.UIN != 0 || p.UID == "" {
				continue
			}
			if c.resolveKnown(p) || time.Now().Before(c.lookAgain) {
				continue
			}
			if !looking {
				looking = true
				ctx, cancel = c.lookUps(ctx)
			}
			c.resolvePerson(ctx, p, group)
		}
	}
	defer func() { cancel() }()
	find(people.Members, people.Group)
	find(people.Others, 0)
}

// lookUps bounds the look-ups for one event, and waits until they can be made: pushes
// flow from the registration on, look-ups from the answer to it.
func (c *Client) lookUps(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(ctx, resolveTimeout)
	_, err := c.Wait(ctx, func(s State) bool { return s.Stage != Registering })
	c.looked(err)
	return ctx, cancel
}

// name fills in what private messages do not say: the sender's name.
func (c *Client) name(ctx context.Context, e event.Event) {
	m, ok := e.(*event.Message)
	if !ok {
		return
	}
	c.nameSender(m.Message, func() {
		if time.Now().Before(c.lookAgain) {
			return
		}
		ctx, cancel := c.lookUps(ctx)
		defer cancel()
		_, err := c.Friends().List(ctx, false)
		c.looked(err)
	})
}

// nameSender is name for a message; fetch is called when the list of friends is not
// fresh.
func (c *Client) nameSender(m *message.Message, fetch func()) {
	if m.Sender.Nickname != "" || m.Chat.Kind == message.Group {
		return
	}
	if m.Self {
		m.Sender.Nickname = c.Self().Nickname
		return
	}
	f, fresh := c.cache.lookFriend(m.Sender.UIN)
	if !fresh {
		fetch()
		f, _ = c.cache.lookFriend(m.Sender.UIN)
	}
	m.Sender.Nickname = f.Nickname
}

// nameMentions fills in the numbers of those whom a message mentions or quotes by uid
// alone (docs/protocol/messages.md 5.2, 6), from what is known; fetch, when not nil, is
// called once to know more of those who are mentioned. There is no look-up for each: a
// message may mention hundreds. The segments are replaced, not changed: others may hold
// them.
func (c *Client) nameMentions(m *message.Message, fetch func()) {
	copied := false
	for i, seg := range m.Content {
		var p event.Person
		switch s := seg.(type) {
		case *message.AtSegment:
			p = event.Person{UIN: s.UIN, UID: s.UID}
		case *message.ReplySegment:
			p = event.Person{UIN: s.SenderUIN, UID: s.SenderUID}
		}
		if p.UIN != 0 || p.UID == "" {
			continue
		}
		if _, mentions := seg.(*message.AtSegment); !c.resolveKnown(&p) && mentions && fetch != nil {
			fetch()
			fetch = nil
			c.resolveKnown(&p)
		}
		if p.UIN == 0 {
			continue
		}
		if !copied {
			m.Content, copied = slices.Clone(m.Content), true
		}
		switch s := seg.(type) {
		case *message.AtSegment:
			named := *s
			named.UIN = p.UIN
			m.Content[i] = &named
		case *message.ReplySegment:
			named := *s
			named.SenderUIN = p.UIN
			m.Content[i] = &named
		}
	}
}

// eventAddresses is how often the service is asked for addresses of media for one event.
// Those of pictures are made without.
const eventAddresses = 8

// crowd is how many packets may wait while it is asked for them. A flood of messages with
// voices must not make all events late: those in it get none.
const crowd = 8

// locateMedia fills in the addresses of a message's media. The segments are replaced, not
// changed: others may hold them.
func (c *Client) locateMedia(ctx context.Context, e event.Event) {
	m, ok := e.(*event.Message)
	if !ok || !slices.ContainsFunc(m.Content, c.unlocated) {
		return
	}
	m.Content = slices.Clone(m.Content)
	asks := eventAddresses
	if time.Now().Before(c.lookAgain) { // only what needs no question has an address now
		ended, cancel := context.WithCancel(ctx)
		cancel()
		_ = c.addresses(ended, m.Content, &asks, false)
		return
	}
	ctx, cancel := c.lookUps(ctx)
	defer cancel()
	if c.pushes.Len() > crowd {
		asks = 0
	}
	err := c.addresses(ctx, m.Content, &asks, false)
	c.looked(errors.Join(err, ctx.Err())) // err is the first one, of several
	if err != nil {
		c.log.Debug("a medium has no address", "err", err)
	}
}

// refreshMembers fetches a group's list for an event, unless that was done a
// moment ago.
func (c *Client) refreshMembers(ctx context.Context, group GroupCode) {
	if group == 0 || c.cache.membersAge(group) < resolveMembersEvery || time.Now().Before(c.lookAgain) {
		return
	}
	ctx, cancel := c.lookUps(ctx)
	defer cancel()
	_, err := c.Members().List(ctx, group, true)
	c.looked(err)
	if err != nil {
		c.log.Debug("members not fetched for an event", "group", group, "err", err)
	}
}

// looked notes the outcome of a look-up for an event.
func (c *Client) looked(err error) {
	if errors.Is(err, ErrTimeout) || errors.Is(err, context.DeadlineExceeded) {
		c.lookAgain = time.Now().Add(lookPause)
	}
}

func (c *Client) resolveKnown(p *event.Person) bool {
	if self := c.Self(); p.UID == self.UID {
		p.UIN = self.UIN
		return true
	}
	uin, ok := c.cache.uin(p.UID)
	p.UIN = uin
	return ok
}

func (c *Client) resolvePerson(ctx context.Context, p *event.Person, group GroupCode) {
	c.refreshMembers(ctx, group)
	if c.resolveKnown(p) {
		return
	}
	u, err := c.Users().InfoByUID(ctx, p.UID)
	c.looked(err)
	if err != nil {
		c.log.Debug("nobody found for a uid", "uid", p.UID, "err", err)
		return
	}
	p.UIN = u.UIN
	c.cache.mu.Lock()
	c.cache.learn(p.UID, u.UIN)
	c.cache.mu.Unlock()
}
