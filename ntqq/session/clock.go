package session

import "time"

// clockOff is from when on the local clock counts as wrong.
const clockOff = time.Minute

// noteServerTime corrects the clock by the time in the head of an answer, Unix
// seconds, which came under the session key. The request for it went out at asked. The
// command made for this, Client.CorrectTime, is not used: its answer is not known.
func (s *Session) noteServerTime(seconds uint32, asked time.Time) {
	s.clock.Correct(seconds, asked)
	if ahead := s.clock.Offset(); ahead.Abs() > clockOff {
		s.notes.Warn("clock", "the clock of this machine is wrong; the server's is used", "server_ahead_by", ahead.Round(time.Second))
	}
}

// ClockOffset is how far the server's clock is ahead of the local one. It is 0 before the
// first answer, and while the two differ by a few seconds.
func (s *Session) ClockOffset() time.Duration { return s.clock.Offset() }

// now is the time for requests, and for what is written down.
func (s *Session) now() time.Time { return s.clock.Now() }

// noteAnswerTime takes the time of the server from an answer. Only one under the
// session's key corrects the clock. That of a login answer, which nothing proves,
// corrects the times inside the next login requests.
func (s *Session) noteAnswerTime(seconds uint32, asked time.Time, proven bool) {
	switch {
	case proven:
		s.loginAhead.Store(0)
		s.noteServerTime(seconds, asked)
	case seconds != 0:
		s.loginAhead.Store(int64(time.Unix(int64(seconds), 0).Sub(s.now())))
	}
}

// loginNow is the time for login requests.
func (s *Session) loginNow() time.Time {
	if ahead := time.Duration(s.loginAhead.Load()); ahead.Abs() > clockOff {
		return s.now().Add(ahead)
	}
	return s.now()
}
