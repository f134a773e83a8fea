package sandbox

import (
	"cmp"
	"math"
	"slices"

	"libration/ntqq/message"
)

// maxMembers bounds a group; Group.MemberMax may be smaller.
const maxMembers = 5000

// Group describes one group.
type Group struct {
	Code       message.GroupCode
	Name       string
	Owner      message.UIN
	CreateTime int64 // Unix seconds
	// MemberMax is how many members fit, 200 by default.
	MemberMax   uint32
	MemberCount uint32
	// MuteAll lets only the owner and admins speak.
	MuteAll bool
	// LastSequence is the sequence of the newest message.
	LastSequence uint64
}

// Member is one member of a group.
type Member struct {
	User  User
	Card  string // the name in the group
	Title string // the special title
	Role  message.Role
	Level uint32
	// Unix seconds; 0 for never.
	JoinTime, LastSpeak, MuteUntil int64
}

type group struct {
	Group
	members map[message.UIN]*member
	// roster holds the members' numbers in ascending order: pushes go out in it.
	roster    []message.UIN
	changeSeq uint32
	history   history
	atAll     atAllQuota
	rate      rateLimit
}

type member struct {
	card, title                    string
	role                           message.Role
	level                          uint32
	joinTime, lastSpeak, muteUntil int64
}

// AddGroup founds a group with its owner and the given members, without pushes.
// Code 0 takes the next free one from 730000001 on; owner 0 is the first member;
// MemberCount is counted.
func (w *World) AddGroup(g Group, members ...message.UIN) (Group, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if g.Code == 0 {
		for g.Code = firstFreeGroup; w.groups[g.Code] != nil; {
			g.Code++
		}
	}
	if g.Owner == 0 && len(members) > 0 {
		g.Owner = members[0]
	}
	if g.MemberMax == 0 {
		g.MemberMax = 200
		if len(members) >= 200 {
			g.MemberMax = maxMembers
		}
	}
	if g.CreateTime == 0 {
		g.CreateTime = w.now().Unix()
	}
	switch {
	case g.Code > math.MaxUint32:
		return Group{}, refuse(RefusedBadRequest, "group code %d is too large", g.Code)
	case w.groups[g.Code] != nil:
		return Group{}, refuse(RefusedBadRequest, "group %d exists already", g.Code)
	case w.users[g.Owner] == nil:
		return Group{}, refuse(RefusedNotFound, "no user %d to own the group", g.Owner)
	case g.Name == "":
		return Group{}, refuse(RefusedBadRequest, "a group needs a name")
	case g.MemberMax > maxMembers:
		return Group{}, refuse(RefusedBadRequest, "a group holds at most %d members", maxMembers)
	}
	if err := checkName(g.Name); err != nil {
		return Group{}, err
	}
	made := &group{Group: g, members: map[message.UIN]*member{}, history: history{next: g.LastSequence + 1}}
	made.add(g.Owner, message.RoleOwner, g.CreateTime)
	for _, uin := range members {
		if w.users[uin] == nil {
			return Group{}, refuse(RefusedNotFound, "no user %d to be a member", uin)
		}
		if made.members[uin] == nil {
			made.add(uin, message.RoleMember, g.CreateTime)
		}
	}
	if len(made.roster) > int(g.MemberMax) {
		return Group{}, refuse(RefusedQuota, "%d members do not fit in a group of %d", len(made.roster), g.MemberMax)
	}
	w.groups[g.Code] = made
	w.note(Activity{Kind: ActivityGroup, Group: g.Code, User: g.Owner, Text: g.Name})
	return made.view(), nil
}

func (g *group) add(uin message.UIN, role message.Role, at int64) {
	g.members[uin] = &member{role: role, level: 1, joinTime: at}
	i, _ := slices.BinarySearch(g.roster, uin)
	g.roster = slices.Insert(g.roster, i, uin)
	g.changeSeq++
}

