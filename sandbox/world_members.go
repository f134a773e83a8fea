package sandbox

import (
	"time"

	"libration/ntqq/message"
)

// Join lets uin into a group: by is the inviter when invited, else the admin who
// let it in, 0 for nobody. All members, the new one included, get push 33; who
// was not invited also gets push 85 (docs/protocol/operations.md 7.3).
func (w *World) Join(code message.GroupCode, uin, by message.UIN, invited bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	g := w.groups[code]
	switch {
	case g == nil:
		return refuse(RefusedNotFound, "no group %d", code)
	case w.users[uin] == nil:
		return refuse(RefusedNotFound, "no user %d", uin)
	case g.members[uin] != nil:
		return refuse(RefusedBadRequest, "%d is a member of group %d already", uin, code)
	case by != 0 && g.members[by] == nil:
		return refuse(RefusedNotMember, "%d is not a member of group %d", by, code)
	case len(g.roster) >= int(g.MemberMax):
		return refuse(RefusedQuota, "group %d is full", code)
	}
	g.add(uin, message.RoleMember, w.now().Unix())
	w.pushJoined(g, uin, by, invited)
	w.note(Activity{Kind: ActivityJoin, Group: code, User: uin, By: by})
	return nil
}

// Leave takes uin out of a group: push 34 to who remains, 528/212 to uin. When
// the owner leaves the group is dissolved: push 34 to all.
func (w *World) Leave(code message.GroupCode, uin message.UIN) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	g, m, err := w.member(code, uin)
	if err != nil {
		return err
	}
	if m.role == message.RoleOwner {
		delete(w.groups, code)
		w.pushDissolved(g)
		w.note(Activity{Kind: ActivityDissolve, Group: code, User: uin})
		return nil
	}
	g.remove(uin)
	w.pushLeft(g, uin)
	w.note(Activity{Kind: ActivityLeave, Group: code, User: uin})
	return nil
}

// Kick takes uin out of a group by the will of by (0: the owner), who must have
// the higher role: push 34 to who remains and to uin, 528/212 to uin.
func (w *World) Kick(code message.GroupCode, uin, by message.UIN) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	g, m, by, role, err := w.actorOn(code, uin, by)
	if err != nil {
		return err
	}
	if !outranks(role, m.role) {
		return refuse(RefusedNoPermission, "%d may not kick %d", by, uin)
	}
	g.remove(uin)
	w.pushKicked(g, uin, by)
	w.note(Activity{Kind: ActivityKick, Group: code, User: uin, By: by})
	return nil
}

// SetAdmin makes uin an admin or a plain member again. Only the owner (by, or 0)
// may; all members get push 44.
func (w *World) SetAdmin(code message.GroupCode, uin, by message.UIN, admin bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	g, m, by, role, err := w.actorOn(code, uin, by)
	if err != nil {
		return err
	}
	if role != message.RoleOwner || m.role == message.RoleOwner {
		return refuse(RefusedNoPermission, "%d may not change the role of %d", by, uin)
	}
	want := message.RoleMember
	if admin {
		want = message.RoleAdmin
	}
	if m.role == want {
		return nil
	}
	m.role = want
	g.changeSeq++
	w.pushAdmin(g, uin, admin)
	w.note(Activity{Kind: ActivityAdmin, Group: code, User: uin, By: by, On: admin})
	return nil
}

// SetCard sets the name of uin in a group: its own, or another's by the owner or
// an admin. There is no push for it.
func (w *World) SetCard(code message.GroupCode, uin, by message.UIN, card string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	g, m, by, role, err := w.actorOn(code, uin, by)
	if err != nil {
		return err
	}
	if by != uin && role == message.RoleMember {
		return refuse(RefusedNoPermission, "%d may not change the card of %d", by, uin)
	}
	if err := checkName(card); err != nil {
		return err
	}
	m.card = card
	g.changeSeq++
	w.note(Activity{Kind: ActivityCard, Group: code, User: uin, By: by, Text: card})
	return nil
}

// SetTitle gives uin a special title, "" takes it away. Only the owner (by, or
// 0) may; all members get push 732/16.
func (w *World) SetTitle(code message.GroupCode, uin, by message.UIN, title string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	g, m, by, role, err := w.actorOn(code, uin, by)
	if err != nil {
		return err
	}
	if role != message.RoleOwner {
		return refuse(RefusedNoPermission, "%d may not give titles", by)
	}
	if err := checkName(title); err != nil {
		return err
	}
	m.title = title
	g.changeSeq++
	w.pushTitle(g, uin, title)
	w.note(Activity{Kind: ActivityTitle, Group: code, User: uin, By: by, Text: title})
	return nil
}

// SetLevel sets the level of a member; there is neither permission nor push.
func (w *World) SetLevel(code message.GroupCode, uin message.UIN, level uint32) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, m, err := w.member(code, uin)
	if err != nil {
		return err
	}
	m.level = level
	return nil
}

// Rename changes the name of a group; the owner and admins may. All members get
// push 732/16.
func (w *World) Rename(code message.GroupCode, by message.UIN, name string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	g, by, role, err := w.actor(code, by)
	if err != nil {
		return err
	}
	if role == message.RoleMember {
		return refuse(RefusedNoPermission, "%d may not rename the group", by)
	}
	if name == "" {
		return refuse(RefusedBadRequest, "a group needs a name")
	}
	if err := checkName(name); err != nil {
		return err
	}
	g.Name = name
	w.pushRenamed(g, by)
	w.note(Activity{Kind: ActivityRename, Group: code, By: by, Text: name})
	return nil
}

// maxMute is thirty days, what clients offer at most (our value).
const maxMute = 30 * 24 * 3600

// Mute forbids uin to speak for so many seconds (at most 30 days), 0 lifts it.
// by (0: the owner) must have the higher role; all members get push 732/12.
// Mutes end by themselves, without a push.
func (w *World) Mute(code message.GroupCode, uin, by message.UIN, seconds uint32) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	g, m, by, role, err := w.actorOn(code, uin, by)
	if err != nil {
		return err
	}
	if !outranks(role, m.role) {
		return refuse(RefusedNoPermission, "%d may not mute %d", by, uin)
	}
	seconds = min(seconds, maxMute)
	m.muteUntil = 0
	if seconds > 0 {
		m.muteUntil = w.now().Add(time.Duration(seconds) * time.Second).Unix()
	}
	w.pushMute(g, by, uin, seconds)
	w.note(Activity{Kind: ActivityMute, Group: code, User: uin, By: by, Seconds: seconds})
	return nil
}

// MuteAll lets only the owner and admins speak, or everybody again; the owner and
// admins may. All members get push 732/12.
func (w *World) MuteAll(code message.GroupCode, by message.UIN, on bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	g, by, role, err := w.actor(code, by)
	if err != nil {
		return err
	}
	if role == message.RoleMember {
		return refuse(RefusedNoPermission, "%d may not mute the group", by)
	}
	g.MuteAll = on
	w.pushMuteAll(g, by, on)
	w.note(Activity{Kind: ActivityMuteAll, Group: code, By: by, On: on})
	return nil
}
