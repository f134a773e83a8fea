package ntqq

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/event"
)

// Verdict is what the account decides about a request.
type Verdict uint8

// The verdicts.
const (
	Accept Verdict = 1
	Refuse Verdict = 2
	Ignore Verdict = 3 // who asked gets no notice
)

// GroupRequest names a request about a group, so that it can be answered.
type GroupRequest struct {
	Group GroupCode
	// Kind is [NoticeJoin], [NoticeInvitation] or [NoticeInvitedJoin].
	Kind GroupNoticeKind
	// Sequence is that of the [GroupNotice], or Request of the event. With 0 the request is
	// looked for in the lists, by Group, Kind and Asker; with Kind 0 by Sequence alone.
	Sequence uint64
	// Filtered is as in the notice or the event.
	Filtered bool
	// Asker is who asks to join or, of the other kinds, who invites. It counts when Sequence
	// is 0; "" is anybody.
	Asker UID
}

// Request returns what names a request of the notification lists.
func (n *GroupNotice) Request() GroupRequest {
	return GroupRequest{Group: n.Group, Kind: n.Kind, Sequence: n.Sequence, Filtered: n.Filtered, Asker: n.Asker().UID}
}

// GroupRequestOf returns what names the request of an event: of an
// [event.GroupJoinRequest], [event.GroupInvitedJoinRequest] or [event.GroupInvitation].
// Other events have none.
func GroupRequestOf(e event.Event) (r GroupRequest, ok bool) {
	switch e := e.(type) {
	case *event.GroupJoinRequest:
		return GroupRequest{e.Group, NoticeJoin, e.Request, e.Filtered, e.Applicant.UID}, true
	case *event.GroupInvitedJoinRequest:
		return GroupRequest{e.Group, NoticeInvitedJoin, e.Request, e.Filtered, e.Inviter.UID}, true
	case *event.GroupInvitation:
		return GroupRequest{e.Group, NoticeInvitation, e.Request, false, e.Inviter.UID}, true
	}
	return GroupRequest{}, false
}

func answerRequest(r GroupRequest, v Verdict, reason string) *oidbpb.AnswerGroupNoticeReq {
	return &oidbpb.AnswerGroupNoticeReq{Operate: uint32(v), Body: &oidbpb.AnswerGroupNoticeBody{
		Sequence: r.Sequence, Type: uint32(r.Kind), GroupCode: uint64(r.Group), Message: proto.String(reason),
	}}
}

// answerable is among how many entries of a list a request is looked for that is to be
// answered.
const answerable = 1000

// AnswerGroup decides about a request to join a group, or about an invitation. reason goes
// to who asked; it may be "". The error is [ErrNoRequest] when the request has no sequence
// and is not found, or no longer waits. What the server refuses, as the decision of who is
// no admin, is a [*ServerError]; the other errors are those of [Client.Call].
func (r Requests) AnswerGroup(ctx context.Context, request GroupRequest, v Verdict, reason string) error {
	if request.Sequence == 0 || request.Kind == 0 {
		found, err := r.c.findNotice(ctx, answerable, request.matches)
		if err != nil {
			return fmt.Errorf("request about group %d: %w", request.Group, err)
		}
		request = found.Request()
	}
	op := rpc.AnswerNotice
	if request.Filtered {
		op = rpc.AnswerFilteredNotice
	}
	if _, err := call(ctx, r.c, op, answerRequest(request, v, reason)); err != nil {
		return fmt.Errorf("request about group %d: %w", request.Group, err)
	}
	return nil
}

// matches reports whether an entry is the request, and waits.
func (r GroupRequest) matches(n *GroupNotice) bool {
	if r.Kind == 0 {
		return n.Sequence == r.Sequence && n.Kind.IsRequest()
	}
	return n.State == NoticePending && r.about(n)
}

// about reports whether an entry is of the same kind, group and person.
func (r GroupRequest) about(n *GroupNotice) bool {
	return n.Kind == r.Kind && n.Group == r.Group && (r.Asker == "" || n.Asker().UID == r.Asker)
}

const (
	// requestPause is how long the client waits before it looks once more for the entry of a
	// pushed request (docs/protocol/events.md 5.2.2).
	requestPause = time.Second
	// requestSlack is how far the times of a push and of its entry may be apart, in seconds.
	requestSlack = 60
)

// lookedUp remembers the requests that look-ups have led to, so that somebody's next
// request does not count as the one before. It is safe for concurrent use.
type lookedUp struct {
	mu   sync.Mutex
	ring [256]uint64
	next int
}

