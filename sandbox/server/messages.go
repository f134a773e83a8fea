package server

import (
	"cmp"

	"google.golang.org/protobuf/proto"

	"libration/internal/elements"
	"libration/internal/pb/messagepb"
	"libration/internal/rpc"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// recallSuccess is the text of a recall that was accepted.
const recallSuccess = "Success"

// chats answers what is done with messages.
type chats struct {
	chatWriter
	files *privateFiles
}

func (c *chats) handle(mux *rpc.Mux[*request]) {
	rpc.Handle(mux, rpc.SendMessage, c.sendMessage)
	rpc.Handle(mux, rpc.RecallGroup, c.recallGroup)
	rpc.Handle(mux, rpc.RecallFriend, c.recallFriend)
	rpc.Handle(mux, rpc.ReadReport, c.readReport)
	rpc.Handle(mux, rpc.PeerSequence, c.peerSequence)
	rpc.Handle(mux, rpc.GroupHistory, c.groupHistory)
	rpc.Handle(mux, rpc.FriendHistory, c.friendHistory)
	rpc.Handle(mux, rpc.RoamHistory, c.roamHistory)
	rpc.Handle(mux, rpc.SendLongMessage, c.sendLongMessage)
	rpc.Handle(mux, rpc.FetchLongMessage, c.fetchLongMessage)
}

// find resolves who is meant: the text id counts, the number is for clients that
// send only that.
func (c *chats) find(uid string, uin uint64) (world.User, bool) {
	if uid != "" {
		return c.world.Users().FindByUID(message.UID(uid))
	}
	return c.world.Users().Find(message.UIN(uin))
}

// sendMessage is MessageSvc.PbSendMsg (docs/protocol/messages.md 4).
func (c *chats) sendMessage(rq *request, req *messagepb.PbSendMsgReq) (*messagepb.PbSendMsgResp, error) {
	send, err := c.addressed(req)
	if err == nil && send.File != nil {
		err = c.files.sent(rq.session.uin, send.To, send.File.Segment)
	}
	if err == nil {
		send.From, send.Origin = rq.session.uin, rq.session
		send.Random, send.ClientSequence = req.GetRandom(), req.GetClientSequence()
		send.Parts, err = c.parts(req.GetBody().GetRichText(), send.Group != 0)
	}
	if err == nil {
		_, err = c.world.Messages().Send(send, func(m *world.Message) { reply(rq, rpc.SendMessage, sendAnswer(m), nil) })
	}
	if err != nil { // a refusal has a time and no sequence
		return &messagepb.PbSendMsgResp{SendTime: proto.Uint64(uint64(c.world.Now().Unix()))}, err
	}
	return nil, nil
}

// parts reads what a client sent.
func (c *chats) parts(text *messagepb.RichText, group bool) ([]world.Part, error) {
	elems, err := relayMedia(text.GetElems())
	if err != nil {
		return nil, err
	}
	return append(partsOf(c.world, elems, group), oldVoicePart(text, group)...), nil
}

// addressed reads to whom a message goes, and the content of a file.
func (c *chats) addressed(req *messagepb.PbSendMsgReq) (world.Send, error) {
	var send world.Send
	routing := req.GetRoutingHead()
	if routing.GetGroup() != nil {
		send.Group = message.GroupCode(routing.GetGroup().GetGroupCode())
		if send.Group == 0 {
			return send, world.NoReceiver("no receiver")
		}
		return send, nil
	}
	var uid string
	var uin uint64
	switch {
	case routing.GetC2C() != nil:
		uid, uin = routing.GetC2C().GetPeerUid(), routing.GetC2C().GetPeerUin()
		if file := fileIn(req); file != nil { // one client sends files so
			if _, said := file.Segment.(*message.FileSegment); said {
				send.File = file
			}
		}
	case routing.GetGroupTemp() != nil: // one form names group and peer by numbers, the other by code and text id
		temp := routing.GetGroupTemp()
		uid, uin = temp.GetToUid(), temp.GetToUin()
		send.TempGroup = message.GroupCode(cmp.Or(temp.GetGroupCode(), temp.GetGroupUin()))
	case routing.GetTrans211() != nil:
		uid, uin = routing.GetTrans211().GetToUid(), routing.GetTrans211().GetToUin()
		send.File = fileIn(req)
	}
	peer, known := c.find(uid, uin)
	if !known {
		return send, world.NoReceiver("no such receiver")
	}
	send.To = peer.UIN
	return send, nil
}

// fileIn reads what stands beside the elements of a message: the description of a file. nil
// for nothing.
func fileIn(req *messagepb.PbSendMsgReq) *world.Part {
	raw := req.GetBody().GetMsgContent()
	if len(raw) == 0 {
		return nil
	}
	return &world.Part{Segment: elements.DecodeFileContent(raw), Form: raw}
}

// sendAnswer writes the fields that clients expect of each kind of chat
// (docs/protocol/messages.md 4.2).
func sendAnswer(m *world.Message) *messagepb.PbSendMsgResp {
	answer := &messagepb.PbSendMsgResp{
		Result: proto.Int32(0), ErrMsg: proto.String(""), SendTime: proto.Uint64(uint64(m.Time)),
	}
	if m.Group != 0 {
		answer.GroupSequence = proto.Uint64(m.Sequence)
		return answer
	}
	answer.MsgInfoFlag = proto.Uint32(0)
	answer.Field12 = proto.Uint64(uint64(m.Time))
	answer.PrivateSequence = proto.Uint64(m.Sequence)
	return answer
}

// recallGroup writes both fields of a success: one client fails on an empty answer, one
// without the text.
func (c *chats) recallGroup(rq *request, req *messagepb.GroupRecallReq) (*messagepb.GroupRecallResp, error) {
	group, sequence := message.GroupCode(req.GetGroupCode()), req.GetInfo().GetSequence()
	return nil, c.world.Messages().RecallGroup(rq.session.uin, group, sequence, func() {
		reply(rq, rpc.RecallGroup, &messagepb.GroupRecallResp{Result: proto.Uint32(0), ErrMsg: proto.String(recallSuccess)}, nil)
	})
}

// recallFriend always answers success, as the real service does
// (docs/protocol/messages.md 12.1).
func (c *chats) recallFriend(rq *request, req *messagepb.C2CRecallReq) (*messagepb.C2CRecallResp, error) {
	success := &messagepb.C2CRecallResp{Result: proto.Uint32(0), ErrMsg: proto.String(recallSuccess)}
	peer, known := c.find(req.GetTargetUid(), 0)
	if !known {
		return success, nil
	}
	info := req.GetInfo()
	err := c.world.Messages().RecallFriend(rq.session.uin, peer.UIN, info.GetClientSequence(), info.GetRandom(), info.GetNtMsgSeq(), func() {
		reply(rq, rpc.RecallFriend, success, nil)
	})
	if err != nil {
		return success, nil
	}
	return nil, nil
}
