package world

import (
	"slices"

	"libration/ntqq/message"
)

// Member is one member of a group.
type Member struct {
	User  User
	Card  string // the name in the group
	Title string // the special title
	Role  message.Role
	Level uint32
	// JoinTime, LastSpeak and MuteUntil are in Unix seconds, 0 for never.
	JoinTime, LastSpeak, MuteUntil int64
}

type member struct {
	card, title                    string
	role                           message.Role
	level                          uint32
	joinTime, lastSpeak, muteUntil int64
	signedIn                       SignIn // the last time; zero for never
}

func newMember(role message.Role, at int64) *member {
	return &member{role: role, level: 1, joinTime: at}
}

// MemberJoined is sent when Member came into a group. By is the inviter when Invited,
// else the admin who accepted the member, or nobody.
type MemberJoined struct {
	InGroup
	Member, By User
	Invited    bool
}

// Activity implements Happening.
func (h *MemberJoined) Activity() Activity {
	return Activity{Kind: ActivityJoin, Group: h.Group, User: h.Member.UIN, By: h.By.UIN}
}

// MemberLeft is sent when Member went out of a group by itself.
type MemberLeft struct {
	InGroup
	Member User
}

// Activity implements Happening.
func (h *MemberLeft) Activity() Activity {
	return Activity{Kind: ActivityLeave, Group: h.Group, User: h.Member.UIN}
}

// MemberKicked is sent when By took Member out of a group. With Block the member may not
// ask to join again.
type MemberKicked struct {
	InGroup
	Member, By User
	Block      bool
}

// Activity implements Happening.
func (h *MemberKicked) Activity() Activity {
	return Activity{Kind: ActivityKick, Group: h.Group, User: h.Member.UIN, By: h.By.UIN}
}

// GroupDissolved is sent when the owner has left a group. The group no longer exists.
type GroupDissolved struct {
	InGroup
	Owner User
}

// Activity implements Happening.
func (h *GroupDissolved) Activity() Activity {
	return Activity{Kind: ActivityDissolve, Group: h.Group, User: h.Owner.UIN}
}

// Members holds the members of groups: who comes and goes, roles, names and mutes.
type Members struct{ *state }

// Members returns the operations on members of groups.
func (w *World) Members() Members { return Members{&w.state} }

// Join makes uin a member of a group. by is the inviter when invited, else the admin who
// accepted it; 0 is nobody. The refusals are NotFound, BadRequest of a member, NotMember
// of by, and Quota.
func (w Members) Join(code message.GroupCode, uin, by message.UIN, invited bool) error {
	w.mu.Lock()
	defer w.done()
	g, err := w.group(code)
	if err != nil {
		return err
	}
	if by != 0 && g.members[by] == nil {
		return Refuse(NotMember, "%d is not a member of group %d", by, code)
	}
	return w.join(g, uin, by, invited)
}

// Leave takes uin out of a group. When the owner leaves, the group is dissolved. The
// refusals are NotFound and NotMember.
func (w Members) Leave(code message.GroupCode, uin message.UIN) error {
	w.mu.Lock()
	defer w.done()
	g, m, err := w.member(code, uin)
	if err != nil {
		return err
	}
	w.leave(g, uin, m)
	return nil
}

// leave takes a member out of a group; mu is held.
func (w *state) leave(g *group, uin message.UIN, m *member) {
	if m.role == message.RoleOwner {
		w.dissolve(g)
		return
	}
	g.remove(uin)
	w.notify(Notice{Kind: NoticeLeft, Group: g.Code, Target: w.user(uin)}, g.admins()...)
	w.happened(&MemberLeft{g.in(), w.user(uin)})
}

// Kick takes uin out of a group. by, 0 is the owner, must have the higher role. The
// refusals are NotFound, NotMember and NoPermission.
func (w Members) Kick(code message.GroupCode, uin, by message.UIN) error {
	return w.KickAll(code, by, false, uin)
}

