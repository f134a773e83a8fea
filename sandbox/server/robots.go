package server

import (
	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// robots answers what is done with the official robots of groups. Its answers are empty
// (docs/protocol/operations.md 7.3).
type robots struct{ world *world.World }

func (h *robots) handle(mux *rpc.Mux[*request]) {
	rpc.Handle(mux, rpc.SetGroupRobot, h.set)
	rpc.Handle(mux, rpc.PressRobotButton, h.press)
	rpc.Handle(mux, rpc.AddRobotFriend, h.befriend)
}

func (h *robots) set(rq *request, req *oidbpb.SetGroupBotReq) (*oidbpb.EmptyResp, error) {
	return &oidbpb.EmptyResp{}, h.world.Robots().Set(
		message.GroupCode(req.GetGroupCode()), message.UIN(req.GetBotId()), rq.session.uin, req.GetOn() != 0)
}

func (h *robots) press(rq *request, req *oidbpb.GroupBotCallbackReq) (*oidbpb.EmptyResp, error) {
	return &oidbpb.EmptyResp{}, h.world.Robots().Press(
		message.GroupCode(req.GetGroupCode()), message.UIN(req.GetBotId()), rq.session.uin, req.GetDataId(), req.GetData())
}

func (h *robots) befriend(rq *request, req *oidbpb.AddRobotFriendReq) (*oidbpb.EmptyResp, error) {
	robot, known := h.world.Users().Find(message.UIN(req.GetRobotUin()))
	if !known || string(robot.UID) != req.GetRobotUid() {
		return nil, world.Refuse(world.NotFound, "no such user")
	}
	return &oidbpb.EmptyResp{}, h.world.Robots().Befriend(rq.session.uin, robot.UIN)
}
