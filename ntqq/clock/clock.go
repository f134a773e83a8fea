// Package clock is the one clock of an account: the server's time, counted by the
// machine's monotonic clock. The machine's wall clock is read once, at the start, and
// decides nothing about data: until the server has said what time it is, nothing
// counts as old.
//
// The package imports nothing of this module.
package clock

import (
	"sync"
	"sync/atomic"
	"time"
)

const (
	// tolerance is by how much more than the answer leaves open the clock may differ
	// from the server's before it is corrected.
	tolerance = 2 * time.Second
	// leap is from when on a correction is no drift: time may not have passed at all.
	leap = time.Minute
	// maxLeaps bounds the remembered corrections; beyond it the oldest two become one.
	maxLeaps = 64
)

// Clock is safe for concurrent use.
type Clock struct {
	wall  func() time.Time
	base  time.Time // the wall clock at the start
	start time.Time // the same moment by the monotonic clock

	offset  atomic.Int64 // of the server's time from base and what has passed since
	trusted atomic.Bool

	mu    sync.Mutex // guards leaps, and corrections
	leaps []leapForward
}

// leapForward is a correction of a trusted clock.
type leapForward struct {
	to time.Time     // the time after it
	by time.Duration // above 0
}

// New returns a clock that goes by the wall clock until it is corrected; nil stands
// for time.Now.
func New(wall func() time.Time) *Clock {
	if wall == nil {
		wall = time.Now
	}
	return &Clock{wall: wall, base: wall().Round(0), start: time.Now()}
}

// Now returns the server's time as far as it is known. It has no monotonic reading and
// steps when it is corrected: measure how long something lasts with time.Since.
func (c *Clock) Now() time.Time {
	return c.base.Add(time.Since(c.start) + time.Duration(c.offset.Load()))
}

// At returns the server's time at a reading of time.Now. The zero reading stays zero.
func (c *Clock) At(reading time.Time) time.Time {
	if reading.IsZero() {
		return reading
	}
	return c.base.Add(reading.Sub(c.start) + time.Duration(c.offset.Load()))
}

// Trusted reports whether the server has said what time it is.
func (c *Clock) Trusted() bool { return c.trusted.Load() }

// Offset is how far the clock is ahead of the machine's wall clock. It is about 0 before
// the first correction, and while the wall clock is right to a few seconds.
func (c *Clock) Offset() time.Duration { return c.Now().Sub(c.wall().Round(0)) }

// Ago returns the time of this clock before which all is older than age. ok is false until
// the clock is trusted: nothing is known to be old then.
//
// A correction makes nothing older. When the clock is put forward, what was written before
// is as old as the time that really passed. That holds after a suspension, too, which the
// monotonic clock does not see.
func (c *Clock) Ago(age time.Duration) (t time.Time, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t = c.Now().Add(-age)
	for i := len(c.leaps) - 1; i >= 0 && t.Before(c.leaps[i].to); i-- {
		t = t.Add(-c.leaps[i].by)
	}
	return t, c.trusted.Load()
}

// Correct takes the server's time in Unix seconds from an answer that nobody else can have
// made. 0 is no time. asked is when the request went out. A clock that is right as far as
// the answer shows stays as it is.
func (c *Clock) Correct(server uint32, asked time.Time) {
	if server == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	took := time.Since(asked)
	// It was written between the two, and any time within its second.
	now := time.Unix(int64(server), int64(time.Second/2)).Add(took / 2)
	step := now.Sub(c.Now())
	if step.Abs() <= took/2+tolerance {
		c.trusted.Store(true)
		return
	}
	if c.trusted.Load() && step >= leap {
		c.leaps = append(c.leaps, leapForward{now, step})
		if len(c.leaps) > maxLeaps {
			c.leaps[1].by += c.leaps[0].by
			c.leaps = c.leaps[1:]
		}
	}
	c.offset.Add(int64(step))
	c.trusted.Store(true)
}
