package sandbox

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"libration/internal/rpc"
	"libration/ntqq/message"
)

// Where the numbers of accounts and groups without one of their own begin.
const (
	firstFreeUIN   message.UIN       = 20001
	firstFreeGroup message.GroupCode = 730000001
)

// maxName bounds every name and text of a world in bytes. Some clients read the
// length of a group name from one byte (docs/protocol/events.md 9.2).
const maxName = 127

// defaultRegisterTime is 2015-01-01, so that worlds do not depend on the clock.
const defaultRegisterTime = 1420070400

// User is one account of a world.
type User struct {
	UIN      message.UIN
	UID      message.UID
	Nickname string
	Sign     string // the signature line of the profile
	QID      string
	// Sex is 1 male, 2 female, 0 unknown.
	Sex, Age, Level uint32
	// RegisterTime is Unix seconds.
	RegisterTime int64
}

// Friendship is a friend as one account sees it.
type Friendship struct {
	User     User
	Remark   string
	Category int32
}

// Push is one packet that the server sends unasked.
type Push struct {
	To message.UIN
	// Exclude is the session that does not get the push, or nil.
	Exclude any
	Command string
	// Payload may be shared: treat it as read-only.
	Payload []byte
}

// Refusal says why the world did not do something. Codes are those of the
// sandbox's OIDB answers (docs/protocol/operations.md 7.1): see the constants.
type Refusal struct {
	Code uint32
	Text string
}

// The codes of refusals.
const (
	RefusedBadRequest uint32 = iota + 1
	RefusedNotFound          // no such user, group or message
	RefusedNotMember
	RefusedNoPermission
	RefusedQuota
)

// Error returns the text.
func (r *Refusal) Error() string { return r.Text }

// Refusal returns the code and the text, for package rpc.
func (r *Refusal) Refusal() (code int64, text string) { return int64(r.Code), r.Text }

func refuse(code uint32, format string, args ...any) *Refusal {
	return &Refusal{Code: code, Text: fmt.Sprintf(format, args...)}
}

// World is everything the simulated service knows: users, friends, groups and
// their messages. Every method is safe for concurrent use and returns copies.
// Methods that fail return a *Refusal as their error and change nothing.
type World struct {
	seed uint64
	now  func() time.Time

	// mu guards everything below. The sink, acknowledgements and presence are
	// called with it held, which is what keeps answers and pushes in order.
	mu       sync.Mutex
	rng      *rand.Rand
	users    map[message.UIN]*account
	byUID    map[message.UID]message.UIN
	groups   map[message.GroupCode]*group
	pairs    map[pairKey]*pair
	events   uint64 // the sequence of the last event push
	sink     func(Push)
	presence func(message.UIN) bool
	watchers map[*watcher]struct{}
}

type account struct {
	User
	password string // "" for none
	friends  map[message.UIN]friend
}

type friend struct {
	remark   string
	category int32
}

// NewWorld returns an empty world. The seed decides the uids and everything
// that is drawn, so that the same calls make the same world.
func NewWorld(seed uint64) *World {
	w := &World{
		seed:     seed,
		now:      time.Now,
		rng:      rand.New(rand.NewPCG(seed, 0x6c696272)),
		users:    map[message.UIN]*account{},
		byUID:    map[message.UID]message.UIN{},
		groups:   map[message.GroupCode]*group{},
		pairs:    map[pairKey]*pair{},
		watchers: map[*watcher]struct{}{},
	}
	w.events = 1000 + w.rng.Uint64N(50000)
	return w
}

// SetSink sets where pushes go. It is called with the world locked, in the order
// of the pushes: it must neither block nor call the world.
func (w *World) SetSink(sink func(Push)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sink = sink
}

// SetPresence tells the world who is online, so that it does not encode pushes
// nobody receives. Without it everybody counts as online. It is called with the
// world locked: it must neither block nor call the world.
func (w *World) SetPresence(online func(message.UIN) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.presence = online
}

// follow puts the world's clock off by what skew says.
func (w *World) follow(skew func() time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	clock := w.now
	w.now = func() time.Time { return clock().Add(skew()) }
}

func (w *World) push(p Push) {
	p.Command = rpc.PushMessage
	w.sink(p)
}

// reachable says whether a push to uin would go anywhere.
func (w *World) reachable(uin message.UIN) bool {
	return w.sink != nil && (w.presence == nil || w.presence(uin))
}

// AddUser adds an account. UIN 0 takes the next free number from 20001 on; an
// empty UID is derived from the seed and the UIN. It fails when either is taken
// or a text is longer than 127 bytes.
func (w *World) AddUser(u User) (User, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if u.UIN == 0 {
		for u.UIN = firstFreeUIN; w.users[u.UIN] != nil; {
			u.UIN++
		}
	}
	if u.UIN > math.MaxUint32 {
		return User{}, refuse(RefusedBadRequest, "uin %d is too large", u.UIN)
	}
	if w.users[u.UIN] != nil {
		return User{}, refuse(RefusedBadRequest, "user %d exists already", u.UIN)
	}
	if u.UID == "" {
		u.UID = deriveUID(w.seed, u.UIN)
	}
	if _, taken := w.byUID[u.UID]; taken {
		return User{}, refuse(RefusedBadRequest, "uid %s exists already", u.UID)
	}
	if u.Nickname == "" {
		u.Nickname = fmt.Sprintf("User %d", u.UIN)
	}
	for _, text := range []string{string(u.UID), u.Nickname, u.Sign, u.QID} {
		if err := checkName(text); err != nil {
			return User{}, err
		}
	}
	if u.RegisterTime == 0 {
		u.RegisterTime = defaultRegisterTime
	}
	u.Level = max(u.Level, 1)
	w.users[u.UIN] = &account{User: u, friends: map[message.UIN]friend{}}
	w.byUID[u.UID] = u.UIN
	w.note(Activity{Kind: ActivityUser, User: u.UIN, Text: u.Nickname})
	return u, nil
}

