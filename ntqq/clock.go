package ntqq

import "time"

// clockOff is from when on the local clock counts as wrong.
const clockOff = time.Minute

// noteServerTime compares the time in the head of an answer, Unix seconds, with the
// local clock. The request for it went out at asked. The command made for this,
// Client.CorrectTime, is not used: its answer is not known.
func (c *Client) noteServerTime(seconds uint32, asked time.Time) {
	if seconds == 0 { // absent
		return
	}
	now := time.Now()
	middle := now.Add(-now.Sub(asked) / 2) // it was written between the two
	offset := time.Unix(int64(seconds), 0).Sub(middle)
	c.clock.Store(int64(offset))
	if offset.Abs() > clockOff {
		c.notes.Warn("clock", "the clock of this machine is wrong; the server's is used for requests", "server_ahead_by", offset.Round(time.Second))
	}
}

// ClockOffset is how far the server's clock is ahead of the local one, to about a
// second; 0 before the first answer.
func (c *Client) ClockOffset() time.Duration { return time.Duration(c.clock.Load()) }

// now is the time for requests: the local one unless it is wrong.
func (c *Client) now() time.Time {
	if offset := c.ClockOffset(); offset.Abs() > clockOff {
		return time.Now().Add(offset)
	}
	return time.Now()
}
