package ntqq

import (
	"context"
	"errors"
	"fmt"
	"math"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/internal/text"
	"libration/ntqq/event"
)

// ErrOwner: the account owns the group, which would be gone if the account left it.
var ErrOwner error = text.Errorf("the account owns the group: leaving it would dissolve it", "账号是群主，退群会解散该群")

// Mask says what the clients of the account do with messages of a group.
type Mask uint32

// The masks.
const (
	MaskNotify  Mask = 1 // they notify
	MaskFolded  Mask = 2 // the messages are put into the box of groups
	MaskBlocked Mask = 3 // the messages are not received
	MaskSilent  Mask = 4 // the messages are received without a notice
)

// AtAll says how often everybody can still be mentioned today.
type AtAll struct {
	// Allowed is whether the account may do it in this group.
	Allowed bool
	// Account is how often the account can do it, Group how often all admins of the group.
	Account, Group uint32
}

// Rename gives a group another name. The owner and admins may: else the error is a
// [*ServerError]. The other errors are those of [Client.Call], and [ErrNoGroup] of a group
// that the account is not in. A name that the group has already changes nothing.
func (g Groups) Rename(ctx context.Context, code GroupCode, name string) error {
	return manage(ctx, g.c, code, rpc.RenameGroup, renameRequest(code, name), event.Stale{Groups: true})
}

// MuteAll lets only the owner and admins write, or with on false everybody again. The
// owner and admins may. The errors are those of [Groups.Rename].
func (g Groups) MuteAll(ctx context.Context, code GroupCode, on bool) error {
	return manage(ctx, g.c, code, rpc.MuteGroup, muteAllRequest(code, on), event.Stale{Groups: true})
}

// Leave takes the account out of a group. A group is dissolved when its owner leaves: that
// must be wanted, by dismiss, else the error is [ErrOwner] and the account stays. Who owns
// the group is asked for anew. The other errors are those of [Groups.Rename].
func (g Groups) Leave(ctx context.Context, code GroupCode, dismiss bool) error {
	group, err := g.Info(ctx, code, true)
	if err != nil {
		return err
	}
	if group.OwnerUID == g.c.Self().UID && !dismiss {
		return fmt.Errorf("leave group %d: %w", code, ErrOwner)
	}
	return manage(ctx, g.c, code, rpc.LeaveGroup, leaveRequest(code), event.Stale{Groups: true, Members: code})
}

// Transfer makes a member of a group its owner. The account must be the owner, and is a
// member afterwards. The errors are those of [Members.SetAdmin].
func (g Groups) Transfer(ctx context.Context, code GroupCode, to UIN) error {
	if _, err := g.c.Members().Info(ctx, code, to, false); err != nil {
		return err
	}
	return manage(ctx, g.c, code, rpc.TransferGroup, &oidbpb.TransferGroupByUinReq{
		GroupCode: uint64(code), OldOwner: uint64(g.c.Self().UIN), NewOwner: uint64(to),
	}, event.Stale{Groups: true, Members: code})
}

// SetRemark sets what the account calls a group; "" takes the remark away. Nobody else
// sees it. The errors are those of [Groups.Rename].
func (g Groups) SetRemark(ctx context.Context, code GroupCode, remark string) error {
	err := manage(ctx, g.c, code, rpc.SetGroupRemark, &oidbpb.SetGroupRemarkReq{
		Info: &oidbpb.SetGroupRemarkInfo{GroupCode: uint64(code), Remark: &remark},
	}, event.Stale{})
	if err == nil {
		g.c.cache.editGroup(code, func(g *Group) { g.Remark = remark })
	}
	return err
}

// SetMask sets what the account's clients do with messages of a group. The errors are those
// of [Groups.Rename].
func (g Groups) SetMask(ctx context.Context, code GroupCode, mask Mask) error {
	err := manage(ctx, g.c, code, rpc.SetGroupMask, &oidbpb.SetGroupMsgMaskReq{Body: &oidbpb.SetGroupMsgMaskBody{
		GroupCode: uint64(code), Unknown3: 1, Unknown4: 2,
		Setting: &oidbpb.GroupMsgMaskSetting{SelfUid: string(g.c.Self().UID), MsgMask: uint32(mask)},
	}}, event.Stale{})
	if err == nil {
		g.c.cache.editGroup(code, func(g *Group) { g.Mask = mask })
	}
	return err
}

// AtAllRemain asks how often everybody in a group can still be mentioned today. The errors
// are those of [Groups.Rename].
func (g Groups) AtAllRemain(ctx context.Context, code GroupCode) (AtAll, error) {
	resp, err := call(ctx, g.c, rpc.AtAllRemain, &oidbpb.AtAllRemainReq{
		SubCmd: 1, LimitTypeForUin: 2, LimitTypeForGroup: 1, Uin: uint64(g.c.Self().UIN), GroupCode: uint64(code),
	})
	if err != nil {
		return AtAll{}, g.c.inGroup(ctx, code, err)
	}
	return AtAll{resp.GetCanAtAll(), resp.GetRemainForUin(), resp.GetRemainForGroup()}, nil
}

// manage does an operation on a group, after which these lists are asked for again.
func manage[Req, Resp proto.Message](ctx context.Context, c *Client, code GroupCode, op *rpc.Op[Req, Resp], req Req, stale event.Stale) error {
	if _, err := call(ctx, c, op, req); err != nil {
		if open(err) { // perhaps it was done
			c.cache.outdate(stale)
		}
		return c.inGroup(ctx, code, err)
	}
	c.cache.outdate(stale)
	return nil
}

// open reports whether an error leaves open that an operation was done.
func open(err error) bool {
	_, refused := errors.AsType[*ServerError](err)
	return !refused && !errors.Is(err, ErrOffline)
}

func renameRequest(code GroupCode, name string) *oidbpb.ModifyGroupReq {
	return &oidbpb.ModifyGroupReq{GroupCode: uint64(code), Info: &oidbpb.ModifyGroupInfo{GroupName: &name}}
}

func muteAllRequest(code GroupCode, on bool) *oidbpb.ModifyGroupReq {
	until := proto.Uint32(0)
	if on {
		until = proto.Uint32(math.MaxUint32)
	}
	return &oidbpb.ModifyGroupReq{GroupCode: uint64(code), Info: &oidbpb.ModifyGroupInfo{MuteAllTime: until}}
}

func leaveRequest(code GroupCode) *oidbpb.LeaveGroupReq {
	return &oidbpb.LeaveGroupReq{GroupCode: uint64(code)}
}
