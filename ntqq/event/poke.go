package event

import (
	"libration/internal/pb/pushpb"
	"libration/ntqq/message"
)

// PokeLook is what clients show of a poke: Operator, Action, Target, Suffix.
type PokeLook struct {
	Action   string // the verb; never ""
	Suffix   string // what follows the name of the target; may be ""
	ImageURL string // a picture for the verb; may be ""
}

// GroupPoked is sent when a member of a group poked a member, by a double click on their
// picture. The account's own pokes are reported too.
type GroupPoked struct {
	Group    message.GroupCode
	Operator Person
	Target   Person
	Look     PokeLook
	// MessageSequence and TipsSequence are what the poke is taken back by; 0 when the push
	// does not say.
	MessageSequence uint64
	TipsSequence    uint64
	Time            int64 // Unix seconds
}

func (*GroupPoked) Name() string     { return "group_poke" }
func (e *GroupPoked) When() int64    { return e.Time }
func (e *GroupPoked) People() People { return members(e.Group, &e.Operator, &e.Target) }
func (*GroupPoked) Stale() Stale     { return Stale{} }

// FriendPoked is sent when somebody poked in a private chat: the friend or the account
// itself poked one of the two.
type FriendPoked struct {
	Peer     Person // the other side of the chat
	Operator Person
	Target   Person
	Look     PokeLook
	// MessageSequence and TipsSequence are as in [GroupPoked].
	MessageSequence uint64
	TipsSequence    uint64
	Time            int64 // Unix seconds
}

func (*FriendPoked) Name() string     { return "friend_poke" }
func (e *FriendPoked) When() int64    { return e.Time }
func (e *FriendPoked) People() People { return others(&e.Peer, &e.Operator, &e.Target) }
func (*FriendPoked) Stale() Stale     { return Stale{} }

// GroupPokeRecalled is sent when a poke in a group was taken back. TipsSequence is that of
// its [GroupPoked].
type GroupPokeRecalled struct {
	Group        message.GroupCode
	Operator     Person // who took it back
	TipsSequence uint64
	Time         int64 // Unix seconds
}

func (*GroupPokeRecalled) Name() string     { return "group_poke_recalled" }
func (e *GroupPokeRecalled) When() int64    { return e.Time }
func (e *GroupPokeRecalled) People() People { return members(e.Group, &e.Operator) }
func (*GroupPokeRecalled) Stale() Stale     { return Stale{} }

// FriendPokeRecalled is sent when a poke in a private chat was taken back. TipsSequence is
// that of its [FriendPoked].
type FriendPokeRecalled struct {
	Peer         Person // the other side of the chat
	Operator     Person // who took it back
	TipsSequence uint64
	Time         int64 // Unix seconds
}

func (*FriendPokeRecalled) Name() string     { return "friend_poke_recalled" }
func (e *FriendPokeRecalled) When() int64    { return e.Time }
func (e *FriendPokeRecalled) People() People { return others(&e.Peer, &e.Operator) }
func (*FriendPokeRecalled) Stale() Stale     { return Stale{} }

// defaultPoke is the verb of a poke that has none (docs/protocol/events.md 6).
const defaultPoke = "戳了戳"

// poked reads who poked whom; ok is false when the tip does not say who.
func (p *push) poked() (operator, target Person, look PokeLook, ok bool) {
	operator, target = p.tip.person(p, "uin_str1"), p.tip.person(p, "uin_str2")
	if target == (Person{}) {
		target = p.self
	}
	look = PokeLook{p.tip.text("action_str"), p.tip.text("suffix_str"), p.tip.text("action_img_url")}
	if look.Action == "" {
		look.Action = p.tip.text("alt_str1")
	}
	if look.Action == "" {
		look.Action = defaultPoke
	}
	return operator, target, look, operator != (Person{})
}

func (p *push) groupPoke() {
	operator, target, look, ok := p.poked()
	if !ok {
		p.incomplete()
		return
	}
	p.emit(&GroupPoked{
		Group: message.GroupCode(p.notify.GetGroupCode()), Operator: operator, Target: target, Look: look,
		MessageSequence: p.notify.GetMessageSequence(), TipsSequence: p.notify.GetTipsSequence(),
		Time: p.time(p.notify.GetNotifyTime()),
	})
}

func (p *push) friendPoke() {
	operator, target, look, ok := p.poked()
	if !ok {
		p.incomplete()
		return
	}
	peer := p.sender()
	if peer == (Person{}) || p.isSelf(peer) { // another device of the account
		if peer = operator; p.isSelf(peer) {
			peer = target
		}
	}
	p.emit(&FriendPoked{
		Peer: peer, Operator: operator, Target: target, Look: look,
		MessageSequence: p.tip.GetMessageInfo().GetSequence(), TipsSequence: p.tip.GetTipsSequence(),
		Time: p.time(0),
	})
}

func (p *push) groupPokeRecall() {
	b := p.notify.GetPokeRecall()
	if b == nil {
		p.incomplete()
		return
	}
	group := b.GetGroupCode()
	if group == 0 {
		group = p.notify.GetGroupCode()
	}
	operator := p.personIn(b, 1, b.GetOperatorUid())
	if operator == (Person{}) {
		operator = p.personIn(p.notify, 21, p.notify.GetOperatorUid())
	}
	p.emit(&GroupPokeRecalled{
		Group: message.GroupCode(group), Operator: operator, TipsSequence: b.GetTipsSequence(),
		Time: p.time(p.notify.GetNotifyTime()),
	})
}

func (p *push) friendPokeRecall() {
	var b pushpb.FriendPokeRecall
	if !p.decode(p.content, &b) {
		return
	}
	from, to := p.personIn(&b, 1, b.GetFromUid()), p.personIn(&b, 2, b.GetToUid())
	peer := from
	if peer == (Person{}) || p.isSelf(peer) {
		peer = to
	}
	operator := p.personIn(&b, 3, b.GetOperatorUid())
	if operator == (Person{}) {
		operator = from
	}
	if peer == (Person{}) {
		p.incomplete()
		return
	}
	p.emit(&FriendPokeRecalled{Peer: peer, Operator: operator, TipsSequence: b.GetTipsSequence(), Time: p.time(0)})
}
