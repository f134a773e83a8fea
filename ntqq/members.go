package ntqq

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/message"
)

// Members is the member list of a joined group, sorted by number; fetched when it
// is not known or refresh is set. ErrNoGroup when the account is not in the group.
func (c *Client) Members(ctx context.Context, code GroupCode, refresh bool) ([]Member, error) {
	return cached(ctx, c, membersKey(code), refresh,
		func() ([]Member, bool) { return c.cache.memberList(code) },
		func(ctx context.Context) error { return c.fetchMembers(ctx, code) })
}

// Member is one member of a joined group. ErrNoMember when there is none with
// this number; ErrNoGroup when the account is not in the group.
func (c *Client) Member(ctx context.Context, code GroupCode, uin UIN, refresh bool) (Member, error) {
	m, found, fresh := c.cache.member(code, uin)
	if found && fresh && !refresh {
		return m, nil
	}
	if found && fresh { // only this one is asked for again
		return c.fetchMember(ctx, m)
	}
	if _, err := c.Members(ctx, code, refresh); err != nil {
		return Member{}, err
	}
	m, found, _ = c.cache.member(code, uin)
	if !found {
		return Member{}, fmt.Errorf("member %d of group %d: %w", uin, code, ErrNoMember)
	}
	return m, nil
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

func (c *Client) fetchMembers(ctx context.Context, code GroupCode) error {
	var (
		list   []Member
		size   pages
		cookie []byte
	)
	for range maxPages {
		resp, err := call(ctx, c, rpc.GroupMembers, memberListRequest(code, cookie))
		if err != nil {
			return fmt.Errorf("members of group %d: %w", code, c.inGroup(ctx, code, err))
		}
		if err := size.add(len(resp.GetMembers()), resp); err != nil {
			return fmt.Errorf("members of group %d: %w", code, err)
		}
		for _, m := range resp.GetMembers() {
			list = append(list, memberOf(code, m))
		}
		if cookie = resp.GetCookie(); len(cookie) == 0 {
			c.cache.setMembers(code, list)
			return nil
		}
	}
	return fmt.Errorf("members of group %d: more than %d pages", code, maxPages)
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
