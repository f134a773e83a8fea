package world

import (
	"slices"
	"strings"
	"unicode/utf8"

	"libration/ntqq/message"
)

const (
	// maxRequestText bounds what is written with a request, in bytes.
	maxRequestText = 512
	// maxRequests is how many requests to one account are kept: the newest.
	maxRequests = 100
)

// RequestState says what became of a request.
type RequestState uint8

// The states of a request.
const (
	RequestPending RequestState = iota
	RequestAccepted
	RequestRefused
)

// String returns "pending", "accepted" or "refused".
func (s RequestState) String() string {
	return [...]string{"pending", "accepted", "refused"}[s]
}

// FriendRequest is the wish of From to be a friend of To.
type FriendRequest struct {
	From, To User
	Text     string // what From wrote
	Time     int64  // Unix seconds
	// Filtered: it is in the list of doubtful requests.
	Filtered bool
	State    RequestState
}

type friendRequest struct {
	from, to message.UIN
	text     string
	time     int64
	filtered bool
	state    RequestState
	// What from gives to to, once they are friends.
	friend friend
}

// FriendRequested is sent when somebody has asked to be a friend.
type FriendRequested struct{ FriendRequest }

// Activity implements Happening.
func (h *FriendRequested) Activity() Activity {
	return Activity{Kind: ActivityFriendRequest, User: h.From.UIN, Peer: h.To.UIN, Text: h.Text, On: h.Filtered}
}

// FriendRefused is sent when To has refused the request of From.
type FriendRefused struct{ FriendRequest }

// Activity implements Happening.
func (h *FriendRefused) Activity() Activity {
	return Activity{Kind: ActivityFriendAnswer, User: h.From.UIN, By: h.To.UIN}
}

// FriendWish is what somebody asks with.
type FriendWish struct {
	From, To message.UIN
	Text     string // at most 512 bytes
	// Filtered puts it into the list of doubtful requests.
	Filtered bool
	// What From gives to To, once they are friends.
	Remark   string
	Category int32
}

// Ask asks to be a friend. A request that is still pending is replaced. The refusals are
// NotFound, BadRequest (they are friends, or a text is too long), and NoPermission where
// To has blocked From.
func (w Friends) Ask(wish FriendWish) error {
	w.mu.Lock()
	defer w.done()
	from, to, err := w.twoAccounts(wish.From, wish.To)
	if err != nil {
		return err
	}
	switch {
	case len(wish.Text) > maxRequestText || !utf8.ValidString(wish.Text) || strings.ContainsRune(wish.Text, 0):
		return Refuse(BadRequest, "the text is longer than %d bytes, or no text", maxRequestText)
	case wish.Category < 0 || wish.Category > MaxCategory:
		return Refuse(BadRequest, "category %d is not between 0 and %d", wish.Category, MaxCategory)
	case w.areFriends(from.UIN, to.UIN) && w.areFriends(to.UIN, from.UIN):
		return Refuse(BadRequest, "%d and %d are friends already", from.UIN, to.UIN)
	case to.blocked[from.UIN]:
		return Refuse(NoPermission, "%d has blocked %d", to.UIN, from.UIN)
	}
	if err := checkName(wish.Remark); err != nil {
		return err
	}
	delete(from.blocked, to.UIN)
	r := &friendRequest{
		from: from.UIN, to: to.UIN, text: wish.Text, time: w.now().Unix(), filtered: wish.Filtered,
		friend: friend{wish.Remark, wish.Category},
	}
	w.keepRequest(r)
	w.happened(&FriendRequested{w.request(r)})
	return nil
}

// keepRequest puts a request into the list, in place of one that is pending; mu is held.
func (w *state) keepRequest(r *friendRequest) {
	w.requests = slices.DeleteFunc(w.requests, func(old *friendRequest) bool {
		return old.from == r.from && old.to == r.to && old.state == RequestPending
	})
	w.requests = append(w.requests, r)
	count := 0
	for i := len(w.requests) - 1; i >= 0; i-- {
		if w.requests[i].to != r.to {
			continue
		}
		if count++; count > maxRequests {
			w.requests = slices.Delete(w.requests, i, i+1)
			return
		}
	}
}

// request is a request for others; mu is held.
func (w *state) request(r *friendRequest) FriendRequest {
	return FriendRequest{
		From: w.user(r.from), To: w.user(r.to), Text: r.text, Time: r.time, Filtered: r.filtered, State: r.state,
	}
}

// pending finds a request that waits for an answer; mu is held.
func (w *state) pending(uin, from message.UIN) *friendRequest {
	for _, r := range slices.Backward(w.requests) {
		if r.to == uin && r.from == from && r.state == RequestPending {
			return r
		}
	}
	return nil
}

// Answer answers a pending request of from to uin. The refusal is NotFound where there is
// none.
func (w Friends) Answer(uin, from message.UIN, accept bool) error {
	w.mu.Lock()
	defer w.done()
	r := w.pending(uin, from)
	if r == nil {
		return Refuse(NotFound, "no pending request of %d to %d", from, uin)
	}
	if !accept {
		r.state = RequestRefused
		w.happened(&FriendRefused{w.request(r)})
		return nil
	}
	w.befriend(w.users[from], w.users[uin], r.text)
	if r.friend != (friend{}) {
		w.users[from].friends[uin] = r.friend
	}
	return nil
}

// Pending returns the request of from to uin that waits for an answer, and whether there is
// one.
func (w Friends) Pending(uin, from message.UIN) (FriendRequest, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r := w.pending(uin, from); r != nil {
		return w.request(r), true
	}
	return FriendRequest{}, false
}

// Requests returns the requests from and to an account, newest first.
func (w Friends) Requests(uin message.UIN) []FriendRequest {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []FriendRequest
	for _, r := range slices.Backward(w.requests) {
		if r.from == uin || r.to == uin {
			list = append(list, w.request(r))
		}
	}
	return list
}

// block notes that somebody may not ask any more.
func (a *account) block(uin message.UIN) {
	if a.blocked == nil {
		a.blocked = map[message.UIN]bool{}
	}
	a.blocked[uin] = true
}
