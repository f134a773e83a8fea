package scenario

import (
	"fmt"
	"io"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"libration/internal/text"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// maxCounted bounds the members of all groups that have a count, maxGroups the groups of one
// entry.
const (
	maxCounted = 1_000_000
	maxGroups  = 10_000
)

// Members are the members of a group: a list, or in YAML a mapping with count, apart and list.
type Members struct {
	// Count is how many members the group has, at most 5000, with its owner and those of
	// List. Users without a name of their own make up for those who are missing. They get
	// the next free numbers from 20001 on. All groups have the same, the first ones, unless
	// they are Apart.
	// Default: as many as there are in List.
	Count int `yaml:"count"`
	// Apart is whether those who make up are in this group alone.
	Apart bool     `yaml:"apart"`
	List  []Member `yaml:"list"`

	mapped bool // it was a mapping
}

// Member is one member of a group.
type Member struct {
	UIN message.UIN `yaml:"uin"`
	// Role is "admin" or, the default, "member".
	Role  string `yaml:"role"`
	Card  string `yaml:"card"`
	Title string `yaml:"title"`
	Level uint32 `yaml:"level"`
}

// UnmarshalYAML reads a list of members, or a mapping.
func (m *Members) UnmarshalYAML(node ast.Node) error {
	if node.Type() == ast.SequenceType {
		return yaml.NodeToValue(node, &m.List, yaml.Strict())
	}
	m.mapped = true
	type plain Members // without this method
	return yaml.NodeToValue(node, (*plain)(m), yaml.Strict())
}

// crowd makes the groups of a world, and the users that their counts need.
type crowd struct {
	world   *world.World
	put     func(io.Reader) (world.Blob, error)
	extras  []message.UIN
	counted int // members of all groups with a count
}

type reporter func(err error, path string, args ...any)

// buildGroups makes the group that is at place i of the scenario, as often as it says.
func (c *crowd) buildGroups(g *Group, i int, report reporter) {
	if g.Count < 0 || g.Count > maxGroups {
		report(text.Errorf("a group comes 1 to %d times, not %d", "群的份数应为 1 到 %d，而不是 %d", maxGroups, g.Count), "$.groups[%d].count", i)
		return
	}
	for n := range max(g.Count, 1) {
		one := *g
		if g.Code != 0 {
			one.Code += message.GroupCode(n)
		}
		if g.Count > 1 {
			one.Name = fmt.Sprint(g.Name, " ", n+1)
		}
		if !c.buildGroup(&one, i, report) {
			return // the others have the same mistake
		}
	}
}

func (c *crowd) buildGroup(g *Group, i int, report reporter) (built bool) {
	within := ""
	if g.Members.mapped {
		within = ".list"
	}
	bad := map[int]bool{}
	listed := make(map[message.UIN]bool, len(g.Members.List))
	members := make([]message.UIN, 0, max(len(g.Members.List), min(g.Members.Count, world.MaxMembers)))
	for j, m := range g.Members.List {
		var err error
		switch _, known := c.world.Users().Find(m.UIN); {
		case !known:
			err = text.Errorf("no user %d", "没有用户 %d", m.UIN)
		case listed[m.UIN]:
			err = text.Errorf("member %d is listed twice", "成员 %d 出现了两次", m.UIN)
		default:
			listed[m.UIN] = true
			members = append(members, m.UIN)
			continue
		}
		bad[j] = true
		report(err, "$.groups[%d].members%s[%d]", i, within, j)
	}
	members, err := c.fill(members, listed, g)
	if err != nil {
		report(err, "$.groups[%d].members.count", i)
		return false
	}
	groups := c.world.Groups()
	made, err := groups.Add(world.Group{
		Code: g.Code, Name: g.Name, Owner: g.Owner, MemberMax: g.MemberMax,
		Join: g.Join, Question: g.Question, Answer: g.Answer,
	}, members...)
	if err != nil {
		report(err, "$.groups[%d]", i)
		return false
	}
	report(groups.LimitRate(made.Code, g.Rate), "$.groups[%d]", i)
	for j, m := range g.Members.List {
		if !bad[j] {
			report(c.describe(made, m), "$.groups[%d].members%s[%d]", i, within, j)
		}
	}
	c.addFiles(made.Code, g, i, report)
	if g.MuteAll { // now, as members may have uploaded files before
		report(groups.MuteAll(made.Code, 0, true), "$.groups[%d]", i)
	}
	return len(bad) == 0
}

// fill adds users to the listed members until a group has as many as its count says.
func (c *crowd) fill(members []message.UIN, listed map[message.UIN]bool, g *Group) ([]message.UIN, error) {
	if g.Members.Count == 0 {
		return members, nil
	}
	want := g.Members.Count
	if g.Owner != 0 && !listed[g.Owner] {
		want-- // it is a member without being listed
	}
	c.counted += want
	switch {
	case g.Members.Count > world.MaxMembers || g.Members.Count < 0:
		return nil, text.Errorf("a group has 1 to %d members, not %d", "群成员数应为 1 到 %d，而不是 %d", world.MaxMembers, g.Members.Count)
	case len(members) > want:
		return nil, text.Errorf("count %d is less than the members that are named", "count %d 少于已列出的成员数", g.Members.Count)
	case c.counted > maxCounted:
		return nil, text.Errorf("more than %d members in all groups", "所有群的成员总数超过 %d", maxCounted)
	}
	extras := &c.extras
	if g.Members.Apart {
		extras = new([]message.UIN)
	}
	for i := 0; len(members) < want; i++ {
		if i == len(*extras) {
			extra, err := c.world.Users().Add(world.User{})
			if err != nil {
				return nil, err
			}
			*extras = append(*extras, extra.UIN)
		}
		if uin := (*extras)[i]; uin != g.Owner && !listed[uin] {
			members = append(members, uin)
		}
	}
	return members, nil
}

// describe gives a member what the scenario says of it.
func (c *crowd) describe(g world.Group, m Member) error {
	members := c.world.Members()
	switch m.Role {
	case "admin":
		if err := members.SetAdmin(g.Code, m.UIN, 0, true); err != nil {
			return err
		}
	case "", "member":
	case "owner":
		if m.UIN != g.Owner {
			return text.Errorf("member %d cannot be an owner: the group belongs to %d", "成员 %d 不能是群主：群主是 %d", m.UIN, g.Owner)
		}
	default:
		return text.Errorf("role %q is neither admin nor member", "角色 %q 既不是 admin 也不是 member", m.Role)
	}
	if m.Level > 0 {
		if err := members.SetLevel(g.Code, m.UIN, m.Level); err != nil {
			return err
		}
	}
	if m.Card != "" {
		if err := members.SetCard(g.Code, m.UIN, 0, m.Card); err != nil {
			return err
		}
	}
	if m.Title != "" {
		return members.SetTitle(g.Code, m.UIN, 0, m.Title)
	}
	return nil
}
