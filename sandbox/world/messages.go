package world

import (
	"strings"

	"libration/ntqq/message"
)

// Part is one part of a message, as it goes to those who receive it.
type Part struct {
	// Segment is what the part says; nil: nothing to people, as a flag or the text that
	// stands in for another part in older clients.
	Segment message.Segment
	// Form is how the sender's client wrote the part, which receivers get; nil: the
	// server writes it by Segment; empty, with a Segment: the part before has it. The
	// world does not read it.
	Form []byte
}

// Parts returns content whose form is the server's.
func Parts(content ...message.Segment) []Part {
	parts := make([]Part, len(content))
	for i, s := range content {
		parts[i].Segment = s
	}
	return parts
}

// Text returns the content of a plain text message.
func Text(text string) []Part { return []Part{{Segment: &message.Text{Text: text}}} }

// Message is one message as it was sent. It does not change afterwards and is shared:
// read-only.
type Message struct {
	// Sender has the names, role and level of the time; those of a group are empty in
	// private chats.
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
	// File makes it a private file message: the file's description, which the world
	// does not read. There are no parts then.
	File []byte
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
	if len(m.File) > 0 {
		content = append(content, &message.Unknown{Element: message.ElementFileContent, Raw: m.File})
	}
	return content
}

// Text returns the plain text in the message, mentions included.
func (m *Message) Text() string {
	var text strings.Builder
	for _, p := range m.Parts {
		switch s := p.Segment.(type) {
		case *message.Text:
			text.WriteString(s.Text)
		case *message.At:
			text.WriteString(s.Display)
		}
	}
	return text.String()
}

// MessageSent is sent when a message was stored. Everybody of Members gets it: in a
// group all members, in a private chat the receiver and then the sender.
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

// Send is one message to send. Either Group or To is set; TempGroup with To sends
// through a shared group.
type Send struct {
	From      message.UIN
	Group     message.GroupCode
	To        message.UIN
	TempGroup message.GroupCode
	// Parts are the content. They are kept: do not change them afterwards.
	Parts []Part
	// File makes it a private file message; Parts are then ignored.
	File []byte
	// Random and ClientSequence are drawn when 0 (the latter in private chats).
	Random         uint32
	ClientSequence uint64
	// Origin says where the message came from, for the listener: the world does not
	// read it.
	Origin any
}

// Messages are sending, recalling and reading.
type Messages struct{ *state }

// Messages returns the sending, recalling and reading of messages.
func (w *World) Messages() Messages { return Messages{&w.state} }

// Send sends one message: it is checked, stored and reported. sent, which may be nil,
// is called with it before anybody else hears of it; it must not start an operation of
// the world.
func (w Messages) Send(s Send, sent func(*Message)) (*Message, error) {
	w.mu.Lock()
	defer w.done()
	now := w.now()
	if err := w.checkSend(&s, now); err != nil {
		return nil, err
	}
	if s.Random == 0 {
		s.Random = w.rng.Uint32()
	}
	from := &w.users[s.From].User
	m := Message{
		Sender: message.Sender{UIN: s.From, UID: from.UID, Nickname: from.Nickname},
		Random: s.Random, Time: now.Unix(),
	}
	h := &MessageSent{Origin: s.Origin}
	if s.Group != 0 {
		w.sendGroup(&s, &m, h)
	} else {
		w.sendPrivate(&s, &m, h)
	}
	var first func()
	if sent != nil {
		first = func() { sent(h.Message) }
	}
	w.happenedAfter(h, first)
	return h.Message, nil
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

func (w Messages) sendPrivate(s *Send, m *Message, h *MessageSent) {
	key := keyOf(s.From, s.To)
	p := w.pairs[key]
	if p == nil {
		p = &pair{history: history{next: 1000 + w.rng.Uint64N(9000)}}
		w.pairs[key] = p
	}
	if s.ClientSequence == 0 {
		s.ClientSequence = 10000 + w.rng.Uint64N(90000)
	}
	p.newest = m.Time
	m.To, m.ToUID, m.TempGroup = s.To, w.users[s.To].UID, s.TempGroup
	m.Sequence, m.ClientSequence = p.history.next, s.ClientSequence
	if len(s.File) > 0 {
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
		face, ok := p.Segment.(*message.Face)
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
