package ntqq

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		c := newTestClient(t)
		c.notes = newNoteLimiter(slog.New(slog.NewTextHandler(&log, nil)))
		at := func(offset time.Duration) {
			asked := time.Now()
			time.Sleep(4 * time.Second) // of which the server read its clock after two
			c.noteServerTime(uint32(time.Now().Add(-2*time.Second+offset).Unix()), asked)
		}
		for _, tt := range []struct{ off, used time.Duration }{
			{0, 0}, {30 * time.Second, 0}, {-time.Minute, 0}, {61 * time.Second, 61 * time.Second}, {-24 * time.Hour, -24 * time.Hour}, {0, 0},
		} {
			at(tt.off)
			if got := c.ClockOffset(); got != tt.off {
				t.Errorf("offset %v, want %v", got, tt.off)
			}
			if got := time.Until(c.now()); got != tt.used {
				t.Errorf("off by %v: requests have a time %v from now, want %v", tt.off, got, tt.used)
			}
		}
		at(time.Hour)
		c.noteServerTime(0, time.Now())
		if got := c.ClockOffset(); got != time.Hour {
			t.Errorf("an answer without a time: offset %v, want it as it was", got)
		}
		if n := strings.Count(log.String(), "the clock of this machine is wrong"); n != 1 {
			t.Errorf("%d warnings, want one an hour:\n%s", n, log.String())
		}
	})
}
