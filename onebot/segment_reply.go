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
	if seg.get("id") == "" && seg.get("seq") != "" {
		return readReplyBySequence(ctx, r, chat, seg)
	}
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

// readReplyBySequence reads the quote of a message that is named by its number in the chat
// or, when there is a text, of one that need not exist.
func readReplyBySequence(ctx context.Context, r reader, chat message.Chat, seg segment) (message.Segment, error) {
	whole := func(name string) (uint64, error) {
		n, err := integer(seg.get(name))
		if seg.get(name) != "" && (err != nil || n < 0) {
			return 0, badSegment(seg, name, text.T("must be a whole number", "应为整数"))
		}
		return uint64(n), nil
	}
	sequence, err := whole("seq")
	if err != nil {
		return nil, err
	}
	if seg.get("text") == "" {
		m, err := r.numbered(ctx, chat, sequence)
		if err == nil && m == nil {
			err = badSegment(seg, "seq", text.T("is no message of this chat", "不是该会话中的消息"))
		}
		if err != nil {
			return nil, err
		}
		return message.ReplyTo(m), nil
	}
	name := "qq"
	if seg.get(name) == "" {
		name = "user_id"
	}
	sender, err := whole(name)
	if err != nil {
		return nil, err
	}
	sent, err := whole("time")
	if err != nil {
		return nil, err
	}
	switch {
	case sequence == 0:
		return nil, badSegment(seg, "seq", text.T("must be a whole number", "应为整数"))
	case sender == 0:
		return nil, badSegment(seg, name, missing)
	}
	return &message.ReplySegment{
		Sequence: sequence, SenderUIN: message.UIN(sender), Time: int64(sent), Content: message.Content{message.Text(seg.get("text"))},
	}, nil
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
