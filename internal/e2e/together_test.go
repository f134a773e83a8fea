package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"libration/ntqq"
	"libration/ntqq/message"
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
	Wait  bool // until all is quiet, before the next step
}

// together are two accounts of ours in one world.
type together struct {
	*service
	accounts [2]*account
	world    *world.World
}

func ours(uin message.UIN) bool { return uin == bot || uin == alice }

// togetherDeeds are what happens: what our accounts do, and what others do by hand. What is
// refused does not matter here.
var togetherDeeds = map[string]func(*together, context.Context, *account, *togetherStep){
	"look at friends": func(_ *together, ctx context.Context, a *account, _ *togetherStep) {
		_, _ = a.Friends().List(ctx, false)
	},
	"look at groups": func(_ *together, ctx context.Context, a *account, _ *togetherStep) {
		_, _ = a.Groups().List(ctx, false)
	},
	"look at members": func(_ *together, ctx context.Context, a *account, s *togetherStep) {
		_, _ = a.Members().List(ctx, s.Group, false)
	},
	"rename": func(_ *together, ctx context.Context, a *account, s *togetherStep) {
		_ = a.Groups().Rename(ctx, s.Group, s.Text)
	},
	"mute all": func(_ *together, ctx context.Context, a *account, s *togetherStep) {
		_ = a.Groups().MuteAll(ctx, s.Group, s.On)
	},
	"leave": func(_ *together, ctx context.Context, a *account, s *togetherStep) {
		_ = a.Groups().Leave(ctx, s.Group, false)
	},
	"transfer": func(_ *together, ctx context.Context, a *account, s *togetherStep) {
		_ = a.Groups().Transfer(ctx, s.Group, s.User)
	},
	"group remark": func(_ *together, ctx context.Context, a *account, s *togetherStep) {
		_ = a.Groups().SetRemark(ctx, s.Group, s.Text)
	},
	"title": func(_ *together, ctx context.Context, a *account, s *togetherStep) {
		_ = a.Members().SetTitle(ctx, s.Group, s.User, s.Text)
	},
	"admin": func(_ *together, ctx context.Context, a *account, s *togetherStep) {
		_ = a.Members().SetAdmin(ctx, s.Group, s.User, s.On)
	},
	"mute": func(_ *together, ctx context.Context, a *account, s *togetherStep) {
		long := time.Duration(0)
		if s.On {
			long = 24 * time.Hour
		}
		_ = a.Members().Mute(ctx, s.Group, s.User, long)
	},
	"kick": func(_ *together, ctx context.Context, a *account, s *togetherStep) {
		_ = a.Members().Kick(ctx, s.Group, []ntqq.UIN{s.User}, ntqq.Kick{})
	},
	"remark": func(_ *together, ctx context.Context, a *account, s *togetherStep) {
		_ = a.Friends().SetRemark(ctx, s.User, s.Text)
	},
	"category": func(_ *together, ctx context.Context, a *account, s *togetherStep) {
		_ = a.Friends().SetCategory(ctx, s.User, int32(s.Other-bot)%3)
	},
	"unfriend": func(_ *together, ctx context.Context, a *account, s *togetherStep) {
		if !ours(s.User) { // the other side hears nothing
			_ = a.Friends().Delete(ctx, s.User, ntqq.FriendRemoval{})
		}
	},
	"speak": func(_ *together, ctx context.Context, a *account, s *togetherStep) {
		_, _ = a.Messages().SendGroup(ctx, s.Group, say(s.Text))
	},
	"write": func(_ *together, ctx context.Context, a *account, s *togetherStep) {
		_, _ = a.Messages().SendFriend(ctx, s.User, say(s.Text))
	},

	"by hand: befriend": func(p *together, _ context.Context, _ *account, s *togetherStep) {
		_ = p.world.Friends().Add(s.User, s.Other)
	},
	"by hand: unfriend": func(p *together, _ context.Context, _ *account, s *togetherStep) {
		if ours(s.User) && !ours(s.Other) {
			_ = p.world.Friends().Remove(s.User, s.Other)
		}
	},
	"by hand: join": func(p *together, _ context.Context, _ *account, s *togetherStep) {
		_ = p.world.Members().Join(s.Group, s.User, 0, s.On)
	},
	"by hand: leave": func(p *together, _ context.Context, _ *account, s *togetherStep) {
		_ = p.world.Members().Leave(s.Group, s.User)
	},
	"by hand: kick": func(p *together, _ context.Context, _ *account, s *togetherStep) {
		_ = p.world.Members().Kick(s.Group, s.User, s.Other)
	},
	"by hand: admin": func(p *together, _ context.Context, _ *account, s *togetherStep) {
		_ = p.world.Members().SetAdmin(s.Group, s.User, 0, s.On)
	},
	"by hand: title": func(p *together, _ context.Context, _ *account, s *togetherStep) {
		_ = p.world.Members().SetTitle(s.Group, s.User, 0, s.Text)
	},
	"by hand: card": func(p *together, _ context.Context, _ *account, s *togetherStep) {
		speak := func() error {
			_, err := p.world.Messages().Send(world.Send{From: s.User, Group: s.Group, Parts: world.Text(s.Text)}, nil)
			return err
		}
		if speak() == nil { // others see a card in messages
			_ = p.world.Members().SetCard(s.Group, s.User, 0, s.Text)
			_ = speak()
		}
	},
	"by hand: mute": func(p *together, _ context.Context, _ *account, s *togetherStep) {
		_ = p.world.Members().Mute(s.Group, s.User, 0, 3600)
	},
	"by hand: transfer": func(p *together, _ context.Context, _ *account, s *togetherStep) {
		_ = p.world.Groups().Transfer(s.Group, 0, s.User)
	},
	"by hand: rename": func(p *together, _ context.Context, _ *account, s *togetherStep) {
		_ = p.world.Groups().Rename(s.Group, 0, s.Text)
	},
	"by hand: found": func(p *together, _ context.Context, _ *account, s *togetherStep) {
		_, _ = p.world.Groups().Add(world.Group{Name: s.Text}, s.User, s.Other)
	},
	"by hand: remove group": func(p *together, _ context.Context, _ *account, s *togetherStep) {
		_ = p.world.Groups().Remove(s.Group)
	},
	"by hand: remove user": func(p *together, _ context.Context, _ *account, s *togetherStep) {
		if s.User == carol { // our accounts stay
			_ = p.world.Users().Remove(carol)
			_, _ = p.world.Users().Add(world.User{UIN: carol, Nickname: "Carol"})
		}
	},
	"by hand: new name": func(p *together, _ context.Context, _ *account, s *togetherStep) {
		_ = p.world.Users().SetProfile(s.User, &s.Text, nil)
	},
	"by hand: reset":    func(p *together, _ context.Context, _ *account, _ *togetherStep) { _ = p.Reset() },
	"connections break": func(p *together, _ context.Context, _ *account, _ *togetherStep) { p.DropConnections() },
}

