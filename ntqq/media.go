package ntqq

import (
	"context"
	"errors"

	"libration/internal/elements"
	"libration/internal/pb"
	"libration/internal/pb/mediapb"
	"libration/ntqq/media/transfer"
	"libration/ntqq/message"
)

// Media are the operations on pictures, voices and videos: on an [*message.ImageSegment],
// [*message.RecordSegment] or [*message.VideoSegment]. They are safe for concurrent use.
type Media struct{ c *Client }

// Media returns the operations on pictures, voices and videos.
func (c *Client) Media() Media { return Media{c} }

// Transfers returns the uploads and downloads of media that run, and the last that have
// ended. It is Options.Transfers, where that is set.
func (c *Client) Transfers() *transfer.Registry { return c.transfers }

// Upload stores the medium of a segment for those who read a chat, as sending does, and
// returns a copy of the segment with its Info and ID, so that [Media.URL] has an address of
// it. A zero chat stands for a private chat with the account itself. The bytes come from
// the Source, or, where the service does not have a received medium any more, from its
// address. Up to 8 media are uploaded at the same time; others wait.
//
// The errors are [*media.StepError]; one that wraps a [*ServerError] was refused by the
// service, and one that is [transfer.ErrCancelled] was cancelled.
func (m Media) Upload(ctx context.Context, chat message.Chat, seg message.Segment) (message.Segment, error) {
	to, err := m.c.target(ctx, chat)
	if err != nil {
		return nil, err
	}
	ready, err := elements.Upload(ctx, &uploader{m.c, to}, message.Content{seg})
	if failed, ok := errors.AsType[*message.SegmentError](err); ok {
		err = failed.Err
	}
	if err != nil {
		return nil, err
	}
	uploaded := message.MediumOf(ready[0])
	var info mediapb.MsgInfo
	if uploaded != nil && pb.Unmarshal(uploaded.Info, &info) == nil && len(info.GetBody()) > 0 {
		uploaded.ID = info.GetBody()[0].GetIndex().GetFileUuid()
	}
	return ready[0], nil
}

// target finds the other side of a chat.
func (c *Client) target(ctx context.Context, chat message.Chat) (target, error) {
	to := target{chat: chat}
	switch {
	case chat.Kind == message.Group:
		to.group = chat.Group
	case chat.PeerUID != "":
		to.peer = chat.PeerUID
	case chat.Peer != 0 && chat.Peer != c.Self().UIN:
		uid, err := c.friendUID(ctx, chat.Peer)
		to.peer = uid
		return to, err
	}
	return to, nil
}
