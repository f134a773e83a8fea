package onebot

import (
	"context"
	"math"
	"strconv"

	"libration/internal/text"
	"libration/ntqq/event"
	"libration/ntqq/message"
)

func showReply(w *writer, chat message.Chat, r *message.ReplySegment, data []field) ([]field, bool) {
	return append(data, field{"id", strconv.Itoa(int(w.repliedID(chat, r)))}), true
}

func readReply(ctx context.Context, r reader, chat message.Chat, seg segment) (message.Segment, error) {
	id, err := integer(seg.get("id"))
	if err != nil || id < math.MinInt32 || id > math.MaxInt32 {
		return nil, badSegment(seg, "id", text.T("is not a message id", "不是消息 id"))
	}
	m, err := r.find(ctx, int32(id))
	if err != nil {
		return nil, err
	}
	if m == nil {
		e := noSuchMessage(noMessage, int32(id))
		e.retcode = RetBadParams
		e.text = text.T("segment reply: %s", "消息段 reply: %s").Fill(e.text)
		return nil, e
	}
	if !sameChat(chat, m.Chat) {
		return nil, badSegment(seg, "id", text.T("is a message of another chat", "是其他会话的消息"))
	}
	return message.ReplyTo(m), nil
}

// sameChat tells whether two chats are the same conversation. A private chat is
// named by its peer alone.
func sameChat(a, b message.Chat) bool {
	if a.Kind == message.Group || b.Kind == message.Group {
		return a.Kind == b.Kind && a.Group == b.Group
	}
	return a.Peer == b.Peer
}

// repliedID is the message_id of a quoted message; 0 when the quote names nothing
// that an id can be computed from.
func (w *writer) repliedID(chat message.Chat, r *message.ReplySegment) int32 {
	return w.ids.ReferredID(event.Reference{
		Chat: chat, Sequence: r.Sequence, ClientSequence: r.ClientSequence, Random: r.Random, Time: r.Time,
	})
}
