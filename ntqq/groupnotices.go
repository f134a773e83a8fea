package ntqq

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/event"
)

// GroupNoticeKind is what an entry of the notification lists is about
// (docs/protocol/operations.md 4.3). Other numbers are possible.
type GroupNoticeKind uint32

// The kinds. Target, Inviter and Operator are fields of [GroupNotice].
const (
	NoticeJoin               GroupNoticeKind = 1  // Target asks to join; an admin decides
	NoticeInvitation         GroupNoticeKind = 2  // Inviter invites the account
	NoticeAdminSet           GroupNoticeKind = 3  // Target became an admin
	NoticeKicked             GroupNoticeKind = 6  // Operator removed Target
	NoticeKickedMe           GroupNoticeKind = 7  // Operator removed the account
	NoticeInvitationRefused  GroupNoticeKind = 10 // Target refused the account's invitation
	NoticeJoinRefused        GroupNoticeKind = 11 // Operator refused the account's request
	NoticeInvitationAccepted GroupNoticeKind = 12 // Target accepted the account's invitation
	NoticeLeft               GroupNoticeKind = 13 // Target left
	NoticeAdminUnsetMe       GroupNoticeKind = 15 // the account is no admin any more
	NoticeAdminUnset         GroupNoticeKind = 16 // Target is no admin any more
	NoticeInvitedJoin        GroupNoticeKind = 22 // Inviter invites Target; an admin decides
	NoticeJoinAccepted       GroupNoticeKind = 35 // Operator accepted the account's request
)

// IsRequest reports whether an entry of this kind is decided by the account.
func (k GroupNoticeKind) IsRequest() bool {
	return k == NoticeJoin || k == NoticeInvitation || k == NoticeInvitedJoin
}

// GroupNoticeState is what became of an entry of the notification lists.
type GroupNoticeState uint32

// The states.
const (
	NoticeTold     GroupNoticeState = 0 // there is nothing to decide
	NoticePending  GroupNoticeState = 1
	NoticeAccepted GroupNoticeState = 2
	NoticeRefused  GroupNoticeState = 3
	NoticeIgnored  GroupNoticeState = 4
	NoticeHandled  GroupNoticeState = 5 // in some way
)

// GroupNotice is an entry of the notification lists of the account: a request about a
// group, or what happened around one.
type GroupNotice struct {
	// Sequence names the entry. It is the time in Unix microseconds.
	Sequence uint64
	Kind     GroupNoticeKind
	State    GroupNoticeState
	// Filtered entries are in a list of their own: those of senders whom the service takes
	// for risky.
	Filtered  bool
	Group     GroupCode
	GroupName string
	// Target is whom the entry is about, Inviter who invited Target, Operator who decided
	// or did it. Each may be empty.
	Target, Inviter, Operator NoticePerson
	// Comment is what was written with a request; may be "".
	Comment string
	// Time is Unix seconds, 0 when the service does not say it.
	Time int64
}

// NoticePerson is somebody in a [GroupNotice]. UIN is 0 when nobody was found for UID.
type NoticePerson struct {
	UIN  UIN
	UID  UID
	Name string // the nickname; may be ""
}

// Asker returns who asks for a decision: the applicant, or who invites.
func (n *GroupNotice) Asker() NoticePerson {
	if n.Kind == NoticeJoin {
		return n.Target
	}
	return n.Inviter
}

// sparePages is how many pages more than needed are fetched, where pages are not full.
const sparePages = 10

// noticePage is how many entries one request asks for (docs/protocol/operations.md 3.3).
const noticePage = 20

func noticesRequest(count uint32, start uint64) *oidbpb.GroupNoticeListReq {
	req := &oidbpb.GroupNoticeListReq{Count: count}
	if start != 0 {
		req.StartSequence = &start
	}
	return req
}

// fetchNotices fetches the newest entries of one list, at most limit, newest first. The
// numbers of people are missing.
func (c *Client) fetchNotices(ctx context.Context, filtered bool, limit int) ([]GroupNotice, error) {
	return c.fetchNoticesUntil(ctx, filtered, limit, func(*GroupNotice) bool { return false })
}

