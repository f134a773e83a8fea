package world

import "libration/ntqq/message"

// JoinPolicy is how people come into a group when nobody lets them in by hand.
type JoinPolicy string

// The policies.
const (
	JoinFree     JoinPolicy = "free"     // who asks, or is invited, is in at once
	JoinAsk      JoinPolicy = "ask"      // an admin decides
	JoinQuestion JoinPolicy = "question" // there is a question; see [Group.Answer]
	JoinClosed   JoinPolicy = "closed"   // nobody may ask, and members may not invite
)

func (p JoinPolicy) valid() bool {
	switch p {
	case JoinFree, JoinAsk, JoinQuestion, JoinClosed:
		return true
	}
	return false
}

// JoinPolicyChanged is sent when By changed how people come into a group.
type JoinPolicyChanged struct {
	InGroup
	By     User
	Policy JoinPolicy
}

// Activity implements Happening.
func (h *JoinPolicyChanged) Activity() Activity {
	return Activity{Kind: ActivityJoinPolicy, Group: h.Group, By: h.By.UIN, Text: string(h.Policy)}
}

// SetJoin sets how people come into a group. by is the owner or an admin, 0 is the owner.
// question and answer count for [JoinQuestion] alone, which needs a question. The refusals
// are BadRequest, NotFound, NotMember and NoPermission.
func (w Groups) SetJoin(code message.GroupCode, by message.UIN, policy JoinPolicy, question, answer string) error {
	w.mu.Lock()
	defer w.done()
	g, by, role, err := w.actor(code, by)
	if err != nil {
		return err
	}
	if role == message.RoleMember {
		return Refuse(NoPermission, "%d may not change how people join the group", by)
	}
	changed := g.Group
	changed.Join, changed.Question, changed.Answer = policy, question, answer
	if err := checkJoin(&changed); err != nil {
		return err
	}
	g.Group = changed
	w.happened(&JoinPolicyChanged{g.in(), w.user(by), g.Join})
	return nil
}

// checkJoin refuses a policy that is none. It takes away what does not count.
func checkJoin(g *Group) error {
	if g.Join == "" {
		g.Join = JoinAsk
	}
	if !g.Join.valid() {
		return Refuse(BadRequest, "%q is no way to join: free, ask, question or closed", g.Join)
	}
	if g.Join != JoinQuestion {
		g.Question, g.Answer = "", ""
		return nil
	}
	if g.Question == "" {
		return Refuse(BadRequest, "to join by a question the group needs one")
	}
	if err := checkName(g.Question); err != nil {
		return err
	}
	return checkName(g.Answer)
}

// newcomer finds the group that somebody wants to come into; mu is held.
func (w *state) newcomer(code message.GroupCode, uin message.UIN) (*group, error) {
	g, err := w.group(code)
	if err != nil {
		return nil, err
	}
	if _, err := w.account(uin); err != nil {
		return nil, err
	}
	if g.members[uin] != nil {
		return nil, Refuse(BadRequest, "%d is a member of group %d already", uin, code)
	}
	if len(g.roster) >= int(g.MemberMax) {
		return nil, Refuse(Quota, "group %d is full", code)
	}
	return g, nil
}

// join lets uin into a group, or says why not. What uin had asked for is settled; mu is held.
func (w *state) join(g *group, uin, by message.UIN, invited bool) error {
	if _, err := w.newcomer(g.Code, uin); err != nil {
		return err
	}
	w.overtake(func(n *notice) bool { return n.Group == g.Code && n.Target.UIN == uin }, g, uin)
	g.add(uin, w.now().Unix())
	w.happened(&MemberJoined{g.in(), w.user(uin), w.user(by), invited})
	return nil
}
