package ntqq

import "time"

// noteAnswerTime takes the time of the server from an answer. Only one under the
// session's key corrects the clock. That of a login answer, which nothing proves,
// corrects the times inside the next login requests; a heartbeat's is left out.
func (c *Client) noteAnswerTime(command string, seconds uint32, asked time.Time) {
	switch {
	case provable(command):
		c.loginAhead.Store(0)
		c.noteServerTime(seconds, asked)
	case isLogin(command) && seconds != 0:
		c.loginAhead.Store(int64(time.Unix(int64(seconds), 0).Sub(c.now())))
	}
}

// loginNow is the time for login requests.
func (c *Client) loginNow() time.Time {
	if ahead := time.Duration(c.loginAhead.Load()); ahead.Abs() > clockOff {
		return c.now().Add(ahead)
	}
	return c.now()
}
