package event

import (
	"libration/internal/pb"
	"libration/internal/pb/pushpb"
	"libration/ntqq/message"
)

// The content-head types of events (docs/protocol/events.md 5.2).
const (
	typeMemberIncrease = 33
	typeMemberDecrease = 34
	typeAdminChange    = 44
	typeJoinRequest    = 84
	typeSelfJoined     = 85
	typeJoinRejected   = 86
	typeInvitation     = 87
	typeInvitedJoin    = 525
	typeFriendEvent    = 528
	typeGroupEvent     = 732

	commandInvitedJoin = 87
)

// The change types of types 33 and 34.
const (
	changeKickedSelf = 3
	changeDisbandOld = 1
	changeDisband    = 129
	changeOnItsOwn   = 130 // let in, or left
	changeByAnother  = 131 // invited, or kicked
)

func (p *push) decodeEvent() {
	switch p.key.Type {
	case typeMemberIncrease:
		p.memberIncrease()
	case typeMemberDecrease:
		p.memberDecrease()
	case typeAdminChange:
		p.adminChange()
	case typeSelfJoined:
		p.selfJoined()
	case typeJoinRequest, typeJoinRejected, typeInvitation:
		p.ignore()
	case typeInvitedJoin:
		p.invitedJoin()
	case typeFriendEvent:
		p.decodeFriendEvent()
	case typeGroupEvent:
		p.decodeGroupEvent()
	default:
		p.unknown()
	}
}

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
	p.emit(e, &Stale{Members: group})
}

// emitJoined reports the account's own entry, of which the server may tell twice in
// two ways.
func (p *push) emitJoined(e *GroupMemberIncrease, group message.GroupCode) {
	if p.d.joined.again(uint64(group), e.Time) {
		p.d.duplicate.Add(1)
		return
	}
	p.d.left.forget(uint64(group))
	p.emit(e, &Stale{Groups: true, Members: group})
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

func (p *push) adminChange() {
	var b pushpb.GroupAdminChange
	if !p.decode(p.content, &b) {
		return
	}
	target, admin := b.GetBody().GetSet(), true
	if target == nil {
		target, admin = b.GetBody().GetUnset(), false
	}
	if b.GetGroupCode() == 0 || target.GetUid() == "" {
		p.incomplete()
		return
	}
	group := message.GroupCode(b.GetGroupCode())
	p.emit(&GroupAdminChanged{Group: group, Member: p.person(target.GetUid()), Admin: admin, Time: p.time(0)},
		&Stale{Members: group})
}

func (p *push) invitedJoin() {
	var b pushpb.GroupInvitedJoinRequest
	if !p.decode(p.content, &b) {
		return
	}
	p.key.Discriminator = int64(b.GetCommand())
	if b.GetCommand() == commandInvitedJoin {
		p.ignore()
		return
	}
	p.unknown()
}
