package ntqq

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A login refused as one too many is followed by a pause of loginPause. It doubles with
// each refusal, up to loginPauseMost.
const (
	loginPause     = 10 * time.Minute
	loginPauseMost = time.Hour
)

// errTooOften says why a login waits that was refused earlier.
var errTooOften = errors.New("the server refused the last login as one too many")

// tooOften reports whether err is the refusal of a login as one too many.
func tooOften(err error) bool {
	refused, ok := errors.AsType[*LoginError](err)
	return ok && (refused.Code == codeTooOften || refused.Code == codeTooManyToday)
}

// inVain is k when new tickets are asked for, as long as there are none.
func (k Keystore) inVain(now time.Time) Keystore {
	k.RefreshTries, k.RefreshTime, k.TooOften = k.RefreshTries+1, now.Unix(), false
	return k
}

// pauseLeft returns how much is left of the pause after the last try in vain. The pause
// is first, doubles with each further try, and is at most most.
func (k *Keystore) pauseLeft(first, most time.Duration, now time.Time) time.Duration {
	pause := min(first<<min(max(k.RefreshTries, 1)-1, 5), most)
	// A time that a wrong clock wrote makes it no longer.
	return min(pause, time.Unix(k.RefreshTime, 0).Add(pause).Sub(now))
}

// untilLogin returns how long the next login waits because the last one was refused as
// one too many. A login without A1 does not: it takes another way.
func (c *Client) untilLogin() time.Duration {
	ks := c.keys()
	if !ks.TooOften || ks.hasSession() || len(ks.A1) == 0 {
		return 0
	}
	return max(0, ks.pauseLeft(loginPause, loginPauseMost, c.now()))
}

// endPause lets the next login go out at once: a person wants it.
func (c *Client) endPause() {
	if ks := *c.keys(); ks.TooOften {
		ks.TooOften = false
		c.setKeys(ks)
	}
}

// resume waits for the end of the pause that an earlier run began. It returns false when
// ctx ended first.
func (s *session) resume(ctx context.Context) bool {
	left := s.c.untilLogin()
	return left == 0 || s.rest(ctx, errTooOften, left)
}

// rest waits before the next try; err is why. It returns false when ctx ended first.
func (s *session) rest(ctx context.Context, err error, delay time.Duration) bool {
	c := s.c
	if left := c.untilLogin(); left > 0 {
		delay = max(delay, left)
		if !tooOften(err) && !errors.Is(err, errTooOften) {
			err = fmt.Errorf("%w: %w", errTooOften, err)
		}
		c.log.Warn("too many logins for the server: the next one waits, unless a person asks for it",
			"err", err, "in", delay.Round(time.Second), "by", s.nextLogin())
	} else {
		c.log.Warn("connection ended: trying again", "err", err, "in", delay.Round(time.Millisecond))
	}
	c.setState(State{Stage: Reconnecting, Err: err, Until: time.Now().Add(delay)}, nil)
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.restart:
		c.endPause()
		if s.doubts >= doubtsMost { // the person decided
			s.giveUpSession()
		}
	case <-ctx.Done():
		return false
	}
	return true
}
