package session

// doubtsMost is on how many connections in a row the proof has to be missing for the
// session to be given up.
const doubtsMost = 2

// doubtedSession counts a connection on which the session was doubted to the end.
// When there were enough it is given up, unless that would need a person: nothing
// unproven may ask for one.
func (l *loop) doubtedSession(err error) {
	s := l.s
	switch l.doubts++; {
	case l.doubts < doubtsMost:
		s.log.Warn("the session may be over: trying it on a new connection", "err", err)
	case l.nextLogin() == StepQR:
		s.notes.Warn("doubted session", "the session may be over, and only a person could log in again: "+
			"it is tried on, until a person asks for a new login", "err", err)
	default:
		l.giveUpSession()
		s.log.Warn("session given up: logging in again", "err", err, "by", l.nextLogin())
	}
}

// giveUpSession forgets D2 without a proof that it is over; A1 stays.
func (l *loop) giveUpSession() {
	l.doubts, l.freshTickets = 0, false
	l.s.setKeys(withoutSession(*l.s.keys()))
}
