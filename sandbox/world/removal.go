package world

import (
	"maps"
	"slices"

	"libration/ntqq/message"
)

// UserRemoved is sent when an account was removed, after everything that this has ended.
type UserRemoved struct{ User User }

// Activity implements Happening.
func (h *UserRemoved) Activity() Activity {
	return Activity{Kind: ActivityUserRemoved, User: h.User.UIN, Text: h.User.Nickname}
}

// Remove removes an account. It leaves its groups, and those that it owns are dissolved.
// Each of its friends has then ended the friendship, so that their clients hear of it.
// Its private chats are forgotten. All of that is ours, not observed. The refusal is
// NotFound.
func (w Users) Remove(uin message.UIN) error {
	w.mu.Lock()
	defer w.done()
	a, err := w.account(uin)
	if err != nil {
		return err
	}
	for _, code := range slices.Sorted(maps.Keys(w.groups)) {
		if g := w.groups[code]; g.members[uin] != nil {
			w.leave(g, uin, g.members[uin])
		}
	}
	for _, peer := range w.friendsOf(uin) {
		delete(w.users[peer].friends, uin)
		w.happened(&FriendRemoved{w.user(peer), a.User})
	}
	for _, g := range w.groups {
		delete(g.blocked, uin)
		delete(g.robots, uin)
		w.overtake(func(n *notice) bool { return n.Target.UIN == uin }, g)
	}
	w.requests = slices.DeleteFunc(w.requests, func(r *friendRequest) bool { return r.from == uin || r.to == uin })
	for key, p := range w.pairs {
		if key.low == uin || key.high == uin {
			w.spent.pair(key, p)
			delete(w.pairs, key)
		}
	}
	w.releaseFaces(a)
	delete(w.users, uin)
	w.unlike(uin)
	for _, other := range w.users {
		delete(other.blocked, uin)
	}
	delete(w.byUID, a.UID)
	w.gone[a.UID] = a.User
	if uin >= firstFreeUIN {
		w.freeUIN = min(w.freeUIN, uin)
	}
	w.happened(&UserRemoved{a.User})
	return nil
}

// Remove dissolves a group, as its owner would. The refusal is NotFound.
func (w Groups) Remove(code message.GroupCode) error {
	w.mu.Lock()
	defer w.done()
	g, err := w.group(code)
	if err != nil {
		return err
	}
	w.dissolve(g)
	return nil
}

// dissolve ends a group; mu is held.
func (w *state) dissolve(g *group) {
	w.spent.group(g)
	delete(w.groups, g.Code)
	w.releaseMedia(g)
	w.happened(&GroupDissolved{g.in(), w.user(g.Owner)})
}
