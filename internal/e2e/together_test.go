package e2e

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"libration/ntqq"
	"libration/ntqq/message"
	"libration/sandbox"
	"libration/sandbox/world"
)

// togetherStep is one thing that somebody does in a random scenario.
type togetherStep struct {
	What  string
	By    int // which of our two accounts, where one of them does it
	Group message.GroupCode
	User  message.UIN
	Other message.UIN
	On    bool
	Text  string
	Wait  time.Duration // until all is quiet, before the next step; 0: none
}

// together are two accounts of ours in one world.
type together struct {
	*service
	t          *testing.T
	world      *world.World
	people     [2]*resident
	activities <-chan world.Activity
	problems   []string
	trace      bool
}

// togetherRare are the deeds that few scenarios have, and how many of ten. A client that
// connects again reads its lists anew, which hides what it kept wrong.
var togetherRare = map[string]int{"connections break": 2, "by hand: reset": 1, "leave the program": 4, "come back": 4}

// togetherScenario draws the steps of a scenario. In each one some kinds of deeds happen
// often, and the others never.
func togetherScenario(rt *rapid.T) []togetherStep {
	luck := map[int]bool{}
	for _, tenths := range []int{1, 2, 4} {
		luck[tenths] = rapid.IntRange(1, 10).Draw(rt, fmt.Sprint("of ten: ", tenths)) > 10-tenths
	}
	few := rapid.IntRange(0, 3).Draw(rt, "few") > 0
	var deeds []string
	for _, what := range slices.Sorted(maps.Keys(togetherDeeds)) {
		tenths, rare := togetherRare[what]
		if rare && luck[tenths] || !rare && (!few || rapid.IntRange(0, 3).Draw(rt, what) == 0) {
			deeds = append(deeds, what)
		}
	}
	if len(deeds) == 0 {
		return nil
	}
	people := rapid.SampledFrom([]message.UIN{bot, bot, alice, alice, bob, carol, dave})
	waits := rapid.SampledFrom([]time.Duration{0, 0, 0, 4 * time.Second, 4 * time.Second, 100 * time.Second})
	return rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) togetherStep {
		return togetherStep{
			What: rapid.SampledFrom(deeds).Draw(rt, "what"), By: rapid.IntRange(0, 1).Draw(rt, "by"),
			Group: message.GroupCode(rapid.IntRange(730000001, 730000003).Draw(rt, "group")),
			User:  people.Draw(rt, "user"), Other: people.Draw(rt, "other"), On: rapid.Bool().Draw(rt, "on"),
			Text: rapid.SampledFrom([]string{"one", "two", "three"}).Draw(rt, "text"), Wait: waits.Draw(rt, "wait"),
		}
	}), 1, 60).Draw(rt, "steps")
}

// TestTogether lets two accounts of ours, and the others of their world, do things at random.
// What both have in memory in the end is what is true; each has heard of everything once, in
// order; and what their bots answered to requests is what happened.
func TestTogether(t *testing.T) {
	scenarios := "60"
	flag.Visit(func(f *flag.Flag) {
		if f.Name == "seeds" {
			scenarios = f.Value.String()
		}
	})
	for name, value := range map[string]string{"rapid.checks": scenarios, "rapid.seed": strconv.FormatUint(max(*seedFlag, 1), 10)} {
		before := flag.Lookup(name).Value.String()
		if err := flag.Set(name, value); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = flag.Set(name, before) })
	}
	rapid.Check(t, func(rt *rapid.T) {
		steps := togetherScenario(rt)
		problem := ""
		bubble(t, func(t *testing.T) { problem = playTogether(t, steps) })
		if problem != "" {
			rt.Fatal(problem)
		}
	})
}

