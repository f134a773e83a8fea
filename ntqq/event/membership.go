package event

import (
	"libration/internal/pb"
	"libration/internal/pb/pushpb"
	"libration/ntqq/message"
)

// JoinMethod is how somebody came into a group.
type JoinMethod string

// The ways into a group.
const (
	JoinApproved JoinMethod = "approve"
	JoinInvited  JoinMethod = "invite"
	JoinSelf     JoinMethod = "self_joined" // the account itself was let in
	JoinUnknown  JoinMethod = "unknown"
)

// GroupMemberIncrease is sent when somebody joined a group, also for the account
// itself. Operator is the admin who approved or the member who invited; it is empty
// when the server did not say.
type GroupMemberIncrease struct {
	Group    message.GroupCode
	Member   Person
	Operator Person
	Method   JoinMethod
	Time     int64 // Unix seconds
}

func (*GroupMemberIncrease) Name() string     { return "group_member_increase" }
func (e *GroupMemberIncrease) When() int64    { return e.Time }
func (e *GroupMemberIncrease) People() People { return members(e.Group, &e.Member, &e.Operator) }

// Stale includes the groups: one has a member more, or is new.
func (e *GroupMemberIncrease) Stale() Stale { return Stale{Groups: true, Members: e.Group} }

// Moves returns that the member is in the group.
func (e *GroupMemberIncrease) Moves() Move {
	return Move{Chat: message.Chat{Kind: message.Group, Group: e.Group}, Who: e.Member}
}

// LeaveReason is why somebody is no longer in a group.
type LeaveReason string

// The ways out of a group.
const (
	LeaveLeft    LeaveReason = "leave"
	LeaveKicked  LeaveReason = "kick"
	LeaveKickMe  LeaveReason = "kick_me" // the account itself was removed
	LeaveDisband LeaveReason = "disband" // the group is gone; who Member is then is unconfirmed
	LeaveUnknown LeaveReason = "unknown"
)

// GroupMemberDecrease is sent when somebody left a group or was removed, and when a
// group is gone. When that concerns the account itself, [GroupLeft] follows.
type GroupMemberDecrease struct {
	Group    message.GroupCode
	Member   Person
	Operator Person // who removed the member; empty when the server says it nowhere
	Reason   LeaveReason
	Time     int64 // Unix seconds
}

func (*GroupMemberDecrease) Name() string     { return "group_member_decrease" }
func (e *GroupMemberDecrease) When() int64    { return e.Time }
func (e *GroupMemberDecrease) People() People { return members(e.Group, &e.Member, &e.Operator) }
func (e *GroupMemberDecrease) Stale() Stale   { return Stale{Groups: true, Members: e.Group} }

// Moves returns that the member left the group.
func (e *GroupMemberDecrease) Moves() Move {
	return Move{Chat: message.Chat{Kind: message.Group, Group: e.Group}, Who: e.Member, Left: true}
}

// GroupLeft is sent when the account is no longer in a group, for whatever reason. It
// comes once per group and minute, after a [GroupMemberDecrease] where there is one.
type GroupLeft struct {
	Group message.GroupCode
	Time  int64 // Unix seconds
}

func (*GroupLeft) Name() string   { return "group_left" }
func (e *GroupLeft) When() int64  { return e.Time }
func (*GroupLeft) People() People { return People{} }
func (e *GroupLeft) Stale() Stale { return Stale{Left: e.Group} }

// Moves returns that the account left the group.
func (e *GroupLeft) Moves() Move {
	return Move{Chat: message.Chat{Kind: message.Group, Group: e.Group}, Left: true}
}

// The change types of types 33 and 34 (docs/protocol/events.md 5.2).
const (
	changeKickedSelf = 3
	changeDisbandOld = 1
	changeDisband    = 129
	changeOnItsOwn   = 130 // let in, or left
	changeByAnother  = 131 // invited, or removed
)

