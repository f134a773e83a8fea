package ntqq

import (
	"context"
	"errors"
	"fmt"
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
	return n.State == NoticePending && n.Kind == r.Kind && n.Group == r.Group && (r.Asker == "" || n.Asker().UID == r.Asker)
}

// requestPause is how long the client waits before it looks once more for the entry of a
// request that it was told of (docs/protocol/events.md 5.2.2).
const requestPause = time.Second

// findRequest looks for what a push does not say of a request; fill takes it.
func (c *Client) findRequest(ctx context.Context, match func(*GroupNotice) bool, fill func(*GroupNotice)) error {
	n, err := c.findNotice(ctx, noticePage, match)
	if errors.Is(err, ErrNoRequest) {
		timer := time.NewTimer(requestPause)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		n, err = c.findNotice(ctx, noticePage, match)
	}
	if err == nil {
		fill(&n)
	}
	return err
}

// enrichRequest is enrich for requests: the question for the sequence.
func (c *Client) enrichRequest(e event.Event) func(context.Context) error {
	request, _ := GroupRequestOf(e)
	if request.Sequence != 0 {
		return nil
	}
	match := request.matches
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
		match = func(n *GroupNotice) bool { return request.matches(n) && n.Target.UID == e.Target.UID }
		fill = func(n *GroupNotice) { e.Request, e.Filtered, e.Comment = n.Sequence, n.Filtered, n.Comment }
	case *event.GroupInvitation:
		fill = func(n *GroupNotice) { e.Request = n.Sequence }
	}
	return func(ctx context.Context) error { return c.findRequest(ctx, match, fill) }
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