// TestTogether lets two accounts of ours, and the others of their world, do things at random.
// What both have in memory in the end is what is true.
func TestTogether(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var deeds []string
		// A client that connects again reads its lists anew: most scenarios have none of that.
		breaks := rapid.IntRange(0, 3).Draw(rt, "breaks") == 3
		for what := range togetherDeeds {
			if breaks || what != "connections break" && what != "by hand: reset" {
				deeds = append(deeds, what)
			}
		}
		slices.Sort(deeds)
		people := rapid.SampledFrom([]message.UIN{bot, alice, bob, carol})
		steps := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) togetherStep {
			return togetherStep{
				What: rapid.SampledFrom(deeds).Draw(rt, "what"), By: rapid.IntRange(0, 1).Draw(rt, "by"),
				Group: message.GroupCode(rapid.IntRange(730000001, 730000003).Draw(rt, "group")),
				User:  people.Draw(rt, "user"), Other: people.Draw(rt, "other"), On: rapid.Bool().Draw(rt, "on"),
				Text: rapid.SampledFrom([]string{"one", "two", "three"}).Draw(rt, "text"), Wait: rapid.Bool().Draw(rt, "wait"),
			}
		}), 1, 60).Draw(rt, "steps")
		problem := ""
		bubble(t, func(t *testing.T) { problem = playTogether(t, steps) })
		if problem != "" {
			rt.Fatal(problem)
		}
	})
}

// playTogether does the steps and says what is wrong afterwards, "" for nothing.
func playTogether(t *testing.T, steps []togetherStep) string {
	s, b, a := two(t)
	p := &together{s, [2]*account{b, a}, s.World()}
	for i := range steps {
		step := &steps[i]
		togetherDeeds[step.What](p, t.Context(), p.accounts[step.By], step)
		if step.Wait {
			time.Sleep(2 * time.Second) // virtual
			synctest.Wait()
		}
	}
	for _, account := range p.accounts {
		account.wait("being online", func(st ntqq.State) bool { return st.Online() })
	}
	time.Sleep(2 * time.Minute) // virtual
	synctest.Wait()
	var problems strings.Builder
	for i, uin := range []message.UIN{bot, alice} {
		if diff := cmp.Diff(p.truth(uin), p.known(t, p.accounts[i])); diff != "" {
			fmt.Fprintf(&problems, "%d: true -, in memory +: %s\n", uin, diff)
		}
	}
	return problems.String()
}

// facts are what an account can know, by what it is about. The names of members who are no
// friends are not among them: no push tells that they have changed.
type facts map[string]string

// truth returns what is true for an account.
func (p *together) truth(uin message.UIN) facts {
	f := facts{}
	for _, friend := range p.world.Friends().List(uin) {
		f[fmt.Sprint("friend ", friend.User.UIN)] = fmt.Sprint(friend.User.Nickname, " ", friend.Remark, " ", friend.Category)
	}
	for _, g := range p.world.Groups().Of(uin) {
		owner, _ := p.world.Users().Find(g.Owner)
		f[fmt.Sprint("group ", g.Code)] = fmt.Sprint(g.Name, " ", p.world.Groups().View(g.Code, uin).Remark, " ", owner.UID, " ", g.MemberCount, " ", g.MuteAll)
		for _, m := range p.world.Members().List(g.Code) {
			muted := m.MuteUntil > p.world.Now().Unix()
			f[fmt.Sprint("member ", m.User.UIN, " of ", g.Code)] = fmt.Sprint(m.Card, " ", m.Title, " ", m.Role, " ", muted)
		}
	}
	return f
}

// known returns what a client has in memory, or fetches where it knows that it is old.
func (p *together) known(t *testing.T, a *account) facts {
	f := facts{}
	friends, err := a.Friends().List(t.Context(), false)
	if err != nil {
		f["friends"] = err.Error()
	}
	for _, friend := range friends {
		f[fmt.Sprint("friend ", friend.UIN)] = fmt.Sprint(friend.Nickname, " ", friend.Remark, " ", friend.Category)
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
			muted := m.MuteUntil > p.world.Now().Unix()
			f[fmt.Sprint("member ", m.UIN, " of ", g.Code)] = fmt.Sprint(m.Card, " ", m.Title, " ", m.Role, " ", muted)
		}
	}
	return f
}
