package sandbox

import (
	"fmt"

	"libration/ntqq/message"
)

// The methods of this file are shorthands for Add and effects that come at once.

// RefuseKeyExchange refuses the next n key exchanges with "verification failed".
// It replaces what was left of an earlier call, as the other shorthands do.
func (f *Faults) RefuseKeyExchange(n int) {
	f.replace(Fault{Name: FaultRefuseExchange, Count: n}, n > 0)
}

// RefuseRegister answers the next n registrations with "register fail".
func (f *Faults) RefuseRegister(n int) { f.replace(Fault{Name: FaultRefuseRegister, Count: n}, n > 0) }

// CorruptNext makes the next n frames to any client undecryptable; their framing
// stays good.
func (f *Faults) CorruptNext(n int) { f.replace(Fault{Name: FaultCorrupt, Count: n}, n > 0) }

// CloseOn closes the connection on the nth next request of a command: on receipt,
// or after its answer has been sent. n 0 takes the fault away.
func (f *Faults) CloseOn(command string, after bool, n int) {
	once, other := Fault{Name: FaultClose, On: command, Count: 1, Skip: n - 1}, FaultCloseAfter
	if after {
		once.Name, other = FaultCloseAfter, FaultClose
	}
	f.replace(Fault{Name: other, On: command}, false)
	f.replace(once, n > 0)
}

// Mute stops or starts answering a command. Its requests are done nevertheless.
func (f *Faults) Mute(command string, on bool) { f.replace(Fault{Name: FaultMute, On: command}, on) }

// replace takes away the faults of the same name and command, and adds this one.
// It panics when the command is no pattern, or 100 faults are on: the test is wrong.
func (f *Faults) replace(fault Fault, on bool) {
	f.remove(func(a *activeFault) bool { return a.Name == fault.Name && a.On == fault.On })
	if !on {
		return
	}
	if _, err := f.Add(fault); err != nil {
		panic(fmt.Sprintf("sandbox: %v", err))
	}
}

// ExpireSessions ends every session of an account as if its time had come: its
// D2 tickets stay known, but packets with them get code -10001, and there are no
// more pushes. A1 tickets stay good.
func (f *Faults) ExpireSessions(uin message.UIN) {
	f.s.mu.Lock()
	var gone []*session
	for _, sess := range f.s.sessions.entries {
		if sess.uin != uin || sess.revoked {
			continue
		}
		if sess.conn != nil {
			gone = append(gone, sess)
		}
		f.s.revoke(sess)
	}
	f.s.mu.Unlock()
	for _, sess := range gone {
		f.s.noteOffline(sess, "expired")
	}
}

// ForgetTickets ends the easy login of an account: its A1 tickets are refused.
// Sessions stay as they are.
func (f *Faults) ForgetTickets(uin message.UIN) {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	for key, t := range f.s.a1s.entries {
		if t.uin == uin {
			f.s.a1s.drop([]byte(key))
		}
	}
}

// UnusualDevice makes the easy logins of an account count as from an unusual
// device, which asks for a confirmation (docs/protocol/login.md 8).
func (f *Faults) UnusualDevice(uin message.UIN, on bool) {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	f.s.cautious[uin] = on
}

// UnknownPushes sends the clients of an account that are online the six pushes of
// docs/protocol/events.md 9.1 point 6, which no client knows.
func (f *Faults) UnknownPushes(uin message.UIN) {
	for _, p := range f.s.world.unknownPushes(uin) {
		f.s.deliver(p)
	}
}

// DropConnections closes every connection at once, with a reset where there is
// such a thing, and returns how many there were.
func (f *Faults) DropConnections() int {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	for c := range f.s.conns {
		c.reset()
	}
	return len(f.s.conns)
}
