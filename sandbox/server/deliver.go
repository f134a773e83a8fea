package server

import (
	"libration/internal/rpc"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// Push is one packet that the server sends unasked.
type Push struct {
	To message.UIN
	// Exclude is the session that does not get the push, or nil.
	Exclude any
	Command string
	// Payload may be shared: treat it as read-only.
	Payload []byte
}

// Deliver pushes one packet as it is to every client of an account that is online, for
// packets that the world has no reason to send: a client must bear all of them.
func (s *Server) Deliver(p Push) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sess := range s.online[p.To] {
		if p.Exclude != any(sess) {
			sess.conn.push(sess, p.Command, p.Payload)
		}
	}
}

// Intercept hands every push that would go to an account online to take instead, nil ends
// that: for tests that lose, double and delay them. take may call Deliver; it must not
// start an operation of the world.
func (s *Server) Intercept(take func(Push)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.intercept = take
}

// PushOf returns the push of a message to one of its receivers, as it was sent.
func (s *Server) PushOf(m *world.Message, to message.UIN) Push {
	user, _ := s.world.User(to)
	return Push{To: to, Command: rpc.PushMessage, Payload: newEnvelope(s.pushes.message(m)).payload(to, user.UID)}
}

// deliver queues an envelope for the clients of some accounts, in their order, but not
// for the session but. Nobody waits for a client here: each has its own queue.
func (s *Server) deliver(to []message.UIN, but any, e *envelope) {
	for _, p := range s.queue(to, but, e) {
		p.take(p.Push)
	}
}

// intercepted is a push that is taken instead of delivered.
type intercepted struct {
	Push
	take func(Push)
}

func (s *Server) queue(to []message.UIN, but any, e *envelope) (taken []intercepted) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, uin := range to {
		sessions := s.online[uin]
		if len(sessions) == 0 {
			continue
		}
		payload := e.payload(uin, sessions[0].uid)
		if s.intercept != nil {
			own := but
			if sess, ok := but.(*session); !ok || sess.uin != uin {
				own = nil
			}
			taken = append(taken, intercepted{Push{uin, own, rpc.PushMessage, payload}, s.intercept})
			continue
		}
		for _, sess := range sessions {
			if but != any(sess) {
				sess.conn.push(sess, rpc.PushMessage, payload)
			}
		}
	}
	return taken
}
