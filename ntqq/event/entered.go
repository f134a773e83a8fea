package event

import (
	"libration/internal/pb"
	"libration/internal/pb/pushpb"
	"libration/ntqq/message"
)

// GroupMemberEntered is sent when a member opened a group's chat, whose entry is shown with
// an effect.
type GroupMemberEntered struct {
	Group  message.GroupCode
	Member Person
	// Style is the number of the effect.
	Style uint32
	Time  int64 // Unix seconds
}

func (*GroupMemberEntered) Name() string     { return "group_member_entered" }
func (e *GroupMemberEntered) When() int64    { return e.Time }
func (e *GroupMemberEntered) People() People { return members(e.Group, &e.Member) }
func (*GroupMemberEntered) Stale() Stale     { return Stale{} }

// appPush is a notice of a group's app. Only entries are read; what does not parse is of
// another form.
func (p *push) appPush() {
	var b pushpb.GroupAppPush
	if !p.decode(p.content, &b) {
		return
	}
	var (
		body   pushpb.GroupAppBody
		detail pushpb.GroupEntryDetail
	)
	if pb.Unmarshal(b.GetBody(), &body) != nil || pb.Unmarshal(body.GetInfo().GetDetail(), &detail) != nil || detail.GetStyle() == nil {
		p.ignore()
		return
	}
	group := detail.GetGroupCode()
	if group == 0 {
		group = body.GetGroupCode()
	}
	member := p.byUIN(detail.GetMemberUin())
	if group == 0 || member == (Person{}) {
		p.incomplete()
		return
	}
	p.emit(&GroupMemberEntered{message.GroupCode(group), member, detail.GetStyle().GetStyleId(), p.time(0)})
}
