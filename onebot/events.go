package onebot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"time"

	"libration/internal/text"
	"libration/ntqq"
	"libration/ntqq/event"
	"libration/ntqq/message"
)

// Handle takes one event of the account: it stores messages, encodes the event
// once per format that somebody wants, and queues it for the subscribers or the
// journal. It never panics. It waits for a journal that is full; without one, for
// subscribers that take events too slowly (Subscribe), but not for those that take
// none. Events that OneBot has no word for are ignored.
// Only one goroutine may call Handle and HandleState.
func (s *Service) Handle(_ context.Context, e event.Event) {
	defer func() {
		if v := recover(); v != nil {
			s.log.Error("event panicked", "event", fmt.Sprintf("%T", e), "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
		}
	}()
	if m, ok := e.(*event.Message); ok {
		if m != nil && m.Message != nil {
			s.message(m.Message)
		}
		return
	}
	if want, some := s.hub.wanted(false); some {
		if b := s.notice(e); b != nil {
			s.publishPlain(want, b)
		}
	}
}

// HandleState takes a change of the session's state. Coming online and going
// offline are told as bot_online and bot_offline. Only one goroutine may call
// Handle and HandleState.
func (s *Service) HandleState(st ntqq.State) {
	if st.Online() == s.online {
		return
	}
	s.online = st.Online()
	want, some := s.hub.wanted(false)
	if !some {
		return
	}
	if s.online {
		reason := "Reconnect"
		if st.OnlineCount <= 1 {
			reason = "Login"
		}
		s.publishPlain(want, append(textField(s.noticeHead(0, "bot_online"), "reason", reason), '}'))
		return
	}
	b := s.noticeHead(0, "bot_offline")
	b = uintField(b, "user_id", s.client.Self().UIN)
	b = textField(b, "tag", string(st.Stage))
	b = textField(b, "message", offlineText(st).In(s.language))
	s.publishPlain(want, append(b, '}'))
}

// offlineText says why the account is no longer online: in the server's own words
// when it said something.
func offlineText(st ntqq.State) text.Text {
	if kick, ok := errors.AsType[*ntqq.KickError](st.Err); ok && kick.Title+kick.Tips != "" {
		words := kick.Title
		if words != "" && kick.Tips != "" {
			words += ": "
		}
		words += kick.Tips
		return text.Same(words)
	}
	if st.Err != nil {
		return text.T("the session is %s: %v", "会话状态: %s: %v").Fill(st.Stage, st.Err)
	}
	return text.T("the session is %s", "会话状态: %s").Fill(st.Stage)
}

// publishPlain publishes an event that is the same in all formats.
func (s *Service) publishPlain(want [formats]bool, b []byte) {
	var e encoded
	id := s.eventID()
	if id != 0 {
		b = append(appendEventID(b[:len(b)-1], id), '}')
	}
	for f, wanted := range want {
		if wanted {
			e[f] = b
		}
	}
	s.publish(id, 0, false, &e)
}

// message stores a message of an event and publishes it, unless it says nothing:
// such messages only fill a sequence (docs/protocol/messages.md 8).
func (s *Service) message(m *message.Message) {
	id := s.put(m)
	if len(m.Content) > 0 && !s.told(m, id) {
		s.publishMessage(m, id)
	}
}

// told tells whether a message that was fetched again is in the journal already: a
// crash may have come between the journal and what the client saves.
func (s *Service) told(m *message.Message, id int32) bool {
	if s.journal == nil || !m.CaughtUp {
		return false
	}
	told, err := s.journal.Announced(id)
	if err != nil { // rather twice than never
		s.log.Warn("not known whether a message was told before: it may come twice", "message_id", id, "err", err)
		return false
	}
	return told
}

// put stores a message and returns its id. A message that cannot be stored is not
// lost: its id is computed.
func (s *Service) put(m *message.Message) int32 {
	id, err := s.store.Put(m)
	if err != nil {
		s.log.Debug("message not stored", "chat", m.Chat.Kind, "sequence", m.Sequence, "err", err)
		if id == 0 {
			id = s.idOf(m.Chat, m.Sequence)
		}
	}
	return id
}

func (s *Service) publishMessage(m *message.Message, id int32) {
	want, some := s.hub.wanted(m.Self)
	if !some {
		return
	}
	r := s.rendered(m)
	defer s.release(r)
	var e encoded
	event := s.eventID()
	for f, wanted := range want {
		if wanted {
			r.out = s.appendHead(r.out[:0], m.Time, postType(m))
			r.out = s.appendMessage(r.out, m, id, r, Format(f))
			r.out = appendEventID(r.out, event)
			e[f] = bytes.Clone(append(r.out, '}'))
		}
	}
	s.publish(event, id, m.Self, &e)
}

func postType(m *message.Message) string {
	if m.Self {
		return "message_sent"
	}
	return "message"
}

// appendHead begins an event with the fields that all have. Without a time of its
// own an event happens now.
func (s *Service) appendHead(dst []byte, unix int64, postType string) []byte {
	if unix <= 0 {
		unix = s.clock.Now().Unix()
	}
	dst = append(dst, `{"time":`...)
	dst = strconv.AppendInt(dst, unix, 10)
	dst = uintField(dst, "self_id", s.client.Self().UIN)
	return textField(dst, "post_type", postType)
}

// rendering is a message's content in OneBot's terms, and memory to use again.
type rendering struct {
	segments []segment
	cq       []byte // the string format
	out      []byte
}

// maxKept is how much memory a rendering may keep for the next message, in bytes.
const maxKept = 64 << 10

// rendered renders a message's content. The caller must release the result.
func (s *Service) rendered(m *message.Message) *rendering {
	r := s.renders.Get().(*rendering)
	r.segments = s.appendSegments(r.segments[:0], m.Chat, m.Content)
	r.cq = appendReceivedCQ(r.cq[:0], r.segments)
	return r
}

func (s *Service) release(r *rendering) {
	if cap(r.out) <= maxKept && cap(r.cq) <= maxKept && cap(r.segments) <= maxKept/100 {
		s.renders.Put(r)
	}
}

// appendMessage appends what message events and get_msg have in common
// (docs/protocol/onebot11.md c.1).
func (s *Service) appendMessage(dst []byte, m *message.Message, id int32, r *rendering, f Format) []byte {
	group := m.Chat.Kind == message.Group
	sender := m.Sender.UIN
	if group {
		dst = append(dst, `,"message_type":"group","sub_type":"normal"`...)
	} else {
		self := s.client.Self().UIN
		target := self
		if m.Self {
			target = m.Chat.Peer
		}
		if sender == 0 { // a private chat has only two sides
			sender = m.Chat.Peer
			if m.Self {
				sender = self
			}
		}
		if m.Chat.Kind == message.Temp {
			dst = append(dst, `,"message_type":"private","sub_type":"group","temp_source":0`...)
		} else {
			dst = append(dst, `,"message_type":"private","sub_type":"friend"`...)
		}
		dst = uintField(dst, "target_id", target)
	}
	dst = intField(dst, "message_id", id)
	dst = uintField(dst, "message_seq", m.Sequence)
	dst = uintField(dst, "real_id", m.Sequence)
	dst = uintField(dst, "user_id", sender)
	if group {
		dst = uintField(dst, "group_id", m.Chat.Group)
		dst = textField(dst, "group_name", m.GroupName)
		dst = append(dst, `,"anonymous":null`...)
	}
	dst = key(dst, "message")
	if f == FormatString {
		dst = appendString(dst, r.cq)
		dst = textField(dst, "raw_message", r.cq)
		dst = append(dst, `,"message_format":"string"`...)
	} else {
		dst = appendSegmentsJSON(dst, r.segments)
		dst = textField(dst, "raw_message", r.cq)
		dst = append(dst, `,"message_format":"array"`...)
	}
	dst = append(dst, `,"font":0,"sender":{"user_id":`...)
	dst = strconv.AppendUint(dst, uint64(sender), 10)
	dst = textField(dst, "nickname", m.Sender.Nickname)
	dst = append(dst, `,"sex":"unknown","age":0`...)
	switch m.Chat.Kind {
	case message.Group:
		dst = textField(dst, "card", m.Sender.Card)
		dst = append(dst, `,"area":"","level":"`...) // clients demand a text
		dst = strconv.AppendUint(dst, uint64(m.Sender.Level), 10)
		dst = append(dst, '"')
		dst = textField(dst, "role", m.Sender.Role.String())
		dst = textField(dst, "title", m.Sender.Title)
	case message.Temp:
		dst = uintField(dst, "group_id", m.Chat.Group)
	}
	return append(dst, '}')
}

// Lifecycle returns a lifecycle event: subType "connect" for the first frame of a
// connection, "enable" or "disable" for a webhook.
func (s *Service) Lifecycle(subType string) []byte {
	b := s.appendHead(nil, 0, "meta_event")
	b = textField(b, "meta_event_type", "lifecycle")
	b = textField(b, "sub_type", subType)
	return append(b, '}')
}

// Heartbeat returns a heartbeat event with the account's real state. interval is
// the time until the next one.
func (s *Service) Heartbeat(interval time.Duration) []byte {
	b := s.appendHead(nil, 0, "meta_event")
	b = textField(b, "meta_event_type", "heartbeat")
	b = append(key(b, "status"), s.status()...)
	b = intField(b, "interval", interval.Milliseconds())
	return append(b, '}')
}
