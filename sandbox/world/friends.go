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

// FriendAdded is sent when Friend has accepted the request of User. Text is what User
// wrote with it.
type FriendAdded struct {
	User, Friend User
	Text         string
}

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

// FriendNoted is sent when User has given Friend another remark.
type FriendNoted struct {
	User, Friend User
	Remark       string
}

// Activity implements Happening.
func (h *FriendNoted) Activity() Activity {
	return Activity{Kind: ActivityFriendRemark, User: h.User.UIN, Peer: h.Friend.UIN, Text: h.Remark}
}

// Friends holds the friendships between accounts, and who wants to be a friend of whom.
type Friends struct{ *state }

// Friends returns the operations on friendships.
func (w *World) Friends() Friends { return Friends{&w.state} }

// Add makes a and b friends, as if b had accepted a's request
// (docs/protocol/operations.md 7.3). Of friends nothing happens. The refusals are
// NotFound, and BadRequest where a is b.
func (w Friends) Add(a, b message.UIN) error {
	w.mu.Lock()
	defer w.done()
	first, second, err := w.twoAccounts(a, b)
	if err != nil {
		return err
	}
	w.befriend(first, second, "")
	return nil
}

// twoAccounts finds two different accounts; mu is held.
func (w *state) twoAccounts(a, b message.UIN) (first, second *account, err error) {
	if first, err = w.account(a); err != nil {
		return nil, nil, err
	}
	if second, err = w.account(b); err != nil {
		return nil, nil, err
	}
	if a == b {
		return nil, nil, Refuse(BadRequest, "user %d cannot be a friend of itself", a)
	}
	return first, second, nil
}

// befriend makes two accounts friends, where they are not; mu is held. The requests
// between them are settled.
func (w *state) befriend(first, second *account, text string) {
	a, b := first.UIN, second.UIN
	delete(first.blocked, b)
	delete(second.blocked, a)
	for _, r := range w.requests {
		if r.state == RequestPending && (r.from == a && r.to == b || r.from == b && r.to == a) {
			r.state = RequestAccepted
		}
	}
	_, one := first.friends[b]
	_, other := second.friends[a]
	if one && other {
		return
	}
	if !one {
		first.friends[b] = friend{}
	}
	if !other {
		second.friends[a] = friend{}
	}
	w.happened(&FriendAdded{first.User, second.User, text})
}

// Remove ends the friendship of a and b; a has ended it, and neither has the other in its
// list any more. The refusal is NotFound where they are not friends.
func (w Friends) Remove(a, b message.UIN) error { return w.Delete(a, b, false, true) }

// Delete takes b out of the friends of a, and with both a out of those of b
// (docs/protocol/operations.md 7.3, 0x126b_0). With block, b can ask a no more until a
// asks b, or they are made friends. The refusal is NotFound where b is no friend of a.
func (w Friends) Delete(a, b message.UIN, block, both bool) error {
	w.mu.Lock()
	defer w.done()
	if !w.areFriends(a, b) {
		return Refuse(NotFound, "%d is not a friend of %d", b, a)
	}
	delete(w.users[a].friends, b)
	if block {
		w.users[a].block(b)
	}
	if both {
		delete(w.users[b].friends, a)
	}
	w.happened(&FriendRemoved{w.user(a), w.user(b)})
	return nil
}

// OneWay returns who has an account among their friends and is none of its own, ordered by
// UIN.
func (w Friends) OneWay(uin message.UIN) (list []User) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, other := range w.friendsOf(uin) {
		if !w.areFriends(uin, other) {
			list = append(list, w.user(other))
		}
	}
	return list
}

// DeleteOneWay takes an account out of the friends of others whom it does not have among its
// own. Nobody is told. The refusal is NotFound where one of them is none such; nothing has
// changed then.
func (w Friends) DeleteOneWay(uin message.UIN, others ...message.UIN) error {
	w.mu.Lock()
	defer w.done()
	for _, other := range others {
		if !w.areFriends(other, uin) || w.areFriends(uin, other) {
			return Refuse(NotFound, "%d is no one-way friend of %d", other, uin)
		}
	}
	for _, other := range others {
		delete(w.users[other].friends, uin)
	}
	return nil
}

// SetRemark sets the remark, at most 127 bytes, that uin gives to its friend peer; "" takes
// it away. The refusals are NotFound where peer is no friend, and BadRequest.
func (w Friends) SetRemark(uin, peer message.UIN, remark string) error {
	w.mu.Lock()
	defer w.done()
	if err := checkName(remark); err != nil {
		return err
	}
	if !w.areFriends(uin, peer) {
		return Refuse(NotFound, "%d is not a friend of %d", peer, uin)
	}
	f := w.users[uin].friends[peer]
	if f.remark == remark {
		return nil
	}
	f.remark = remark
	w.users[uin].friends[peer] = f
	w.happened(&FriendNoted{w.user(uin), w.user(peer), remark})
	return nil
}

// MaxCategory is the highest number of a category of friends. Each category is there as
// soon as somebody is in it; 0 is the default one.
const MaxCategory = 255

// SetCategory moves the friend peer of uin to a category. The refusals are NotFound where
// peer is no friend, and BadRequest for a category that cannot be.
func (w Friends) SetCategory(uin, peer message.UIN, category int32) error {
	w.mu.Lock()
	defer w.done()
	if category < 0 || category > MaxCategory {
		return Refuse(BadRequest, "category %d is not between 0 and %d", category, MaxCategory)
	}
	if !w.areFriends(uin, peer) {
		return Refuse(NotFound, "%d is not a friend of %d", peer, uin)
	}
	f := w.users[uin].friends[peer]
	f.category = category
	w.users[uin].friends[peer] = f
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

// Are reports whether b is in the list of a's friends.
func (w Friends) Are(a, b message.UIN) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.areFriends(a, b)
}

// friendsOf returns who has uin in the list of friends, ascending; mu is held.
func (w *state) friendsOf(uin message.UIN) (have []message.UIN) {
	for other, a := range w.users {
		if _, has := a.friends[uin]; has {
			have = append(have, other)
		}
	}
	slices.Sort(have)
	return have
}

func (w *state) areFriends(a, b message.UIN) bool {
	account := w.users[a]
	if account == nil {
		return false
	}
	_, ok := account.friends[b]
	return ok
}
