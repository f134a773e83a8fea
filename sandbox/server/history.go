package server

import (
	"google.golang.org/protobuf/proto"

	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// historyPage is the most messages in one answer (docs/protocol/messages.md 12.3).
const historyPage = 30

// noSender is above every client sequence that a known client gives a message
// (docs/protocol/messages.md 3). Who asks for more means the newest.
const noSender = 1 << 31

// refusedHistory refuses a history request: the real codes are not known.
func refusedHistory(text string) error { return world.Refuse(world.BadRequest, "%s", text) }

// readReport always succeeds.
func (c *chats) readReport(rq *request, req *messagepb.ReadReportReq) (*messagepb.ReadReportResp, error) {
	if group := req.GetGroup(); group != nil {
		c.world.Messages().MarkRead(message.GroupCode(group.GetGroupCode()), rq.session.uin, group.GetSequence())
	}
	if private := req.GetC2C(); private != nil {
		if peer, known := c.find(private.GetPeerUid(), 0); known {
			c.world.Messages().MarkPrivateRead(rq.session.uin, peer.UIN, private.GetSequence())
		}
	}
	return &messagepb.ReadReportResp{RetCode: proto.Uint32(0), RetMsg: proto.String("")}, nil
}

func (c *chats) peerSequence(rq *request, req *messagepb.GetPeerSeqReq) (*messagepb.GetPeerSeqResp, error) {
	answer := &messagepb.GetPeerSeqResp{RetCode: proto.Uint32(0)}
	peer, known := c.find(req.GetPeerUid(), 0)
	if !known {
		answer.RetMsg = proto.String("no such user")
		return answer, nil
	}
	sequence, at := c.world.History().LastOfPrivate(rq.session.uin, peer.UIN)
	answer.Sequence1, answer.Sequence2, answer.LatestMsgTime = sequence, sequence, uint64(at)
	return answer, nil
}

// groupHistory answers with the range as it was asked for, also when it is cut to a page
// or refused: one client fails without (docs/protocol/messages.md 12.3).
func (c *chats) groupHistory(rq *request, req *messagepb.GetGroupMsgReq) (*messagepb.GetGroupMsgResp, error) {
	asked := req.GetRange()
	code := message.GroupCode(asked.GetGroupCode())
	body := &messagepb.GetGroupMsgBody{
		GroupCode:     asked.GetGroupCode(),
		StartSequence: proto.Uint64(asked.GetStartSequence()), EndSequence: proto.Uint64(asked.GetEndSequence()),
	}
	if _, member := c.world.Members().Find(code, rq.session.uin); !member {
		return &messagepb.GetGroupMsgResp{Body: body}, refusedHistory("not a member")
	}
	from, to := lastPage(asked.GetStartSequence(), asked.GetEndSequence(), c.world.History().LastOfGroup(code))
	messages := c.world.History().OfGroup(code, from, to)
	if req.GetFilter() == 2 { // only ten messages of three days
		since := c.world.Now().AddDate(0, 0, -3).Unix()
		for len(messages) > 10 || len(messages) > 0 && messages[0].Time < since {
			messages = messages[1:]
		}
	}
	body.RetCode, body.Messages = proto.Uint32(0), c.messages(messages)
	reader, _ := c.world.Users().Find(rq.session.uin)
	for _, m := range body.Messages { // as when it is pushed
		m.RoutingHead.ToUin, m.RoutingHead.ToUid = uint64(reader.UIN), proto.String(string(reader.UID))
	}
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

func (c *chats) friendHistory(rq *request, req *messagepb.GetC2CMsgReq) (*messagepb.GetC2CMsgResp, error) {
	peer, known := c.find(req.GetPeerUid(), req.GetPeerUin())
	if !known {
		return nil, refusedHistory("no such user")
	}
	messages := c.private(rq.session.uin, peer.UIN, req.GetStartSequence(), req.GetEndSequence())
	return &messagepb.GetC2CMsgResp{RetCode: proto.Uint32(0), Messages: c.messages(messages)}, nil
}

// private returns the messages that somebody asks for by two numbers, each the sequence
// of a message in the chat or that of its sender: some clients know private messages by
// the latter only (docs/protocol/messages.md 12.4).
func (c *chats) private(self, peer message.UIN, start, end uint64) []*world.Message {
	h := c.world.History()
	oldest, newest := h.RangeOfPrivate(self, peer)
	if end == 0 {
		end = newest
	}
	place := func(number uint64) (sequence uint64, found bool) {
		if oldest <= number && number <= newest {
			return number, true
		}
		sequence = h.FindSequence(self, peer, number, 0)
		return sequence, sequence != 0
	}
	from, first := place(start)
	to, last := place(end)
	switch {
	case newest == 0:
		return nil
	case first && last:
		from, to = min(from, to), max(from, to)
	case last: // the numbers are not those of the chat, but how many they are says how many are wanted
		from = to - min(to, distance(start, end))
	case first:
		to = from + min(newest-from, distance(start, end))
	case start < oldest && end > newest:
		from, to = oldest, newest
	case start >= noSender:
		from, to = newest-min(newest, distance(start, end)), newest
	default:
		sent := h.SentPrivate(self, peer, start, end)
		return sent[max(0, len(sent)-historyPage):]
	}
	from, to = lastPage(from, to, newest)
	return h.OfPrivate(self, peer, from, to)
}

// distance is how far end is behind start.
func distance(start, end uint64) uint64 { return end - min(start, end) }

// roamHistory has no error of its own: an unknown peer has no messages. The time and the
// random number in the answer are those of the message from which the next page goes on.
func (c *chats) roamHistory(rq *request, req *messagepb.GetRoamMsgReq) (*messagepb.GetRoamMsgResp, error) {
	answer := &messagepb.GetRoamMsgResp{
		PeerUid: proto.String(req.GetPeerUid()), IsComplete: proto.Bool(true),
		Time: proto.Uint32(req.GetTime()), Random: proto.Uint32(0),
	}
	peer, known := c.find(req.GetPeerUid(), 0)
	if !known {
		return answer, nil
	}
	count := int(min(req.GetCount(), historyPage))
	if count == 0 {
		count = historyPage
	}
	messages, complete := c.world.History().Roam(rq.session.uin, peer.UIN, int64(req.GetTime()), count, req.GetDirection())
	answer.Messages, answer.IsComplete = c.messages(messages), proto.Bool(complete)
	if n := len(messages); n > 0 {
		next := messages[0]
		if req.GetDirection() == world.Newer {
			next = messages[n-1]
		}
		answer.Time, answer.Random = proto.Uint32(uint32(next.Time)), proto.Uint32(next.Random)
	}
	return answer, nil
}
