package server

import (
	"errors"
	"testing"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// TestTransferForms: clients name the owners by number, older ones by their text ids.
func TestTransferForms(t *testing.T) {
	h := start(t, Options{})
	c := h.dial().login(bot)
	uid := func(uin message.UIN) string {
		u, _ := h.World().Users().Find(uin)
		return string(u.UID)
	}
	owner := func() message.UIN {
		g, _ := h.World().Groups().Find(small)
		return g.Owner
	}
	if _, err := tryCall(c, rpc.TransferGroupByUID, &oidbpb.TransferGroupReq{
		GroupCode: uint64(small), OldOwnerUid: uid(alice), NewOwnerUid: uid(bob),
	}); reasonOf(err) != world.NoPermission {
		t.Errorf("in the name of another one: %v", err)
	}
	if _, err := tryCall(c, rpc.TransferGroupByUID, &oidbpb.TransferGroupReq{
		GroupCode: uint64(small), OldOwnerUid: uid(bot), NewOwnerUid: "u_nobody",
	}); reasonOf(err) != world.NotFound {
		t.Errorf("to nobody: %v", err)
	}
	resp := call(c, rpc.TransferGroupByUID, &oidbpb.TransferGroupReq{
		GroupCode: uint64(small), OldOwnerUid: uid(bot), NewOwnerUid: uid(bob),
	})
	if owner() != bob || resp.GetNewOwner() != uint64(bob) {
		t.Errorf("by uid: the owner is %d, the answer %v", owner(), resp)
	}
	must(t, h.World().Groups().Transfer(small, bob, bot))
	call(c, rpc.TransferGroup, &oidbpb.TransferGroupByUinReq{GroupCode: uint64(small), OldOwner: uint64(bot), NewOwner: uint64(alice)})
	if owner() != alice {
		t.Errorf("by uin: the owner is %d", owner())
	}
	if _, err := tryCall(c, rpc.MuteGroup, &oidbpb.ModifyGroupReq{GroupCode: uint64(mall), Info: &oidbpb.ModifyGroupInfo{}}); reasonOf(err) != world.BadRequest {
		t.Errorf("a change of nothing: %v", err)
	}
	if _, err := tryCall(c, rpc.KickMembers, &oidbpb.KickMemberReq{GroupCode: uint64(mall)}); reasonOf(err) != world.BadRequest {
		t.Errorf("a kick of nobody: %v", err)
	}
}

// reasonOf is why the world refused a call; 0: it did not.
func reasonOf(err error) world.Reason {
	if refused, ok := errors.AsType[*rpc.Refused](err); ok {
		return world.Reason(refused.Code)
	}
	return 0
}