func (l *lookedUp) has(sequence uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Contains(l.ring[:], sequence)
}

func (l *lookedUp) add(sequence uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ring[l.next] = sequence
	l.next = (l.next + 1) % len(l.ring)
}

// findRequest looks for the entry of a request that a push told of at when; fill takes it.
// about reports whether an entry is of that kind, group and person.
func (c *Client) findRequest(ctx context.Context, when int64, about func(*GroupNotice) bool, fill func(*GroupNotice)) error {
	n, err := c.pickRequest(ctx, when, about, false)
	if errors.Is(err, ErrNoRequest) {
		timer := time.NewTimer(requestPause)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		n, err = c.pickRequest(ctx, when, about, true)
	}
	if err == nil {
		c.lookedUp.add(n.Sequence)
		fill(&n)
	}
	return err
}

// pickRequest finds the entry that is nearest to when, and the oldest of several that are
// equally near: of a minute around it also one that was decided meanwhile, else one that is
// open. An entry that was found for an earlier push is picked only with again.
func (c *Client) pickRequest(ctx context.Context, when int64, about func(*GroupNotice) bool, again bool) (GroupNotice, error) {
	var best *GroupNotice
	for _, filtered := range []bool{false, true} {
		list, err := c.fetchNotices(ctx, filtered, noticePage)
		if err != nil {
			return GroupNotice{}, err
		}
		for i := range list {
			n := &list[i]
			far, open := abs(n.when()-when), n.State == NoticePending
			if !about(n) || !open && far > requestSlack {
				continue
			}
			if picked := c.lookedUp.has(n.Sequence); picked && (!again || !open) {
				continue
			}
			if best == nil || cmp.Or(cmp.Compare(far, abs(best.when()-when)), cmp.Compare(n.Sequence, best.Sequence)) < 0 {
				best = n
			}
		}
		if best != nil && best.State == NoticePending {
			break
		}
	}
	if best == nil {
		return GroupNotice{}, ErrNoRequest
	}
	return *best, nil
}

func abs(n int64) int64 { return max(n, -n) }

// enrichRequest is enrich for requests: the question for the sequence.
func (c *Client) enrichRequest(e event.Event) func(context.Context) error {
	request, _ := GroupRequestOf(e)
	if request.Sequence != 0 {
		return nil
	}
	about := request.about
	fill := func(*GroupNotice) {}
	switch e := e.(type) {
	case *event.GroupJoinRequest:
		fill = func(n *GroupNotice) {
			e.Request, e.Filtered = n.Sequence, n.Filtered
			if e.Comment == "" {
				e.Comment = n.Comment
			}
		}
	case *event.GroupInvitedJoinRequest:
		about = func(n *GroupNotice) bool { return request.about(n) && n.Target.UID == e.Target.UID }
		fill = func(n *GroupNotice) { e.Request, e.Filtered, e.Comment = n.Sequence, n.Filtered, n.Comment }
	case *event.GroupInvitation:
		fill = func(n *GroupNotice) { e.Request = n.Sequence }
	}
	return func(ctx context.Context) error { return c.findRequest(ctx, e.When(), about, fill) }
}

func inviteRequest(group GroupCode, uid UID, source GroupCode) *oidbpb.InviteToGroupReq {
	user := &oidbpb.InviteToGroupUser{Uid: string(uid)}
	if source != 0 {
		user.SourceGroup = proto.Uint64(uint64(source))
	}
	return &oidbpb.InviteToGroupReq{
		GroupCode: uint64(group), Users: []*oidbpb.InviteToGroupUser{user}, Unknown10: proto.Uint32(0),
	}
}

// Invite invites somebody into a group that the account is in: a friend or, with source, a
// member of the group source. What comes of it, who decides, is up to the group. The
// errors are [ErrNoFriend] or [ErrNoMember], [ErrNoGroup], and those of [Client.Call]. What
// the server refuses is a [*ServerError].
func (g Groups) Invite(ctx context.Context, code GroupCode, user UIN, source GroupCode) error {
	uid, err := g.c.friendUID(ctx, user)
	if source != 0 {
		var m Member
		m, err = g.c.Members().Info(ctx, source, user, false)
		uid = m.UID
	}
	if err == nil {
		_, err = call(ctx, g.c, rpc.InviteToGroup, inviteRequest(code, uid, source))
	}
	if err != nil {
		return fmt.Errorf("invite %d into group %d: %w", user, code, g.c.inGroup(ctx, code, err))
	}
	return nil
}
