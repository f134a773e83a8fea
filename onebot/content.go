package onebot

import (
	"context"

	"libration/internal/text"
	"libration/ntqq/media"
	"libration/ntqq/message"
)

// reader reads OneBot segments into what is sent.
type reader struct {
	segments *segmentTable
	media    mediaReader
	// find is [account.find].
	find func(ctx context.Context, id int32) (*message.Message, error)
	// numbered is [account.numbered].
	numbered func(ctx context.Context, chat message.Chat, sequence uint64) (*message.Message, error)
	// file is [gateway.Gateway.File], download is [account.download].
	file     func(id string) (*message.FileSegment, error)
	download func(ctx context.Context, part message.Segment) (*media.Cached, error)
	sign     func(ctx context.Context, request []byte) (json string, err error) // Options.SignCard
	// resend is [account.resend].
	resend func(ctx context.Context, id string) (*message.ForwardSegment, error)
	self   func() message.UIN
	// inside is the forward whose nodes are read, nil for a message; depth is how deep.
	inside *forwarding
	depth  int
}

// content turns OneBot segments into what is sent to a chat. Empty data values
// count as absent. A reply goes to the front; of several only the first counts. Nodes
// make it a forward.
func (r reader) content(ctx context.Context, chat message.Chat, segments []segment) (message.Content, error) {
	if hasNodes(segments) {
		return r.forwardMessage(ctx, chat, "message", segments)
	}
	var c message.Content
	var reply message.Segment
	text, bytes := 0, message.MaxForwardBytes
	resent := &bytes // of forwards that are sent again
	if r.inside != nil {
		resent = &r.inside.bytes
	}
	for _, seg := range segments {
		if text += len(seg.get("text")); text > maxText {
			return nil, longMessage()
		}
		part, err := r.outgoing(ctx, chat, seg)
		if err != nil {
			return nil, err
		}
		switch part.(type) {
		case nil:
		case *message.ReplySegment:
			if reply == nil {
				reply = part
			}
		case *message.ForwardSegment:
			if *resent -= (&message.Message{Content: message.Content{part}}).Size(); *resent < 0 {
				return nil, failure(largeForward)
			}
			c = append(c, part)
		default:
			c = append(c, part)
		}
	}
	if len(c) == 0 {
		return nil, failure(emptyMessage)
	}
	if reply != nil {
		c = append(message.Content{reply}, c...)
	}
	return alone(c)
}

// outgoing turns one OneBot segment into one to send; nil when it says nothing.
func (r reader) outgoing(ctx context.Context, chat message.Chat, seg segment) (message.Segment, error) {
	if row := r.segments.types[seg.kind]; row != nil {
		return row.read(ctx, r, chat, seg)
	}
	kind := shorten(seg.kind)
	return nil, badParams(text.T(
		`segment type %[1]q cannot be sent; these can: %[2]s. If [CQ:%[1]s is meant as text, write its "[" as "&#91;"`,
		`不支持发送 %[1]q 类型的消息段，支持的类型：%[2]s。如果 [CQ:%[1]s 只是普通文本，请把 "[" 写成 "&#91;"`).Fill(kind, r.segments.sendable))
}

func badSegment(seg segment, name string, what text.Text) error {
	if what == missing {
		return badParams(text.T("segment %s: %s %s", "消息段 %s：%s %s").Fill(seg.kind, name, what))
	}
	return badParams(text.T("segment %s: %s %q %s", "消息段 %s：%s %q %s").Fill(seg.kind, name, shorten(seg.get(name)), what))
}
