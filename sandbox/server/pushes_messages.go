package server

import (
	"google.golang.org/protobuf/proto"

	"libration/internal/elements"
	"libration/internal/pb/pushpb"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// messageSent goes to everybody of the chat, the sender included. A private message is
// not echoed to the session that sent it.
func (p *pushes) messageSent(h *world.MessageSent) {
	but := h.Origin
	if h.Message.Group != 0 {
		but = nil
	}
	p.send(h.Members, but, newEnvelope(p.message(h.Message)))
}

// groupRecalled is push 732/17 to all members.
func (p *pushes) groupRecalled(h *world.GroupMessageRecalled) {
	m := h.Message
	p.notice(h.InGroup, noticeRecall, &pushpb.GroupNotify{Recall: &pushpb.GroupRecall{
		OperatorUid: proto.String(string(h.By.UID)),
		Messages: []*pushpb.RecalledGroupMessage{{
			Sequence: m.Sequence, Time: uint32(m.Time), Random: m.Random, AuthorUid: string(m.Sender.UID),
		}},
		Tip: &pushpb.RecallTip{Text: proto.String("")},
	}})
}

// friendRecalled is push 528/138 to the peer, and 528/139 to the clients of the author.
func (p *pushes) friendRecalled(h *world.FriendMessageRecalled) {
	m := h.Message
	body := &pushpb.FriendRecall{Info: &pushpb.FriendRecallInfo{
		FromUid: string(m.Sender.UID), ToUid: string(m.ToUID), ClientSequence: uint32(m.ClientSequence),
		MessageUid: elements.MsgUID(m.Random), Time: uint32(m.Time), Random: m.Random,
		PackageCount: proto.Uint32(1), PackageIndex: proto.Uint32(0), DivisionSequence: proto.Uint32(0),
		Tip: &pushpb.RecallTip{Text: proto.String("")}, Sequence: m.Sequence,
	}}
	if m.To != m.Sender.UIN {
		p.send([]message.UIN{m.To}, nil, p.accountEvent(accountRecall, m.Sender.UIN, m.Sender.UID, body))
	}
	p.send([]message.UIN{m.Sender.UIN}, nil, p.accountEvent(accountOwnRecall, m.Sender.UIN, m.Sender.UID, body))
}
