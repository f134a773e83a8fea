package sandbox

// Deliver pushes one packet as it is to every client of an account, for packets
// that the world has no reason to send: a client must bear all of them.
func (s *Sandbox) Deliver(p Push) { s.deliver(p) }
