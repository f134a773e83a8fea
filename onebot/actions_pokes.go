package onebot

import (
	"context"
	"math"

	"libration/gateway/table"
	"libration/internal/text"
	"libration/ntqq/message"
)

var pokeFailed = cause("POKE_FAILED", apiError.Text)

func pokeActions() []row {
	fails := table.Fails(pokeFailed, noGroup)
	return []row{
		table.Of("send_poke", lagrange, Sends, text.T("Pokes somebody in a group, or in a private chat without a group.", "戳一戳：有群号时在群内，否则在私聊中。"), sendPoke, fails),
		table.Of("group_poke", lagrange, Sends, text.T("Pokes a member of a group.", "在群内戳一戳。"), groupPoke, fails),
		table.Of("friend_poke", lagrange, Sends, text.T("Pokes a friend, or in a group where one is given.", "在私聊中戳一戳；有群号时在群内。"), sendPoke, fails),
	}
}

type pokeParams struct {
	User   message.UIN       `param:"user_id" en:"Whom to poke, or with target_id the other side of the private chat." zh:"被戳的人；有 target_id 时为私聊的对方。"`
	Group  message.GroupCode `param:"group_id,optional" en:"The group to do it in." zh:"所在的群。"`
	Target message.UIN       `param:"target_id,optional" en:"Whom to poke, where that is not user_id: in a private chat the account itself." zh:"被戳的人，与 user_id 不同时填写，例如私聊中的自己。"`
}

func sendPoke(ctx context.Context, a *account, p pokeParams) (table.None, error) {
	return table.None{}, a.poke(ctx, p)
}

type groupPokeParams struct {
	Group  message.GroupCode `param:"group_id"`
	User   message.UIN       `param:"user_id" en:"Whom to poke." zh:"被戳的人。"`
	Target message.UIN       `param:"target_id,optional" en:"Whom to poke instead of user_id." zh:"填写时代替 user_id。"`
}

func groupPoke(ctx context.Context, a *account, p groupPokeParams) (table.None, error) {
	return table.None{}, a.poke(ctx, pokeParams{p.User, p.Group, p.Target})
}

// poke pokes the target, or without one the user.
func (a *account) poke(ctx context.Context, p pokeParams) error {
	target := p.Target
	if target == 0 {
		target = p.User
	}
	if p.Group != 0 {
		return a.client.Pokes().Group(ctx, p.Group, target)
	}
	return a.client.Pokes().Friend(ctx, p.User, target)
}

// isPoke tells whether a segment is no message but asks for a poke, as go-cqhttp has it.
func isPoke(s segment) bool {
	return s.kind == "poke" && s.get("qq") != "" && s.get("type") == ""
}

// pokeBySegment pokes whom a message's only segment names.
func (a *account) pokeBySegment(ctx context.Context, chat message.Chat, s segment) error {
	target, err := s.number("qq", math.MaxUint32)
	if err != nil {
		return err
	}
	p := pokeParams{User: chat.Peer, Target: message.UIN(target)}
	if chat.Kind == message.Group {
		p.Group = chat.Group
	}
	return a.poke(ctx, p)
}
