package world

import (
	"slices"

	"libration/ntqq/message"
)

// NoticeKind is what an entry of the notification lists is about, in the numbers of the
// protocol (docs/protocol/operations.md 4.3).
type NoticeKind uint32

// The kinds. Target, Inviter and Operator are fields of [Notice].
const (
	NoticeJoin               NoticeKind = 1  // Target asks to join; to the owner and admins
	NoticeInvitation         NoticeKind = 2  // Inviter invites Target; to Target
	NoticeAdminSet           NoticeKind = 3  // Operator made Target an admin
	NoticeKicked             NoticeKind = 6  // Operator removed Target; to the owner and admins
	NoticeKickedMe           NoticeKind = 7  // Operator removed Target; to Target
	NoticeInvitationRefused  NoticeKind = 10 // Target refused; to Inviter
	NoticeJoinRefused        NoticeKind = 11 // Operator refused; to who asked
	NoticeInvitationAccepted NoticeKind = 12 // Target accepted; to Inviter
	NoticeLeft               NoticeKind = 13 // Target left; to the owner and admins
	NoticeAdminUnsetMe       NoticeKind = 15 // Target is no admin any more; to Target
	NoticeAdminUnset         NoticeKind = 16 // the same, to the other admins
	NoticeInvitedJoin        NoticeKind = 22 // Inviter wants Target in; to the owner and admins
	NoticeJoinAccepted       NoticeKind = 35 // Operator accepted; to who asked
)

// NoticeState is what became of an entry of the notification lists
// (docs/protocol/operations.md 4.3).
type NoticeState uint32

// The states.
const (
	NoticeTold     NoticeState = 0 // there is nothing to decide
	NoticePending  NoticeState = 1
	NoticeAccepted NoticeState = 2
	NoticeRefused  NoticeState = 3
	NoticeIgnored  NoticeState = 4
	NoticeHandled  NoticeState = 5 // something else happened before it was decided
)

// Notice is an entry of the notification lists of accounts.
type Notice struct {
	// Sequence names the entry: it is the time in Unix microseconds, and unique.
	Sequence  uint64
	Kind      NoticeKind
	State     NoticeState
	Group     message.GroupCode
	GroupName string
	// Target is whom it is about, Inviter who invited Target, Operator who decided or did
	// it. Each may be the zero value.
	Target, Inviter, Operator User
	// Filtered entries are in a list of their own: those of senders who look risky.
	Filtered bool
	// Comment is what was written with a request, or the reason of a refusal.
	Comment string
	// Time is Unix seconds.
	Time int64
}

// notice is an entry that several accounts share.
type notice struct {
	Notice
	to []message.UIN
}

// noticesKept is how many entries an account keeps; the oldest go first.
const noticesKept = 200

// notify puts an entry into the lists of accounts and returns its sequence; mu is held.
// Sequence, GroupName and Time are set here. Call it before happened: clients read their
// lists while they handle the push.
func (w *state) notify(n Notice, to ...message.UIN) uint64 {
	now := w.now()
	w.noticed = max(w.noticed+1, uint64(max(now.UnixMicro(), 1)))
	n.Sequence, n.Time = w.noticed, now.Unix()
	if g := w.groups[n.Group]; g != nil {
		n.GroupName = g.Name
	}
	entry := &notice{n, to}
	for _, uin := range to {
		a := w.users[uin]
		if a == nil {
			continue
		}
		if len(a.notices) >= noticesKept {
			a.notices = slices.Delete(a.notices, 0, len(a.notices)-noticesKept+1)
		}
		a.notices = append(a.notices, entry)
	}
	return n.Sequence
}

// admins are the owner and the admins of a group, ascending.
func (g *group) admins() []message.UIN {
	var uins []message.UIN
	for _, uin := range g.roster {
		if g.members[uin].role != message.RoleMember {
			uins = append(uins, uin)
		}
	}
	return uins
}

// notice finds an entry of an account by its sequence; nil when there is none.
func (a *account) notice(sequence uint64) *notice {
	for _, n := range a.notices {
		if n.Sequence == sequence {
			return n
		}
	}
	return nil
}

// Notices holds the notification lists of accounts: what happened around groups, and what
// there is to decide.
type Notices struct{ *state }

// Notices returns the notification lists.
func (w *World) Notices() Notices { return Notices{&w.state} }

// Of returns the entries of an account, newest first, the filtered ones or the others;
// nil of an unknown account. At most the newest 200 of both are kept.
func (w Notices) Of(uin message.UIN, filtered bool) []Notice {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.users[uin]
	if a == nil {
		return nil
	}
	var list []Notice
	for _, n := range slices.Backward(a.notices) {
		if n.Filtered == filtered {
			list = append(list, n.Notice)
		}
	}
	return list
}
