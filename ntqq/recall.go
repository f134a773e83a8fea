package ntqq

import (
	"context"

	"libration/internal/elements"
	"libration/internal/pb/messagepb"
	"libration/internal/rpc"
	"libration/ntqq/message"
)

// Recall takes a message back. msg needs Chat and Sequence; in private chats also
// ClientSequence, Random and Time. The error is [ErrNotRecallable] when the message
// cannot be recalled any more, or not by this account. In private chats the server
// does not say so: nothing happens, and there is no error. The other errors are those
// of [Client.Call], and [ErrNoFriend] where Chat has no PeerUID.
func (m Messages) Recall(ctx context.Context, msg *message.Message) error {
	c := m.c
	if msg.Chat.Kind == message.Group {
		_, err := rpc.Call(ctx, c, rpc.RecallGroup, groupRecallRequest(msg))
		return serverError(err, ErrNotRecallable)
	}
	uid := msg.Chat.PeerUID
	if uid == "" {
		var err error
		if uid, err = c.friendUID(ctx, msg.Chat.Peer); err != nil {
			return err
		}
	}
	_, err := rpc.Call(ctx, c, rpc.RecallFriend, friendRecallRequest(uid, msg))
	return serverError(err, ErrNotRecallable)
}

func groupRecallRequest(m *message.Message) *messagepb.GroupRecallReq {
	return &messagepb.GroupRecallReq{
		Type: 1, GroupCode: uint64(m.Chat.Group),
		Info:     &messagepb.GroupRecallInfo{Sequence: m.Sequence},
		Settings: &messagepb.GroupRecallSettings{},
	}
}

func friendRecallRequest(peer UID, m *message.Message) *messagepb.C2CRecallReq {
	return &messagepb.C2CRecallReq{
		Type: 1, TargetUid: string(peer),
		Info: &messagepb.C2CRecallInfo{
			ClientSequence: m.ClientSequence, Random: m.Random, MsgUid: elements.MsgUID(m.Random),
			Timestamp: uint64(m.Time), NtMsgSeq: m.Sequence,
		},
		Settings: &messagepb.C2CRecallSettings{},
	}
}
