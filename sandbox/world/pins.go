package world

import (
	"slices"

	"libration/ntqq/message"
)

// ChatPinned is sent when User put a chat at the top of its list of chats, or took it from
// there. The chat is a Group, or that with Friend.
type ChatPinned struct {
	User, Friend User
	Group        message.GroupCode
	On           bool
	Time         int64 // Unix seconds
}

// Activity implements Happening.
func (h *ChatPinned) Activity() Activity {
	return Activity{Kind: ActivityPin, User: h.User.UIN, Peer: h.Friend.UIN, Group: h.Group, On: h.On}
}

// pins are the chats that an account has pinned, in the order in which it did.
type pins struct {
	friends []message.UIN
	groups  []message.GroupCode
}

// Chats holds what accounts make of their list of chats.
type Chats struct{ *state }

// Chats returns the operations on lists of chats.
func (w *World) Chats() Chats { return Chats{&w.state} }

// PinFriend pins the chat of uin with a friend, or with on false takes that back. Where it
// is so already, nothing happens. The refusal is NotFound, also where they are no friends.
func (w Chats) PinFriend(uin, peer message.UIN, on bool) error {
	w.mu.Lock()
	defer w.done()
	if !w.areFriends(uin, peer) {
		return Refuse(NotFound, "%d and %d are not friends", uin, peer)
	}
	a := w.users[uin]
	if pinned(&a.pins.friends, peer, on) {
		w.happened(&ChatPinned{User: a.User, Friend: w.user(peer), On: on, Time: w.now().Unix()})
	}
	return nil
}

// PinGroup is [Chats.PinFriend] for a group. The refusals are NotFound and NotMember.
func (w Chats) PinGroup(uin message.UIN, code message.GroupCode, on bool) error {
	w.mu.Lock()
	defer w.done()
	if _, _, err := w.member(code, uin); err != nil {
		return err
	}
	a := w.users[uin]
	if pinned(&a.pins.groups, code, on) {
		w.happened(&ChatPinned{User: a.User, Group: code, On: on, Time: w.now().Unix()})
	}
	return nil
}

// pinned puts an entry into a list, or takes it out, and tells whether that changes it.
func pinned[T comparable](list *[]T, entry T, on bool) bool {
	i := slices.Index(*list, entry)
	switch {
	case (i >= 0) == on:
		return false
	case on:
		*list = append(*list, entry)
	default:
		*list = slices.Delete(*list, i, i+1)
	}
	return true
}

// Pinned returns the chats that uin has pinned: with friends, and of groups, as far as they
// still are such.
func (w Chats) Pinned(uin message.UIN) (friends []User, groups []message.GroupCode) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.users[uin]
	if a == nil {
		return nil, nil
	}
	for _, peer := range a.pins.friends {
		if w.areFriends(uin, peer) {
			friends = append(friends, w.user(peer))
		}
	}
	for _, code := range a.pins.groups {
		if g := w.groups[code]; g != nil && g.members[uin] != nil {
			groups = append(groups, code)
		}
	}
	return friends, groups
}