// fetchNoticesUntil is fetchNotices that fetches nothing behind the page with the last entry.
func (c *Client) fetchNoticesUntil(ctx context.Context, filtered bool, limit int, last func(*GroupNotice) bool) ([]GroupNotice, error) {
	op := rpc.GroupNotices
	if filtered {
		op = rpc.FilteredNotices
	}
	var (
		list  []GroupNotice
		size  pages
		start uint64
	)
	for range limit/noticePage + sparePages {
		resp, err := call(ctx, c, op, noticesRequest(noticePage, start))
		if err == nil {
			err = size.add(len(resp.GetNotices()), resp, nil)
		}
		if err != nil {
			return nil, fmt.Errorf("group notifications: %w", err)
		}
		page := noticesOf(resp, filtered)
		list = append(list, page...)
		next := resp.GetNextStartSequence()
		if next == 0 || next == start || len(list) >= limit || slices.ContainsFunc(page, func(n GroupNotice) bool { return last(&n) }) {
			break
		}
		start = next
	}
	return list[:min(len(list), limit)], nil
}

func noticesOf(resp *oidbpb.GroupNoticeListResp, filtered bool) []GroupNotice {
	list := make([]GroupNotice, 0, len(resp.GetNotices()))
	for _, n := range resp.GetNotices() {
		list = append(list, GroupNotice{
			Sequence: n.GetSequence(), Kind: GroupNoticeKind(n.GetType()), State: GroupNoticeState(n.GetState()),
			Filtered: filtered, Group: GroupCode(n.GetGroup().GetGroupCode()), GroupName: n.GetGroup().GetGroupName(),
			Target: noticePerson(n.GetTarget()), Inviter: noticePerson(n.GetInviter()), Operator: noticePerson(n.GetOperator()),
			Comment: n.GetComment(), Time: int64(n.GetTime()),
		})
	}
	return list
}

func noticePerson(u *oidbpb.GroupNoticeUser) NoticePerson {
	return NoticePerson{UID: boundedUID(u.GetUid()), Name: u.GetName()}
}

// findNotice looks for the newest entry that matches, among the newest of the list, at most
// limit, and then of the filtered one (docs/protocol/events.md 5.2.2). The numbers of people are
// missing in it. The error is ErrNoRequest where there is none.
func (c *Client) findNotice(ctx context.Context, limit int, match func(*GroupNotice) bool) (GroupNotice, error) {
	for _, filtered := range []bool{false, true} {
		list, err := c.fetchNoticesUntil(ctx, filtered, limit, match)
		if err != nil {
			return GroupNotice{}, err
		}
		for i := range list {
			if match(&list[i]) {
				return list[i], nil
			}
		}
	}
	return GroupNotice{}, ErrNoRequest
}

// GroupNotices returns the newest entries of the account's notification lists of groups,
// newest first: at most limit of the list, and of that of the filtered ones. A limit of 0
// or less is 20. The lists are fetched each time. The errors are those of [Client.Call].
func (r Requests) GroupNotices(ctx context.Context, limit int) ([]GroupNotice, error) {
	if limit <= 0 {
		limit = noticePage
	}
	list, err := r.c.fetchNotices(ctx, false, limit)
	if err != nil {
		return nil, err
	}
	filtered, err := r.c.fetchNotices(ctx, true, limit)
	if err != nil {
		return nil, err
	}
	list = append(list, filtered...)
	slices.SortStableFunc(list, func(a, b GroupNotice) int { return cmp.Compare(b.Sequence, a.Sequence) })
	r.c.numberNotices(ctx, list)
	return list, nil
}

// Groups is [Requests.GroupNotices] for requests alone, decided or not: the account
// decides about them.
func (r Requests) Groups(ctx context.Context, limit int) ([]GroupNotice, error) {
	list, err := r.GroupNotices(ctx, limit)
	return slices.DeleteFunc(list, func(n GroupNotice) bool { return !n.Kind.IsRequest() }), err
}

// numberNotices fills in the numbers of people.
func (c *Client) numberNotices(ctx context.Context, list []GroupNotice) {
	asked := map[UID]bool{}
	for i := range list {
		n := &list[i]
		for _, p := range []*NoticePerson{&n.Target, &n.Inviter, &n.Operator} {
			who := event.Person{UID: p.UID}
			c.numberStranger(ctx, &who, asked)
			p.UIN = who.UIN
		}
	}
}

// boundedUID is a text id of an answer; "" for one that is longer than any.
func boundedUID(uid string) UID {
	if len(uid) > maxUID {
		return ""
	}
	return UID(uid)
}

// numberStranger fills in the number of somebody who may be in no list. It asks neither
// for those in asked, to which it adds, nor for somebody unknown, nor while the server is
// silent.
func (c *Client) numberStranger(ctx context.Context, p *event.Person, asked map[UID]bool) {
	if p.UID == "" || c.resolveKnown(p) || asked[p.UID] || c.cache.isNobody(p.UID) || c.silence.now() {
		return
	}
	asked[p.UID] = true
	c.lookUpNumber(ctx, p)
}
