package event

import "libration/ntqq/message"

// GroupCardChanged is sent before a message that shows that its sender has another card, the
// name in the group, than the client knew. There is no push for it: a change is seen with the
// member's next message, and only where the list of members has been read.
type GroupCardChanged struct {
	Group    message.GroupCode
	Member   Person
	Old, New string // "": the nickname is shown
	Time     int64  // of the message, Unix seconds
}

func (*GroupCardChanged) Name() string     { return "group_card_changed" }
func (e *GroupCardChanged) When() int64    { return e.Time }
func (e *GroupCardChanged) People() People { return members(e.Group, &e.Member) }
func (*GroupCardChanged) Stale() Stale     { return Stale{} }
