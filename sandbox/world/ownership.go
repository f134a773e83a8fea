package world

import "libration/ntqq/message"

// OwnerChanged is sent when By, who owned the group, made Owner its owner.
type OwnerChanged struct {
	InGroup
	Owner, By User
}

// Activity implements Happening.
func (h *OwnerChanged) Activity() Activity {
	return Activity{Kind: ActivityOwner, Group: h.Group, User: h.Owner.UIN, By: h.By.UIN}
}

// AvatarChanged is sent when By gave the group another picture.
type AvatarChanged struct {
	InGroup
	By     User
	Avatar Blob
}

// Activity implements Happening.
func (h *AvatarChanged) Activity() Activity {
	return Activity{Kind: ActivityAvatar, Group: h.Group, By: h.By.UIN}
}

// Transfer makes a member the owner of a group. by must be the owner, 0 is the owner, and is
// a plain member afterwards. The refusals are NotFound, NotMember, NoPermission, and
// BadRequest of the owner.
func (w Groups) Transfer(code message.GroupCode, by, to message.UIN) error {
	w.mu.Lock()
	defer w.done()
	g, m, by, role, err := w.actorOn(code, to, by)
	switch {
	case err != nil:
		return err
	case role != message.RoleOwner:
		return Refuse(NoPermission, "%d may not give the group away", by)
	case by == to:
		return Refuse(BadRequest, "%d owns group %d already", to, code)
	}
	g.members[by].role, m.role, g.Owner = message.RoleMember, message.RoleOwner, to
	g.changeSeq++
	w.happened(&OwnerChanged{g.in(), w.user(to), w.user(by)})
	return nil
}

// SetAvatar gives a group a picture. by is the owner or an admin, 0 is the owner. The
// refusals are NotFound, of a picture that is not kept too, NotMember and NoPermission.
func (w Groups) SetAvatar(code message.GroupCode, by message.UIN, avatar Blob) error {
	if _, kept := (Media{w.media}).Find(avatar.MD5, avatar.SHA1, avatar.Size); !kept {
		return Refuse(NotFound, "no such picture")
	}
	w.mu.Lock()
	defer w.done()
	g, by, role, err := w.actor(code, by)
	if err != nil {
		return err
	}
	if role == message.RoleMember {
		return Refuse(NoPermission, "%d may not change the picture of the group", by)
	}
	g.Avatar = avatar
	w.happened(&AvatarChanged{g.in(), w.user(by), avatar})
	return nil
}

// GroupView is how an account sees a group: what it calls it, and what its clients do with
// the messages, by number (docs/protocol/operations.md 3.4); 0 stands for 1, notify.
type GroupView struct {
	Remark string
	Mask   uint32
}

// View returns how a member sees a group.
func (w Groups) View(code message.GroupCode, uin message.UIN) GroupView {
	w.mu.Lock()
	defer w.mu.Unlock()
	if g := w.groups[code]; g != nil {
		return g.views[uin]
	}
	return GroupView{}
}

// SetRemark sets what a member calls a group, at most 127 bytes. It is no happening. The
// refusals are BadRequest, NotFound and NotMember.
func (w Groups) SetRemark(code message.GroupCode, uin message.UIN, remark string) error {
	if err := checkName(remark); err != nil {
		return err
	}
	return w.changeView(code, uin, func(v *GroupView) { v.Remark = remark })
}

// SetMask sets what a member's clients do with messages of a group, 1 to 4. It is no
// happening. The refusals are BadRequest, NotFound and NotMember.
func (w Groups) SetMask(code message.GroupCode, uin message.UIN, mask uint32) error {
	if mask < 1 || mask > 4 {
		return Refuse(BadRequest, "mask %d is none of 1 to 4", mask)
	}
	return w.changeView(code, uin, func(v *GroupView) { v.Mask = mask })
}

func (w Groups) changeView(code message.GroupCode, uin message.UIN, change func(*GroupView)) error {
	w.mu.Lock()
	defer w.done()
	g, _, err := w.member(code, uin)
	if err != nil {
		return err
	}
	if g.views == nil {
		g.views = map[message.UIN]GroupView{}
	}
	v := g.views[uin]
	change(&v)
	g.views[uin] = v
	return nil
}
