package server

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"sync"
	"time"

	"libration/ntqq/message"
	"libration/sandbox/world"
)

// ukeyLifetime is how long an upload may begin after it was reserved: our choice.
const ukeyLifetime = time.Hour

var (
	errUnknownUkey = errors.New("unknown upload key")
	errUkeyExpired = errors.New("the upload key has expired")
)

// reservation is an upload that was granted (docs/protocol/media.md 2.4).
type reservation struct {
	world.Blob // what will come

	uin     message.UIN // who may send it
	kind    *mediaKind
	group   bool
	avatar  message.GroupCode // whose picture it will be; 0 of the account's own
	file    *comingFile       // the file of a group that it will be
	uuid    string            // of a file its id
	key     string            // what the upload goes by while it comes
	expires time.Time
}

// reservations are the uploads that were granted, and the tickets of those who upload. The
// oldest ones are forgotten.
type reservations struct {
	world *world.World

	mu      sync.Mutex
	tickets table[message.UIN]
	granted table[*reservation]
}

// ticket makes a ticket of the highway for an account (docs/protocol/media.md 3.1).
func (r *reservations) ticket(uin message.UIN) []byte {
	t := make([]byte, 32)
	rand.Read(t) // never fails
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tickets.put(t, uin)
	return t
}

// ticketOwner returns the account whose ticket of the highway this is.
func (r *reservations) ticketOwner(ticket []byte) (message.UIN, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.tickets.get(ticket)
}

// grant keeps a reservation and returns its upload key.
func (r *reservations) grant(one *reservation) (ukey string) {
	b := make([]byte, 24)
	rand.Read(b) // never fails
	ukey = base64.RawURLEncoding.EncodeToString(b)
	one.key, one.expires = ukey, r.world.Now().Add(ukeyLifetime)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.granted.put([]byte(ukey), one)
	return ukey
}

// reservation returns what an upload key is for: errUnknownUkey or errUkeyExpired.
func (r *reservations) reservation(ukey string) (*reservation, error) {
	r.mu.Lock()
	one, ok := r.granted.get([]byte(ukey))
	r.mu.Unlock()
	switch {
	case !ok:
		return nil, errUnknownUkey
	case !r.world.Now().Before(one.expires):
		return nil, errUkeyExpired
	}
	return one, nil
}
