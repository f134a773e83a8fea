package server

import (
	"libration/ntqq/message"
)

// ExpireSessions ends every session of an account as if its time had come. Its D2 tickets
// stay known, but packets with them get code -10001, and there are no more pushes. A1
// tickets stay good.
func (r *registry) ExpireSessions(uin message.UIN) {
	r.mu.Lock()
	var gone []*session
	for _, sess := range r.sessions.entries {
		if sess.uin != uin || sess.revoked {
			continue
		}
		if sess.conn != nil {
			gone = append(gone, sess)
		}
		r.revoke(sess)
	}
	r.mu.Unlock()
	for _, sess := range gone {
		r.noteOffline(sess, "expired")
	}
}

// ForgetTickets ends the easy login of an account: its A1 tickets are refused. Sessions
// stay as they are.
func (r *registry) ForgetTickets(uin message.UIN) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for key, t := range r.a1s.entries {
		if t.uin == uin {
			r.a1s.drop([]byte(key))
		}
	}
}

// DropConnections closes every connection at once and returns how many there were. On TCP
// they are reset.
func (r *registry) DropConnections() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.conns {
		c.reset()
	}
	return len(r.conns)
}