// SetPassword gives an account a password, "" for none: then it cannot log in by
// password.
func (w *World) SetPassword(uin message.UIN, password string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.users[uin]
	if a == nil {
		return refuse(RefusedNotFound, "no user %d", uin)
	}
	a.password = password
	return nil
}

// password returns that of an account, "" for none.
func (w *World) password(uin message.UIN) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a := w.users[uin]; a != nil {
		return a.password
	}
	return ""
}

func deriveUID(seed uint64, uin message.UIN) message.UID {
	var in [16]byte
	binary.BigEndian.PutUint64(in[:8], seed)
	binary.BigEndian.PutUint64(in[8:], uint64(uin))
	sum := sha256.Sum256(in[:])
	return message.UID("u_" + base64.RawURLEncoding.EncodeToString(sum[:])[:22])
}

// checkName returns an error, not a *Refusal: a nil *Refusal must not become a
// non-nil error.
func checkName(s string) error {
	switch {
	case len(s) > maxName:
		return refuse(RefusedBadRequest, "text of %d bytes is longer than %d", len(s), maxName)
	case !utf8.ValidString(s):
		return refuse(RefusedBadRequest, "text is not valid UTF-8")
	case strings.ContainsRune(s, 0):
		return refuse(RefusedBadRequest, "text contains a zero byte")
	}
	return nil
}

// User finds an account by number.
func (w *World) User(uin message.UIN) (User, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a := w.users[uin]; a != nil {
		return a.User, true
	}
	return User{}, false
}

// UserByUID finds an account by text id.
func (w *World) UserByUID(uid message.UID) (User, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a := w.users[w.byUID[uid]]; a != nil {
		return a.User, true
	}
	return User{}, false
}

// Users returns all accounts, ordered by UIN.
func (w *World) Users() []User {
	w.mu.Lock()
	defer w.mu.Unlock()
	users := make([]User, 0, len(w.users))
	for _, a := range w.users {
		users = append(users, a.User)
	}
	slices.SortFunc(users, func(a, b User) int { return cmp.Compare(a.UIN, b.UIN) })
	return users
}

// uidOf returns the text id of an account, "" when there is none.
func (w *World) uidOf(uin message.UIN) string {
	if a := w.users[uin]; a != nil {
		return string(a.UID)
	}
	return ""
}

// AddFriend makes a and b friends, as if b had accepted a's request. Both are
// told (docs/protocol/operations.md 7.3). Friends already: nothing happens.
func (w *World) AddFriend(a, b message.UIN) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	first, second := w.users[a], w.users[b]
	switch {
	case first == nil:
		return refuse(RefusedNotFound, "no user %d", a)
	case second == nil:
		return refuse(RefusedNotFound, "no user %d", b)
	case a == b:
		return refuse(RefusedBadRequest, "user %d cannot be a friend of itself", a)
	}
	if _, friends := first.friends[b]; friends {
		return nil
	}
	first.friends[b] = friend{}
	second.friends[a] = friend{}
	w.pushNewFriend(first, second)
	w.note(Activity{Kind: ActivityFriendAdded, User: a, Peer: b})
	return nil
}

// RemoveFriend ends the friendship of a and b; a's clients are told, b's are not
// (docs/protocol/operations.md 7.3, 0x126b_0).
func (w *World) RemoveFriend(a, b message.UIN) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.areFriends(a, b) {
		return refuse(RefusedNotFound, "%d and %d are not friends", a, b)
	}
	delete(w.users[a].friends, b)
	delete(w.users[b].friends, a)
	w.pushFriendDeleted(w.users[a], w.users[b])
	w.note(Activity{Kind: ActivityFriendRemoved, User: a, Peer: b})
	return nil
}

// SetRemark sets the remark and category under which uin files its friend.
func (w *World) SetRemark(uin, peer message.UIN, remark string, category int32) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := checkName(remark); err != nil {
		return err
	}
	if !w.areFriends(uin, peer) {
		return refuse(RefusedNotFound, "%d and %d are not friends", uin, peer)
	}
	w.users[uin].friends[peer] = friend{remark: remark, category: category}
	return nil
}

// Friends returns the friends of an account, ordered by UIN.
func (w *World) Friends(uin message.UIN) []Friendship {
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

// AreFriends says whether a and b are friends.
func (w *World) AreFriends(a, b message.UIN) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.areFriends(a, b)
}

func (w *World) areFriends(a, b message.UIN) bool {
	account := w.users[a]
	if account == nil {
		return false
	}
	_, ok := account.friends[b]
	return ok
}
