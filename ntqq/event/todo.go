package event

import "libration/ntqq/message"

// GroupTodo is sent when somebody did something with the to-do of a group: made a message
// one, perhaps also finished or cancelled it. What it was, the push does not say; ask
// Client.Groups().Todo. Unconfirmed: no capture of it is known.
type GroupTodo struct {
	Group    message.GroupCode
	Operator Person
	Time     int64 // Unix seconds
}

func (*GroupTodo) Name() string     { return "group_todo" }
func (e *GroupTodo) When() int64    { return e.Time }
func (e *GroupTodo) People() People { return members(e.Group, &e.Operator) }
func (*GroupTodo) Stale() Stale     { return Stale{} }

// todo leaves out what is about settings of the group, which has the same service type.
func (p *push) todo() {
	if p.notify.GetSettings() != nil {
		p.ignore()
		return
	}
	p.emit(&GroupTodo{
		Group:    message.GroupCode(p.notify.GetGroupCode()),
		Operator: p.personIn(p.notify, 21, p.notify.GetOperatorUid()),
		Time:     p.time(p.notify.GetNotifyTime()),
	})
}
