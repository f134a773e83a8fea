package account

import (
	"time"

	"libration/internal/text"
	"libration/ntqq"
)

// stuckAfter is how much longer than it may a step of the session lasts before its
// goroutine counts as dead: a multiple of its longest time limit.
const stuckAfter = 5 * time.Minute

// Stuck tells whether the session does not go on although nobody but its own goroutine
// can move it; nil: it goes on, or has not begun.
func (a *Account) Stuck() error {
	p := a.running()
	if p == nil {
		return nil
	}
	s := p.client.State()
	return stuck(&s, time.Now())
}

func stuck(s *ntqq.State, now time.Time) error {
	due := s.Since
	switch s.Stage {
	case ntqq.Probing, ntqq.Connecting:
	case ntqq.Reconnecting:
		due = s.Until
	default: // people, the server or slow bots decide how long it lasts
		return nil
	}
	if late := now.Sub(due); !due.IsZero() && late > stuckAfter {
		return text.Errorf("the session is %s for %v longer than it may", "会话处于 %s 的时间比允许的长了 %v", s.Stage, late.Round(time.Second))
	}
	return nil
}