// KickAll takes several members out of a group, or none of them where one is refused. With
// block they may not ask to join again, until they have come in otherwise. by and the
// refusals are as for Kick.
func (w Members) KickAll(code message.GroupCode, by message.UIN, block bool, uins ...message.UIN) error {
	w.mu.Lock()
	defer w.done()
	for _, uin := range uins {
		_, m, by, role, err := w.actorOn(code, uin, by)
		if err != nil {
			return err
		}
		if !outranks(role, m.role) {
			return Refuse(NoPermission, "%d may not kick %d", by, uin)
		}
	}
	for _, uin := range uins {
		g, _, by, _, err := w.actorOn(code, uin, by)
		if err != nil { // named twice
			continue
		}
		g.remove(uin)
		if block {
			g.block(uin)
		}
		about := Notice{Kind: NoticeKicked, Group: code, Target: w.user(uin), Operator: w.user(by)}
		w.notify(about, g.admins()...)
		about.Kind = NoticeKickedMe
		w.notify(about, uin)
		w.happened(&MemberKicked{g.in(), w.user(uin), w.user(by), block})
	}
	return nil
}

// block keeps uin from asking to join.
func (g *group) block(uin message.UIN) {
	if g.blocked == nil {
		g.blocked = map[message.UIN]bool{}
	}
	g.blocked[uin] = true
}

func (g *group) add(uin message.UIN, at int64) {
	g.members[uin] = newMember(message.RoleMember, at)
	delete(g.blocked, uin)
	i, _ := slices.BinarySearch(g.roster, uin)
	g.roster = slices.Insert(slices.Clone(g.roster), i, uin)
	g.changeSeq++
}

func (g *group) remove(uin message.UIN) {
	delete(g.members, uin)
	delete(g.views, uin)
	if i, found := slices.BinarySearch(g.roster, uin); found {
		g.roster = slices.Delete(slices.Clone(g.roster), i, i+1)
	}
	g.changeSeq++
}

// List returns the members of a group, ordered by UIN; nil when there is no
// such group.
func (w Members) List(code message.GroupCode) []Member {
	w.mu.Lock()
	defer w.mu.Unlock()
	g := w.groups[code]
	if g == nil {
		return nil
	}
	return w.memberViews(g, g.roster)
}

// Page is List for at most n members, from the number first on. next is whom the next page
// begins with, 0 at the end.
func (w Members) Page(code message.GroupCode, first message.UIN, n int) (page []Member, next message.UIN) {
	w.mu.Lock()
	defer w.mu.Unlock()
	g := w.groups[code]
	if g == nil {
		return nil, 0
	}
	i, _ := slices.BinarySearch(g.roster, first)
	roster := g.roster[i:]
	if len(roster) > n {
		roster, next = roster[:n], roster[n]
	}
	return w.memberViews(g, roster), next
}

func (w Members) memberViews(g *group, uins []message.UIN) []Member {
	members := make([]Member, len(uins))
	for i, uin := range uins {
		members[i] = w.memberView(g, uin)
	}
	return members
}

// Find returns one member of a group, and whether it is one.
func (w Members) Find(code message.GroupCode, uin message.UIN) (Member, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	g := w.groups[code]
	if g == nil || g.members[uin] == nil {
		return Member{}, false
	}
	return w.memberView(g, uin), true
}

func (w Members) memberView(g *group, uin message.UIN) Member {
	m := g.members[uin]
	return Member{
		User: w.users[uin].User, Card: m.card, Title: m.title, Role: m.role, Level: m.level,
		JoinTime: m.joinTime, LastSpeak: m.lastSpeak, MuteUntil: m.muteUntil,
	}
}

// ChangeSeq counts the changes of a group's members, cards and roles
// (docs/protocol/operations.md 7.2); 0 when there is no such group.
func (w Members) ChangeSeq(code message.GroupCode) uint32 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if g := w.groups[code]; g != nil {
		return g.changeSeq
	}
	return 0
}
