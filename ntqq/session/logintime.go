package session

import "time"

// noteAnswerTime takes the time of the server from an answer. Only one under the
// session's key corrects the clock. That of a login answer, which nothing proves,
// corrects the times inside the next login requests; a heartbeat's is left out.
func (s *Session) noteAnswerTime(command string, seconds uint32, asked time.Time) {
	switch {
	case provable(command):
		s.loginAhead.Store(0)
		s.noteServerTime(seconds, asked)
	case isLogin(command) && seconds != 0:
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
