package world

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"libration/ntqq/message"
)

// firstFreeGroup is where the codes of groups without one of their own begin.
const firstFreeGroup message.GroupCode = 730000001

// MaxMembers is how many members a group can have. [Group].MemberMax may be less.
const MaxMembers = 5000

// Group describes one group.
type Group struct {
	Code       message.GroupCode
	Name       string
	Owner      message.UIN
	CreateTime int64 // Unix seconds
	// MemberMax is how many members fit, at most 5000. Default: 200.
	MemberMax   uint32
	MemberCount uint32
	// MuteAll is whether only the owner and admins may speak.
	MuteAll bool
	// Avatar is the group's picture, of which [Media] has the bytes. Zero: it has none.
	Avatar Blob
	// Join is how people come into the group. Default: JoinAsk.
	Join JoinPolicy
	// Question is what newcomers must answer, and Answer the right answer: who gives it is
	// in at once, who does not is refused. Without an Answer an admin decides.
	Question, Answer string
	// LastSequence is the sequence of the newest message, 0 for none.
	LastSequence uint64
	// Todo is the sequence of the message that is the group's to-do, 0 for none. Add
	// ignores it.
	Todo uint64
}

type group struct {
	Group
	members map[message.UIN]*member
	// roster holds the members' numbers in ascending order. It is replaced, never
	// changed: happenings share it.
	roster    []message.UIN
	changeSeq uint32
	history   history
	atAll     atAllQuota
	rate      rateLimit
	todo      *Todo                     // nil: there is none
	blocked   map[message.UIN]bool      // who may not ask to join; nil: nobody
	views     map[message.UIN]GroupView // of members who have one; nil: nobody
	files     fileSystem
	albums    []*album             // the oldest first
	robots    map[message.UIN]bool // official robots, and whether they may work; nil: none
	// announcements are the oldest first.
	announcements []*announcement
	signIns       signIns
	honors        honors
}

// in is the part of a happening in the group.
func (g *group) in() InGroup { return InGroup{Group: g.Code, Members: g.roster} }

// GroupFounded is sent when Owner made a group with its members.
type GroupFounded struct {
	InGroup
	Owner User
	Name  string
}

// Activity implements Happening.
func (h *GroupFounded) Activity() Activity {
	return Activity{Kind: ActivityGroup, Group: h.Group, User: h.Owner.UIN, Text: h.Name}
}

// GroupRenamed is sent when By gave the group another name.
type GroupRenamed struct {
	InGroup
	By   User
	Name string
}

// Activity implements Happening.
func (h *GroupRenamed) Activity() Activity {
	return Activity{Kind: ActivityRename, Group: h.Group, By: h.By.UIN, Text: h.Name}
}

// Groups holds the groups. What concerns single members is in [Members].
type Groups struct{ *state }

// Groups returns the operations on groups.
func (w *World) Groups() Groups { return Groups{&w.state} }

// Add founds a group with its owner and the given members, and returns it. Code 0 takes the next free one from 730000001 on. Owner 0 is the first member.
// MemberMax 0 is 200, or 5000 where 200 members or more are given. CreateTime 0 is now.
// MemberCount is counted. The refusals are BadRequest, NotFound of an account, and Quota.
func (w Groups) Add(g Group, members ...message.UIN) (Group, error) {
	w.mu.Lock()
	defer w.done()
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
			g.MemberMax = MaxMembers
		}
	}
	if g.CreateTime == 0 {
		g.CreateTime = w.now().Unix()
	}
	if err := w.checkGroup(&g); err != nil {
		return Group{}, err
	}
	before := w.spent.groups[g.Code]
	made := &group{Group: g, members: make(map[message.UIN]*member, len(members)+1), history: history{next: max(g.LastSequence+1, before.sequence)}}
	made.members[g.Owner] = newMember(message.RoleOwner, g.CreateTime)
	made.roster = append(made.roster, g.Owner)
	for _, uin := range members {
		if w.users[uin] == nil {
			return Group{}, Refuse(NotFound, "no user %d to be a member", uin)
		}
		if made.members[uin] == nil {
			made.members[uin] = newMember(message.RoleMember, g.CreateTime)
			made.roster = append(made.roster, uin)
		}
	}
	if len(made.roster) > int(g.MemberMax) {
		return Group{}, Refuse(Quota, "%d members do not fit in a group of %d", len(made.roster), g.MemberMax)
	}
	slices.Sort(made.roster)
	made.changeSeq = before.changes + uint32(len(made.roster))
	w.groups[g.Code] = made
	w.happened(&GroupFounded{made.in(), w.user(g.Owner), g.Name})
	return made.view(), nil
}

func (w Groups) checkGroup(g *Group) error {
	switch {
	case g.Code > math.MaxUint32:
		return Refuse(BadRequest, "group code %d is too large", g.Code)
	case w.groups[g.Code] != nil:
		return Refuse(BadRequest, "group %d exists already", g.Code)
	case w.users[g.Owner] == nil:
		return Refuse(NotFound, "no user %d to own the group", g.Owner)
	case g.Name == "":
		return Refuse(BadRequest, "a group needs a name")
	case g.MemberMax > MaxMembers:
		return Refuse(BadRequest, "a group holds at most %d members", MaxMembers)
	}
	if err := checkJoin(g); err != nil {
		return err
	}
	return checkName(g.Name)
}

// Rename changes the name of a group, at most 127 bytes. by is the owner or an admin, 0
// is the owner. Where that is its name, nothing happens. The refusals are BadRequest, NotFound, NotMember and NoPermission.
func (w Groups) Rename(code message.GroupCode, by message.UIN, name string) error {
	w.mu.Lock()
	defer w.done()
	g, by, role, err := w.actor(code, by)
	if err != nil {
		return err
	}
	if role == message.RoleMember {
		return Refuse(NoPermission, "%d may not rename the group", by)
	}
	if name == "" {
		return Refuse(BadRequest, "a group needs a name")
	}
	if err := checkName(name); err != nil {
		return err
	}
	if g.Name == name {
		return nil
	}
	g.Name = name
	w.happened(&GroupRenamed{g.in(), w.user(by), name})
	return nil
}

func (g *group) view() Group {
	v := g.Group
	v.MemberCount = uint32(len(g.roster))
	v.LastSequence = g.history.last()
	if g.todo != nil {
		v.Todo = g.todo.Sequence
	}
	return v
}

// group finds a group; mu is held.
func (w *state) group(code message.GroupCode) (*group, error) {
	if g := w.groups[code]; g != nil {
		return g, nil
	}
	return nil, Refuse(NotFound, "no group %d", code)
}

// Find returns a group, and whether there is one.
func (w Groups) Find(code message.GroupCode) (Group, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if g := w.groups[code]; g != nil {
		return g.view(), true
	}
	return Group{}, false
}

// List returns all groups, ordered by code.
func (w Groups) List() []Group { return w.groupsWhere(func(*group) bool { return true }) }

// Of returns the groups that uin is a member of, ordered by code.
func (w Groups) Of(uin message.UIN) []Group {
	return w.groupsWhere(func(g *group) bool { return g.members[uin] != nil })
}

// ByMember returns the codes of the groups of everybody who is in one, ascending.
func (w Groups) ByMember() map[message.UIN][]message.GroupCode {
	w.mu.Lock()
	defer w.mu.Unlock()
	of := map[message.UIN][]message.GroupCode{}
	for _, code := range slices.Sorted(maps.Keys(w.groups)) {
		for _, uin := range w.groups[code].roster {
			of[uin] = append(of[uin], code)
		}
	}
	return of
}

func (w Groups) groupsWhere(keep func(*group) bool) []Group {
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
