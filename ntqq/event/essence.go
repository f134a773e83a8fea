package event

import "libration/ntqq/message"

// GroupEssenceChanged is sent when an admin of a group made a message one of the group's
// best, or took that back.
type GroupEssenceChanged struct {
	Group    message.GroupCode
	Sequence uint64 // of the message
	Random   uint32 // of the message
	Set      bool
	Author   Person // of the message
	Operator Person
	// AuthorName and OperatorName are what the group calls them; may be "".
	AuthorName, OperatorName string
	Time                     int64 // Unix seconds
}

func (*GroupEssenceChanged) Name() string     { return "group_essence_changed" }
func (e *GroupEssenceChanged) When() int64    { return e.Time }
func (e *GroupEssenceChanged) People() People { return members(e.Group, &e.Author, &e.Operator) }
func (*GroupEssenceChanged) Stale() Stale     { return Stale{} }

// Refers returns the message.
func (e *GroupEssenceChanged) Refers() Reference {
	return Reference{
		Chat: message.Chat{Kind: message.Group, Group: e.Group}, Sequence: e.Sequence, Random: e.Random,
	}
}

func (p *push) essence() {
	b := p.notify.GetEssence()
	if b.GetMessageSequence() == 0 || b.GetOperation() != noticeSet && b.GetOperation() != noticeRemoved {
		p.incomplete()
		return
	}
	group := b.GetGroupCode()
	if group == 0 {
		group = p.notify.GetGroupCode()
	}
	p.emit(&GroupEssenceChanged{
		Group:        message.GroupCode(group),
		Sequence:     b.GetMessageSequence(),
		Random:       b.GetRandom(),
		Set:          b.GetOperation() == noticeSet,
		Author:       p.byUIN(b.GetAuthorUin()),
		Operator:     p.byUIN(b.GetOperatorUin()),
		AuthorName:   b.GetAuthorName(),
		OperatorName: b.GetOperatorName(),
		Time:         p.bodyTime(b.GetTime()),
	})
}
