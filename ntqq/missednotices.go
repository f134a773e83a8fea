package ntqq

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"libration/ntqq/event"
	"libration/ntqq/message"
)

// Requests and notices that came while the account was away are in lists of the service,
// unlike other events. They are read after each registration, and what has not been
// delivered becomes an event.

const (
	// missedPage and missedMost are how many entries of each list are read: more where
	// the page is not enough.
	missedPage = 20
	missedMost = 200
)

// missed is what the lists had after a registration.
type missed struct {
	events []event.Event // oldest first
	newest int64         // the time of the newest entry, or of the registration; Unix seconds
}

// listed is an event of an entry about a group.
type listed struct {
	event.Event
	sequence uint64 // of the entry
}

// askMissed reads the lists and hands what is new in them to the dispatcher.
func (c *Client) askMissed(ctx context.Context, serverTime int64) error {
	since := c.order.noticed.listed()
	m := missed{newest: serverTime}
	if since != 0 {
		var err error
		if m, err = c.listMissed(ctx, since); err != nil {
			return err
		}
	}
	select {
	case c.missed <- m:
	case <-ctx.Done():
	}
	return nil
}

// unread returns the error of a list that can be read later. A list that is refused is
// left out: the others are read.
func (c *Client) unread(err error) error {
	if refused, ok := errors.AsType[*ServerError](err); ok {
		c.log.Debug("missed requests not known", "err", refused)
		return nil
	}
	return err
}

func (c *Client) listMissed(ctx context.Context, since int64) (m missed, err error) {
	now := c.now().Unix()
	since = min(since, now) // it may have been saved by a clock that was wrong
	m.newest = since
	for _, list := range []func(context.Context, int64) ([]event.Event, int64, error){c.missedFriends, c.missedInGroups} {
		events, newest, err := list(ctx, since)
		if err != nil {
			return missed{}, err
		}
		m.events, m.newest = append(m.events, events...), max(m.newest, min(newest, now))
	}
	slices.SortStableFunc(m.events, func(a, b event.Event) int { return cmp.Compare(a.When(), b.When()) })
	return m, nil
}

// missedFriends are the friend requests that wait for an answer.
func (c *Client) missedFriends(ctx context.Context, since int64) (events []event.Event, newest int64, err error) {
	ordinary, err := c.Requests().list(ctx)
	if err := c.unread(err); err != nil {
		return nil, 0, err
	}
	filtered, err := c.Requests().filtered(ctx, missedPage)
	if err := c.unread(err); err != nil {
		return nil, 0, err
	}
	list := slices.DeleteFunc(append(ordinary, filtered...), func(r FriendRequest) bool {
		newest = max(newest, r.Time)
		return r.Time <= since || r.Own || r.State != FriendRequestPending || r.UID == ""
	})
	c.Requests().number(ctx, list)
	for _, r := range list {
		events = append(events, &event.FriendRequest{
			Requester: event.Person{UIN: r.UIN, UID: r.UID}, Message: r.Text, Source: r.Source, Time: r.Time,
		})
	}
	return events, newest, nil
}

// missedInGroups are the requests that wait for an answer, and what happened around groups
// a while ago at most.
func (c *Client) missedInGroups(ctx context.Context, since int64) (events []event.Event, newest int64, err error) {
	var list []GroupNotice
	for _, filtered := range []bool{false, true} {
		page, err := c.fetchNotices(ctx, filtered, missedPage)
		if n := len(page); err == nil && n == missedPage && page[n-1].when() > since {
			page, err = c.fetchNotices(ctx, filtered, missedMost)
		}
		if err := c.unread(err); err != nil {
			return nil, 0, err
		}
		list = append(list, page...)
	}
	oldest := c.order.oldest()
	list = slices.DeleteFunc(list, func(n GroupNotice) bool {
		newest = max(newest, n.when())
		return n.when() <= since || n.Group == 0 || n.Target.UID == "" && n.aboutTarget() || n.Kind.IsRequest() && n.State != NoticePending || !n.Kind.IsRequest() && n.when() < oldest
	})
	c.numberNotices(ctx, list)
	slices.SortFunc(list, func(a, b GroupNotice) int { return cmp.Compare(a.Sequence, b.Sequence) })
	for i := range list {
		for _, e := range c.missedEvents(&list[i]) {
			events = append(events, listed{e, list[i].Sequence})
		}
	}
	return events, newest, nil
}

// when is the time of an entry, which its sequence has, too.
func (n *GroupNotice) when() int64 {
	if n.Time != 0 {
		return n.Time
	}
	return int64(n.Sequence / 1e6)
}

// aboutTarget reports whether an entry says nothing without its Target.
func (n *GroupNotice) aboutTarget() bool {
	switch n.Kind {
	case NoticeJoin, NoticeInvitedJoin, NoticeAdminSet, NoticeAdminUnset, NoticeKicked, NoticeLeft:
		return true
	}
	return false
}

func (p NoticePerson) person() event.Person { return event.Person{UIN: p.UIN, UID: p.UID} }

