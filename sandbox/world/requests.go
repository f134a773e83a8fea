package world

import "libration/ntqq/message"

// JoinRequested is sent when Applicant asked to be let into a group. To are the owner and
// the admins, who decide.
type JoinRequested struct {
	Group     message.GroupCode
	To        []message.UIN
	Applicant User
	Comment   string
	Sequence  uint64
	Filtered  bool
}

// Activity implements Happening.
func (h *JoinRequested) Activity() Activity {
	return Activity{Kind: ActivityJoinRequest, Group: h.Group, User: h.Applicant.UIN, Sequence: h.Sequence, Text: h.Comment}
}

// InvitedJoinRequested is sent when Inviter, a plain member, wants Invitee in the group. To
// are the owner and the admins, who decide.
type InvitedJoinRequested struct {
	Group            message.GroupCode
	To               []message.UIN
	Inviter, Invitee User
	Sequence         uint64
}

// Activity implements Happening.
func (h *InvitedJoinRequested) Activity() Activity {
	return Activity{Kind: ActivityInvitedJoin, Group: h.Group, User: h.Invitee.UIN, By: h.Inviter.UIN, Sequence: h.Sequence}
}

// InvitationSent is sent when Inviter asked Invitee to come into a group; Invitee decides.
type InvitationSent struct {
	Group            message.GroupCode
	Inviter, Invitee User
	Sequence         uint64
}

// Activity implements Happening.
func (h *InvitationSent) Activity() Activity {
	return Activity{Kind: ActivityInvitation, Group: h.Group, User: h.Invitee.UIN, By: h.Inviter.UIN, Sequence: h.Sequence}
}

// RequestSettled is sent when By decided about a request or an invitation.
type RequestSettled struct {
	// Notice is the request, with its new state.
	Notice Notice
	// To are those who could decide.
	To []message.UIN
	By User
}

// Activity implements Happening. Text is accept, refuse or ignore.
func (h *RequestSettled) Activity() Activity {
	n := h.Notice
	return Activity{
		Kind: ActivitySettled, Group: n.Group, User: n.Target.UIN, By: h.By.UIN, Sequence: n.Sequence,
		Text: n.State.verdict(), On: n.State == NoticeAccepted,
	}
}

// verdict is how people call a decision; "" where there is none.
func (s NoticeState) verdict() string {
	switch s {
	case NoticeAccepted:
		return "accept"
	case NoticeRefused:
		return "refuse"
	case NoticeIgnored:
		return "ignore"
	}
	return ""
}

// Requests holds what people ask of groups, and of one another about groups.
type Requests struct{ *state }

// Requests returns the operations on requests about groups.
func (w *World) Requests() Requests { return Requests{&w.state} }

// Join is a request of an account to be let into a group.
type Join struct {
	Group message.GroupCode
	User  message.UIN
	// Text is what the account writes, or its answer to the group's question, at most 127
	// bytes.
	Text string
	// Filtered requests go into the list of those who look risky. They are always decided by
	// an admin.
	Filtered bool
}

// Ask asks for an account to be let into a group, and returns the sequence of the request.
// It is 0 when the account is in at once: in a free group, and after the right answer. A
// request takes the place of one of the account that waits. The refusals are NotFound,
// BadRequest of a member, Quota, and NoPermission: the group is closed, the answer is
// wrong, or the account was removed for good.
func (w Requests) Ask(j Join) (sequence uint64, err error) {
	w.mu.Lock()
	defer w.done()
	g, err := w.newcomer(j.Group, j.User)
	if err != nil {
		return 0, err
	}
	if err := checkName(j.Text); err != nil {
		return 0, err
	}
	answered := g.Join == JoinQuestion && g.Answer != ""
	switch {
	case g.blocked[j.User]:
		return 0, Refuse(NoPermission, "%d may not ask to join group %d any more", j.User, g.Code)
	case g.Join == JoinClosed:
		return 0, Refuse(NoPermission, "nobody may ask to join group %d", g.Code)
	case answered && j.Text != g.Answer:
		return 0, Refuse(NoPermission, "the answer is wrong")
	case !j.Filtered && (answered || g.Join == JoinFree):
		return 0, w.join(g, j.User, 0, false)
	}
	comment := j.Text
	if g.Join == JoinQuestion {
		comment = "问题：" + g.Question + "\n答案：" + j.Text // a form of ours
	}
	applicant, to := w.user(j.User), g.admins()
	w.overtake(func(n *notice) bool {
		return n.Kind == NoticeJoin && n.Group == g.Code && n.Target.UIN == j.User
	}, g)
	sequence = w.notify(Notice{
		Kind: NoticeJoin, State: NoticePending, Group: g.Code, Target: applicant, Filtered: j.Filtered, Comment: comment,
	}, to...)
	w.happened(&JoinRequested{g.Code, to, applicant, comment, sequence, j.Filtered})
	return sequence, nil
}