// playTogether does the steps and says what is wrong, "" for nothing.
func playTogether(t *testing.T, steps []togetherStep) string {
	s := startService(t, sandbox.Options{MemberPage: 2, FriendPage: 2})
	p := &together{service: s, t: t, world: s.World(), trace: testing.Verbose()}
	if _, err := p.world.Users().Add(world.User{UIN: dave, Nickname: "Dave"}); err != nil {
		t.Fatal(err)
	}
	activities, end := p.world.Watch(1 << 14)
	defer end()
	p.activities = activities
	for i, uin := range []message.UIN{bot, alice} {
		p.people[i] = newResident(p, uin)
		p.people[i].comeBack()
	}
	p.rest(4 * time.Second)
	for i := range steps {
		step := &steps[i]
		r := p.people[step.By]
		if deed := togetherDeeds[step.What]; r.client != nil || strings.HasPrefix(step.What, "by hand") || togetherRare[step.What] > 0 {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second) // virtual
			deed(p, ctx, r.client, step)
			cancel()
		}
		p.notice(step.What)
		if step.Wait > 0 {
			p.rest(step.Wait)
		}
	}
	for _, r := range p.people {
		r.comeBack()
	}
	p.rest(2 * time.Minute)
	for _, r := range p.people {
		if diff := cmp.Diff(p.truth(r), p.known(r)); diff != "" {
			p.problem("%d: true -, in memory +: %s", r.uin, diff)
		}
		r.judge()
	}
	return strings.Join(p.problems, "\n")
}

func (p *together) problem(format string, args ...any) {
	p.problems = append(p.problems, fmt.Sprintf(format, args...))
}

// rest waits until all is quiet. What was on its way has come then.
func (p *together) rest(long time.Duration) {
	time.Sleep(long) // virtual
	for _, r := range p.people {
		if r.client != nil {
			r.client.wait("being online", func(st ntqq.State) bool { return st.Online() })
		}
	}
	time.Sleep(4 * time.Second) // virtual
	synctest.Wait()
	p.notice("later")
	for _, r := range p.people {
		r.settled()
	}
}

// facts are what an account can know, by what it is about.
type facts map[string]string

// truth returns what is true for an account.
func (p *together) truth(r *resident) facts {
	f := facts{}
	friends := map[message.UIN]bool{r.uin: true}
	for _, friend := range p.world.Friends().List(r.uin) {
		u := friend.User
		friends[u.UIN] = true
		if !r.silent[u.UIN] {
			f[fmt.Sprint("friend ", u.UIN)] = fmt.Sprint(u.Nickname, " ", friend.Remark, " ", friend.Category)
		}
	}
	for _, g := range p.world.Groups().Of(r.uin) {
		owner, _ := p.world.Users().Find(g.Owner)
		f[fmt.Sprint("group ", g.Code)] = fmt.Sprint(g.Name, " ", p.world.Groups().View(g.Code, r.uin).Remark, " ", owner.UID, " ", g.MemberCount, " ", g.MuteAll)
		for _, m := range p.world.Members().List(g.Code) {
			f[fmt.Sprint("member ", m.User.UIN, " of ", g.Code)] = p.member(r, m.User.UIN, m.User.Nickname, m.Card, m.Title, m.Role, m.MuteUntil)
		}
	}
	return f
}

// member is what an account can know of a member.
func (p *together) member(r *resident, uin message.UIN, name, card, title string, role message.Role, muteUntil int64) string {
	if r.renamed[uin] {
		name = "?"
	}
	return fmt.Sprint(name, " ", card, " ", title, " ", role, " ", muteUntil > p.world.Now().Unix())
}

// known returns what a client has in memory, or fetches where it knows that it is old.
func (p *together) known(r *resident) facts {
	f, a, t := facts{}, r.client, p.t
	friends, err := a.Friends().List(t.Context(), false)
	if err != nil {
		f["friends"] = err.Error()
	}
	for _, friend := range friends {
		if !r.silent[friend.UIN] && friend.UIN != r.uin { // whose list is empty finds itself in it
			f[fmt.Sprint("friend ", friend.UIN)] = fmt.Sprint(friend.Nickname, " ", friend.Remark, " ", friend.Category)
		}
	}
	groups, err := a.Groups().List(t.Context(), false)
	if err != nil {
		f["groups"] = err.Error()
	}
	for _, g := range groups {
		f[fmt.Sprint("group ", g.Code)] = fmt.Sprint(g.Name, " ", g.Remark, " ", g.OwnerUID, " ", g.MemberCount, " ", g.MuteAll)
		members, err := a.Members().List(t.Context(), g.Code, false)
		if err != nil {
			f[fmt.Sprint("members of ", g.Code)] = err.Error()
		}
		for _, m := range members {
			f[fmt.Sprint("member ", m.UIN, " of ", g.Code)] = p.member(r, m.UIN, m.Nickname, m.Card, m.Title, m.Role, m.MuteUntil)
		}
	}
	return f
}
