package world

import (
	"strings"

	"libration/ntqq/message"
)

// Part is one part of a message, as it goes to those who receive it.
type Part struct {
	// Segment is what the part says. nil says nothing to people: a flag, or the text that
	// stands in for another part in older clients.
	Segment message.Segment
	// Form is how the sender's client wrote the part. Receivers get it as it is; the
	// world does not read it. With nil the server writes the Segment. Empty, with a
	// Segment, the part is in the Form of the part before.
	Form []byte
}

// Parts returns content without forms: the server writes it. A forward needs its ID, and
// a contact card is a light app: the Parts of package sandbox make both.
func Parts(content ...message.Segment) []Part {
	parts := make([]Part, len(content))
	for i, s := range content {
		parts[i].Segment = s
	}
	return parts
}

// Text returns the content of a plain text message.
func Text(text string) []Part { return []Part{{Segment: message.Text(text)}} }

// Message is one message as it was sent. It does not change any more and is shared:
// read-only.
type Message struct {
	// Sender has the names, role and level at the time of sending. Card, title, role and
	// level are zero in private chats.
	Sender message.Sender
	// Group is set in groups, with GroupName as it was; To in private chats, with
	// TempGroup when it went through a shared group.
	Group     message.GroupCode
	GroupName string
	To        message.UIN
	ToUID     message.UID
	TempGroup message.GroupCode
	// Sequence is the group or the conversation sequence. ClientSequence is the sender's
	// own, in private chats only.
	Sequence, ClientSequence uint64
	Random                   uint32
	// Time is Unix seconds.
	Time  int64
	Parts []Part
	// File makes it a private file message: what it says is the file, and its Form is
	// MessageBody.msg_content. There are no parts then.
	File *Part
}

// Content returns what the message says to people, as receivers read it.
func (m *Message) Content() message.Content {
	content := make(message.Content, 0, len(m.Parts)+1)
	for _, p := range m.Parts {
		if p.Segment != nil {
			content = append(content, p.Segment)
		}
	}
	content = message.Clean(content, m.Group != 0)
	if m.File != nil {
		content = append(content, m.File.Segment)
	}
	return content
}

// Text returns the plain text in the message, mentions included.
func (m *Message) Text() string {
	var text strings.Builder
	for _, p := range m.Parts {
		switch s := p.Segment.(type) {
		case *message.TextSegment:
			text.WriteString(s.Text)
		case *message.AtSegment:
			text.WriteString(s.Display)
		}
	}
	return text.String()
}

// MessageSent is sent when a message was stored. Members get it: in a group all members,
// in a private chat the receiver and then the sender.
type MessageSent struct {
	Message *Message
	Members []message.UIN
	// Origin is Send.Origin.
	Origin any
}

// Activity implements Happening.
func (h *MessageSent) Activity() Activity {
	m := h.Message
	return Activity{Kind: ActivityMessage, Group: m.Group, User: m.Sender.UIN, Peer: m.To, Sequence: m.Sequence, Message: m}
}

// Send is one message to send. Either Group or To is set. With TempGroup and To it goes
// through a group that both are in; they need not be friends then.
type Send struct {
	// From is the sender.
	From      message.UIN
	Group     message.GroupCode
	To        message.UIN
	TempGroup message.GroupCode
	// Parts are the content. They are kept: do not change them afterwards.
	Parts []Part
	// File makes it a private file message, as Message.File says; Parts are then ignored.
	File *Part
	// Random and ClientSequence are the sender's own numbers. 0 draws one, of the latter
	// in private chats only.
	Random         uint32
	ClientSequence uint64
	// Origin says where the message came from, for the listener: the world does not
	// read it.
	Origin any
}

// Messages sends and recalls messages, and keeps how far they were read. What was said is
// in [History].
type Messages struct{ *state }

// Messages returns the operations on messages.
func (w *World) Messages() Messages { return Messages{&w.state} }

