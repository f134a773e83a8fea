package onebot

import (
	"math"
	"strconv"
	"strings"

	"libration/internal/text"
	"libration/ntqq/message"
)

// sendable are the segment types that can be sent, for people to read.
const sendable = "text, at, face, dice, rps, reply"

// appendSegments appends the OneBot form of a received message's content, as the
// array format has it. Anything that is not understood is a segment of type
// unknown, never left out.
func (s *Service) appendSegments(dst []segment, chat message.Chat, c message.Content) []segment {
	for _, part := range c {
		switch p := part.(type) {
		case *message.Text:
			dst = addSegment(dst, "text", field{"text", p.Text})
		case *message.At:
			qq := "all"
			if !p.All {
				qq = strconv.FormatUint(uint64(p.UIN), 10)
			}
			dst = addSegment(dst, "at", field{"qq", qq}, field{"name", p.Display})
		case *message.Face:
			dst = appendFace(dst, p)
		case *message.Reply:
			dst = addSegment(dst, "reply", field{"id", strconv.Itoa(int(s.repliedID(chat, p)))})
		case *message.Unknown:
			dst = addSegment(dst, "unknown", field{"element", p.Element})
		}
	}
	return dst
}

// addSegment appends a segment. It uses the memory of what dst had there before.
func addSegment(dst []segment, kind string, data ...field) []segment {
	if len(dst) < cap(dst) {
		dst = dst[:len(dst)+1]
	} else {
		dst = append(dst, segment{})
	}
	s := &dst[len(dst)-1]
	s.kind = kind
	s.data = append(s.data[:0], data...)
	return dst
}

func appendFace(dst []segment, f *message.Face) []segment {
	switch f.ID {
	case message.FaceDice, message.FaceRPS:
		kind := "dice"
		if f.ID == message.FaceRPS {
			kind = "rps"
		}
		return addSegment(dst, kind, field{"result", strconv.FormatUint(uint64(f.Result), 10)})
	}
	id := field{"id", strconv.FormatUint(uint64(f.ID), 10)}
	if f.Large {
		return addSegment(dst, "face", id, field{"large", "true"})
	}
	return addSegment(dst, "face", id)
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

// appendSegmentsJSON appends segments in the array format. All values are texts.
func appendSegmentsJSON(dst []byte, segments []segment) []byte {
	dst = append(dst, '[')
	for i, s := range segments {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"type":`...)
		dst = appendString(dst, s.kind)
		dst = append(dst, `,"data":{`...)
		for j, f := range s.data {
			if j > 0 {
				dst = append(dst, ',')
			}
			dst = appendString(dst, f.key)
			dst = append(dst, ':')
			dst = appendString(dst, f.value)
		}
		dst = append(dst, '}', '}')
	}
	return append(dst, ']')
}

// appendReceivedCQ appends received segments in the string format. An at has only
// its qq there: bots match "[CQ:at,qq=1]" in texts.
func appendReceivedCQ(dst []byte, segments []segment) []byte {
	for _, s := range segments {
		if s.kind == "at" {
			s.data = s.data[:1]
		}
		dst = appendCQ(dst, []segment{s})
	}
	return dst
}

// content turns OneBot segments into what is sent to a chat. Empty data values
// count as absent. A reply goes to the front; of several only the first counts.
func (s *Service) content(chat message.Chat, segments []segment) (message.Content, error) {
	var c message.Content
	var reply message.Segment
	text := 0
	for _, seg := range segments {
		if text += len(seg.get("text")); text > maxText {
			return nil, longMessage()
		}
		part, err := s.outgoing(chat, seg)
		if err != nil {
			return nil, err
		}
		switch part.(type) {
		case nil:
		case *message.Reply:
			if reply == nil {
				reply = part
			}
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
	return c, nil
}

// outgoing turns one OneBot segment into one to send; nil when it says nothing.
func (s *Service) outgoing(chat message.Chat, seg segment) (message.Segment, error) {
	switch seg.kind {
	case "text":
		if words := seg.get("text"); words != "" {
			return &message.Text{Text: words}, nil
		}
		return nil, nil
	case "at":
		return outgoingAt(seg)
	case "face":
		id, err := strconv.ParseUint(strings.TrimSpace(seg.get("id")), 10, 32)
		if err != nil {
			return nil, badSegment(seg, "id", text.T("must be a face number", "必须是表情编号"))
		}
		large := false
		if v := seg.get("large"); v != "" {
			if large, err = boolean(v); err != nil {
				return nil, badSegment(seg, "large", text.T("must be true or false", "必须是布尔值"))
			}
		}
		large = large || seg.get("type") == "sticker" || id == message.FaceDice || id == message.FaceRPS
		return &message.Face{ID: uint32(id), Large: large}, nil
	case "dice":
		return &message.Face{ID: message.FaceDice, Large: true}, nil
	case "rps":
		return &message.Face{ID: message.FaceRPS, Large: true}, nil
	case "reply":
		return s.outgoingReply(chat, seg)
	case "anonymous": // the feature is gone; old bots still send it
		return nil, nil
	}
	kind := shorten(seg.kind)
	return nil, badParams(text.T(
		`segment type %[1]q cannot be sent; these can: %[2]s. If [CQ:%[1]s is meant as text, write its "[" as "&#91;"`,
		`不支持发送 %[1]q 类型的消息段，支持的类型: %[2]s。如果 [CQ:%[1]s 只是普通文本，请把 "[" 写成 "&#91;"`).Fill(kind, sendable))
}

func badSegment(seg segment, name string, what text.Text) error {
	return badParams(text.T("segment %s: %s %q %s", "消息段 %s: %s %q %s").Fill(seg.kind, name, shorten(seg.get(name)), what))
}

func outgoingAt(seg segment) (message.Segment, error) {
	name := "qq"
	if seg.get(name) == "" {
		name = "target"
	}
	if seg.get(name) == "all" {
		return &message.At{All: true}, nil
	}
	uin, err := integer(seg.get(name))
	if err != nil || uin <= 0 {
		return nil, badSegment(seg, "qq", text.T(`must be an account number or "all"`, `必须是 QQ 号或 "all"`))
	}
	at := &message.At{UIN: message.UIN(uin), Display: seg.get("name")}
	if at.Display != "" && !strings.HasPrefix(at.Display, "@") {
		at.Display = "@" + at.Display
	}
	return at, nil
}

func (s *Service) outgoingReply(chat message.Chat, seg segment) (message.Segment, error) {
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