// Invite invites an account into a group, and returns the sequence of the request that
// follows. Into a free group the account comes at once; the sequence is 0. Else who is
// invited by the owner, an admin or 0, the owner, decides. Of a plain member's invitation
// an admin decides. The refusals are NotFound, NotMember of by, BadRequest of a member,
// Quota, and NoPermission of a plain member in a closed group.
func (w Requests) Invite(code message.GroupCode, by, uin message.UIN) (sequence uint64, err error) {
	w.mu.Lock()
	defer w.done()
	g, by, role, err := w.actor(code, by)
	if err != nil {
		return 0, err
	}
	if _, err := w.newcomer(code, uin); err != nil {
		return 0, err
	}
	if g.Join == JoinFree {
		return 0, w.join(g, uin, by, true)
	}
	n := Notice{Kind: NoticeInvitation, State: NoticePending, Group: code, Target: w.user(uin), Inviter: w.user(by)}
	to := []message.UIN{uin}
	if role == message.RoleMember {
		if g.Join == JoinClosed {
			return 0, Refuse(NoPermission, "members may not invite into group %d", code)
		}
		n.Kind, to = NoticeInvitedJoin, g.admins()
	}
	w.overtake(func(o *notice) bool {
		return o.Kind == n.Kind && o.Group == code && o.Target.UIN == uin && o.Inviter.UIN == by
	}, g, uin)
	sequence = w.notify(n, to...)
	if n.Kind == NoticeInvitedJoin {
		w.happened(&InvitedJoinRequested{code, to, n.Inviter, n.Target, sequence})
		return sequence, nil
	}
	if w.areFriends(by, uin) {
		w.sendInvitation(g, by, uin, sequence)
	}
	w.happened(&InvitationSent{code, n.Inviter, n.Target, sequence})
	return sequence, nil
}

// overtake ends requests that wait in the lists of the group's admins and of others:
// something else has happened; mu is held.
func (w *state) overtake(match func(*notice) bool, g *group, others ...message.UIN) {
	for _, uin := range append(g.admins(), others...) {
		a := w.users[uin]
		if a == nil {
			continue
		}
		for _, n := range a.notices {
			if n.State == NoticePending && match(n) {
				n.State = NoticeHandled
			}
		}
	}
}

// Answer decides about a request in the lists of uin: verdict is NoticeAccepted,
// NoticeRefused or NoticeIgnored. reason, at most 127 bytes, goes to who asked. A request is decided
// once. The refusals are NotFound, BadRequest, NotMember, Quota, and NoPermission of who is
// no admin any more.
func (w Requests) Answer(uin message.UIN, sequence uint64, verdict NoticeState, reason string) error {
	w.mu.Lock()
	defer w.done()
	n, g, err := w.decidable(uin, sequence)
	if err != nil {
		return err
	}
	if verdict.verdict() == "" {
		return Refuse(BadRequest, "%d is no decision", verdict)
	}
	if err := checkName(reason); err != nil {
		return err
	}
	if verdict == NoticeAccepted {
		by, invited := uin, n.Kind != NoticeJoin
		if invited && g.members[n.Inviter.UIN] != nil {
			by = n.Inviter.UIN
		}
		n.State = verdict // join overtakes what waits
		if err := w.join(g, n.Target.UIN, by, invited); err != nil {
			n.State = NoticePending
			return err
		}
	}
	n.State, n.Operator = verdict, w.user(uin)
	if to, told := w.outcome(n, reason); to != 0 {
		w.notify(told, to)
	}
	w.happened(&RequestSettled{n.Notice, n.to, n.Operator})
	return nil
}

// decidable finds a request that uin may decide about.
func (w *state) decidable(uin message.UIN, sequence uint64) (*notice, *group, error) {
	a, err := w.account(uin)
	if err != nil {
		return nil, nil, err
	}
	n := a.notice(sequence)
	if n == nil || n.State == NoticeTold {
		return nil, nil, Refuse(NotFound, "%d has no request %d", uin, sequence)
	}
	g, err := w.group(n.Group)
	switch {
	case err != nil:
		return nil, nil, err
	case n.Kind == NoticeInvitation:
	case g.members[uin] == nil:
		return nil, nil, Refuse(NotMember, "%d is not a member of group %d", uin, n.Group)
	case g.members[uin].role == message.RoleMember:
		return nil, nil, Refuse(NoPermission, "%d may not decide who joins group %d", uin, n.Group)
	}
	if n.State != NoticePending {
		return nil, nil, Refuse(BadRequest, "request %d is settled already", sequence)
	}
	return n, g, nil
}

// outcome returns the entry that says what was decided, and the account that gets it. It
// returns 0 where nobody gets one (docs/protocol/operations.md 7.3): an ignored request
// stays without an answer.
func (w *state) outcome(n *notice, reason string) (to message.UIN, told Notice) {
	told = Notice{Group: n.Group, Target: n.Target, Inviter: n.Inviter, Operator: n.Operator, Comment: reason}
	kinds := map[NoticeState]NoticeKind{NoticeAccepted: NoticeJoinAccepted, NoticeRefused: NoticeJoinRefused}
	to = n.Target.UIN
	switch n.Kind {
	case NoticeInvitedJoin:
		to = n.Inviter.UIN
	case NoticeInvitation:
		to, told.Operator = n.Inviter.UIN, User{}
		kinds = map[NoticeState]NoticeKind{NoticeAccepted: NoticeInvitationAccepted, NoticeRefused: NoticeInvitationRefused}
	}
	told.Kind = kinds[n.State]
	if told.Kind == 0 {
		return 0, told
	}
	return to, told
}

// Find returns an entry in the lists of an account, and whether there is one.
func (w Notices) Find(uin message.UIN, sequence uint64) (Notice, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a := w.users[uin]; a != nil {
		if n := a.notice(sequence); n != nil {
			return n.Notice, true
		}
	}
	return Notice{}, false
}
