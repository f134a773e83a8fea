package ntqq

import (
	"context"
	"errors"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/messagepb"
	"libration/internal/rpc"
	"libration/ntqq/message"
)

// MarkRead marks a chat as read up to a message, for all clients of the account. Nobody
// else is told. msg needs Chat and Sequence, in private chats also Time. The errors are
// those of [Messages.History].
func (m Messages) MarkRead(ctx context.Context, msg *message.Message) error {
	if msg.Sequence == 0 {
		return errors.New("mark as read: the message has no sequence")
	}
	id, peer, err := m.c.historyOf(ctx, msg.Chat)
	if err != nil {
		return err
	}
	return m.c.reportRead(ctx, id, peer, msg.Sequence, msg.Time)
}

// MarkChatRead marks a chat as read up to its newest message, as [Messages.MarkRead]
// does. It does nothing where there is none.
func (m Messages) MarkChatRead(ctx context.Context, chat message.Chat) error {
	c := m.c
	id, peer, err := c.historyOf(ctx, chat)
	if err != nil {
		return err
	}
	var newest uint64
	var time int64
	if id.Group {
		newest, err = c.latest(ctx, id, peer)
	} else {
		newest, time, err = c.latestPrivate(ctx, peer)
	}
	if err != nil || newest == 0 {
		return c.inChat(ctx, id, err)
	}
	return c.reportRead(ctx, id, peer, newest, time)
}

func (c *Client) reportRead(ctx context.Context, id chatID, peer UID, sequence uint64, time int64) error {
	_, err := call(ctx, c, rpc.ReadReport, readRequest(id, peer, sequence, time))
	return c.inChat(ctx, id, err)
}

func readRequest(id chatID, peer UID, sequence uint64, time int64) *messagepb.ReadReportReq {
	if id.Group {
		return &messagepb.ReadReportReq{Group: &messagepb.ReadReportGroup{GroupCode: id.Code, Sequence: sequence}}
	}
	return &messagepb.ReadReportReq{C2C: &messagepb.ReadReportC2C{
		PeerUid: proto.String(string(peer)), Time: uint64(max(time, 0)), Sequence: sequence,
	}}
}
