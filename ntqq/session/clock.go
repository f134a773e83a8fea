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

// ClockOffset is how far the server's clock is ahead of the local one, as far as it
// is known: 0 before the first answer, and while the two differ by a few seconds.
func (s *Session) ClockOffset() time.Duration { return s.clock.Offset() }

// now is the time for requests, and for what is written down.
func (s *Session) now() time.Time { return s.clock.Now() }
