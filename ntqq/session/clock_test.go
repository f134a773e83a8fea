package session

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"libration/internal/hourly"
	"libration/internal/wire"
	"libration/ntqq/session/identity"
)

func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		s := newTestSession(t)
		s.notes = hourly.New(slog.New(slog.NewTextHandler(&log, nil)))
		at := func(offset time.Duration) {
			asked := time.Now()
			time.Sleep(4 * time.Second) // of which the server read its clock after two
			s.noteServerTime(uint32(time.Now().Add(-2*time.Second+offset).Unix()), asked)
		}
		for _, off := range []time.Duration{0, 30 * time.Second, -time.Minute, 61 * time.Second, -24 * time.Hour, 0} {
			at(off)
			for what, got := range map[string]time.Duration{"ClockOffset": s.ClockOffset(), "now": time.Until(s.now())} {
				if (got - off).Abs() > time.Second {
					t.Errorf("%s: off by %v, want %v", what, got, off)
				}
			}
		}
		at(2 * time.Second)
		if got := s.ClockOffset(); got.Abs() > time.Second {
			t.Errorf("off by two seconds and an answer that took four: corrected by %v", got)
		}
		at(time.Hour)
		s.noteServerTime(0, time.Now())
		if got := s.ClockOffset(); (got - time.Hour).Abs() > time.Second {
			t.Errorf("an answer without a time: offset %v, want it as it was", got)
		}
		if n := strings.Count(log.String(), "the clock of this machine is wrong"); n != 1 {
			t.Errorf("%d warnings, want one an hour:\n%s", n, log.String())
		}
	})
}

// TestTicketsOfTheFuture: tickets that a wrong clock dated are replaced in time.
func TestTicketsOfTheFuture(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestSession(t)
		ks := *s.keys()
		ks.A1, ks.TicketTime = []byte("a1"), time.Now().Add(10*365*24*time.Hour).Unix()
		s.setKeys(ks)
		for _, trusted := range []bool{false, true} {
			if trusted {
				s.noteServerTime(uint32(time.Now().Unix()), time.Now())
			}
			s.dateTickets()
			if left, ok := s.untilRefresh(); !ok || (left <= refreshAfter+time.Second) != trusted {
				t.Errorf("the clock is trusted: %t, and they are replaced in %v", trusted, left)
			}
		}
		before := s.keys()
		time.Sleep(time.Hour)
		s.dateTickets()
		if left, _ := s.untilRefresh(); s.keys() != before || left > refreshAfter-time.Hour+time.Second {
			t.Errorf("an hour later they are replaced in %v", left)
		}
	})
}

// TestRefreshPause: the pause doubles up to a day, and no date makes it longer.
func TestRefreshPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestSession(t)
		now := s.now().Unix()
		for _, tt := range []struct {
			tries int
			at    int64
			want  time.Duration
		}{
			{0, 0, refreshSoonest}, {-1, now, refreshSoonest},
			{1, now, time.Hour}, {2, now, 2 * time.Hour}, {5, now, 16 * time.Hour}, {6, now, 24 * time.Hour}, {1 << 30, now, 24 * time.Hour},
			{2, now - 3600, time.Hour}, {2, now - 7200, refreshSoonest}, {2, 0, refreshSoonest},
			{2, now + 1<<30, 2 * time.Hour},
		} {
			ks := *s.keys()
			ks.A1, ks.TicketTime, ks.RefreshTries, ks.RefreshTime = []byte("a1"), now-int64(refreshAfter/time.Second), tt.tries, tt.at
			s.setKeys(ks)
			if left, ok := s.untilRefresh(); !ok || left != tt.want {
				t.Errorf("after try %d %v ago: %v, want %v", tt.tries, time.Duration(now-tt.at)*time.Second, left, tt.want)
			}
		}
	})
}

// TestLoginPause: the pause doubles up to an hour, no date makes it longer, and it is for
// the login with A1 alone.
func TestLoginPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestSession(t)
		now := s.now().Unix()
		refused := identity.Keystore{UIN: 10001, A1: identity.HexBytes("a1"), RefreshTries: 1, RefreshTime: now, TooOften: true}
		with := func(change func(*identity.Keystore)) identity.Keystore {
			ks := refused
			change(&ks)
			return ks
		}
		for name, tt := range map[string]struct {
			ks   identity.Keystore
			want time.Duration
		}{
			"refused once":       {refused, 10 * time.Minute},
			"three times":        {with(func(k *identity.Keystore) { k.RefreshTries = 3 }), 40 * time.Minute},
			"often":              {with(func(k *identity.Keystore) { k.RefreshTries = 1 << 30 }), time.Hour},
			"a damaged count":    {with(func(k *identity.Keystore) { k.RefreshTries = -1 }), 10 * time.Minute},
			"4 minutes ago":      {with(func(k *identity.Keystore) { k.RefreshTime -= 240 }), 6 * time.Minute},
			"11 minutes ago":     {with(func(k *identity.Keystore) { k.RefreshTime -= 660 }), 0},
			"in years":           {with(func(k *identity.Keystore) { k.RefreshTime += 1 << 30 }), 10 * time.Minute},
			"for another reason": {with(func(k *identity.Keystore) { k.TooOften = false }), 0},
			"without A1":         {with(func(k *identity.Keystore) { k.A1 = nil }), 0},
			"there is a session": {with(func(k *identity.Keystore) {
				k.A2, k.D2, k.D2Key = identity.HexBytes("a2"), identity.HexBytes("d2"), proofKey[:]
			}), 0},
			"a refresh after it": {inVain(refused, s.now()), 0},
			"new tickets":        {withoutSession(withTickets(refused, &wire.Tickets{}, "", s.now())), 0},
		} {
			s.setKeys(tt.ks)
			if got := s.untilLogin(); got != tt.want {
				t.Errorf("%s: the next login waits %v, want %v", name, got, tt.want)
			}
		}
	})
}
