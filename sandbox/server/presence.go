package server

import (
	"math"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/oidbpb"
	"libration/internal/pb/pushpb"
	"libration/internal/pb/systempb"
	"libration/internal/rpc"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// heartbeatSeconds is the period of session heartbeats.
const heartbeatSeconds = 270

// groupMask is the setting of a group whose messages come with a notification.
const groupMask = 1

// errRegister is the refusal seen in a vector, which has a text and no code.
var errRegister = world.Refuse(world.NoPermission, "register fail")

// presence answers what clients say of themselves: that they are there, and how.
type presence struct {
	world   *world.World
	clients *registry
}

func (p *presence) handle(mux *rpc.Mux[*request]) {
	rpc.Handle(mux, rpc.Register, p.registerOld)
	rpc.Handle(mux, rpc.InfoSync, p.infoSync)
	rpc.Handle(mux, rpc.UnRegister, p.unregisterClient)
	rpc.Handle(mux, rpc.Heartbeat, func(*request, *systempb.SsoHeartBeatRequest) (*systempb.SsoHeartBeatResponse, error) {
		return &systempb.SsoHeartBeatResponse{Interval: proto.Uint64(heartbeatSeconds)}, nil
	})
	rpc.Handle(mux, rpc.SetStatus, p.setStatus)
}

func (p *presence) registerAnswer(text string) *systempb.RegisterResponse {
	return &systempb.RegisterResponse{Message: proto.String(text), Timestamp: proto.Uint32(uint32(p.world.Now().Unix()))}
}

// registerOld is the older way of registering (docs/protocol/login.md 9).
func (p *presence) registerOld(rq *request, req *systempb.RegisterInfo) (*systempb.RegisterResponse, error) {
	if rq.fault.refuseRegister {
		return p.registerAnswer(""), errRegister
	}
	p.clients.register(rq, req.GetDevice().GetDevName(), func() {
		reply(rq, rpc.Register, p.registerAnswer("register success"), nil)
	})
	return nil, nil
}

// infoSync is the newer way; the start of the synchronisation follows as a push.
func (p *presence) infoSync(rq *request, req *systempb.SsoInfoSyncRequest) (*systempb.SsoInfoSyncResponse, error) {
	if rq.fault.refuseRegister {
		return &systempb.SsoInfoSyncResponse{RegisterResponse: p.registerAnswer("")}, errRegister
	}
	sync, err := p.syncPush(rq.session.uin)
	if err != nil {
		return nil, err
	}
	p.clients.register(rq, req.GetRegisterInfo().GetDevice().GetDevName(), func() {
		reply(rq, rpc.InfoSync, &systempb.SsoInfoSyncResponse{RegisterResponse: p.registerAnswer("register success")}, nil)
		rq.conn.push(rq.session, rpc.PushInfoSync, sync)
	})
	return nil, nil
}

// syncPush has the newest and the last read sequence of each group, zeros too
// (docs/protocol/events.md 8.2).
func (p *presence) syncPush(uin message.UIN) ([]byte, error) {
	groups := p.world.Groups().Of(uin)
	push := &pushpb.InfoSyncPush{PushFlag: 5, PushSequence: uint32(p.world.Now().Unix())}
	for _, g := range groups {
		push.Groups = append(push.Groups, &pushpb.SyncGroupNode{
			GroupCode: proto.Uint64(uint64(g.Code)), LatestSequence: proto.Uint64(g.LastSequence),
			ReadSequence: proto.Uint64(p.world.Messages().ReadUpTo(g.Code, uin)), Mask: proto.Uint64(groupMask),
			GroupName: proto.String(g.Name),
		})
	}
	return pb.Marshal(push)
}

func (p *presence) unregisterClient(rq *request, _ *systempb.UnRegisterRequest) (*systempb.RegisterResponse, error) {
	p.clients.mu.Lock()
	was := rq.session.conn != nil
	p.clients.unregister(rq.session)
	p.clients.mu.Unlock()
	if was {
		p.clients.noteOffline(rq.session, "unregistered")
	}
	return p.registerAnswer("unregister success"), nil
}

// setStatus accepts both layouts of its request: the older one leaves out field 1
// and has status and extended status one field further (docs/protocol/operations.md
// 7.1 rule 12).
func (p *presence) setStatus(rq *request, req *oidbpb.SetStatusReq) (*oidbpb.SetStatusResp, error) {
	chosen := world.Status{Status: req.GetStatus(), Extended: req.GetExtStatus(), Battery: req.GetBatteryStatus()}
	if chosen.Status == 0 && world.IsStatus(req.GetExtStatus()) {
		chosen = world.Status{Status: req.GetExtStatus(), Extended: req.GetBatteryStatus()}
	}
	if custom := req.GetCustom(); custom != nil && chosen.Extended == world.StatusCustom {
		chosen.Face, chosen.Text = uint32(min(custom.GetFaceId(), math.MaxUint32)), custom.GetText()
	}
	if chosen.Status == 0 {
		return nil, world.Refuse(world.BadRequest, "no status")
	}
	if err := p.world.Users().SetStatus(rq.session.uin, chosen); err != nil {
		return nil, err
	}
	return &oidbpb.SetStatusResp{Message: "set status success"}, nil
}
