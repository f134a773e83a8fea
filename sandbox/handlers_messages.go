package sandbox

import (
	"google.golang.org/protobuf/proto"

	"libration/internal/pb/messagepb"
	"libration/internal/rpc"
	"libration/ntqq/message"
)

// historyPage is the most messages in one answer (docs/protocol/messages.md 12.3).
const historyPage = 30

// refusedHistory is the code of a refused history request: the real ones are not
// known.
const refusedHistory = 1

// recallSuccess is the text of a recall that was accepted.
const recallSuccess = "Success"

// readMark names a group as an account reads it.
type readMark struct {
	uin   message.UIN
	group message.GroupCode
}

func (s *Sandbox) handleMessages() {
	rpc.Handle(&s.mux, rpc.SendMessage, s.sendMessage)
	rpc.Handle(&s.mux, rpc.RecallGroup, s.recallGroup)
	rpc.Handle(&s.mux, rpc.RecallFriend, s.recallFriend)
	rpc.Handle(&s.mux, rpc.ReadReport, s.readReport)
	rpc.Handle(&s.mux, rpc.PeerSequence, s.peerSequence)
	rpc.Handle(&s.mux, rpc.GroupHistory, s.groupHistory)
	rpc.Handle(&s.mux, rpc.FriendHistory, s.friendHistory)
	rpc.Handle(&s.mux, rpc.RoamHistory, s.roamHistory)
}

// find resolves who is meant: the text id counts, the number is for clients that
// send only that.
func (s *Sandbox) find(uid string, uin uint64) (User, bool) {
	if uid != "" {
		return s.world.UserByUID(message.UID(uid))
	}
	return s.world.User(message.UIN(uin))
}

// sendMessage is MessageSvc.PbSendMsg (docs/protocol/messages.md 4).
func (s *Sandbox) sendMessage(rq *request, req *messagepb.PbSendMsgReq) (*messagepb.PbSendMsgResp, error) {
	send := Send{
		From: rq.session.uin, Elems: req.GetBody().GetRichText().GetElems(),
		Random: req.GetRandom(), ClientSequence: req.GetClientSequence(), Origin: rq.session,
	}
	refused := func(text string) (*messagepb.PbSendMsgResp, error) {
		return sendAnswer(Result{Code: sendBlocked, Text: text, Time: s.now().Unix()}, false)
	}
	routing := req.GetRoutingHead()
	switch {
	case routing.GetGroup() != nil:
		send.Group = message.GroupCode(routing.GetGroup().GetGroupCode())
		if send.Group == 0 {
			return refused("no receiver")
		}
	default:
		var uid string
		var uin uint64
		switch {
		case routing.GetC2C() != nil:
			uid, uin = routing.GetC2C().GetPeerUid(), routing.GetC2C().GetPeerUin()
		case routing.GetGroupTemp() != nil: // one form names group and peer by numbers, the other by code and text id
			temp := routing.GetGroupTemp()
			uid, uin = temp.GetToUid(), temp.GetToUin()
			send.TempGroup = message.GroupCode(temp.GetGroupCode())
			if send.TempGroup == 0 {
				send.TempGroup = message.GroupCode(temp.GetGroupUin())
			}
		case routing.GetTrans211() != nil:
			uid, uin = routing.GetTrans211().GetToUid(), routing.GetTrans211().GetToUin()
			send.MsgContent = req.GetBody().GetMsgContent()
		}
		peer, known := s.find(uid, uin)
		if !known {
			return refused("no such receiver")
		}
		send.To = peer.UIN
	}
	s.world.Send(send, func(r Result) {
		answer, err := sendAnswer(r, send.Group != 0)
		reply(rq, rpc.SendMessage, answer, err)
	})
	return nil, nil
}

// sendAnswer writes the fields that clients expect of each kind of chat, and no
// sequence with a refusal (docs/protocol/messages.md 4.2).
func sendAnswer(r Result, group bool) (*messagepb.PbSendMsgResp, error) {
	answer := &messagepb.PbSendMsgResp{
		Result: proto.Int32(0), ErrMsg: proto.String(r.Text), SendTime: proto.Uint64(uint64(r.Time)),
	}
	switch {
	case r.Code != 0:
		return answer, refuse(uint32(r.Code), "%s", r.Text)
	case group:
		answer.GroupSequence = proto.Uint64(r.Sequence)
	default:
		answer.MsgInfoFlag = proto.Uint32(0)
		answer.Field12 = proto.Uint64(uint64(r.Time))
		answer.PrivateSequence = proto.Uint64(r.Sequence)
	}
	return answer, nil
}

func (s *Sandbox) recallGroup(rq *request, req *messagepb.GroupRecallReq) (*messagepb.GroupRecallResp, error) {
	group, sequence := message.GroupCode(req.GetGroupCode()), req.GetInfo().GetSequence()
	s.world.RecallGroup(rq.session.uin, group, sequence, func(refused *Refusal) {
		if refused != nil {
			reply(rq, rpc.RecallGroup, nil, refused)
			return
		}
		// Both fields are written: one client fails on an empty answer, one without the text.
		reply(rq, rpc.RecallGroup, &messagepb.GroupRecallResp{Result: proto.Uint32(0), ErrMsg: proto.String(recallSuccess)}, nil)
	})
	return nil, nil
}