// Send checks, stores and reports one message, and returns it. sent, which may be nil, is
// called with the message before anybody else gets it. It must not start an operation of
// the world. The *[Refusal] has one of the codes of docs/protocol/messages.md 4.3.
func (w Messages) Send(s Send, sent func(*Message)) (*Message, error) {
	w.mu.Lock()
	defer w.done()
	if err := w.checkSend(&s, w.now()); err != nil {
		return nil, err
	}
	return w.post(&s, sent), nil
}

// post stores and reports a message that may be sent; mu is held.
func (w *state) post(s *Send, sent func(*Message)) *Message {
	if s.Random == 0 {
		s.Random = w.rng.Uint32()
	}
	from := &w.users[s.From].User
	m := Message{
		Sender: message.Sender{UIN: s.From, UID: from.UID, Nickname: from.Nickname},
		Random: s.Random, Time: w.now().Unix(),
	}
	h := &MessageSent{Origin: s.Origin}
	if s.Group != 0 {
		Messages{w}.sendGroup(s, &m, h)
	} else {
		Messages{w}.sendPrivate(s, &m, h)
	}
	var first func()
	if sent != nil {
		first = func() { sent(h.Message) }
	}
	w.happenedAfter(h, first)
	return h.Message
}

func (w Messages) sendGroup(s *Send, m *Message, h *MessageSent) {
	g := w.groups[s.Group]
	sender := g.members[s.From]
	sender.lastSpeak = m.Time
	m.Sender.Card, m.Sender.Title, m.Sender.Role, m.Sender.Level = sender.card, sender.title, sender.role, sender.level
	m.Group, m.GroupName = g.Code, g.Name
	m.Sequence = g.history.next
	m.Parts = w.throwDice(s.Parts)
	h.Message, h.Members = g.history.add(m), g.roster
}

// firstPrivate is the least sequence that a private chat begins with: with more digits
// than what clients draw as client sequences, and less than what the others of them do,
// so that neither is taken for the other (docs/protocol/messages.md 3).
const firstPrivate = 1_000_000

func (w Messages) sendPrivate(s *Send, m *Message, h *MessageSent) {
	key := keyOf(s.From, s.To)
	p := w.pairs[key]
	if p == nil {
		p = &pair{history: history{next: w.spent.pairs[key]}}
		if p.history.next == 0 {
			p.history.next = firstPrivate + w.rng.Uint64N(9*firstPrivate)
		}
		w.pairs[key] = p
	}
	if s.ClientSequence == 0 {
		s.ClientSequence = 10000 + w.rng.Uint64N(90000)
	}
	p.newest = m.Time
	m.To, m.ToUID, m.TempGroup = s.To, w.users[s.To].UID, s.TempGroup
	m.Sequence, m.ClientSequence = p.history.next, s.ClientSequence
	if s.File != nil {
		m.File, m.TempGroup = s.File, 0
	} else {
		m.Parts = w.throwDice(s.Parts)
	}
	h.Message, h.Members = p.history.add(m), []message.UIN{s.To, s.From}
	if s.To == s.From {
		h.Members = h.Members[:1]
	}
}

// throwDice throws the dice that senders left to the server. Parts that change are
// copied first.
func (w Messages) throwDice(parts []Part) []Part {
	copied := false
	for i, p := range parts {
		face, ok := p.Segment.(*message.FaceSegment)
		if !ok || face.Result != 0 || !face.Large && p.Form != nil {
			continue
		}
		sides := 0
		switch face.ID {
		case message.FaceDice:
			sides = 6
		case message.FaceRPS:
			sides = 3
		default:
			continue
		}
		if !copied {
			parts, copied = append([]Part(nil), parts...), true
		}
		thrown := *face
		thrown.Large, thrown.Result = true, uint32(1+w.rng.IntN(sides))
		parts[i].Segment = &thrown
	}
	return parts
}
