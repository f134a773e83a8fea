package world

import (
	"cmp"
	"slices"

	"libration/ntqq/message"
)

// Friendship is one friend of an account, with the remark and category that the account
// has given it.
type Friendship struct {
	User     User
	Remark   string
	Category int32
}

type friend struct {
	remark   string
	category int32
}

// FriendAdded is sent when Friend has accepted the request of User.
type FriendAdded struct{ User, Friend User }

// Activity implements Happening.
func (h *FriendAdded) Activity() Activity {
	return Activity{Kind: ActivityFriendAdded, User: h.User.UIN, Peer: h.Friend.UIN}
}

// FriendRemoved is sent when User has ended the friendship with Friend.
type FriendRemoved struct{ User, Friend User }

// Activity implements Happening.
func (h *FriendRemoved) Activity() Activity {
	return Activity{Kind: ActivityFriendRemoved, User: h.User.UIN, Peer: h.Friend.UIN}
}

// Friends holds the friendships between accounts.
type Friends struct{ *state }

// Friends returns the operations on friendships.
func (w *World) Friends() Friends { return Friends{&w.state} }

// Add makes a and b friends, as if b had accepted a's request
// (docs/protocol/operations.md 7.3). Of friends nothing happens. The refusals are
// NotFound, and BadRequest where a is b.
func (w Friends) Add(a, b message.UIN) error {
	w.mu.Lock()
	defer w.done()
	first, err := w.account(a)
	if err != nil {
		return err
	}
	second, err := w.account(b)
	if err != nil {
		return err
	}
	if a == b {
		return Refuse(BadRequest, "user %d cannot be a friend of itself", a)
	}
	if _, friends := first.friends[b]; friends {
		return nil
	}
	first.friends[b] = friend{}
	second.friends[a] = friend{}
	w.happened(&FriendAdded{first.User, second.User})
	return nil
}

// Remove ends the friendship of a and b; a has ended it (docs/protocol/operations.md 7.3,
// 0x126b_0). The refusal is NotFound where they are not friends.
func (w Friends) Remove(a, b message.UIN) error {
	w.mu.Lock()
	defer w.done()
	if !w.areFriends(a, b) {
		return Refuse(NotFound, "%d and %d are not friends", a, b)
	}
	delete(w.users[a].friends, b)
	delete(w.users[b].friends, a)
	w.happened(&FriendRemoved{w.user(a), w.user(b)})
	return nil
}

// SetRemark sets the remark, at most 127 bytes, and the category that uin gives to its
// friend peer. The refusals are NotFound where they are not friends, and BadRequest.
func (w Friends) SetRemark(uin, peer message.UIN, remark string, category int32) error {
	w.mu.Lock()
	defer w.done()
	if err := checkName(remark); err != nil {
		return err
	}
	if !w.areFriends(uin, peer) {
		return Refuse(NotFound, "%d and %d are not friends", uin, peer)
	}
	w.users[uin].friends[peer] = friend{remark: remark, category: category}
	return nil
}

// List returns the friends of an account, ordered by UIN; nil of an unknown account.
func (w Friends) List(uin message.UIN) []Friendship {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.users[uin]
	if a == nil {
		return nil
	}
	friends := make([]Friendship, 0, len(a.friends))
	for peer, f := range a.friends {
		friends = append(friends, Friendship{User: w.users[peer].User, Remark: f.remark, Category: f.category})
	}
	slices.SortFunc(friends, func(a, b Friendship) int { return cmp.Compare(a.User.UIN, b.User.UIN) })
	return friends
}

// Are reports whether a and b are friends.
func (w Friends) Are(a, b message.UIN) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.areFriends(a, b)
}

func (w *state) areFriends(a, b message.UIN) bool {
	account := w.users[a]
	if account == nil {
		return false
	}
	_, ok := account.friends[b]
	return ok
}