func (p *push) memberIncrease() {
	var b pushpb.GroupMemberChange
	if !p.decode(p.content, &b) {
		return
	}
	if b.GetGroupCode() == 0 || b.GetMemberUid() == "" {
		p.incomplete()
		return
	}
	group := message.GroupCode(b.GetGroupCode())
	e := &GroupMemberIncrease{
		Group:    group,
		Member:   p.person(b.GetMemberUid()),
		Operator: p.operator(b.GetOperator()),
		Method:   JoinUnknown,
		Time:     p.time(0),
	}
	kind := b.GetChangeType()
	if kind == 0 {
		kind = b.GetJoinType()
	}
	switch kind {
	case changeOnItsOwn:
		e.Method = JoinApproved
	case changeByAnother:
		e.Method = JoinInvited
	}
	if p.isSelf(e.Member) {
		p.emitJoined(e, group)
		return
	}
	p.emit(e)
}

// emitJoined reports the account's own entry, of which the server may tell twice in
// two ways.
func (p *push) emitJoined(e *GroupMemberIncrease, group message.GroupCode) {
	if p.d.joined.again(uint64(group), e.Time) {
		p.d.duplicate.Add(1)
		// It may have left in between, unheard.
		p.emit(&ListsChanged{Lists: Stale{Groups: true, Members: group}})
		return
	}
	p.d.left.forget(uint64(group))
	p.emit(e)
}

func (p *push) selfJoined() {
	var b pushpb.GroupSelfJoined
	if !p.decode(p.content, &b) {
		return
	}
	if b.GetGroupCode() == 0 {
		p.incomplete()
		return
	}
	group := message.GroupCode(b.GetGroupCode())
	p.emitJoined(&GroupMemberIncrease{
		Group: group, Member: p.self, Operator: p.person(b.GetOperatorUid()), Method: JoinSelf, Time: p.time(0),
	}, group)
}

func (p *push) memberDecrease() {
	var b pushpb.GroupMemberChange
	if !p.decode(p.content, &b) {
		return
	}
	if b.GetGroupCode() == 0 || b.GetMemberUid() == "" {
		p.incomplete()
		return
	}
	e := &GroupMemberDecrease{
		Group:    message.GroupCode(b.GetGroupCode()),
		Member:   p.person(b.GetMemberUid()),
		Operator: p.operator(b.GetOperator()),
		Reason:   LeaveUnknown,
		Time:     p.time(0),
	}
	self := p.isSelf(e.Member)
	switch b.GetChangeType() {
	case changeKickedSelf:
		e.Reason = LeaveKickMe
	case changeDisband, changeDisbandOld:
		e.Reason = LeaveDisband
	case changeOnItsOwn:
		e.Reason = LeaveLeft
	case changeByAnother:
		e.Reason = LeaveKicked
		if self {
			e.Reason = LeaveKickMe
		}
	}
	p.emit(e)
	if !self && e.Reason != LeaveKickMe && e.Reason != LeaveDisband {
		return
	}
	p.d.joined.forget(b.GetGroupCode())
	if !p.d.left.again(b.GetGroupCode(), e.Time) {
		p.emit(&GroupLeft{Group: e.Group, Time: e.Time})
	}
}

func (p *push) groupRemoved() {
	var b pushpb.GroupRemoved
	if !p.decode(p.content, &b) {
		return
	}
	if b.GetGroupCode() == 0 {
		p.incomplete()
		return
	}
	p.d.joined.forget(b.GetGroupCode())
	if p.d.left.again(b.GetGroupCode(), p.time(0)) {
		p.d.duplicate.Add(1)
		return
	}
	p.emit(&GroupLeft{Group: message.GroupCode(b.GetGroupCode()), Time: p.time(0)})
}

// operator reads who did it out of types 33 and 34: an encoded message, the plain
// uid, or something without a name (docs/protocol/events.md 5.2.1).
func (p *push) operator(b []byte) Person {
	if len(b) == 0 {
		return Person{}
	}
	if b[0] == 0x0A {
		var info pushpb.GroupOperatorInfo
		if pb.Unmarshal(b, &info) == nil {
			return p.person(info.GetOperator().GetUid())
		}
		return Person{}
	}
	for _, c := range b {
		if c <= ' ' || c > '~' {
			return Person{}
		}
	}
	return p.person(string(b))
}
