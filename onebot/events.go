package onebot

import (
	"bytes"
	"fmt"
	"strconv"
	"sync"

	"libration/gateway"
	"libration/internal/text"
	"libration/ntqq/event"
	"libration/ntqq/message"
)

// Format is how the message field of message events is written.
type Format uint8

// The formats.
const (
	FormatArray  Format = iota // an array of segments
	FormatString               // a string with CQ codes
	formats                    // how many there are
)

// writer writes events and messages in OneBot's words. What it writes depends on what it
// is given, the account's own number and the language.
type writer struct {
	self     func() message.UIN
	ids      ids
	language Language
	flavour  Flavour
	segments *segmentTable
	links    *gateway.Links // nil: media have the service's addresses
	renders  sync.Pool      // of *rendering
}

// ids are the message_ids of messages that are named by their numbers.
type ids interface {
	ReferredID(event.Reference) int32
}

// formatted is the [gateway.Writer] of a format.
type formatted struct {
	*writer
	format Format
}

// Tells implements gateway.Writer.
func (formatted) Tells(name string) bool { return noticesOf[name] != nil }

// Write implements gateway.Writer.
func (f formatted) Write(e *gateway.Event) [][]byte {
	switch {
	case e.Message != nil:
		return [][]byte{f.messageEvent(e, f.format)}
	case e.Event != nil:
		return f.notices(e)
	case f.format == FormatString && e.String != nil || e.Array == nil: // clients read both
		return [][]byte{e.String}
	}
	return [][]byte{e.Array}
}

// messageEvent writes the event of a message.
func (w *writer) messageEvent(e *gateway.Event, f Format) []byte {
	m := e.Message
	r := w.rendered(m)
	defer w.release(r)
	r.out = w.appendHead(r.out[:0], m.Time, postType(m))
	r.out = w.appendMessage(r.out, m, e.MessageID, r, f)
	return bytes.Clone(closed(r.out, e.ID))
}

// closed ends an event. With a journal it has an id.
func closed(dst []byte, id int64) []byte {
	if id != 0 {
		dst = intField(dst, "event_id", id)
	}
	return append(dst, '}')
}

// offlineText says why the account is no longer online: in the server's own words
// when it said something.
func offlineText(e *gateway.Offline) text.Text {
	if e.Title+e.Tips != "" {
		words := e.Title
		if words != "" && e.Tips != "" {
			words += ": "
		}
		return text.Same(words + e.Tips)
	}
	if e.Err != "" {
		return text.T("the session is %s: %v", "会话状态：%s：%v").Fill(e.Stage, e.Err)
	}
	return text.T("the session is %s", "会话状态：%s").Fill(e.Stage)
}

func postType(m *message.Message) string {
	if m.Self {
		return "message_sent"
	}
	return "message"
}

// appendHead begins an event with the fields that all have; unix is its time in seconds.
func (w *writer) appendHead(dst []byte, unix int64, postType string) []byte {
	dst = append(dst, `{"time":`...)
	dst = strconv.AppendInt(dst, unix, 10)
	dst = uintField(dst, "self_id", w.self())
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
func (w *writer) rendered(m *message.Message) *rendering {
	r := w.renders.Get().(*rendering)
	r.segments = w.appendSegments(r.segments[:0], m.Chat, m.Content)
	r.cq = appendCQ(r.cq[:0], r.segments)
	return r
}

func (w *writer) release(r *rendering) {
	if cap(r.out) <= maxKept && cap(r.cq) <= maxKept && cap(r.segments) <= maxKept/100 {
		w.renders.Put(r)
	}
}

// object is what get_msg and histories return of a message. A call does not tell which
// format its connection has, and clients take both.
func (w *writer) object(m *message.Message, id int32) []byte {
	r := w.rendered(m)
	defer w.release(r)
	dst := w.appendHead(nil, m.Time, postType(m))
	dst = boolField(dst, "group", m.Chat.Kind == message.Group)
	target := uint64(m.Chat.Peer)
	if m.Chat.Kind == message.Group {
		target = uint64(m.Chat.Group)
	}
	dst = textField(dst, "message_id_v2", fmt.Sprintf("%016x%08x", target, uint32(m.Sequence)))
	return append(w.appendMessage(dst, m, id, r, FormatArray), '}')
}

// senderOf is who wrote a message. A private chat has only two sides.
func senderOf(m *message.Message, self message.UIN) message.UIN {
	switch {
	case m.Sender.UIN != 0 || m.Chat.Kind == message.Group:
		return m.Sender.UIN
	case m.Self:
		return self
	}
	return m.Chat.Peer
}

// appendMessage appends what message events and get_msg have in common
// (docs/protocol/onebot11.md c.1).
func (w *writer) appendMessage(dst []byte, m *message.Message, id int32, r *rendering, f Format) []byte {
	group := m.Chat.Kind == message.Group
	sender := m.Sender.UIN
	if group {
		dst = append(dst, `,"message_type":"group","sub_type":"normal"`...)
	} else {
		self := w.self()
		sender = senderOf(m, self)
		target := self
		if m.Self {
			target = m.Chat.Peer
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
	dst = append(strconv.AppendUint(append(dst, `,"real_seq":"`...), m.Sequence, 10), '"')
	dst = uintField(dst, "user_id", sender)
	if group {
		dst = uintField(dst, "group_id", m.Chat.Group)
		dst = textField(dst, "group_name", m.GroupName)
		dst = append(dst, `,"anonymous":null`...)
	}
	if m.Self && w.flavour&NapCat != 0 {
		dst = append(dst, `,"message_sent_type":"self"`...)
		if group {
			dst = uintField(dst, "target_id", m.Chat.Group)
		}
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
		dst = textField(dst, "card", m.Sender.Card)
		dst = uintField(dst, "group_id", m.Chat.Group)
	default:
		dst = append(dst, `,"card":""`...)
	}
	return append(dst, '}')
}
