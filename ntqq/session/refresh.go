package session

import (
	"context"
	"time"

	"libration/internal/text"
	"libration/ntqq/session/link"
)

const (
	// refreshAfter is the default of Options.RefreshAfter (docs/protocol/login.md 9).
	refreshAfter = 15 * 24 * time.Hour
	// refreshSoonest is how long a session is online before its tickets are replaced.
	refreshSoonest = time.Minute
	// refreshRetry is the pause after a try in vain. It doubles with each, up to
	// refreshMost.
	refreshRetry = time.Hour
	refreshMost  = 24 * time.Hour
)

// untilRefresh is how long it is until the tickets are replaced; false when they are
// not.
func (s *Session) untilRefresh() (time.Duration, bool) {
	ks, now := s.keys(), s.now()
	if s.opts.RefreshAfter < 0 || len(ks.A1) == 0 {
		return 0, false
	}
	left := time.Unix(ks.TicketTime, 0).Add(s.opts.RefreshAfter).Sub(now)
	if ks.RefreshTries > 0 {
		left = max(left, pauseLeft(ks, refreshRetry, refreshMost, now))
	}
	return max(left, refreshSoonest), true
}

// dateTickets gives tickets a time that would otherwise never grow old: those that have
// none, and those that a wrong clock dated in the future.
func (s *Session) dateTickets() {
	ks, now := *s.keys(), s.now()
	if ks.TicketTime == 0 || s.clock.Trusted() && time.Unix(ks.TicketTime, 0).After(now.Add(clockOff)) {
		ks.TicketTime = now.Unix()
		s.setKeys(ks)
	}
}

// refresh replaces the tickets on the living connection (docs/protocol/login.md
// 9). swapped: there are new ones; then err is a failed registration, which ends
// the connection. Without new ones the old session lives on. The try is written down
// before it begins: whatever becomes of it, the next one waits.
func (l *loop) refresh(ctx context.Context, k *link.Conn) (swapped bool, err error) {
	s := l.s
	s.setKeys(inVain(*s.keys(), s.now()))
	session, err := s.exchangeOnce(ctx, k)
	if err != nil {
		return false, text.Errorf("key exchange: %v", "密钥交换：%v", err)
	}
	done := k.Replacing()
	ks, err := l.easyTickets(ctx, k, session)
	if err == nil {
		k.KeepKey()
		s.setKeys(*ks)
	}
	done()
	if err != nil {
		switch {
		case tooOften(err):
			ks := *s.keys()
			ks.TooOften = true
			s.setKeys(ks)
		case classify(err) == dropA1:
			l.forgetA1(err)
		}
		return false, err
	}
	l.freshTickets = true
	if err := s.register(ctx, k); err != nil {
		return true, err
	}
	l.freshTickets = false
	s.log.Info("session refreshed")
	return true, nil
}
