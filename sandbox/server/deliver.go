package server

import (
	"libration/internal/rpc"
	"libration/ntqq/message"
)

// Push is one packet that the server sends without a request.
type Push struct {
	// To is the account whose clients get it.
	To message.UIN
	// Exclude is the session that does not get the push, or nil. [Server.Intercept] hands
	// it out; leave it as it is.
	Exclude any
	Command string
	// Payload may be shared: treat it as read-only.
	Payload []byte
}

// Deliver sends one packet as it is to every client of an account that is online. It is
// for packets that the world has no reason to send: a client must bear all of them.
func (r *registry) Deliver(p Push) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, sess := range r.online[p.To] {
		if p.Exclude != any(sess) {
			sess.conn.push(sess, p.Command, p.Payload)
		}
	}
}

// Intercept calls take with every push to an account that is online, instead of sending
// it. nil ends that. It is for tests that lose, double and delay pushes. take may call
// [Server.Deliver]; it must not start an operation of the world.
func (r *registry) Intercept(take func(Push)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.intercept = take
}

// deliver queues an envelope for the clients of some accounts, in their order, but not
// for the session but. Nobody waits for a client here: each has its own queue.
func (r *registry) deliver(to []message.UIN, but any, e *envelope) {
	for _, p := range r.queue(to, but, e) {
		p.take(p.Push)
	}
}

// intercepted is a push that is taken instead of delivered.
type intercepted struct {
	Push
	take func(Push)
}

func (r *registry) queue(to []message.UIN, but any, e *envelope) (taken []intercepted) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, uin := range to {
		sessions := r.online[uin]
		if len(sessions) == 0 {
			continue
		}
		payload := e.payload(uin, sessions[0].uid)
		if r.intercept != nil {
			own := but
			if sess, ok := but.(*session); !ok || sess.uin != uin {
				own = nil
			}
			taken = append(taken, intercepted{Push{uin, own, rpc.PushMessage, payload}, r.intercept})
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
