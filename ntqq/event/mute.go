package event

import (
	"libration/internal/pb/pushpb"
	"libration/ntqq/message"
)

// GroupMuted is sent when a member may not write in a group, or with All nobody but
// its admins, and when that is lifted.
type GroupMuted struct {
	Group    message.GroupCode
	All      bool
	Member   Person // empty with All
	Operator Person
	// Duration is in seconds; 0 lifts the mute. With All it is 4294967295, which has no end.
	Duration uint32
	Time     int64 // Unix seconds
}

func (*GroupMuted) Name() string     { return "group_muted" }
func (e *GroupMuted) When() int64    { return e.Time }
func (e *GroupMuted) People() People { return members(e.Group, &e.Member, &e.Operator) }

// Stale is the list that says how long: of groups, or of members.
func (e *GroupMuted) Stale() Stale {
	if e.All {
		return Stale{Groups: true}
	}
	return Stale{Members: e.Group}
}

func (p *push) mute() {
	var b pushpb.GroupMute
	if !p.decode(p.content, &b) {
		return
	}
	state := b.GetData().GetState()
	if b.GetGroupCode() == 0 || state == nil {
		p.incomplete()
		return
	}
	p.emit(&GroupMuted{
		Group:    message.GroupCode(b.GetGroupCode()),
		All:      state.GetTargetUid() == "",
		Member:   p.person(state.GetTargetUid()),
		Operator: p.person(b.GetOperatorUid()),
		Duration: state.GetDuration(),
		Time:     p.bodyTime(b.GetData().GetTimestamp()),
	})
}
