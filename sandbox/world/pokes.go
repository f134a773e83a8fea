package world

import (
	"slices"

	"libration/ntqq/message"
)

// Poke is one double click on somebody's picture.
type Poke struct {
	Operator, Target User
	// Group is set in groups, Peer in private chats: the side that Operator is not.
	Group message.GroupCode
	Peer  User
	// Action and Suffix are the words of the poke. ImageURL is its picture, "" for none.
	Action, Suffix, ImageURL string
	// Sequence is that of the newest message of the chat, Tips the number of the poke.
	Sequence, Tips uint64
	// Time is Unix seconds.
	Time int64
}

// GroupPoked is sent when a member poked another one.
type GroupPoked struct {
	InGroup
	Poke Poke
}

// Activity implements Happening.
func (h *GroupPoked) Activity() Activity { return h.Poke.activity(ActivityPoke) }

// FriendPoked is sent when one side of a private chat poked.
type FriendPoked struct{ Poke Poke }

// Activity implements Happening.
func (h *FriendPoked) Activity() Activity { return h.Poke.activity(ActivityPoke) }

// GroupPokeRecalled is sent when a poke in a group was taken back.
type GroupPokeRecalled struct {
	InGroup
	Poke Poke
}

// Activity implements Happening.
func (h *GroupPokeRecalled) Activity() Activity { return h.Poke.activity(ActivityPokeRecall) }

// FriendPokeRecalled is sent when a poke in a private chat was taken back.
type FriendPokeRecalled struct{ Poke Poke }

// Activity implements Happening.
func (h *FriendPokeRecalled) Activity() Activity { return h.Poke.activity(ActivityPokeRecall) }

func (p *Poke) activity(kind string) Activity {
	return Activity{
		Kind: kind, Group: p.Group, User: p.Target.UIN, Peer: p.Peer.UIN, By: p.Operator.UIN, Sequence: p.Tips,
		Text: p.Action + p.Suffix,
	}
}

// The words and the picture of a poke that says nothing else; they are ours.
const (
	pokeAction = "戳了戳"
	pokeImage  = "https://poke.sandbox.invalid/poke.png"
)

// rememberedPokes is how many pokes can be taken back.
const rememberedPokes = 1024

// pokeBook holds the newest pokes, oldest first.
type pokeBook []Poke

// keep gives a poke its number and remembers it; mu is held.
func (w *state) keep(p *Poke) {
	w.poked++
	p.Tips = w.poked
	if len(w.pokes) == rememberedPokes {
		w.pokes = w.pokes[1:]
	}
	w.pokes = append(w.pokes, *p)
}

func (b *pokeBook) take(match func(*Poke) bool) (Poke, bool) {
	for i, p := range *b {
		if match(&p) {
			*b = slices.Delete(slices.Clone(*b), i, i+1)
			return p, true
		}
	}
	return Poke{}, false
}

// Pokes holds the pokes that can be taken back.
type Pokes struct{ *state }

// Pokes returns the operations on pokes.
func (w *World) Pokes() Pokes { return Pokes{&w.state} }

// PokeWords are what a poke says. Action "" is the service's word.
type PokeWords struct{ Action, Suffix string }

func (p PokeWords) check() error {
	if err := checkName(p.Action); err != nil {
		return err
	}
	return checkName(p.Suffix)
}

// InGroup lets by poke target, both members of the group, and returns the poke. The
// refusals are BadRequest, NotFound and NotMember.
func (w Pokes) InGroup(code message.GroupCode, by, target message.UIN, words PokeWords) (Poke, error) {
	w.mu.Lock()
	defer w.done()
	if err := words.check(); err != nil {
		return Poke{}, err
	}
	g, _, by, _, err := w.actorOn(code, target, by)
	if err != nil {
		return Poke{}, err
	}
	p := w.newPoke(by, target, words)
	p.Group, p.Sequence = code, g.history.last()
	w.keep(&p)
	w.happened(&GroupPoked{g.in(), p})
	return p, nil
}

// InPrivate lets by poke target in its chat with its friend peer; target is one of the
// two. It returns the poke. The refusals are BadRequest, and NotFound where they are not
// friends.
func (w Pokes) InPrivate(by, peer, target message.UIN, words PokeWords) (Poke, error) {
	w.mu.Lock()
	defer w.done()
	if err := words.check(); err != nil {
		return Poke{}, err
	}
	if !w.areFriends(by, peer) {
		return Poke{}, Refuse(NotFound, "%d and %d are not friends", by, peer)
	}
	if target != by && target != peer {
		return Poke{}, Refuse(BadRequest, "%d is not in the chat of %d and %d", target, by, peer)
	}
	p := w.newPoke(by, target, words)
	p.Peer = w.user(peer)
	if chat := w.pairs[keyOf(by, peer)]; chat != nil {
		p.Sequence = chat.history.last()
	}
	w.keep(&p)
	w.happened(&FriendPoked{p})
	return p, nil
}

func (w *state) newPoke(by, target message.UIN, words PokeWords) Poke {
	p := Poke{
		Operator: w.user(by), Target: w.user(target), Action: words.Action, Suffix: words.Suffix, ImageURL: pokeImage,
		Time: w.now().Unix(),
	}
	if p.Action == "" {
		p.Action = pokeAction
	}
	return p
}

// RecallInGroup takes back the poke with the number tips, which by has made in the group.
// The refusals are NotFound, NotMember and NoPermission.
func (w Pokes) RecallInGroup(code message.GroupCode, by message.UIN, tips uint64) error {
	w.mu.Lock()
	defer w.done()
	g, _, err := w.member(code, by)
	if err != nil {
		return err
	}
	p, err := w.takePoke(by, func(p *Poke) bool { return p.Group == code && p.Tips == tips })
	if err == nil {
		w.happened(&GroupPokeRecalled{g.in(), p})
	}
	return err
}

// RecallInPrivate takes back the poke with the number tips, which by has made in its chat
// with peer. The refusals are NotFound and NoPermission.
func (w Pokes) RecallInPrivate(by, peer message.UIN, tips uint64) error {
	w.mu.Lock()
	defer w.done()
	key := keyOf(by, peer)
	p, err := w.takePoke(by, func(p *Poke) bool {
		return p.Group == 0 && p.Tips == tips && keyOf(p.Operator.UIN, p.Peer.UIN) == key
	})
	if err == nil {
		w.happened(&FriendPokeRecalled{p})
	}
	return err
}

// takePoke forgets a poke of by.
func (w *state) takePoke(by message.UIN, match func(*Poke) bool) (Poke, error) {
	foreign := false
	p, ok := w.pokes.take(func(p *Poke) bool {
		if !match(p) {
			return false
		}
		foreign = p.Operator.UIN != by
		return !foreign
	})
	switch {
	case ok:
		return p, nil
	case foreign:
		return Poke{}, Refuse(NoPermission, "%d may take back its own pokes only", by)
	}
	return Poke{}, Refuse(NotFound, "no such poke")
}
