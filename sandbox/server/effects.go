package server

import (
	"libration/ntqq/message"
)

// ExpireSessions ends every session of an account as if its time had come: its
// D2 tickets stay known, but packets with them get code -10001, and there are no
// more pushes. A1 tickets stay good.
func (s *Server) ExpireSessions(uin message.UIN) {
	s.mu.Lock()
	var gone []*session
	for _, sess := range s.sessions.entries {
		if sess.uin != uin || sess.revoked {
			continue
		}
		if sess.conn != nil {
			gone = append(gone, sess)
		}
		s.revoke(sess)
	}
	s.mu.Unlock()
	for _, sess := range gone {
		s.noteOffline(sess, "expired")
	}
}

// ForgetTickets ends the easy login of an account: its A1 tickets are refused.
// Sessions stay as they are.
func (s *Server) ForgetTickets(uin message.UIN) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, t := range s.a1s.entries {
		if t.uin == uin {
			s.a1s.drop([]byte(key))
		}
	}
}

// UnusualDevice makes the easy logins of an account count as from an unusual
// device, which asks for a confirmation (docs/protocol/login.md 8).
func (s *Server) UnusualDevice(uin message.UIN, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cautious[uin] = on
}

// UnknownPushes sends the clients of an account that are online the six pushes of
// docs/protocol/events.md 9.1 point 6, which no client knows.
func (s *Server) UnknownPushes(uin message.UIN) {
	for _, p := range s.pushes.unknown(uin) {
		s.Deliver(p)
	}
}

// DropConnections closes every connection at once, with a reset where there is
// such a thing, and returns how many there were.
func (s *Server) DropConnections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.reset()
	}
	return len(s.conns)
}
