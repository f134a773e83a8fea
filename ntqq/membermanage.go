package ntqq

import (
	"context"
	"fmt"
	"math"
	"time"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/event"
)

// Kick says how members are removed from a group. The zero value is right for most.
type Kick struct {
	// Block refuses their requests to join again.
	Block bool
	// Reason is sent along; other clients leave it empty.
	Reason string
}

// SetTitle gives a member a special title; "" takes it away. The account must be the owner:
// else the error is a [*ServerError]. The other errors are those of [Members.Info]. The
// service takes about 18 bytes. A title does not expire.
func (m Members) SetTitle(ctx context.Context, group GroupCode, user UIN, title string) error {
	return m.manage(ctx, group, user, func(uid UID) error {
		return manage(ctx, m.c, group, rpc.SetMemberTitle, titleRequest(group, uid, title), event.Stale{Members: group})
	})
}

// SetAdmin makes a member an admin, or with admin false a plain member again. The errors
// are those of [Members.SetTitle].
func (m Members) SetAdmin(ctx context.Context, group GroupCode, user UIN, admin bool) error {
	return m.manage(ctx, group, user, func(uid UID) error {
		return manage(ctx, m.c, group, rpc.SetAdmin, adminRequest(group, uid, admin), event.Stale{Members: group})
	})
}

// Mute forbids a member to write for so long, in whole seconds, rounded up; 0 lifts a mute.
// The service takes at most 30 days. The account must have the higher role: else the error
// is a [*ServerError]. The other errors are those of [Members.Info].
func (m Members) Mute(ctx context.Context, group GroupCode, user UIN, duration time.Duration) error {
	seconds := (duration + time.Second - 1) / time.Second
	if duration < 0 || seconds > math.MaxUint32 {
		return fmt.Errorf("mute for %v: not within 0 and %d seconds", duration, uint32(math.MaxUint32))
	}
	return m.manage(ctx, group, user, func(uid UID) error {
		return manage(ctx, m.c, group, rpc.MuteMember, muteRequest(group, uid, uint32(seconds)), event.Stale{Members: group})
	})
}

// Kick removes members from a group, all of them or, when the service refuses one, none.
// The account must have a higher role than each: else the error is a [*ServerError]. The
// other errors are those of [Members.Info].
func (m Members) Kick(ctx context.Context, group GroupCode, users []UIN, how Kick) error {
	uids := make([]UID, len(users))
	for i, user := range users {
		uid, err := m.uid(ctx, group, user)
		if err != nil {
			return err
		}
		uids[i] = uid
	}
	if len(uids) == 0 {
		return nil
	}
	return manage(ctx, m.c, group, rpc.KickMembers, kickRequest(group, uids, how), event.Stale{Groups: true, Members: group})
}

// manage does an operation on a member, whose text id it finds.
func (m Members) manage(ctx context.Context, group GroupCode, user UIN, do func(UID) error) error {
	uid, err := m.uid(ctx, group, user)
	if err != nil {
		return err
	}
	return do(uid)
}

// uid returns the text id of a member. The service may list one without: a request about
// nobody could be about all.
func (m Members) uid(ctx context.Context, group GroupCode, user UIN) (UID, error) {
	known, err := m.Info(ctx, group, user, false)
	if err == nil && known.UID == "" {
		err = fmt.Errorf("member %d of group %d has no text id: %w", user, group, ErrNoMember)
	}
	return known.UID, err
}

func titleRequest(group GroupCode, user UID, title string) *oidbpb.ModifyMemberReq {
	info := &oidbpb.ModifyMemberInfo{Uid: string(user), SpecialTitleExpire: proto.Int32(-1)}
	if title != "" {
		info.SpecialTitle, info.UinName = &title, &title
	}
	return &oidbpb.ModifyMemberReq{GroupCode: uint64(group), Members: []*oidbpb.ModifyMemberInfo{info}}
}

func adminRequest(group GroupCode, user UID, admin bool) *oidbpb.SetAdminReq {
	return &oidbpb.SetAdminReq{GroupCode: uint64(group), Uid: string(user), IsAdmin: admin}
}

func muteRequest(group GroupCode, user UID, seconds uint32) *oidbpb.MuteMemberReq {
	return &oidbpb.MuteMemberReq{GroupCode: uint64(group), MemberCount: 1, Members: []*oidbpb.MuteMemberEntry{
		{Uid: string(user), Duration: &seconds},
	}}
}

func kickRequest(group GroupCode, users []UID, how Kick) *oidbpb.KickMemberReq {
	req := &oidbpb.KickMemberReq{GroupCode: uint64(group)}
	for _, uid := range users {
		req.MemberUids = append(req.MemberUids, string(uid))
	}
	if how.Block {
		req.RejectAddRequest = &how.Block
	}
	if how.Reason != "" {
		req.Reason = &how.Reason
	}
	return req
}
