package server

import (
	"google.golang.org/protobuf/proto"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// handleManagement answers what changes groups and their members.
func (h *groups) handleManagement(mux *rpc.Mux[*request]) {
	rpc.Handle(mux, rpc.RenameGroup, h.rename)
	rpc.Handle(mux, rpc.MuteGroup, h.muteGroup)
	rpc.Handle(mux, rpc.MuteMember, h.muteMember)
	rpc.Handle(mux, rpc.KickMembers, h.kick)
	rpc.Handle(mux, rpc.LeaveGroup, h.leave)
	rpc.Handle(mux, rpc.SetMemberCard, h.setCard)
	rpc.Handle(mux, rpc.SetMemberTitle, h.setTitle)
	rpc.Handle(mux, rpc.SetAdmin, h.setAdmin)
	rpc.Handle(mux, rpc.TransferGroup, h.transfer)
	rpc.Handle(mux, rpc.SetGroupRemark, h.setRemark)
	rpc.Handle(mux, rpc.SetGroupMask, h.setMask)
	rpc.Handle(mux, rpc.AtAllRemain, h.atAllRemain)
}

func (h *groups) rename(rq *request, req *oidbpb.ModifyGroupReq) (*oidbpb.ModifyGroupResp, error) {
	err := h.world.Groups().Rename(message.GroupCode(req.GetGroupCode()), rq.session.uin, req.GetInfo().GetGroupName())
	return &oidbpb.ModifyGroupResp{GroupCode: req.GetGroupCode()}, err
}

// muteGroup wants the time on the wire, also when it is 0.
func (h *groups) muteGroup(rq *request, req *oidbpb.ModifyGroupReq) (*oidbpb.ModifyGroupResp, error) {
	if req.GetInfo().MuteAllTime == nil {
		return nil, world.Refuse(world.BadRequest, "the request does not say what to change")
	}
	err := h.world.Groups().MuteAll(message.GroupCode(req.GetGroupCode()), rq.session.uin, req.GetInfo().GetMuteAllTime() != 0)
	return &oidbpb.ModifyGroupResp{GroupCode: req.GetGroupCode()}, err
}

func (h *groups) muteMember(rq *request, req *oidbpb.MuteMemberReq) (*oidbpb.MuteMemberResp, error) {
	for _, m := range req.GetMembers() {
		user, err := h.user(m.GetUid())
		if err == nil {
			err = h.world.Members().Mute(message.GroupCode(req.GetGroupCode()), user.UIN, rq.session.uin, m.GetDuration())
		}
		if err != nil {
			return nil, err
		}
	}
	return &oidbpb.MuteMemberResp{Success: proto.String("")}, nil
}

func (h *groups) kick(rq *request, req *oidbpb.KickMemberReq) (*oidbpb.KickMemberResp, error) {
	var uins []message.UIN
	for _, uid := range req.GetMemberUids() {
		user, err := h.user(uid)
		if err != nil {
			return nil, err
		}
		uins = append(uins, user.UIN)
	}
	if len(uins) == 0 {
		return nil, world.Refuse(world.BadRequest, "the request names nobody")
	}
	err := h.world.Members().KickAll(message.GroupCode(req.GetGroupCode()), rq.session.uin, req.GetRejectAddRequest(), uins...)
	return &oidbpb.KickMemberResp{GroupCode: req.GetGroupCode(), ErrorMessage: proto.String("")}, err
}

func (h *groups) leave(rq *request, req *oidbpb.LeaveGroupReq) (*oidbpb.EmptyResp, error) {
	return &oidbpb.EmptyResp{}, h.world.Members().Leave(message.GroupCode(req.GetGroupCode()), rq.session.uin)
}

// setCard removes a card that the request leaves out.
func (h *groups) setCard(rq *request, req *oidbpb.ModifyMemberReq) (*oidbpb.ModifyMemberResp, error) {
	return h.modifyMembers(req, func(code message.GroupCode, uin message.UIN, m *oidbpb.ModifyMemberInfo) error {
		return h.world.Members().SetCard(code, uin, rq.session.uin, m.GetMemberCard())
	})
}

// setTitle removes a title that the request leaves out.
func (h *groups) setTitle(rq *request, req *oidbpb.ModifyMemberReq) (*oidbpb.ModifyMemberResp, error) {
	return h.modifyMembers(req, func(code message.GroupCode, uin message.UIN, m *oidbpb.ModifyMemberInfo) error {
		return h.world.Members().SetTitle(code, uin, rq.session.uin, m.GetSpecialTitle())
	})
}

func (h *groups) modifyMembers(req *oidbpb.ModifyMemberReq, change func(message.GroupCode, message.UIN, *oidbpb.ModifyMemberInfo) error) (*oidbpb.ModifyMemberResp, error) {
	for _, m := range req.GetMembers() {
		user, err := h.user(m.GetUid())
		if err == nil {
			err = change(message.GroupCode(req.GetGroupCode()), user.UIN, m)
		}
		if err != nil {
			return nil, err
		}
	}
	return &oidbpb.ModifyMemberResp{GroupCode: req.GetGroupCode()}, nil
}

func (h *groups) setAdmin(rq *request, req *oidbpb.SetAdminReq) (*oidbpb.SetAdminResp, error) {
	user, err := h.user(req.GetUid())
	if err != nil {
		return nil, err
	}
	err = h.world.Members().SetAdmin(message.GroupCode(req.GetGroupCode()), user.UIN, rq.session.uin, req.GetIsAdmin())
	return &oidbpb.SetAdminResp{Success: proto.String("")}, err
}

// transfer takes both forms: people named by their numbers, or by their text ids.
func (h *groups) transfer(rq *request, req *oidbpb.TransferGroupByUinReq) (*oidbpb.TransferGroupResp, error) {
	before, to := message.UIN(req.GetOldOwner()), message.UIN(req.GetNewOwner())
	if to == 0 {
		byUID, err := rpc.TransferGroupByUID.DecodeRequest(rq.Body)
		if err != nil {
			return nil, err
		}
		newOwner, err := h.user(byUID.GetNewOwnerUid())
		if err != nil {
			return nil, err
		}
		oldOwner, err := h.user(byUID.GetOldOwnerUid())
		if err != nil {
			return nil, err
		}
		before, to = oldOwner.UIN, newOwner.UIN
	}
	if before != rq.session.uin {
		return nil, world.Refuse(world.NoPermission, "%d may not give the group away", rq.session.uin)
	}
	err := h.world.Groups().Transfer(message.GroupCode(req.GetGroupCode()), rq.session.uin, to)
	return &oidbpb.TransferGroupResp{GroupCode: req.GetGroupCode(), OldOwner: uint64(before), NewOwner: uint64(to)}, err
}

func (h *groups) setRemark(rq *request, req *oidbpb.SetGroupRemarkReq) (*oidbpb.SetGroupRemarkResp, error) {
	code := req.GetInfo().GetGroupCode()
	err := h.world.Groups().SetRemark(message.GroupCode(code), rq.session.uin, req.GetInfo().GetRemark())
	return &oidbpb.SetGroupRemarkResp{Info: &oidbpb.SetGroupRemarkResult{
		GroupCode: code, GroupUin: rpc.GroupUIN(code),
	}}, err
}

func (h *groups) setMask(rq *request, req *oidbpb.SetGroupMsgMaskReq) (*oidbpb.SetGroupMsgMaskResp, error) {
	code := req.GetBody().GetGroupCode()
	err := h.world.Groups().SetMask(message.GroupCode(code), rq.session.uin, req.GetBody().GetSetting().GetMsgMask())
	return &oidbpb.SetGroupMsgMaskResp{Body: &oidbpb.SetGroupMsgMaskResult{GroupCode: code}}, err
}

func (h *groups) atAllRemain(rq *request, req *oidbpb.AtAllRemainReq) (*oidbpb.AtAllRemainResp, error) {
	account, all, may, err := h.world.Members().AtAllLeft(message.GroupCode(req.GetGroupCode()), rq.session.uin)
	return &oidbpb.AtAllRemainResp{CanAtAll: may && account > 0 && all > 0, RemainForUin: account, RemainForGroup: all}, err
}
