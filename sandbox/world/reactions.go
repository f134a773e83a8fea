package world

import (
	"slices"
	"strings"

	"libration/ntqq/message"
)

// Bounds of the reactions to a message (our values).
const (
	maxReactionCode = 10 // digits
	maxReactions    = 64 // kinds
)

// faceCode is how many digits the number of a face has at most: a longer code is a
// character (docs/protocol/operations.md 3.5).
const faceCode = 3

// Reaction is one kind of reaction to a message, and who reacted so.
type Reaction struct {
	// Code is the number of a face, or the code point of a character, in decimal.
	Code string
	// Users are in the order in which they reacted. Shared: read-only.
	Users []message.UIN
}

// Emoji reports whether the reaction is a character, not a face.
func (r Reaction) Emoji() bool { return len(r.Code) > faceCode }

// MessageReacted is sent when By reacted to a message of a group, or took a reaction back.
type MessageReacted struct {
	InGroup
	Message *Message
	By      User
	// Reaction is that kind of reaction after the change.
	Reaction Reaction
	On       bool
	// Changes is how many reactions to the message were added and taken back so far.
	Changes uint32
}

// Activity implements Happening.
func (h *MessageReacted) Activity() Activity {
	return Activity{
		Kind: ActivityReaction, Group: h.Group, User: h.Message.Sender.UIN, By: h.By.UIN,
		Sequence: h.Message.Sequence, Text: h.Reaction.Code, On: h.On,
	}
}

// React adds a reaction of by, 0 is the owner, to a message of a group, or takes it back
// with on false. Where it is so already, nothing happens. The refusals are BadRequest of a
// code, NotFound, NotMember, and Quota of a message with 64 kinds of reactions.
func (w Messages) React(code message.GroupCode, seq uint64, by message.UIN, reaction string, on bool) error {
	w.mu.Lock()
	defer w.done()
	g, by, _, err := w.actor(code, by)
	if err != nil {
		return err
	}
	if !decimal(reaction) {
		return Refuse(BadRequest, "%q is no reaction: a number of a face, or of a character", reaction)
	}
	r, err := g.standing(seq)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(r.reactions, func(known Reaction) bool { return known.Code == reaction })
	if i < 0 {
		if !on {
			return nil
		}
		if len(r.reactions) >= maxReactions {
			return Refuse(Quota, "message %d has too many reactions", seq)
		}
		i = len(r.reactions)
		r.reactions = append(r.reactions, Reaction{Code: reaction})
	}
	kind := &r.reactions[i]
	if slices.Contains(kind.Users, by) == on {
		return nil
	}
	kind.Users = slices.DeleteFunc(slices.Clone(kind.Users), func(u message.UIN) bool { return u == by })
	if on {
		kind.Users = append(kind.Users, by)
	}
	r.changes++
	w.happened(&MessageReacted{g.in(), &r.Message, w.user(by), *kind, on, r.changes})
	if len(kind.Users) == 0 {
		r.reactions = slices.Delete(r.reactions, i, i+1)
	}
	return nil
}

// decimal reports whether s can be the code of a reaction.
func decimal(s string) bool {
	return s != "" && len(s) <= maxReactionCode && strings.Trim(s, "0123456789") == ""
}

// standing finds a message that was not recalled.
func (g *group) standing(seq uint64) (*record, error) {
	if r := g.history.find(seq); r != nil && !r.recalled {
		return r, nil
	}
	return nil, Refuse(NotFound, "no message %d", seq)
}

// ReactedBy returns who reacted to a message of a group with a code, in their order, as a
// member sees it. The refusals are NotFound and NotMember.
func (w Messages) ReactedBy(code message.GroupCode, seq uint64, reader message.UIN, reaction string) ([]message.UIN, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	g, _, err := w.member(code, reader)
	if err != nil {
		return nil, err
	}
	r, err := g.standing(seq)
	if err != nil {
		return nil, err
	}
	for _, kind := range r.reactions {
		if kind.Code == reaction {
			return kind.Users, nil
		}
	}
	return nil, nil
}
