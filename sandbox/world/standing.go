package world

import "libration/ntqq/message"

// AdminChanged is sent when By made Member an admin, or a plain member again.
type AdminChanged struct {
	InGroup
	Member, By User
	Admin      bool
}

// Activity implements Happening.
func (h *AdminChanged) Activity() Activity {
	return Activity{Kind: ActivityAdmin, Group: h.Group, User: h.Member.UIN, By: h.By.UIN, On: h.Admin}
}

// CardChanged is sent when By set the name of Member in the group.
type CardChanged struct {
	InGroup
	Member, By User
	Card       string
}

// Activity implements Happening.
func (h *CardChanged) Activity() Activity {
	return Activity{Kind: ActivityCard, Group: h.Group, User: h.Member.UIN, By: h.By.UIN, Text: h.Card}
}

// TitleChanged is sent when By gave Member a special title, or took it away.
type TitleChanged struct {
	InGroup
	Member, By User
	Title      string
}

// Activity implements Happening.
func (h *TitleChanged) Activity() Activity {
	return Activity{Kind: ActivityTitle, Group: h.Group, User: h.Member.UIN, By: h.By.UIN, Text: h.Title}
}

// SetAdmin makes uin an admin, or with admin false a plain member again. by must be the
// owner, 0 is the owner. Where uin has that role, nothing happens. The refusals are
// NotFound, NotMember and NoPermission.
func (w Members) SetAdmin(code message.GroupCode, uin, by message.UIN, admin bool) error {
	w.mu.Lock()
	defer w.done()
	g, m, by, role, err := w.actorOn(code, uin, by)
	if err != nil {
		return err
	}
	if role != message.RoleOwner || m.role == message.RoleOwner {
		return Refuse(NoPermission, "%d may not change the role of %d", by, uin)
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
	about := Notice{Kind: NoticeAdminSet, Group: code, Target: w.user(uin), Operator: w.user(by)}
	if !admin {
		about.Kind = NoticeAdminUnsetMe
		w.notify(about, uin)
		about.Kind = NoticeAdminUnset
	}
	w.notify(about, g.admins()...)
	w.happened(&AdminChanged{g.in(), w.user(uin), w.user(by), admin})
	return nil
}

// SetCard sets the name of uin in a group, at most 127 bytes; "" takes it away. by is
// uin, the owner (also 0) or an admin. Where uin has it, nothing happens. The refusals are BadRequest, NotFound, NotMember
// and NoPermission.
func (w Members) SetCard(code message.GroupCode, uin, by message.UIN, card string) error {
	w.mu.Lock()
	defer w.done()
	g, m, by, role, err := w.actorOn(code, uin, by)
	if err != nil {
		return err
	}
	if by != uin && role == message.RoleMember {
		return Refuse(NoPermission, "%d may not change the card of %d", by, uin)
	}
	if err := checkName(card); err != nil {
		return err
	}
	if m.card == card {
		return nil
	}
	m.card = card
	g.changeSeq++
	w.happened(&CardChanged{g.in(), w.user(uin), w.user(by), card})
	return nil
}

// SetTitle sets the special title of uin, at most 127 bytes; "" takes it away. by must be
// the owner, 0 is the owner. Where uin has it, nothing happens. The refusals are BadRequest,
// NotFound, NotMember and NoPermission.
func (w Members) SetTitle(code message.GroupCode, uin, by message.UIN, title string) error {
	w.mu.Lock()
	defer w.done()
	g, m, by, role, err := w.actorOn(code, uin, by)
	if err != nil {
		return err
	}
	if role != message.RoleOwner {
		return Refuse(NoPermission, "%d may not give titles", by)
	}
	if err := checkName(title); err != nil {
		return err
	}
	if m.title == title {
		return nil
	}
	m.title = title
	g.changeSeq++
	w.happened(&TitleChanged{g.in(), w.user(uin), w.user(by), title})
	return nil
}

// SetLevel sets the level of a member. It asks for no permission and makes no happening.
// The refusals are NotFound and NotMember.
func (w Members) SetLevel(code message.GroupCode, uin message.UIN, level uint32) error {
	w.mu.Lock()
	defer w.done()
	_, m, err := w.member(code, uin)
	if err != nil {
		return err
	}
	m.level = level
	return nil
}