// recallFriend always answers success, as the real service does
// (docs/protocol/messages.md 12.1).
func (s *Sandbox) recallFriend(rq *request, req *messagepb.C2CRecallReq) (*messagepb.C2CRecallResp, error) {
	success := &messagepb.C2CRecallResp{Result: proto.Uint32(0), ErrMsg: proto.String(recallSuccess)}
	peer, known := s.find(req.GetTargetUid(), 0)
	if !known {
		return success, nil
	}
	info := req.GetInfo()
	s.world.RecallFriend(rq.session.uin, peer.UIN, info.GetClientSequence(), info.GetRandom(), info.GetNtMsgSeq(), func(*Refusal) {
		reply(rq, rpc.RecallFriend, success, nil)
	})
	return nil, nil
}

func (s *Sandbox) readReport(rq *request, req *messagepb.ReadReportReq) (*messagepb.ReadReportResp, error) {
	if group := req.GetGroup(); group != nil {
		code := message.GroupCode(group.GetGroupCode())
		if _, member := s.world.Member(code, rq.session.uin); member {
			mark := readMark{rq.session.uin, code}
			s.mu.Lock()
			s.read[mark] = max(s.read[mark], group.GetSequence())
			s.mu.Unlock()
		}
	}
	return &messagepb.ReadReportResp{RetCode: proto.Uint32(0), RetMsg: proto.String("")}, nil
}

func (s *Sandbox) peerSequence(rq *request, req *messagepb.GetPeerSeqReq) (*messagepb.GetPeerSeqResp, error) {
	answer := &messagepb.GetPeerSeqResp{RetCode: proto.Uint32(0)}
	peer, known := s.find(req.GetPeerUid(), 0)
	if !known {
		answer.RetMsg = proto.String("no such user")
		return answer, nil
	}
	sequence, at := s.world.PeerSequence(rq.session.uin, peer.UIN)
	answer.Sequence1, answer.Sequence2, answer.LatestMsgTime = sequence, sequence, uint64(at)
	return answer, nil
}

// groupHistory tells the range as it was asked for, also when it is cut to a page
// or refused: one client fails without (docs/protocol/messages.md 12.3).
func (s *Sandbox) groupHistory(rq *request, req *messagepb.GetGroupMsgReq) (*messagepb.GetGroupMsgResp, error) {
	asked := req.GetRange()
	code := message.GroupCode(asked.GetGroupCode())
	body := &messagepb.GetGroupMsgBody{
		GroupCode:     asked.GetGroupCode(),
		StartSequence: proto.Uint64(asked.GetStartSequence()), EndSequence: proto.Uint64(asked.GetEndSequence()),
	}
	if _, member := s.world.Member(code, rq.session.uin); !member {
		return &messagepb.GetGroupMsgResp{Body: body}, refuse(refusedHistory, "not a member")
	}
	from, to := lastPage(asked.GetStartSequence(), asked.GetEndSequence(), s.world.LatestSequence(code))
	messages := s.world.GroupHistory(code, from, to)
	if req.GetFilter() == 2 { // only ten messages of three days
		since := s.now().AddDate(0, 0, -3).Unix()
		for len(messages) > 10 || len(messages) > 0 && int64(messages[0].GetContentHead().GetTime()) < since {
			messages = messages[1:]
		}
	}
	body.RetCode, body.Messages = proto.Uint32(0), messages
	return &messagepb.GetGroupMsgResp{RetCode: proto.Uint32(0), Body: body}, nil
}

// lastPage cuts an inclusive range down to its last page of what exists.
func lastPage(from, to, latest uint64) (uint64, uint64) {
	to = min(to, latest)
	if to >= historyPage {
		from = max(from, to-historyPage+1)
	}
	return from, to
}

func (s *Sandbox) friendHistory(rq *request, req *messagepb.GetC2CMsgReq) (*messagepb.GetC2CMsgResp, error) {
	peer, known := s.find(req.GetPeerUid(), req.GetPeerUin())
	if !known {
		return nil, refuse(refusedHistory, "no such user")
	}
	latest, _ := s.world.PeerSequence(rq.session.uin, peer.UIN)
	from, to := lastPage(req.GetStartSequence(), req.GetEndSequence(), latest)
	return &messagepb.GetC2CMsgResp{
		RetCode: proto.Uint32(0), Messages: s.world.FriendHistory(rq.session.uin, peer.UIN, from, to),
	}, nil
}

// roamHistory has no error of its own: an unknown peer has no messages.
func (s *Sandbox) roamHistory(rq *request, req *messagepb.GetRoamMsgReq) (*messagepb.GetRoamMsgResp, error) {
	answer := &messagepb.GetRoamMsgResp{
		PeerUid: proto.String(req.GetPeerUid()), IsComplete: proto.Bool(true),
		Time: proto.Uint32(req.GetTime()), Random: proto.Uint32(0),
	}
	peer, known := s.find(req.GetPeerUid(), 0)
	if !known {
		return answer, nil
	}
	count := int(min(req.GetCount(), historyPage))
	messages, complete := s.world.RoamHistory(rq.session.uin, peer.UIN, int64(req.GetTime()), count, req.GetDirection())
	answer.Messages, answer.IsComplete = messages, proto.Bool(complete)
	if len(messages) > 0 {
		head := messages[0].GetContentHead()
		answer.Time, answer.Random = proto.Uint32(uint32(head.GetTime())), proto.Uint32(uint32(head.GetRandom()))
	}
	return answer, nil
}