// missedEvents are the events of an entry: those that its push would have given.
func (c *Client) missedEvents(n *GroupNotice) []event.Event {
	self := event.Person{UIN: c.Self().UIN, UID: c.Self().UID}
	target, operator, when := n.Target.person(), n.Operator.person(), n.when()
	if (n.Kind == NoticeJoinRefused || n.Kind == NoticeJoinAccepted) && target.UID != "" && target.UID != self.UID {
		return nil // about somebody whom the account had invited
	}
	switch n.Kind {
	case NoticeJoin:
		return []event.Event{&event.GroupJoinRequest{
			Group: n.Group, Applicant: target, Comment: n.Comment, Request: n.Sequence, Filtered: n.Filtered, Time: when,
		}}
	case NoticeInvitation:
		return []event.Event{&event.GroupInvitation{Group: n.Group, Inviter: n.Inviter.person(), Request: n.Sequence, Time: when}}
	case NoticeInvitedJoin:
		return []event.Event{&event.GroupInvitedJoinRequest{
			Group: n.Group, Target: target, Inviter: n.Inviter.person(), Comment: n.Comment,
			Request: n.Sequence, Filtered: n.Filtered, Time: when,
		}}
	case NoticeJoinRefused:
		return []event.Event{&event.GroupJoinRejected{Group: n.Group, Time: when}}
	case NoticeJoinAccepted:
		return []event.Event{&event.GroupMemberIncrease{Group: n.Group, Member: self, Operator: operator, Method: event.JoinSelf, Time: when}}
	case NoticeAdminSet:
		return []event.Event{&event.GroupAdminChanged{Group: n.Group, Member: target, Admin: true, Time: when}}
	case NoticeAdminUnset, NoticeAdminUnsetMe:
		return []event.Event{&event.GroupAdminChanged{Group: n.Group, Member: target, Time: when}}
	case NoticeKicked:
		return []event.Event{&event.GroupMemberDecrease{Group: n.Group, Member: target, Operator: operator, Reason: event.LeaveKicked, Time: when}}
	case NoticeLeft:
		return []event.Event{&event.GroupMemberDecrease{Group: n.Group, Member: target, Reason: event.LeaveLeft, Time: when}}
	case NoticeKickedMe:
		events := []event.Event{&event.GroupMemberDecrease{Group: n.Group, Member: self, Operator: operator, Reason: event.LeaveKickMe, Time: when}}
		if !c.cache.inGroup(n.Group) { // it may have come back
			events = append(events, &event.GroupLeft{Group: n.Group, Time: when})
		}
		return events
	}
	return nil
}

// noticeKey names what an event is about, in the words of the lists; "" for an event that
// is in none of them.
func noticeKey(e event.Event, self UID) string {
	switch e := e.(type) {
	case *event.FriendRequest:
		return fmt.Sprint("friend ", e.Requester.UID)
	case *event.GroupJoinRequest:
		return fmt.Sprint("join ", e.Group, " ", e.Applicant.UID)
	case *event.GroupInvitation:
		return fmt.Sprint("invitation ", e.Group, " ", e.Inviter.UID)
	case *event.GroupInvitedJoinRequest:
		return fmt.Sprint("invited ", e.Group, " ", e.Target.UID)
	case *event.GroupJoinRejected:
		return fmt.Sprint("rejected ", e.Group)
	case *event.GroupAdminChanged:
		return fmt.Sprint("admin ", e.Admin, " ", e.Group, " ", e.Member.UID)
	case *event.GroupMemberDecrease:
		return fmt.Sprint("out ", e.Group, " ", e.Member.UID)
	case *event.GroupLeft:
		return fmt.Sprint("left ", e.Group)
	case *event.GroupMemberIncrease:
		if e.Member.UID == self {
			return fmt.Sprint("in ", e.Group)
		}
	}
	return ""
}

// noticeOf names an event for noticed; Key is "" for an event that is in no list.
func (c *Client) noticeOf(e event.Event) NoticeDelivered {
	request, _ := GroupRequestOf(e)
	return NoticeDelivered{Key: noticeKey(e, c.Self().UID), Time: e.When(), Request: request.Sequence}
}

// announce delivers what the lists had and no push has said.
func (c *Client) announce(ctx context.Context, m missed) {
	for _, e := range m.events {
		d := c.noticeOf(e)
		if l, ok := e.(listed); ok {
			e = l.Event
			d = c.noticeOf(e)
			d.Request = l.sequence
		}
		if c.order.noticed.claim(d) {
			c.report(ctx, e)
		}
	}
	c.order.noticed.look(m.newest)
	c.order.changed(progressNew)
}

// unlisted reports whether the lists cannot have an event: others leave groups that the
// account does not manage.
func (c *Client) unlisted(e event.Event) bool {
	out, ok := e.(*event.GroupMemberDecrease)
	self := c.Self()
	if !ok || out.Member.UID == self.UID {
		return false
	}
	me, known, _ := c.cache.member(out.Group, self.UIN)
	return known && me.Role == message.RoleMember
}

// noteNotice notes that the handler got an event, or had got it before.
func (c *Client) noteNotice(e event.Event) {
	d := c.noticeOf(e)
	if d.Key == "" || c.unlisted(e) {
		return
	}
	if d.Time == 0 {
		d.Time = c.now().Unix()
	}
	c.order.noticed.delivered(d)
	c.order.changed(progressNew)
}
