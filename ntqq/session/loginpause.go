package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"libration/internal/text"
)

// A login refused as one too many is followed by a pause of loginPause. It doubles with
// each refusal, up to loginPauseMost.
const (
	loginPause     = 10 * time.Minute
	loginPauseMost = time.Hour
)

// errTooOften says why a login waits that was refused earlier.
var errTooOften = text.Errorf("the server refused the last login as one too many", "服务器认为上次登录过于频繁而拒绝")

// tooOften reports whether err is the refusal of a login as one too many.
func tooOften(err error) bool {
	refused, ok := errors.AsType[*LoginError](err)
	return ok && (refused.Code == codeTooOften || refused.Code == codeTooManyToday)
}

// untilLogin returns how long the next login waits because the last one was refused as
// one too many. A login without A1 does not: it takes another way.
func (s *Session) untilLogin() time.Duration {
	ks := s.keys()
	if !ks.TooOften || ks.HasSession() || len(ks.A1) == 0 {
		return 0
	}
	return max(0, pauseLeft(ks, loginPause, loginPauseMost, s.now()))
}

// endPause lets the next login go out at once: a person wants it.
func (s *Session) endPause() {
	if ks := *s.keys(); ks.TooOften {
		ks.TooOften = false
		s.setKeys(ks)
	}
}

// resume waits for the end of the pause that an earlier run began. It returns false when
// ctx ended first.
func (l *loop) resume(ctx context.Context) bool {
	left := l.s.untilLogin()
	return left == 0 || l.rest(ctx, errTooOften, left)
}

// rest waits before the next try; err is why. It returns false when ctx ended first.
func (l *loop) rest(ctx context.Context, err error, delay time.Duration) bool {
	s := l.s
	if left := s.untilLogin(); left > 0 {
		delay = max(delay, left)
		if !tooOften(err) && !errors.Is(err, errTooOften) {
			err = fmt.Errorf("%w: %w", errTooOften, err)
		}
		s.log.Warn("too many logins for the server: the next one waits, unless a person asks for it",
			"err", err, "in", delay.Round(time.Second), "by", l.nextLogin())
	} else {
		s.log.Warn("connection ended: trying again", "err", err, "in", delay.Round(time.Millisecond))
	}
	s.setState(State{Stage: Reconnecting, Err: err, Until: time.Now().Add(delay)}, nil)
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.restart:
		s.endPause()
		if l.doubts >= doubtsMost { // the person decided
			l.giveUpSession()
		}
	case <-ctx.Done():
		return false
	}
	return true
}
