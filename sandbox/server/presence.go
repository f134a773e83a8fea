package server

import (
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

func (s *Server) handleSession() {
	rpc.Handle(&s.mux, rpc.Register, s.registerOld)
	rpc.Handle(&s.mux, rpc.InfoSync, s.infoSync)
	rpc.Handle(&s.mux, rpc.UnRegister, s.unregisterClient)
	rpc.Handle(&s.mux, rpc.Heartbeat, func(*request, *systempb.SsoHeartBeatRequest) (*systempb.SsoHeartBeatResponse, error) {
		return &systempb.SsoHeartBeatResponse{Interval: proto.Uint64(heartbeatSeconds)}, nil
	})
	rpc.Handle(&s.mux, rpc.SetStatus, s.setStatus)
}

func (s *Server) registerAnswer(text string) *systempb.RegisterResponse {
	return &systempb.RegisterResponse{Message: proto.String(text), Timestamp: proto.Uint32(uint32(s.now().Unix()))}
}

// registerOld is the older way of registering (docs/protocol/login.md 9).
func (s *Server) registerOld(rq *request, req *systempb.RegisterInfo) (*systempb.RegisterResponse, error) {
	if rq.fault.refuseRegister {
		return s.registerAnswer(""), errRegister
	}
	s.register(rq, req.GetDevice().GetDevName(), func() {
		reply(rq, rpc.Register, s.registerAnswer("register success"), nil)
	})
	return nil, nil
}

// infoSync is the newer way; the start of the synchronisation follows as a push.
func (s *Server) infoSync(rq *request, req *systempb.SsoInfoSyncRequest) (*systempb.SsoInfoSyncResponse, error) {
	if rq.fault.refuseRegister {
		return &systempb.SsoInfoSyncResponse{RegisterResponse: s.registerAnswer("")}, errRegister
	}
	sync, err := s.syncPush(rq.session.uin)
	if err != nil {
		return nil, err
	}
	s.register(rq, req.GetRegisterInfo().GetDevice().GetDevName(), func() {
		reply(rq, rpc.InfoSync, &systempb.SsoInfoSyncResponse{RegisterResponse: s.registerAnswer("register success")}, nil)
		rq.conn.push(rq.session, rpc.PushInfoSync, sync)
	})
	return nil, nil
}

// syncPush tells the newest and the last read sequence of each group, zeros too
// (docs/protocol/events.md 8.2).
func (s *Server) syncPush(uin message.UIN) ([]byte, error) {
	groups := s.world.GroupsOf(uin)
	push := &pushpb.InfoSyncPush{PushFlag: 5, PushSequence: uint32(s.now().Unix())}
	for _, g := range groups {
		push.Groups = append(push.Groups, &pushpb.SyncGroupNode{
			GroupCode: proto.Uint64(uint64(g.Code)), LatestSequence: proto.Uint64(g.LastSequence),
			ReadSequence: proto.Uint64(s.world.ReadUpTo(g.Code, uin)), Mask: proto.Uint64(groupMask),
			GroupName: proto.String(g.Name),
		})
	}
	return pb.Marshal(push)
}

func (s *Server) unregisterClient(rq *request, _ *systempb.UnRegisterRequest) (*systempb.RegisterResponse, error) {
	s.mu.Lock()
	was := rq.session.conn != nil
	s.unregister(rq.session)
	s.mu.Unlock()
	if was {
		s.noteOffline(rq.session, "unregistered")
	}
	return s.registerAnswer("unregister success"), nil
}

// setStatus accepts both layouts of its request: the older one leaves out field 1
// and has status and extended status one field further (docs/protocol/operations.md
// 7.1 rule 12).
func (s *Server) setStatus(rq *request, req *oidbpb.SetStatusReq) (*oidbpb.SetStatusResp, error) {
	chosen := world.Status{Status: req.GetStatus(), Extended: req.GetExtStatus()}
	if chosen.Status == 0 {
		chosen = world.Status{Status: req.GetExtStatus(), Extended: req.GetBatteryStatus()}
	}
	if err := s.world.SetStatus(rq.session.uin, chosen); err != nil {
		return nil, err
	}
	return &oidbpb.SetStatusResp{Message: "set status success"}, nil
}

// statusOf is property 27372 (docs/protocol/operations.md 4.1): a tenth of the
// status or, in status 10, the extended one with its bytes apart.
func (s *Server) statusOf(uin message.UIN) uint64 {
	chosen := s.world.Status(uin)
	switch {
	case chosen.Status == 0:
		return 1
	case chosen.Status == 10 && chosen.Extended != 0:
		return uint64(chosen.Extended&0xFF00 | chosen.Extended&0xFF<<16)
	}
	return uint64(max(chosen.Status/10, 1))
}
