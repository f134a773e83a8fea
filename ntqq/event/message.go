package event

import (
	"errors"

	"libration/internal/elements"
	"libration/ntqq/message"
)

// Message is sent for each chat message, of others and of the account itself
// (Message.Self), from here or from another of its devices.
type Message struct{ *message.Message }

func (*Message) Name() string   { return "message" }
func (e *Message) When() int64  { return e.Time }
func (*Message) People() People { return People{} } // who is mentioned stands in the content
func (*Message) Stale() Stale   { return Stale{} }

// Update returns what a message says of its sender: names and role are newer than
// those in any list, unless the message was missed and fetched later.
func (e *Message) Update() Update {
	s := &e.Sender
	u := Update{Person: Person{s.UIN, s.UID}}
	if e.Chat.Kind != message.Group || e.Raw == nil || s.Nickname == "" || e.CaughtUp {
		return u
	}
	u.Group, u.Name, u.Card, u.Role, u.Spoke = e.Chat.Group, s.Nickname, s.Card, s.Role, e.Time
	u.Fields = FieldName | FieldCard | FieldRole | FieldSpoke
	if s.Title != "" {
		u.Title, u.Fields = s.Title, u.Fields|FieldTitle
	}
	return u
}

func (p *push) decodeChat() {
	m, err := elements.ParseCommon(p.common, p.self.UIN)
	switch {
	case err == nil:
		m.Raw = p.raw
		p.emit(&Message{m})
	case errors.Is(err, elements.ErrNoBody):
		p.fail(ReasonEmpty, nil)
	case errors.Is(err, elements.ErrNotChat):
		if p.head.GetType() == elements.TypeFriend { // a notice about a file sent online
			p.part(kind{elements.TypeFriend, none, int64(p.head.GetC2CCmd())})
			return
		}
		if p.head.SubType != nil {
			p.key.SubType = int64(p.head.GetSubType())
		}
		p.unknown()
	default:
		p.incomplete()
	}
}

// MessageRecalled is sent for each message that was taken back. A [Reference] says which
// of its numbers name the message.
type MessageRecalled struct {
	Chat           message.Chat
	Author         Person
	Operator       Person // who took it back
	Sequence       uint64
	ClientSequence uint64
	Random         uint32
	MessageTime    int64  // when the message was sent, Unix seconds
	Time           int64  // when it was taken back, Unix seconds
	Tip            string // the text that clients show in its place; may be ""
}

func (*MessageRecalled) Name() string  { return "message_recalled" }
func (e *MessageRecalled) When() int64 { return e.Time }
func (*MessageRecalled) Stale() Stale  { return Stale{} }
func (e *MessageRecalled) People() People {
	return People{Group: e.Chat.Group, Members: []*Person{&e.Author, &e.Operator}, Chat: &e.Chat}
}

// Refers returns the recalled message.
func (e *MessageRecalled) Refers() Reference {
	return Reference{e.Chat, e.Sequence, e.ClientSequence, e.Random, e.MessageTime}
}

// Size returns about how many bytes of memory the event takes.
func (e *MessageRecalled) Size() int {
	return 256 + len(e.Chat.PeerUID) + len(e.Author.UID) + len(e.Operator.UID) + len(e.Tip)
}
