package world

import "libration/ntqq/message"

// member finds the group and its member uin; mu is held.
func (w *state) member(code message.GroupCode, uin message.UIN) (*group, *member, error) {
	g, err := w.group(code)
	if err != nil {
		return nil, nil, err
	}
	m := g.members[uin]
	if m == nil {
		return nil, nil, Refuse(NotMember, "%d is not a member of group %d", uin, code)
	}
	return g, m, nil
}

// actor resolves who does something in a group: by 0 is the owner.
func (w *state) actor(code message.GroupCode, by message.UIN) (*group, message.UIN, message.Role, error) {
	if g := w.groups[code]; g != nil && by == 0 {
		by = g.Owner
	}
	g, m, err := w.member(code, by)
	if err != nil {
		return nil, 0, 0, err
	}
	return g, by, m.role, nil
}

// actorOn resolves who does something to the member uin, as actor does, and that
// member.
func (w *state) actorOn(code message.GroupCode, uin, by message.UIN) (*group, *member, message.UIN, message.Role, error) {
	g, by, role, err := w.actor(code, by)
	if err != nil {
		return nil, nil, 0, 0, err
	}
	_, m, err := w.member(code, uin)
	return g, m, by, role, err
}

// outranks is the order owner, admin, member (docs/protocol/operations.md 7.2).
func outranks(a, b message.Role) bool { return rank(a) > rank(b) }

func rank(r message.Role) int {
	switch r {
	case message.RoleOwner:
		return 2
	case message.RoleAdmin:
		return 1
	}
	return 0
}
