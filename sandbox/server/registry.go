package server

import (
	"bytes"
	"cmp"
	"log/slog"
	"slices"
	"sync"
	"time"

	"libration/internal/rpc"
	"libration/internal/wire"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// registry is who is connected, logged in and online.
type registry struct {
	world    *world.World
	log      *slog.Logger
	lifetime time.Duration // of a D2; 0: for ever

	// mu guards everything below, and what sessions and connections say of it. Happenings
	// take it, so that no operation of the world may be started with mu held.
	mu        sync.Mutex
	conns     map[*conn]struct{}
	sessions  table[*session]  // by D2
	a1s       table[*a1Ticket] // by A1
	online    map[message.UIN][]*session
	devices   map[message.UIN][]string // made-up ones, by account
	intercept func(Push)               // takes pushes away; or nil
}

func newRegistry(o *Options) *registry {
	return &registry{
		world: o.World, log: o.Log, lifetime: o.SessionLifetime,
		conns: map[*conn]struct{}{}, online: map[message.UIN][]*session{}, devices: map[message.UIN][]string{},
	}
}

// a1Of finds what an A1 stands for.
func (r *registry) a1Of(a1 []byte) (*a1Ticket, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.a1s.get(a1)
}

// issue makes the tickets of a new login. The sessions that the device had are
// no longer honoured, but get pushes until the new one registers. oldA1 may be
// nil.
func (r *registry) issue(user world.User, d device, oldA1 []byte) *wire.Tickets {
	sess := &session{
		uin: user.UIN, uinText: uinText(user.UIN), uid: user.UID,
		guid: d.guid, device: d.name, class: d.class,
		a2: newTicket(), d2: newTicket(), d2Key: newKey(), issued: time.Now(), oldA1: oldA1,
	}
	a1 := newTicket()
	noPicSig := newKey()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, old := range r.sessions.entries {
		if old.uin == sess.uin && old.guid == sess.guid && old.class == sess.class {
			old.revoked = true
		}
	}
	r.sessions.put(sess.d2, sess)
	r.a1s.put(a1, &a1Ticket{uin: user.UIN, guid: d.guid})
	return &wire.Tickets{
		A1: a1, A2: sess.a2, D2: sess.d2, D2Key: sess.d2Key, UID: string(user.UID),
		Nickname: user.Nickname, Age: uint8(min(user.Age, 255)), Gender: uint8(user.Sex), NoPicSig: noPicSig[:],
	}
}

// lastFrom returns who logged in last from a device; 0 for nobody.
func (r *registry) lastFrom(guid string) message.UIN {
	r.mu.Lock()
	defer r.mu.Unlock()
	var last *session
	for _, sess := range r.sessions.entries {
		if sess.guid == guid && (last == nil || sess.issued.After(last.issued)) {
			last = sess
		}
	}
	if last == nil {
		return 0
	}
	return last.uin
}

// sessionOf finds the session of a packet that came over c; nil: unknown D2.
func (r *registry) sessionOf(d2 []byte, c *conn) *session {
	r.mu.Lock()
	defer r.mu.Unlock()
	sess, _ := r.sessions.get(d2)
	if sess != nil {
		c.session = sess
	}
	return sess
}

// checkSession refuses what needs a session and has none
// (docs/protocol/wire.md 5 and 11).
func (r *registry) checkSession(rq *request) error {
	sess := rq.session
	if sess == nil {
		return &ssoError{codeNotLoggedIn, "not logged in"}
	}
	r.mu.Lock()
	if life := r.lifetime; life > 0 && time.Since(sess.issued) >= life && !sess.revoked {
		was := sess.conn != nil
		r.revoke(sess)
		if was {
			defer r.noteOffline(sess, "session lifetime is over")
		}
	}
	defer r.mu.Unlock()
	if sess.revoked {
		return &ssoError{codeSessionExpired, "session expired"}
	}
	if len(rq.A2) > 0 && !bytes.Equal(rq.A2, sess.a2) {
		return &ssoError{codeSessionExpired, "the A2 ticket does not belong to the D2 ticket"}
	}
	if sess.oldA1 != nil {
		r.a1s.drop(sess.oldA1)
		sess.oldA1 = nil
	}
	return nil
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
func (r *registry) Clients() []ClientInfo {
	r.mu.Lock()
	defer r.mu.Unlock()
	clients := make([]ClientInfo, 0, len(r.conns))
	for c := range r.conns {
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

// add notes a connection that has begun.
func (r *registry) add(c *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.conns[c] = struct{}{}
}

// full reports that no more clients may connect.
func (r *registry) full() bool {
	r.mu.Lock()
	n := len(r.conns)
	r.mu.Unlock()
	if n < maxConns {
		return false
	}
	r.log.Warn("client refused: too many are connected", "most", maxConns)
	return true
}

// forget takes a connection that has ended out of the tables.
func (r *registry) forget(c *conn) {
	r.mu.Lock()
	delete(r.conns, c)
	var gone []*session
	for _, sessions := range r.online {
		for _, sess := range sessions {
			if sess.conn == c {
				gone = append(gone, sess)
			}
		}
	}
	for _, sess := range gone {
		r.unregister(sess)
	}
	r.mu.Unlock()
	for _, sess := range gone {
		r.noteOffline(sess, "connection ended")
	}
}

func (r *registry) noteOffline(sess *session, why string) {
	r.mu.Lock()
	name := sess.device
	r.mu.Unlock()
	r.log.Info("client offline", "uin", sess.uin, "device", name, "why", why)
	r.world.Note(world.Activity{Kind: world.ActivityOffline, User: sess.uin, Text: name})
}

// expireSession ends one session; forget makes its ticket unknown as well.
func (r *registry) expireSession(sess *session, forget bool) {
	r.mu.Lock()
	was := sess.conn != nil
	r.revoke(sess)
	if forget {
		r.sessions.drop(sess.d2)
	}
	r.mu.Unlock()
	if was {
		r.noteOffline(sess, "expired")
	}
}

// kickSession kicks the session of a request, which need not be online.
func (r *registry) kickSession(rq *request) {
	r.mu.Lock()
	was := rq.session.conn != nil
	rq.conn.push(rq.session, rpc.PushKick, kickNotice(rq.session.uin, kickByServer, "下线通知",
		"你的账号已被强制下线。You were forced offline."))
	r.revoke(rq.session)
	r.mu.Unlock()
	if was {
		r.noteOffline(rq.session, "kicked")
	}
}