func (g *group) remove(uin message.UIN) {
	delete(g.members, uin)
	if i, found := slices.BinarySearch(g.roster, uin); found {
		g.roster = slices.Delete(g.roster, i, i+1)
	}
	g.changeSeq++
}

func (g *group) view() Group {
	v := g.Group
	v.MemberCount = uint32(len(g.roster))
	v.LastSequence = g.history.last()
	return v
}

// Group finds a group.
func (w *World) Group(code message.GroupCode) (Group, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if g := w.groups[code]; g != nil {
		return g.view(), true
	}
	return Group{}, false
}

// Groups returns all groups, ordered by code.
func (w *World) Groups() []Group { return w.groupsWhere(func(*group) bool { return true }) }

// GroupsOf returns the groups uin is a member of, ordered by code.
func (w *World) GroupsOf(uin message.UIN) []Group {
	return w.groupsWhere(func(g *group) bool { return g.members[uin] != nil })
}

func (w *World) groupsWhere(keep func(*group) bool) []Group {
	w.mu.Lock()
	defer w.mu.Unlock()
	var groups []Group
	for _, g := range w.groups {
		if keep(g) {
			groups = append(groups, g.view())
		}
	}
	slices.SortFunc(groups, func(a, b Group) int { return cmp.Compare(a.Code, b.Code) })
	return groups
}

// Members returns the members of a group, ordered by UIN; nil when there is no
// such group.
func (w *World) Members(code message.GroupCode) []Member {
	w.mu.Lock()
	defer w.mu.Unlock()
	g := w.groups[code]
	if g == nil {
		return nil
	}
	members := make([]Member, len(g.roster))
	for i, uin := range g.roster {
		members[i] = w.memberView(g, uin)
	}
	return members
}

// Member finds one member of a group.
func (w *World) Member(code message.GroupCode, uin message.UIN) (Member, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	g := w.groups[code]
	if g == nil || g.members[uin] == nil {
		return Member{}, false
	}
	return w.memberView(g, uin), true
}

func (w *World) memberView(g *group, uin message.UIN) Member {
	m := g.members[uin]
	return Member{
		User: w.users[uin].User, Card: m.card, Title: m.title, Role: m.role, Level: m.level,
		JoinTime: m.joinTime, LastSpeak: m.lastSpeak, MuteUntil: m.muteUntil,
	}
}

// MemberChangeSeq counts the changes of a group's members, cards and roles
// (docs/protocol/operations.md 7.2); 0 when there is no such group.
func (w *World) MemberChangeSeq(code message.GroupCode) uint32 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if g := w.groups[code]; g != nil {
		return g.changeSeq
	}
	return 0
}

// member finds the group and its member uin.
func (w *World) member(code message.GroupCode, uin message.UIN) (*group, *member, error) {
	g := w.groups[code]
	if g == nil {
		return nil, nil, refuse(RefusedNotFound, "no group %d", code)
	}
	m := g.members[uin]
	if m == nil {
		return nil, nil, refuse(RefusedNotMember, "%d is not a member of group %d", uin, code)
	}
	return g, m, nil
}

// actor resolves who does something in a group: by 0 is the owner.
func (w *World) actor(code message.GroupCode, by message.UIN) (*group, message.UIN, message.Role, error) {
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
func (w *World) actorOn(code message.GroupCode, uin, by message.UIN) (*group, *member, message.UIN, message.Role, error) {
	g, by, role, err := w.actor(code, by)
	if err != nil {
		return nil, nil, 0, 0, err
	}
	_, m, err := w.member(code, uin)
	return g, m, by, role, err
}

// outranks is the order owner, admin, member (docs/protocol/operations.md 7.2).
func outranks(a, b message.Role) bool {
	rank := func(r message.Role) int {
		switch r {
		case message.RoleOwner:
			return 2
		case message.RoleAdmin:
			return 1
		}
		return 0
	}
	return rank(a) > rank(b)
}
