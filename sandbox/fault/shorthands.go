package fault

import (
	"fmt"
)

// The methods of this file are shorthands for Add.

// RefuseKeyExchange refuses the next n key exchanges with "verification failed". Like the
// other shorthands it replaces what is left of an earlier call, and panics when the fault
// cannot be added.
func (f *Set) RefuseKeyExchange(n int) {
	f.replace(Fault{Name: RefuseExchange, Count: n}, n > 0)
}

// RefuseRegister answers the next n registrations with "register fail".
func (f *Set) RefuseRegister(n int) { f.replace(Fault{Name: RefuseRegister, Count: n}, n > 0) }

// CorruptNext makes the next n frames to any client undecryptable. Their lengths are
// right.
func (f *Set) CorruptNext(n int) { f.replace(Fault{Name: Corrupt, Count: n}, n > 0) }

// CloseOn closes the connection on the nth next request of a command: when it comes or,
// with after, when its answer has been sent. n 0 takes the fault away.
func (f *Set) CloseOn(command string, after bool, n int) {
	once, other := Fault{Name: Close, On: command, Count: 1, Skip: n - 1}, CloseAfter
	if after {
		once.Name, other = CloseAfter, Close
	}
	f.replace(Fault{Name: other, On: command}, false)
	f.replace(once, n > 0)
}

// Mute sets whether the requests of a command get no answer. They are done nevertheless.
func (f *Set) Mute(command string, on bool) { f.replace(Fault{Name: Mute, On: command}, on) }

// replace takes away the faults of the same name and command, and adds this one.
// It panics when the command is no pattern, or 100 faults are on: the test is wrong.
func (f *Set) replace(fault Fault, on bool) {
	f.remove(func(a *activeFault) bool { return a.Name == fault.Name && a.On == fault.On })
	if !on {
		return
	}
	if _, err := f.Add(fault); err != nil {
		panic(fmt.Sprintf("fault: %v", err))
	}
}
