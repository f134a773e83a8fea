package e2e

import (
	"context"
	"time"

	"libration/ntqq"
	"libration/sandbox/world"
)

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
		_ = a.Members().Kick(ctx, s.Group, []ntqq.UIN{s.User}, ntqq.Kick{Block: s.On})
	},
	"remark": func(_ *together, ctx context.Context, a *account, s *togetherStep) {
		_ = a.Friends().SetRemark(ctx, s.User, s.Text)
	},
	"category": func(_ *together, ctx context.Context, a *account, s *togetherStep) {
		_ = a.Friends().SetCategory(ctx, s.User, int32(s.Other-bot)%3)
	},
	"unfriend": func(_ *together, ctx context.Context, a *account, s *togetherStep) {
		_ = a.Friends().Delete(ctx, s.User, ntqq.FriendRemoval{Both: s.On, Block: s.Text == "one"})
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
		_ = p.world.Friends().Delete(s.User, s.Other, false, s.On)
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
		_ = p.world.Users().Edit(s.User, func(u *world.User, _ *world.Details) { u.Nickname = s.Text })
	},
	"invite": func(_ *together, ctx context.Context, a *account, s *togetherStep) {
		_ = a.Groups().Invite(ctx, s.Group, s.User, 0)
	},
	"ask to be friends": func(_ *together, ctx context.Context, a *account, s *togetherStep) {
		_ = a.Friends().Add(ctx, s.User, ntqq.FriendWish{Text: s.Text})
	},
	"answer": func(p *together, _ context.Context, _ *account, s *togetherStep) { p.answer(p.people[s.By], s) },

	"by hand: how to join": func(p *together, _ context.Context, _ *account, s *togetherStep) {
		policy := map[string]world.JoinPolicy{"one": world.JoinAsk, "two": world.JoinFree, "three": world.JoinQuestion}[s.Text]
		_ = p.world.Groups().SetJoin(s.Group, 0, policy, "who?", "")
	},
	"by hand: ask to join": func(p *together, _ context.Context, _ *account, s *togetherStep) {
		_, _ = p.world.Requests().Ask(world.Join{Group: s.Group, User: s.User, Text: s.Text, Filtered: s.On})
	},
	"by hand: invite": func(p *together, _ context.Context, _ *account, s *togetherStep) {
		_, _ = p.world.Requests().Invite(s.Group, s.Other, s.User)
	},
	"by hand: answer": func(p *together, _ context.Context, _ *account, s *togetherStep) {
		for _, n := range p.world.Notices().Of(s.User, s.On) {
			if n.State == world.NoticePending {
				_ = p.world.Requests().Answer(s.User, n.Sequence, world.NoticeState(2+len(s.Text)%3), "") // accepted, refused or ignored
				return
			}
		}
	},
	"by hand: ask to be friends": func(p *together, _ context.Context, _ *account, s *togetherStep) {
		_ = p.world.Friends().Remove(s.User, s.Other)
		_ = p.world.Friends().Ask(world.FriendWish{From: s.User, To: s.Other, Text: s.Text, Filtered: s.On})
	},
	"by hand: accept a friend": func(p *together, _ context.Context, _ *account, s *togetherStep) {
		_ = p.world.Friends().Answer(s.User, s.Other, s.On)
	},

	"by hand: reset":    func(p *together, _ context.Context, _ *account, _ *togetherStep) { _ = p.Reset() },
	"connections break": func(p *together, _ context.Context, _ *account, _ *togetherStep) { p.DropConnections() },
	"leave the program": func(p *together, _ context.Context, _ *account, s *togetherStep) { p.people[s.By].goAway(s.On) },
	"come back":         func(p *together, _ context.Context, _ *account, s *togetherStep) { p.people[s.By].comeBack() },
}
