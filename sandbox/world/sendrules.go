package world

import (
	"time"

	"libration/ntqq/message"
)

// The server's codes of a message that is refused (docs/protocol/messages.md 4.3).
const (
	codeTooLarge  = 10
	codeBlocked   = 55
	codeNotMember = 110
	codeMuted     = 120
	codeAtAll     = 121
	codeTooFast   = 299

	codeRestricted = 46
)

// Limits of one message (docs/protocol/messages.md 13).
const (
	// MaxParts is how many parts a message may have.
	MaxParts = 100

	maxFile = 64 << 10
)

// NoReceiver returns the refusal of a message to nobody, with code 55 and this text.
func NoReceiver(text string) error { return refuseSend(NoPermission, codeBlocked, text) }

// BadContent returns the refusal of a message whose content cannot be read, with code 55
// and this text.
func BadContent(text string) error { return refuseSend(BadRequest, codeBlocked, text) }

func refuseSend(reason Reason, code uint32, text string) error {
	return &Refusal{Reason: reason, Code: code, Text: text}
}

// checkSend reports why a message cannot be sent. It counts a message that can.
func (w Messages) checkSend(s *Send, now time.Time) error {
	if err := checkContent(s); err != nil {
		return err
	}
	if s.Group == 0 {
		return w.checkPrivate(s)
	}
	g := w.groups[s.Group]
	if g == nil || g.members[s.From] == nil {
		return refuseSend(NotMember, codeNotMember, "not a member of the group")
	}
	m := g.members[s.From]
	plain := m.role == message.RoleMember
	atAll := mentionsAll(s.Parts)
	switch {
	case w.users[s.From].restricted:
		return refuseSend(NoPermission, codeRestricted, "the account is restricted")
	case m.muteUntil > now.Unix():
		return refuseSend(NoPermission, codeMuted, "muted in the group")
	case g.MuteAll && plain:
		return refuseSend(NoPermission, codeMuted, "the whole group is muted")
	case atAll && plain:
		return refuseSend(NoPermission, codeAtAll, "members may not mention everyone")
	case atAll && !g.atAll.left(s.From, now):
		return refuseSend(NoPermission, codeAtAll, "no mention of everyone left today")
	case !g.rate.take(now):
		return refuseSend(TooFast, codeTooFast, "too many messages per minute in the group")
	}
	if atAll {
		g.atAll.use(s.From)
	}
	return nil
}

func checkContent(s *Send) error {
	switch {
	case s.File != nil && len(s.File.Form) > maxFile:
		return refuseSend(TooLarge, codeTooLarge, "file content too large")
	case s.File != nil && s.Group == 0:
		return nil
	case len(s.Parts) == 0:
		return refuseSend(TooLarge, codeTooLarge, "empty message")
	case len(s.Parts) > MaxParts:
		return refuseSend(TooLarge, codeTooLarge, "too many elements")
	}
	text := 0
	for _, p := range s.Parts {
		switch said := p.Segment.(type) {
		case *message.TextSegment:
			text += len(said.Text)
		case *message.AtSegment:
			text += len(said.Display)
		case *message.ForwardSegment:
			if said.ID == "" && p.Form == nil {
				return Refuse(BadRequest, "a forward without an ID: Sandbox.Parts keeps its nodes")
			}
		case *message.ContactSegment:
			return Refuse(BadRequest, "a contact without its card: Sandbox.Parts makes it")
		}
	}
	if text > message.MaxText {
		return refuseSend(TooLarge, codeTooLarge, "text too long")
	}
	return nil
}

func (w Messages) checkPrivate(s *Send) error {
	if w.users[s.From] == nil || w.users[s.To] == nil {
		return refuseSend(NoPermission, codeBlocked, "no such user")
	}
	if s.TempGroup != 0 {
		g := w.groups[s.TempGroup]
		if g == nil || g.members[s.From] == nil || g.members[s.To] == nil {
			return refuseSend(NoPermission, codeBlocked, "no shared group")
		}
		return nil
	}
	if s.From != s.To && (!w.areFriends(s.From, s.To) || !w.areFriends(s.To, s.From)) {
		return refuseSend(NoPermission, codeBlocked, "not a friend")
	}
	return nil
}

func mentionsAll(parts []Part) bool {
	for _, p := range parts {
		if at, ok := p.Segment.(*message.AtSegment); ok && at.All {
			return true
		}
	}
	return false
}
