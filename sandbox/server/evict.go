package server

import (
	"libration/internal/rpc"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// happened is the world's listener.
func (s *Server) happened(h world.Happening) {
	s.pushes.happened(h)
	switch h.(type) {
	case *world.UserRemoved:
		s.evict()
	case *world.WorldReset:
		s.evict()
		s.DropConnections() // clients read their lists anew
	}
}

// Reset returns the world to its beginning, as [world.World.Reset] does, with
// [Options.Passwords]. Connections are closed. Sessions and tickets stay good where their
// account is still there, faults stay switched on.
func (s *Server) Reset() error {
	if err := s.world.Reset(); err != nil {
		return err
	}
	for uin, password := range s.opts.Passwords {
		_ = s.world.Users().SetPassword(uin, password) // of those that are there
	}
	s.forgetDevices()
	s.web.forget()
	return nil
}

// evict ends the sessions and tickets of accounts that the world has no longer.
func (r *registry) evict() {
	here := map[message.UIN]message.UID{}
	for _, u := range r.world.Users().List() {
		here[u.UIN] = u.UID
	}
	var gone []*session
	r.mu.Lock()
	for _, sess := range r.sessions.entries {
		if sess.revoked || here[sess.uin] == sess.uid {
			continue
		}
		if sess.conn != nil {
			sess.conn.push(sess, rpc.PushKick, kickNotice(sess.uin, kickByServer, "下线通知",
				"此账号已不存在。This account does not exist any more."))
			gone = append(gone, sess)
		}
		r.revoke(sess)
	}
	for key, t := range r.a1s.entries {
		if _, known := here[t.uin]; !known {
			r.a1s.drop([]byte(key))
		}
	}
	r.mu.Unlock()
	for _, sess := range gone {
		r.noteOffline(sess, "account removed")
	}
}
