package server

import (
	"libration/internal/pb/oidbpb"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// Kinds of chats in chains of faces (docs/protocol/operations.md 3.4).
const (
	chainFriend = 1
	chainGroup  = 2
)

// joinChain sends the face of a chain as a message of the account.
func (h *life) joinChain(rq *request, req *oidbpb.JoinEmojiChainReq) (*oidbpb.EmptyResp, error) {
	send := world.Send{From: rq.session.uin, Parts: world.Parts(&message.FaceSegment{ID: req.GetFaceId()})}
	sequence := uint64(req.GetMsgSeq())
	var followed []*world.Message
	switch req.GetChatType() {
	case chainGroup:
		send.Group = message.GroupCode(req.GetGroupCode())
		followed = h.world.History().OfGroup(send.Group, sequence, sequence)
	case chainFriend:
		peer, _ := h.world.Users().FindByUID(message.UID(req.GetFriendUid()))
		send.To = peer.UIN
		followed = h.world.History().OfPrivate(send.From, send.To, sequence, sequence)
	default:
		return nil, world.Refuse(world.BadRequest, "chats of type %d are not known", req.GetChatType())
	}
	if len(followed) == 0 {
		return nil, world.Refuse(world.NotFound, "no message %d", sequence)
	}
	_, err := h.world.Messages().Send(send, nil)
	return &oidbpb.EmptyResp{}, err
}
