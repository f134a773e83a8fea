package event

import (
	"encoding/binary"

	"libration/internal/pb"
	"libration/internal/pb/pushpb"
	"libration/ntqq/message"
)

// GroupJoinRequest is sent when somebody asks to be let into a group of which the account
// is the owner or an admin. Decide with Requests.AnswerGroup of package ntqq.
type GroupJoinRequest struct {
	Group     message.GroupCode
	Applicant Person
	// Comment is what the applicant wrote, or the group's question with the answer; may be
	// "".
	Comment string
	// Request is the sequence of the request in the notification lists; 0 when it was not
	// found there.
	Request uint64
	// Filtered is true for applicants whom the service takes for risky.
	Filtered bool
	Time     int64 // Unix seconds
}

func (*GroupJoinRequest) Name() string     { return "group_join_request" }
func (e *GroupJoinRequest) When() int64    { return e.Time }
func (e *GroupJoinRequest) People() People { return asking(e.Group, &e.Applicant) }
func (*GroupJoinRequest) Stale() Stale     { return Stale{} }

// GroupInvitedJoinRequest is sent when a member invites somebody into a group of which the
// account is the owner or an admin, and that needs approval. Decide with
// Requests.AnswerGroup of package ntqq.
type GroupInvitedJoinRequest struct {
	Group   message.GroupCode
	Target  Person // who is invited
	Inviter Person
	// Comment is what was written with it; mostly "".
	Comment string
	// Request is the sequence of the request in the notification lists; 0 when it was not
	// found there.
	Request  uint64
	Filtered bool  // as in GroupJoinRequest
	Time     int64 // Unix seconds
}

func (*GroupInvitedJoinRequest) Name() string     { return "group_invited_join_request" }
func (e *GroupInvitedJoinRequest) When() int64    { return e.Time }
func (e *GroupInvitedJoinRequest) People() People { return asking(e.Group, &e.Target, &e.Inviter) }
func (*GroupInvitedJoinRequest) Stale() Stale     { return Stale{} }

// GroupInvitation is sent when the account is invited into a group, once for each inviter
// in a minute. Decide with Requests.AnswerGroup of package ntqq. The card that friends get
// with an invitation is no [Message] then.
type GroupInvitation struct {
	Group   message.GroupCode
	Inviter Person
	// Request is the sequence of the request in the notification lists; 0 when it was not
	// found there.
	Request uint64
	Time    int64 // Unix seconds
}

func (*GroupInvitation) Name() string     { return "group_invitation" }
func (e *GroupInvitation) When() int64    { return e.Time }
func (e *GroupInvitation) People() People { return asking(e.Group, &e.Inviter) }
func (*GroupInvitation) Stale() Stale     { return Stale{} }

// GroupJoinRejected is sent when the account asked to be let into a group and was refused.
// That the service sends it is not confirmed.
type GroupJoinRejected struct {
	Group message.GroupCode
	Time  int64 // Unix seconds
}

func (*GroupJoinRejected) Name() string     { return "group_join_rejected" }
func (e *GroupJoinRejected) When() int64    { return e.Time }
func (e *GroupJoinRejected) People() People { return asking(e.Group) }
func (*GroupJoinRejected) Stale() Stale     { return Stale{} }

// asking are people who need not be members of the group.
func asking(group message.GroupCode, who ...*Person) People {
	return People{Group: group, Others: who}
}

// invitedJoinCommand marks a push of type 525 that is about a request.
const invitedJoinCommand = 87

func (p *push) joinRequest() {
	var b pushpb.GroupJoinRequest
	if !p.decode(p.content, &b) {
		return
	}
	if b.GetGroupCode() == 0 || b.GetApplicantUid() == "" {
		p.incomplete()
		return
	}
	p.emit(&GroupJoinRequest{
		Group: message.GroupCode(b.GetGroupCode()), Applicant: p.person(b.GetApplicantUid()),
		Comment: pb.Text(b.GetComment()), Time: p.time(0),
	})
}

// invitedJoin is type 525, which is about a request only with command 87.
func (p *push) invitedJoin() {
	var b pushpb.GroupInvitedJoinRequest
	if p.decode(p.content, &b) {
		p.inner = b.GetInfo().GetInner()
		p.part(kind{525, none, int64(b.GetCommand())})
	}
}

func (p *push) invitedJoinRequest() {
	if p.inner.GetGroupCode() == 0 || p.inner.GetTargetUid() == "" {
		p.incomplete()
		return
	}
	p.emit(&GroupInvitedJoinRequest{
		Group: message.GroupCode(p.inner.GetGroupCode()), Target: p.person(p.inner.GetTargetUid()),
		Inviter: p.person(p.inner.GetInviterUid()), Time: p.time(0),
	})
}

func (p *push) invitation() {
	var b pushpb.GroupInvitation
	if !p.decode(p.content, &b) {
		return
	}
	if b.GetGroupCode() == 0 {
		p.incomplete()
		return
	}
	p.emit(&GroupInvitation{
		Group: message.GroupCode(b.GetGroupCode()), Inviter: p.person(b.GetInviterUid()), Time: p.time(0),
	})
}

// joinRejected reads the group code, all that is known of type 86.
func (p *push) joinRejected() {
	if len(p.content) < 4 || binary.BigEndian.Uint32(p.content) == 0 {
		p.incomplete()
		return
	}
	p.emit(&GroupJoinRejected{Group: message.GroupCode(binary.BigEndian.Uint32(p.content)), Time: p.time(0)})
}
