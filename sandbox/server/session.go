package server

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"libration/internal/crypto"
	"libration/internal/pb"
	"libration/internal/pb/pushpb"
	"libration/internal/rpc"
	"libration/internal/wire"
	"libration/ntqq/message"
	"libration/sandbox/world"
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

	// Guarded by Server.mu, as is device.
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
}

// issue makes the tickets of a new login. The sessions that the device had are
// no longer honoured, but get pushes until the new one registers. oldA1 may be
// nil.
func (s *Server) issue(user world.User, d device, oldA1 []byte) *wire.Tickets {
	sess := &session{
		uin: user.UIN, uinText: uinText(user.UIN), uid: user.UID,
		guid: d.guid, device: d.name, class: d.class,
		a2: newTicket(), d2: newTicket(), d2Key: newKey(), issued: time.Now(), oldA1: oldA1,
	}
	a1 := newTicket()
	noPicSig := newKey()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, old := range s.sessions.entries {
		if old.uin == sess.uin && old.guid == sess.guid && old.class == sess.class {
			old.revoked = true
		}
	}
	s.sessions.put(sess.d2, sess)
	s.a1s.put(a1, &a1Ticket{uin: user.UIN, guid: d.guid})
	return &wire.Tickets{
		A1: a1, A2: sess.a2, D2: sess.d2, D2Key: sess.d2Key, UID: string(user.UID),
		Nickname: user.Nickname, Age: uint8(min(user.Age, 255)), Gender: uint8(user.Sex), NoPicSig: noPicSig[:],
	}
}

// sessionOf finds the session of a packet that came over c; nil: unknown D2.
func (s *Server) sessionOf(d2 []byte, c *conn) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	sess, _ := s.sessions.get(d2)
	if sess != nil {
		c.session = sess
	}
	return sess
}

// checkSession refuses what needs a session and has none
// (docs/protocol/wire.md 5 and 11).
func (s *Server) checkSession(rq *request) error {
	sess := rq.session
	if sess == nil {
		return &ssoError{codeNotLoggedIn, "not logged in"}
	}
	s.mu.Lock()
	if life := s.opts.SessionLifetime; life > 0 && time.Since(sess.issued) >= life && !sess.revoked {
		was := sess.conn != nil
		s.revoke(sess)
		if was {
			defer s.noteOffline(sess, "session lifetime is over")
		}
	}
	defer s.mu.Unlock()
	if sess.revoked {
		return &ssoError{codeSessionExpired, "session expired"}
	}
	if len(rq.A2) > 0 && !bytes.Equal(rq.A2, sess.a2) {
		return &ssoError{codeSessionExpired, "the A2 ticket does not belong to the D2 ticket"}
	}
	if sess.oldA1 != nil {
		s.a1s.drop(sess.oldA1)
		sess.oldA1 = nil
	}
	return nil
}

// revoke ends a session; mu is held.
func (s *Server) revoke(sess *session) {
	sess.revoked = true
	s.unregister(sess)
}

// unregister stops the pushes of a session; mu is held.
func (s *Server) unregister(sess *session) {
	sess.conn = nil
	left := slices.DeleteFunc(s.online[sess.uin], func(o *session) bool { return o == sess })
	if len(left) == 0 {
		delete(s.online, sess.uin)
		return
	}
	s.online[sess.uin] = left
}

// register makes the connection of rq the one that gets the pushes of its
// session. Another session of the same class is kicked (docs/protocol/login.md 9);
// one on the same connection has just been replaced and goes silently. ack sends
// the answer: no push can overtake it, and none is lost after it.
func (s *Server) register(rq *request, name string, ack func()) {
	sess := rq.session
	var kicked []*session
	s.mu.Lock()
	for _, other := range slices.Clone(s.online[sess.uin]) {
		if other == sess || other.class != sess.class {
			continue
		}
		if other.conn != rq.conn {
			other.conn.push(other, rpc.PushKick, kickNotice(sess.uin, kickReplaced, "下线通知",
				"你的账号在另一台设备登录。Your account logged in on another device."))
			kicked = append(kicked, other)
		}
		s.revoke(other)
	}
	if name != "" {
		sess.device = name
	}
	device, again := sess.device, sess.conn != nil
	sess.conn = rq.conn
	if !again {
		s.online[sess.uin] = append(s.online[sess.uin], sess)
	}
	ack()
	s.mu.Unlock()

	for _, other := range kicked {
		s.noteOffline(other, "another device logged in")
	}
	if !again {
		s.log.Info("client online", "uin", sess.uin, "device", device, "remote", rq.conn.remote)
		s.world.Note(world.Activity{Kind: world.ActivityOnline, User: sess.uin, Text: device})
	}
}

// Codes of a kick (docs/protocol/events.md 8.1).
const (
	kickReplaced = 1001
	kickByServer = 2001
)

func kickNotice(uin message.UIN, code int32, title, tips string) []byte {
	b, err := pb.Marshal(&pushpb.KickNotice{Uin: uint64(uin), Tips: tips, Title: title, Code: code})
	if err != nil { // it has no text fields that could be bad
		panic(err)
	}
	return b
}

// Kick ends all sessions of an account that are online: each gets a KickNT push,
// and its D2 is no longer honoured. It returns how many there were.
func (s *Server) Kick(uin message.UIN, title, tips string) int {
	s.mu.Lock()
	kicked := slices.Clone(s.online[uin])
	for _, sess := range kicked {
		sess.conn.push(sess, rpc.PushKick, kickNotice(uin, kickByServer, title, tips))
		s.revoke(sess)
	}
	s.mu.Unlock()
	for _, sess := range kicked {
		s.noteOffline(sess, "kicked")
	}
	return len(kicked)
}

// ClientInfo describes a client that is connected and logged in.
type ClientInfo struct {
	UIN message.UIN `json:"uin"`
	UID message.UID `json:"uid"`
	// GUID is the device's id, 32 hex digits.
	GUID       string `json:"guid"`
	DeviceName string `json:"device_name"`
	// Class is "pc", "phone", "pad" or "watch".
	Class      string `json:"class"`
	RemoteAddr string `json:"remote_addr"`
	// Since is when it connected, Unix seconds.
	Since int64 `json:"since"`
	// Registered clients are online: they get pushes.
	Registered bool `json:"registered"`
}

// Clients returns the clients that are connected and logged in, by UIN and time.
func (s *Server) Clients() []ClientInfo {
	s.mu.Lock()
	defer s.mu.Unlock()
	clients := make([]ClientInfo, 0, len(s.conns))
	for c := range s.conns {
		sess := c.session
		if sess == nil || sess.revoked {
			continue
		}
		clients = append(clients, ClientInfo{
			UIN: sess.uin, UID: sess.uid, GUID: sess.guid, DeviceName: sess.device, Class: string(sess.class),
			RemoteAddr: c.remote, Since: c.since.Unix(), Registered: sess.conn == c,
		})
	}
	slices.SortFunc(clients, func(a, b ClientInfo) int {
		return cmp.Or(cmp.Compare(a.UIN, b.UIN), cmp.Compare(a.Since, b.Since), cmp.Compare(a.RemoteAddr, b.RemoteAddr))
	})
	return clients
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
