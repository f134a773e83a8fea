package event

import (
	"libration/internal/pb/pushpb"
	"libration/ntqq/message"
)

// GroupReaction is sent when a member of a group reacted to a message with a face or a
// character, or took that back. The message may be any that the group ever had.
type GroupReaction struct {
	Group    message.GroupCode
	Sequence uint64 // of the message
	Operator Person
	Added    bool
	// Code is the number of a face or, with Emoji, the code point of a character, in
	// decimal.
	Code  string
	Emoji bool
	Count uint32 // how many members have reacted so, after the change
	Time  int64  // Unix seconds
}

func (*GroupReaction) Name() string     { return "group_reaction" }
func (e *GroupReaction) When() int64    { return e.Time }
func (e *GroupReaction) People() People { return members(e.Group, &e.Operator) }
func (*GroupReaction) Stale() Stale     { return Stale{} }

// Refers returns the message that somebody reacted to.
func (e *GroupReaction) Refers() Reference {
	return Reference{Chat: message.Chat{Kind: message.Group, Group: e.Group}, Sequence: e.Sequence}
}

// The numbers of a notice about something that is set and removed.
const (
	noticeSet     = 1
	noticeRemoved = 2
)

// codeEmoji is the type of a reaction's code that is a character.
const codeEmoji = 2

// faceCode is how many digits the number of a face has at most; a longer code is a
// character where the push does not say what it is (docs/protocol/events.md 5.3.6).
const faceCode = 3

func (p *push) reaction() {
	body := p.notify.GetReaction().GetLayer().GetBody()
	target, detail := body.GetTarget(), body.GetDetail()
	action := detail.GetAction()
	if target.GetSequence() == 0 || detail.GetCode() == "" || action != noticeSet && action != noticeRemoved {
		p.incomplete()
		return
	}
	kind := detail.GetCodeType()
	p.emit(&GroupReaction{
		Group:    message.GroupCode(p.notify.GetGroupCode()),
		Sequence: target.GetSequence(),
		Operator: p.operatorOf(detail),
		Added:    action == noticeSet,
		Code:     detail.GetCode(),
		Emoji:    kind == codeEmoji || kind == 0 && len(detail.GetCode()) > faceCode,
		Count:    detail.GetCount(),
		Time:     p.time(p.notify.GetNotifyTime()),
	})
}

// operatorOf is who reacted; the notice around the reaction may say it, too.
func (p *push) operatorOf(detail *pushpb.GroupReactionDetail) Person {
	if who := p.personIn(detail, 4, detail.GetOperatorUid()); who != (Person{}) {
		return who
	}
	return p.personIn(p.notify, 21, p.notify.GetOperatorUid())
}
