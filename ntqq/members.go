package ntqq

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/message"
)

// Member is a member of a group.
type Member struct {
	Group    GroupCode
	UIN      UIN
	UID      UID
	Nickname string
	// Card is the member's name in this group, "" for none: then the nickname is shown.
	Card string
	// Title is the special title that the owner has given, "" for none.
	Title string
	Role  message.Role
	Level uint32
	// JoinTime and LastSpeak are in Unix seconds.
	JoinTime, LastSpeak int64
	// MuteUntil is in Unix seconds. 0, or a time that has passed: the member may speak.
	MuteUntil int64
}

// maxListing is how many lists of members are fetched at once for callers: on their way
// they take much more memory than in the cache.
const maxListing = 16

// Members are the operations on members of groups. They are safe for concurrent use.
type Members struct{ c *Client }

// Members returns the operations on members of groups.
func (c *Client) Members() Members { return Members{c} }

// List returns the members of a group that the account is in, sorted by number. The
// list comes from memory; it is fetched when it is not known, a push has made it old, or
// refresh is true. The errors are those of [Client.Call], and [ErrNoGroup] of a group
// that the account is not in.
func (m Members) List(ctx context.Context, group GroupCode, refresh bool) ([]Member, error) {
	if list, fresh := m.c.cache.memberList(group); fresh && !refresh {
		return list, nil
	}
	select {
	case m.c.listing <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-m.c.listing }()
	return m.c.listMembers(ctx, group, refresh)
}

// listMembers is List for events, which do not wait for others.
func (c *Client) listMembers(ctx context.Context, group GroupCode, refresh bool) ([]Member, error) {
	return cached(ctx, c, membersKey(group), refresh,
		func() ([]Member, bool) { return c.cache.memberList(group) },
		func(ctx context.Context) error { return c.fetchMembers(ctx, group) })
}

// Info returns one member of a group that the account is in; refresh and the errors are
// as for [Members.List]. Where the group has no such member the error is [ErrNoMember].
func (m Members) Info(ctx context.Context, group GroupCode, user UIN, refresh bool) (Member, error) {
	c := m.c
	known, found, fresh := c.cache.member(group, user)
	if found && fresh && !refresh {
		return known, nil
	}
	if found && fresh { // only this one is asked for again
		return c.fetchMember(ctx, known)
	}
	list, err := m.List(ctx, group, refresh)
	if err != nil {
		return Member{}, err
	}
	i, found := slices.BinarySearchFunc(list, user, func(m Member, user UIN) int { return cmp.Compare(m.UIN, user) })
	if !found {
		return Member{}, fmt.Errorf("member %d of group %d: %w", user, group, ErrNoMember)
	}
	return list[i], nil
}

// SetCard gives a member a name in the group; with "" the nickname is shown again.
// Everybody may change their own card, the owner and admins anybody's: else the error is
// a [*ServerError]. The other errors are those of [Members.Info].
func (m Members) SetCard(ctx context.Context, group GroupCode, user UIN, card string) error {
	known, err := m.Info(ctx, group, user, false)
	if err == nil {
		_, err = call(ctx, m.c, rpc.SetMemberCard, cardRequest(group, known.UID, card))
	}
	if err == nil {
		m.c.cache.editMember(group, user, func(m *Member) { m.Card = card })
	}
	return err
}

func cardRequest(group GroupCode, user UID, card string) *oidbpb.ModifyMemberReq {
	info := &oidbpb.ModifyMemberInfo{Uid: string(user)}
	if card != "" {
		info.MemberCard = &card
	}
	return &oidbpb.ModifyMemberReq{GroupCode: uint64(group), Members: []*oidbpb.ModifyMemberInfo{info}}
}

func memberRequest(code GroupCode, uid UID) *oidbpb.GroupMemberReq {
	return &oidbpb.GroupMemberReq{
		GroupCode: uint64(code), Unknown2: 3, Flags: memberFlags(),
		Member: &oidbpb.GroupMemberSelector{Uid: string(uid)},
	}
}

// fetchMember asks for a member again.
func (c *Client) fetchMember(ctx context.Context, known Member) (Member, error) {
	code, uid := known.Group, known.UID
	resp, err := call(ctx, c, rpc.GroupMember, memberRequest(code, uid))
	if err != nil {
		return Member{}, fmt.Errorf("member %s of group %d: %w", uid, code, err)
	}
	if resp.GetMember().GetId().GetUin() == 0 {
		return Member{}, fmt.Errorf("member %s of group %d: %w", uid, code, ErrNoMember)
	}
	m := memberOf(code, resp.GetMember())
	c.cache.setMember(known, m)
	return m, nil
}

func memberListRequest(code GroupCode, cookie []byte) *oidbpb.GroupMemberListReq {
	return &oidbpb.GroupMemberListReq{
		GroupCode: uint64(code), Unknown2: 5, Unknown3: proto.Uint32(2), Flags: memberFlags(), Cookie: cookie,
	}
}

func memberFlags() *oidbpb.GroupMemberFlags {
	return &oidbpb.GroupMemberFlags{
		MemberName: true, MemberCard: true, Level: true, SpecialTitle: true,
		JoinTime: true, LastMsgTime: true, MuteUntil: true, Permission: true,
	}
}

// fetchMembers asks for a list once more when it changed between two pages: somebody who
// moved from one to the other may be on neither.
func (c *Client) fetchMembers(ctx context.Context, code GroupCode) error {
	list, changed, err := c.memberPages(ctx, code)
	if changed {
		list, _, err = c.memberPages(ctx, code)
	}
	if err != nil {
		return fmt.Errorf("members of group %d: %w", code, c.inGroup(ctx, code, err))
	}
	c.cache.setMembers(code, list)
	return nil
}

// memberPages fetches a list, and reports whether it changed meanwhile.
func (c *Client) memberPages(ctx context.Context, code GroupCode) (list []Member, changed bool, err error) {
	var page pages
	var version uint32
	for n := range maxPages {
		resp, err := call(ctx, c, rpc.GroupMembers, memberListRequest(code, page.cookie))
		if err != nil {
			return nil, false, err
		}
		if err := page.add(len(resp.GetMembers()), resp, resp.GetCookie()); err != nil {
			return nil, false, err
		}
		for _, m := range resp.GetMembers() {
			list = append(list, memberOf(code, m))
		}
		changed = changed || n > 0 && resp.GetMemberListChangeSeq() != version
		version = resp.GetMemberListChangeSeq()
		if len(page.cookie) == 0 {
			return list, changed, nil
		}
	}
	return nil, false, fmt.Errorf("more than %d pages", maxPages)
}

func memberOf(code GroupCode, m *oidbpb.GroupMember) Member {
	return Member{
		Group: code, UIN: UIN(m.GetId().GetUin()), UID: UID(m.GetId().GetUid()),
		Nickname: m.GetMemberName(), Card: m.GetCard().GetCard(), Title: m.GetSpecialTitle(),
		Role: message.Role(m.GetPermission()), Level: m.GetLevel().GetLevel(),
		JoinTime: int64(m.GetJoinTime()), LastSpeak: int64(m.GetLastMsgTime()), MuteUntil: int64(m.GetMuteUntil()),
	}
}

// memberSince is when the account came into a group, Unix seconds; 0 when the server
// does not say.
func (c *Client) memberSince(ctx context.Context, code GroupCode) (int64, error) {
	self := c.Self()
	known, _, _ := c.cache.member(code, self.UIN)
	known.Group, known.UID = code, self.UID
	m, err := c.fetchMember(ctx, known)
	if _, refused := errors.AsType[*ServerError](err); refused || errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	return m.JoinTime, err
}
