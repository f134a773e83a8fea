package event

import (
	"libration/internal/pb"
	"libration/internal/pb/pushpb"
	"libration/ntqq/message"
)

// GroupNameChanged is sent when a group has a new name.
type GroupNameChanged struct {
	Group    message.GroupCode
	NewName  string
	Operator Person
	Time     int64 // Unix seconds
}

func (*GroupNameChanged) Name() string     { return "group_name_changed" }
func (e *GroupNameChanged) When() int64    { return e.Time }
func (e *GroupNameChanged) People() People { return members(e.Group, &e.Operator) }
func (*GroupNameChanged) Stale() Stale     { return Stale{} }

// Update returns the new name.
func (e *GroupNameChanged) Update() Update {
	return Update{Group: e.Group, Fields: FieldName, Name: e.NewName}
}

func (p *push) nameChange() {
	name := groupName(p.notify.GetEventParam())
	if name == "" {
		p.incomplete()
		return
	}
	p.emit(&GroupNameChanged{
		Group:    message.GroupCode(p.notify.GetGroupCode()),
		NewName:  name,
		Operator: p.personIn(p.notify, 21, p.notify.GetOperatorUid()),
		Time:     p.time(p.notify.GetNotifyTime()),
	})
}

// groupName reads the parameter of a name change: a message, or three bytes of
// anything, a length and the name.
func groupName(param []byte) string {
	var b pushpb.GroupNameParam
	if pb.Unmarshal(param, &b) == nil && len(b.GetName()) > 0 {
		return b.GetName()
	}
	const head = 4
	if len(param) <= head {
		return ""
	}
	n := min(int(param[head-1]), len(param)-head)
	return pb.Text(param[head : head+n])
}
