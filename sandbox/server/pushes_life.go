package server

import (
	"google.golang.org/protobuf/proto"

	"libration/internal/pb/pushpb"
	"libration/sandbox/world"
)

// reacted is push 732/16, service type 35, to all members.
func (p *pushes) reacted(h *world.MessageReacted) {
	detail := &pushpb.GroupReactionDetail{
		Code: h.Reaction.Code, CodeType: reactionType(h.Reaction), Count: proto.Uint32(uint32(len(h.Reaction.Users))),
		OperatorUid: string(h.By.UID), Action: setOrRemoved(h.On),
	}
	p.notice(h.InGroup, noticeText, &pushpb.GroupNotify{
		ServiceType: proto.Uint32(35),
		Reaction: &pushpb.GroupReactionLayer1{Layer: &pushpb.GroupReactionLayer2{Body: &pushpb.GroupReactionBody{
			OperationId: 1, Target: &pushpb.GroupReactionTarget{Sequence: h.Message.Sequence, TotalOperations: h.Changes}, Detail: detail,
		}}},
	})
}

// setOrRemoved is how notices number the two.
func setOrRemoved(on bool) uint32 {
	if on {
		return 1
	}
	return 2
}

func reactionType(r world.Reaction) uint32 {
	if r.Emoji() {
		return 2
	}
	return 1
}

// essenceChanged is push 732/21, notify type 27, to all members.
func (p *pushes) essenceChanged(h *world.EssenceChanged) {
	m := h.Message
	essence := &pushpb.GroupEssence{
		GroupCode: uint64(h.Group), MessageSequence: m.Sequence, Random: m.Random, Operation: setOrRemoved(h.On),
		AuthorUin: uint64(m.Sender.UIN), OperatorUin: uint64(h.By.UIN), Time: uint32(p.world.Now().Unix()),
		LatestSequence: proto.Uint64(0), OperatorName: h.By.Nickname, AuthorName: m.Sender.Nickname, Extra: 1,
	}
	if h.On {
		essence.LatestSequence = proto.Uint64(m.Sequence)
	}
	p.notice(h.InGroup, noticeMore, &pushpb.GroupNotify{NotifyType: 27, Essence: essence})
}
