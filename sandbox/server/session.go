package server

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
	"time"

	"libration/internal/crypto"
	"libration/ntqq/message"
)

// ticketSize is the length of the opaque tickets (docs/protocol/login.md 13).
const ticketSize = 48

func newTicket() []byte {
	b := make([]byte, ticketSize)
	rand.Read(b) // never fails
	return b
}

func newKey() (k crypto.Key) {
	rand.Read(k[:])
	return k
}

// clientClass is the kind of a client: one of each may be online
// (docs/protocol/login.md 9, a rule of the sandbox).
type clientClass string

const (
	classPC    clientClass = "pc"
	classPhone clientClass = "phone"
	classPad   clientClass = "pad"
	classWatch clientClass = "watch"
)

func classOf(subAppID uint32) clientClass {
	switch subAppID { // docs/protocol/login.md 2
	case 537275636:
		return classPhone
	case 537315825:
		return classPad
	case 537258298:
		return classWatch
	}
	return classPC
}

// session is one login: what a D2 ticket stands for.
type session struct {
	uin     message.UIN
	uinText string
	uid     message.UID
	guid    string // lower-case hex
	device  string
	class   clientClass
	a2, d2  []byte
	d2Key   crypto.Key
	issued  time.Time
	// oldA1 was exchanged for this session; it is good until the session is used.
	oldA1 []byte

	// Guarded by registry.mu, as is device.
	revoked bool
	conn    *conn // where pushes go; nil when not registered
}

// a1Ticket is what an A1 stands for: the right to log in easily.
type a1Ticket struct {
	uin  message.UIN
	guid string
}

// device is who logs in.
type device struct {
	guid, name string
	class      clientClass
	over       *conn // where its last request came from; nil in tests
}

// isThere reports whether the connection of the last request still exists.
func (d *device) isThere() bool { return d.over == nil || !d.over.ended.Load() }

// remote is the address of the device.
func (d *device) remote() string {
	if d.over == nil {
		return ""
	}
	return d.over.remote
}

// guidText brings a device id, which clients send as 16 bytes or as hex digits of
// either case, into one form.
func guidText(b []byte) string {
	if len(b) == 32 {
		if _, err := hex.DecodeString(string(b)); err == nil {
			return strings.ToLower(string(b))
		}
	}
	return hex.EncodeToString(b)
}
