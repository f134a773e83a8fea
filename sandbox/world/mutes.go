package world

import (
	"time"

	"libration/ntqq/message"
)

// maxMute is thirty days, what clients offer at most (our value).
const maxMute = 30 * 24 * 3600

// MemberMuted is sent when By muted Member for so many seconds; 0 lifts a mute.
type MemberMuted struct {
	InGroup
	Member, By User
	Seconds    uint32
}

// Activity implements Happening.
func (h *MemberMuted) Activity() Activity {
	return Activity{Kind: ActivityMute, Group: h.Group, User: h.Member.UIN, By: h.By.UIN, Seconds: h.Seconds}
}

// GroupMuted is sent when By let only the owner and admins speak, or everybody again.
type GroupMuted struct {
	InGroup
	By User
	On bool
}

// Activity implements Happening.
func (h *GroupMuted) Activity() Activity {
	return Activity{Kind: ActivityMuteAll, Group: h.Group, By: h.By.UIN, On: h.On}
}

// Mute forbids uin to speak for so many seconds, at most 30 days; 0 lifts a mute. by, 0
// is the owner, must have the higher role. A mute ends by itself, without a happening.
// The refusals are NotFound, NotMember and NoPermission.
func (w Members) Mute(code message.GroupCode, uin, by message.UIN, seconds uint32) error {
	w.mu.Lock()
	defer w.done()
	g, m, by, role, err := w.actorOn(code, uin, by)
	if err != nil {
		return err
	}
	if !outranks(role, m.role) {
		return Refuse(NoPermission, "%d may not mute %d", by, uin)
	}
	seconds = min(seconds, maxMute)
	m.muteUntil = 0
	if seconds > 0 {
		m.muteUntil = w.now().Add(time.Duration(seconds) * time.Second).Unix()
	}
	w.happened(&MemberMuted{g.in(), w.user(uin), w.user(by), seconds})
	return nil
}

// MuteAll lets only the owner and admins speak, or with on false everybody again. by is
// the owner or an admin, 0 is the owner. Where it is so, nothing happens. The refusals are
// NotFound, NotMember and NoPermission.
func (w Groups) MuteAll(code message.GroupCode, by message.UIN, on bool) error {
	w.mu.Lock()
	defer w.done()
	g, by, role, err := w.actor(code, by)
	if err != nil {
		return err
	}
	if role == message.RoleMember {
		return Refuse(NoPermission, "%d may not mute the group", by)
	}
	if g.MuteAll == on {
		return nil
	}
	g.MuteAll = on
	w.happened(&GroupMuted{g.in(), w.user(by), on})
	return nil
}
