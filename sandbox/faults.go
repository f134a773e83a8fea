package sandbox

import (
	"strings"
	"sync"

	"libration/ntqq/message"
)

// Faults are switches that make the service misbehave, for tests of clients.
// Counts replace what was left of an earlier one. Safe for concurrent use.
type Faults struct {
	s *Sandbox

	mu              sync.Mutex
	refuseExchanges int
	refuseRegisters int
	corruptFrames   int
	mutes           map[string]bool
	closes          map[string]closeFault
}

type closeFault struct {
	after bool
	in    int
}

// fault is what goes wrong with one request.
type fault struct {
	mute  bool // it is done, but not answered
	close bool // the connection is closed
	after bool // only after the answer
}

// RefuseKeyExchange refuses the next n key exchanges with "verification failed".
func (f *Faults) RefuseKeyExchange(n int) { f.set(&f.refuseExchanges, n) }

// RefuseRegister answers the next n registrations with "register fail".
func (f *Faults) RefuseRegister(n int) { f.set(&f.refuseRegisters, n) }

// CorruptNext makes the next n frames to any client undecryptable; their framing
// stays good.
func (f *Faults) CorruptNext(n int) { f.set(&f.corruptFrames, n) }

// CloseOn closes the connection on the nth next request of a command: on receipt,
// or after its answer has been sent. n 0 takes the fault away.
func (f *Faults) CloseOn(command string, after bool, n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.closes, command)
	if n <= 0 {
		return
	}
	if f.closes == nil {
		f.closes = map[string]closeFault{}
	}
	f.closes[command] = closeFault{after: after, in: n}
}

// Mute stops or starts answering a command. Its requests are done nevertheless.
func (f *Faults) Mute(command string, on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.mutes == nil {
		f.mutes = map[string]bool{}
	}
	f.mutes[command] = on
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

func (f *Faults) set(counter *int, n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	*counter = n
}

// take counts one down and reports whether there was one.
func (f *Faults) take(counter *int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if *counter <= 0 {
		return false
	}
	*counter--
	return true
}

func (f *Faults) corrupt() bool { return f.take(&f.corruptFrames) }

func (f *Faults) muted(command string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.mutes[command]
}

// next decides about one request.
func (f *Faults) next(command string) fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	decided := fault{mute: f.mutes[command]}
	for name, c := range f.closes {
		if !strings.EqualFold(name, command) {
			continue
		}
		if c.in--; c.in > 0 {
			f.closes[name] = c
			continue
		}
		delete(f.closes, name)
		decided.close, decided.after = true, c.after
	}
	return decided
}
