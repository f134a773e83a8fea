package ntqq

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync/atomic"
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
	// nobodyFor is how long the server is not asked again for somebody it does not know.
	nobodyFor = time.Minute
)

// questions says whether the service may be asked about an event.
type questions struct {
	allowed bool
	crowded bool // not for addresses of media
	wanted  bool // an answer would tell more
}

// may reports whether a question may be asked now, and notes that it would tell more.
func (q *questions) may(c *Client) bool {
	q.wanted = true
	return q.allowed && !c.silence.now()
}

// silence is the time after a look-up that was not answered. It is safe for concurrent
// use.
type silence struct{ until atomic.Pointer[time.Time] }

// note notes the outcome of a look-up for an event.
func (s *silence) note(err error) {
	if errors.Is(err, ErrTimeout) || errors.Is(err, context.DeadlineExceeded) {
		s.begin()
	}
}

func (s *silence) begin() {
	until := time.Now().Add(lookPause)
	s.until.Store(&until)
}

// now reports that events may not cause look-ups.
func (s *silence) now() bool {
	until := s.until.Load()
	return until != nil && time.Now().Before(*until)
}

// filling fills in what an event lacks: fillIn, or a part of it.
type filling func(*Client, context.Context, *questions, event.Event)

// fillIn fills in all that an event lacks.
func (c *Client) fillIn(ctx context.Context, q *questions, e event.Event) {
	c.findFriends(ctx, q, e)
	c.resolve(ctx, q, e)
	c.askMore(ctx, q, e)
	c.name(ctx, q, e)
	c.locateMedia(ctx, q, e)
}

// askAbout completes an event by questions, in resolveTimeout. It waits until they can be
// asked: pushes flow from the registration on, look-ups from the answer to it.
func (c *Client) askAbout(ctx context.Context, q *questions, e event.Event, fill filling) {
	ctx, cancel := context.WithTimeout(ctx, resolveTimeout)
	defer cancel()
	_, err := c.Wait(ctx, func(s State) bool { return s.Stage != Registering })
	c.silence.note(err)
	fill(c, ctx, q, e)
}

// resolve fills in the numbers of the people an event names by uid
// (docs/protocol/events.md 4). Who cannot be found keeps the number 0; the event
// is delivered all the same.
func (c *Client) resolve(ctx context.Context, q *questions, e event.Event) {
	if m, ok := e.(*event.Message); ok {
		c.nameMentions(m.Message, func() { c.refreshMembers(ctx, q, m.Chat.Group) })
		return
	}
	people := e.People()
	if chat := people.Chat; chat != nil && chat.Peer == 0 && chat.PeerUID != "" {
		peer := event.Person{UID: chat.PeerUID}
		people.Others = append(people.Others, &peer)
		defer func() { chat.Peer = peer.UIN }()
	}
	find := func(who []*event.Person, group GroupCode) {
		for _, p := range who {
			if p.UIN == 0 && p.UID != "" && !c.resolveKnown(p) {
				c.resolvePerson(ctx, q, p, group)
			}
		}
	}
	find(people.Members, people.Group)
	find(people.Others, 0)
}

// name fills in what private messages do not say: the sender's name.
func (c *Client) name(ctx context.Context, q *questions, e event.Event) {
	m, ok := e.(*event.Message)
	if !ok {
		return
	}
	if m.Chat.Kind == message.Temp && !m.Self {
		c.nameStranger(ctx, q, m.Message)
		return
	}
	c.nameSender(m.Message, func() {
		if !q.may(c) {
			return
		}
		_, err := c.Friends().List(ctx, false)
		c.silence.note(err)
	})
}

// nameStranger is name for a message of somebody who need not be a friend: a member of the
// group that it came by, or any user.
func (c *Client) nameStranger(ctx context.Context, q *questions, m *message.Message) {
	s := &m.Sender
	member, found, _ := c.cache.member(m.Chat.Group, s.UIN)
	if !found {
		c.refreshMembers(ctx, q, m.Chat.Group)
		member, _, _ = c.cache.member(m.Chat.Group, s.UIN)
	}
	s.Nickname, s.Card = cmp.Or(s.Nickname, member.Nickname), cmp.Or(s.Card, member.Card)
	if s.Nickname != "" || !q.may(c) {
		return
	}
	u, err := c.Users().Info(ctx, s.UIN)
	c.silence.note(err)
	s.Nickname = u.Nickname
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
func (c *Client) locateMedia(ctx context.Context, q *questions, e event.Event) {
	m, ok := e.(*event.Message)
	if !ok || !slices.ContainsFunc(m.Content, c.unlocated) {
		return
	}
	m.Content = slices.Clone(m.Content)
	keys, none := c.rkeys.known(c.now()), 0
	if keys {
		_ = c.addresses(ctx, m.Content, &none, false)
	} else { // only what needs no question has an address now
		ended, cancel := context.WithCancel(ctx)
		cancel()
		_ = c.addresses(ended, m.Content, &none, false)
	}
	asks := eventAddresses
	if q.crowded {
		asks = 0
	}
	if keys && asks == 0 || !slices.ContainsFunc(m.Content, c.unlocated) || !q.may(c) {
		return
	}
	err := c.addresses(ctx, m.Content, &asks, false)
	c.silence.note(errors.Join(err, ctx.Err())) // err is the first one, of several
	if err != nil {
		c.log.Debug("a medium has no address", "err", err)
	}
}

// refreshMembers fetches a group's list for an event, unless that was done a
// moment ago.
func (c *Client) refreshMembers(ctx context.Context, q *questions, group GroupCode) {
	if group == 0 || c.cache.membersAge(group) < resolveMembersEvery || !q.may(c) {
		return
	}
	_, err := c.listMembers(ctx, group, true)
	c.silence.note(err)
	if err != nil {
		c.log.Debug("members not fetched for an event", "group", group, "err", err)
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

func (c *Client) resolvePerson(ctx context.Context, q *questions, p *event.Person, group GroupCode) {
	c.refreshMembers(ctx, q, group)
	if c.resolveKnown(p) || c.cache.isNobody(p.UID) || !q.may(c) {
		return
	}
	c.lookUpNumber(ctx, p)
}

// lookUpNumber asks the server for the number of somebody.
func (c *Client) lookUpNumber(ctx context.Context, p *event.Person) {
	u, err := c.Users().InfoByUID(ctx, p.UID)
	c.silence.note(err)
	if err != nil {
		c.log.Debug("nobody found for a uid", "uid", p.UID, "err", err)
		if errors.Is(err, ErrNoUser) {
			c.cache.noteNobody(p.UID)
		}
		return
	}
	p.UIN = u.UIN
	c.cache.mu.Lock()
	c.cache.learn(p.UID, u.UIN)
	c.cache.mu.Unlock()
}
