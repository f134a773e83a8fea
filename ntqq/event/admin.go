package event

import (
	"libration/internal/pb/pushpb"
	"libration/ntqq/message"
)

// GroupAdminChanged is sent when a member of a group became an admin, or is no longer
// one. The owner of the group did it.
type GroupAdminChanged struct {
	Group  message.GroupCode
	Member Person
	Admin  bool
	Time   int64 // Unix seconds
}

func (*GroupAdminChanged) Name() string     { return "group_admin_changed" }
func (e *GroupAdminChanged) When() int64    { return e.Time }
func (e *GroupAdminChanged) People() People { return members(e.Group, &e.Member) }
func (e *GroupAdminChanged) Stale() Stale   { return Stale{Members: e.Group} }

func (p *push) adminChange() {
	var b pushpb.GroupAdminChange
	if !p.decode(p.content, &b) {
		return
	}
	target, admin := b.GetBody().GetSet(), true
	if target == nil {
		target, admin = b.GetBody().GetUnset(), false
	}
	group := message.GroupCode(b.GetGroupCode())
	switch {
	case group != 0 && b.Body != nil && target == nil:
		// Neither: perhaps the group has another owner (docs/protocol/events.md 5.2).
		p.emit(&ListsChanged{Lists: Stale{Groups: true, Members: group}})
		return
	case group == 0 || target.GetUid() == "":
		p.incomplete()
		return
	}
	p.emit(&GroupAdminChanged{Group: group, Member: p.person(target.GetUid()), Admin: admin, Time: p.time(0)})
}
