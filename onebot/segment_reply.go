package onebot

import (
	"math"
	"strconv"

	"libration/internal/text"
	"libration/ntqq/message"
)

func showReply(s *Service, chat message.Chat, r *message.Reply, data []field) ([]field, bool) {
	return append(data, field{"id", strconv.Itoa(int(s.repliedID(chat, r)))}), true
}

func (s *Service) readReply(chat message.Chat, seg segment) (message.Segment, error) {
	id, err := integer(seg.get("id"))
	if err != nil || id < math.MinInt32 || id > math.MaxInt32 {
		return nil, badSegment(seg, "id", text.T("is not a message id", "不是消息 id"))
	}
	m, err := s.store.Get(int32(id))
	if err != nil {
		return nil, unreadable(err)
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
	r := &message.Reply{
		Sequence:       m.Sequence,
		ClientSequence: m.ClientSequence,
		SenderUIN:      m.Sender.UIN,
		SenderUID:      m.Sender.UID,
		Time:           m.Time,
		Random:         m.Random,
	}
	for _, part := range m.Content {
		if _, nested := part.(*message.Reply); !nested { // a quote carries no quote
			r.Content = append(r.Content, part)
		}
	}
	return r, nil
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
func (s *Service) repliedID(chat message.Chat, r *message.Reply) int32 {
	if chat.Kind == message.Group {
		return s.idOf(chat, r.Sequence)
	}
	return s.privateID(chat, r.Sequence, r.ClientSequence, r.Random)
}

// privateID is the message_id of a private message of which a quote or a recall
// tells. The store's record counts, because pushes name the message by different
// numbers; without one the id is computed from what is there.
func (s *Service) privateID(chat message.Chat, sequence, clientSequence uint64, random uint32) int32 {
	if clientSequence != 0 {
		m, err := s.store.FindFriend(chat.Peer, clientSequence, random)
		if err != nil {
			s.log.Debug("message not looked up", "peer", chat.Peer, "err", err)
		} else if m != nil {
			return s.idOf(m.Chat, m.Sequence)
		}
	}
	if sequence == 0 {
		sequence = clientSequence
	}
	return s.idOf(chat, sequence)
}

// idOf is the message_id of a message by its key; 0 when there is no sequence.
func (s *Service) idOf(chat message.Chat, sequence uint64) int32 {
	if sequence == 0 {
		return 0
	}
	id, err := s.store.ID(chat, sequence)
	if err != nil {
		s.log.Debug("message id not computed", "chat", chat.Kind, "sequence", sequence, "err", err)
		return 0
	}
	return id
}
