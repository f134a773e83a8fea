package world

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"libration/ntqq/message"
)

// firstFreeUIN is where the numbers of accounts without one of their own begin.
const firstFreeUIN message.UIN = 20001

// defaultRegisterTime is 2015-01-01, so that worlds do not depend on the clock.
const defaultRegisterTime = 1420070400

// User is one account of a world.
type User struct {
	UIN      message.UIN
	UID      message.UID
	Nickname string
	Sign     string // the signature line of the profile
	QID      string
	// Sex is 1 male, 2 female, 0 unknown, SexHidden.
	Sex, Age, Level uint32
	// RegisterTime is Unix seconds.
	RegisterTime int64
	// Avatar is the account's picture, of which [Media] has the bytes. Zero: it has none.
	Avatar Blob
}

// SexHidden is User.Sex of who does not show it.
const SexHidden = 255

type account struct {
	User
	password string // "" for none
	status   Status
	friends  map[message.UIN]friend
	blocked  map[message.UIN]bool // who may not ask to be a friend; nil for nobody
	// What it has liked, and by whom it was liked: nil for nothing.
	likes, likedBy map[message.UIN]*like
	details        *Details // nil for none
	onlineDay      int64    // the last that is counted in Details.LoginDays
	// restricted accounts may not send to groups.
	restricted bool
	// The newest sequences reported as read: of groups, and of private chats.
	read        map[message.GroupCode]uint64
	readPrivate map[message.UIN]uint64
	notices     []*notice // oldest first
	pins        pins
	faces       customFaces
}

// UserAdded is sent when an account was added.
type UserAdded struct{ User User }

// Activity implements Happening.
func (h *UserAdded) Activity() Activity {
	return Activity{Kind: ActivityUser, User: h.User.UIN, Text: h.User.Nickname}
}

// Users holds the accounts: their profiles, passwords and presence.
type Users struct{ *state }

// Users returns the operations on accounts.
func (w *World) Users() Users { return Users{&w.state} }

// Add adds an account and returns it. UIN 0 takes the next free number from 20001 on. An
// empty UID is derived from the seed and the UIN, an empty nickname from the UIN; a level
// of 0 becomes 1, and a register time of 0 the start of 2015. The refusal is BadRequest:
// number or UID are taken, or a text is longer than 127 bytes. It begins without a picture.
func (w Users) Add(u User) (User, error) {
	w.mu.Lock()
	defer w.done()
	if u.UIN == 0 {
		for w.users[w.freeUIN] != nil {
			w.freeUIN++
		}
		u.UIN = w.freeUIN
	}
	if u.UIN > math.MaxUint32 {
		return User{}, Refuse(BadRequest, "uin %d is too large", u.UIN)
	}
	if w.users[u.UIN] != nil {
		return User{}, Refuse(BadRequest, "user %d exists already", u.UIN)
	}
	if u.UID == "" {
		u.UID = deriveUID(w.seed, u.UIN)
	}
	if _, taken := w.byUID[u.UID]; taken {
		return User{}, Refuse(BadRequest, "uid %s exists already", u.UID)
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
	u.Level, u.Avatar = max(u.Level, 1), Blob{}
	w.users[u.UIN] = &account{
		User: u, friends: map[message.UIN]friend{},
		read: map[message.GroupCode]uint64{}, readPrivate: map[message.UIN]uint64{},
	}
	w.byUID[u.UID] = u.UIN
	delete(w.gone, u.UID)
	w.happened(&UserAdded{u})
	return u, nil
}

func deriveUID(seed uint64, uin message.UIN) message.UID {
	var in [16]byte
	binary.BigEndian.PutUint64(in[:8], seed)
	binary.BigEndian.PutUint64(in[8:], uint64(uin))
	sum := sha256.Sum256(in[:])
	return message.UID("u_" + base64.RawURLEncoding.EncodeToString(sum[:])[:22])
}

// SetPassword sets the password of an account. With "" it cannot log in by password. The
// refusal is NotFound.
func (w Users) SetPassword(uin message.UIN, password string) error {
	w.mu.Lock()
	defer w.done()
	a, err := w.account(uin)
	if err != nil {
		return err
	}
	a.password = password
	return nil
}

// Password returns the password of an account, "" for none.
func (w Users) Password(uin message.UIN) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a := w.users[uin]; a != nil {
		return a.password
	}
	return ""
}

// account finds an account; mu is held.
func (w *state) account(uin message.UIN) (*account, error) {
	if a := w.users[uin]; a != nil {
		return a, nil
	}
	return nil, Refuse(NotFound, "no user %d", uin)
}

// user is account for happenings: the zero value for nobody; mu is held.
func (w *state) user(uin message.UIN) User {
	if a := w.users[uin]; a != nil {
		return a.User
	}
	return User{}
}

// Find returns the account with a number, and whether there is one.
func (w Users) Find(uin message.UIN) (User, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a := w.users[uin]; a != nil {
		return a.User, true
	}
	return User{}, false
}

// FindByUID returns the account with a text id, and whether there is one. A removed
// account is found too, so that clients can name who has just left
// (docs/protocol/events.md 9.1 rule 1).
func (w Users) FindByUID(uid message.UID) (User, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a := w.users[w.byUID[uid]]; a != nil {
		return a.User, true
	}
	u, ok := w.gone[uid]
	return u, ok
}

// List returns all accounts, ordered by UIN.
func (w Users) List() []User {
	w.mu.Lock()
	defer w.mu.Unlock()
	users := make([]User, 0, len(w.users))
	for _, a := range w.users {
		users = append(users, a.User)
	}
	slices.SortFunc(users, func(a, b User) int { return cmp.Compare(a.UIN, b.UIN) })
	return users
}
