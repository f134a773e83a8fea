package server

import (
	"libration/internal/pb/oidbpb"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// answerNotice is 0x10c8_1.
func (h *groups) answerNotice(rq *request, req *oidbpb.AnswerGroupNoticeReq) (*oidbpb.EmptyResp, error) {
	return h.answerRequest(rq, req, false)
}

// answerFiltered is 0x10c8_2.
func (h *groups) answerFiltered(rq *request, req *oidbpb.AnswerGroupNoticeReq) (*oidbpb.EmptyResp, error) {
	return h.answerRequest(rq, req, true)
}

// answerRequest decides about a request that is in the list which the command names, with the
// kind and the group that the request names.
func (h *groups) answerRequest(rq *request, req *oidbpb.AnswerGroupNoticeReq, filtered bool) (*oidbpb.EmptyResp, error) {
	asked, uin := req.GetBody(), rq.session.uin
	n, found := h.world.Notices().Find(uin, asked.GetSequence())
	if !found || n.Filtered != filtered || uint32(n.Kind) != asked.GetType() || uint64(n.Group) != asked.GetGroupCode() {
		return nil, world.Refuse(world.NotFound, "no such request")
	}
	// operate 1, 2, 3 are the states 2, 3, 4 (docs/protocol/operations.md 4.3).
	return &oidbpb.EmptyResp{}, h.world.Requests().Answer(uin, n.Sequence, world.NoticeState(req.GetOperate())+1, asked.GetMessage())
}

// invite is 0x758_1. Who is no friend must share the group that the request names; that is
// a rule of ours.
func (h *groups) invite(rq *request, req *oidbpb.InviteToGroupReq) (*oidbpb.EmptyResp, error) {
	for _, u := range req.GetUsers() {
		user, err := h.user(u.GetUid())
		if err != nil {
			return nil, err
		}
		if source := message.GroupCode(u.GetSourceGroup()); !h.world.Friends().Are(rq.session.uin, user.UIN) {
			_, me := h.world.Members().Find(source, rq.session.uin)
			if _, shared := h.world.Members().Find(source, user.UIN); !me || !shared {
				return nil, world.Refuse(world.NoPermission, "%d is no friend and not in a group with %d", user.UIN, rq.session.uin)
			}
		}
		if _, err := h.world.Requests().Invite(message.GroupCode(req.GetGroupCode()), rq.session.uin, user.UIN); err != nil {
			return nil, err
		}
	}
	return &oidbpb.EmptyResp{}, nil
}
