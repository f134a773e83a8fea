package ntqq

import (
	"context"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/message"
)

// Kinds of chats in chains of faces (docs/protocol/operations.md 3.4).
const (
	chainFriend = 1
	chainGroup  = 2
)

// JoinEmojiChain follows a message with the same face, of this number. Where and how it is
// shown the service decides. chat is as for [Messages.History], and so are the errors.
func (m Messages) JoinEmojiChain(ctx context.Context, chat message.Chat, sequence uint64, face uint32) error {
	id, peer, err := m.c.historyOf(ctx, chat)
	if err != nil {
		return err
	}
	_, err = call(ctx, m.c, rpc.JoinEmojiChain, chainRequest(id, peer, sequence, face))
	return m.c.inChat(ctx, id, err)
}

func chainRequest(id chatID, peer UID, sequence uint64, face uint32) *oidbpb.JoinEmojiChainReq {
	req := &oidbpb.JoinEmojiChainReq{FaceId: face, MsgSeq: uint32(sequence), MsgSeq2: uint32(sequence), ChatType: chainFriend}
	if id.Group {
		req.ChatType, req.GroupCode = chainGroup, proto.Uint64(id.Code)
	} else {
		req.FriendUid = proto.String(string(peer))
	}
	return req
}
