package clock

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// machine is a machine whose wall clock can be set; the true time is time.Now.
type machine struct{ ahead time.Duration }

func (m *machine) wall() time.Time { return time.Now().Add(m.ahead) }

// answer corrects the clock by an answer that took a while.
func answer(c *Clock, ahead, took time.Duration) {
	asked := time.Now()
	time.Sleep(took)
	c.Correct(uint32(time.Now().Add(ahead-took/2).Unix()), asked)
}

func near(a, b time.Time, most time.Duration) bool { return a.Sub(b).Abs() <= most }

func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &machine{ahead: 10 * 365 * 24 * time.Hour}
		c := New(m.wall)
		if c.Trusted() || !c.Now().Equal(m.wall()) {
			t.Errorf("at first it is %v, trusted %t, want the wall clock's %v", c.Now(), c.Trusted(), m.wall())
		}
		if _, ok := c.Ago(0); ok {
			t.Error("something is known to be old before the clock is trusted")
		}
		c.Correct(0, time.Now())
		if c.Trusted() {
			t.Error("an answer without a time is trusted")
		}
		for _, took := range []time.Duration{0, 30 * time.Millisecond, 15 * time.Second} {
			answer(c, 0, took)
			if most := took/2 + time.Second; !c.Trusted() || !near(c.Now(), time.Now(), most) {
				t.Errorf("after an answer within %v it is %v, trusted %t, want %v", took, c.Now(), c.Trusted(), time.Now())
			}
		}
		if got := c.Offset(); (got + m.ahead).Abs() > time.Second {
			t.Errorf("the server is ahead by %v, want %v", got, -m.ahead)
		}
		for _, jump := range []time.Duration{time.Hour, -24 * time.Hour, 10 * 365 * 24 * time.Hour} {
			before, began := c.Now(), time.Now()
			m.ahead += jump
			time.Sleep(time.Minute)
			if got := c.Now().Sub(before); got != time.Since(began) {
				t.Errorf("the wall clock jumped by %v: %v passed, want %v", jump, got, time.Since(began))
			}
		}
		reading := time.Now()
		time.Sleep(time.Hour)
		if got := c.At(reading); !got.Equal(c.Now().Add(-time.Hour)) {
			t.Errorf("a reading of an hour ago is %v, want %v", got, c.Now().Add(-time.Hour))
		}
		if got := c.At(time.Time{}); !got.IsZero() {
			t.Errorf("no reading is %v", got)
		}
	})
}

// TestRightClock: what the answer leaves open is not corrected, so that the clock
// never goes back for it.
func TestRightClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(nil)
		last := c.Now()
		for i := range 1000 {
			took := time.Duration(i) * 7 * time.Millisecond
			answer(c, time.Duration(i%3-1)*1500*time.Millisecond, took)
			if now := c.Now(); !now.Equal(time.Now().Round(0)) || now.Before(last) {
				t.Fatalf("after answer %d it is %v, want %v", i, now, time.Now())
			}
			last = c.Now()
		}
	})
}

// TestSuspended: the monotonic clock stood still for eight hours.
func TestSuspended(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(nil)
		answer(c, 0, 0)
		before := c.Now()
		time.Sleep(10 * time.Minute)
		const slept = 8 * time.Hour
		answer(c, slept, 0)
		if want := time.Now().Add(slept); !near(c.Now(), want, time.Second) {
			t.Errorf("it is %v, want %v", c.Now(), want)
		}
		if cut, _ := c.Ago(11 * time.Minute); !before.After(cut) {
			t.Error("what is ten minutes old by the time that passed is older than eleven")
		}
		time.Sleep(2 * time.Minute)
		if cut, _ := c.Ago(11 * time.Minute); !before.Before(cut) {
			t.Error("what is twelve minutes old is not older than eleven")
		}
		after := c.Now()
		time.Sleep(5 * time.Minute)
		if cut, _ := c.Ago(5*time.Minute - time.Second); !after.Before(cut) {
			t.Error("after a leap new things do not become old")
		}
	})
}

// TestManyLeaps: what is remembered of them is bounded, and forgets no time.
func TestManyLeaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(nil)
		answer(c, 0, 0)
		before, began := c.Now(), time.Now()
		for i := range 3 * maxLeaps {
			time.Sleep(time.Minute)
			answer(c, time.Duration(i+1)*time.Hour, 0)
		}
		if cut, _ := c.Ago(time.Since(began) + time.Second); before.Before(cut) || len(c.leaps) != maxLeaps {
			t.Errorf("what is %v old is older than that; %d corrections are remembered", time.Since(began), len(c.leaps))
		}
	})
}

const year = 365 * 24 * time.Hour

// step is one step of TestNothingBecomesOld.
type step struct {
	kind  int
	by    time.Duration // how far a clock jumps
	pause time.Duration
}

var someStep = rapid.Custom(func(t *rapid.T) step {
	return step{
		rapid.IntRange(0, 4).Draw(t, "kind"),
		rapid.SampledFrom([]time.Duration{
			time.Second, time.Minute, time.Hour, -time.Hour, 24 * time.Hour, -24 * time.Hour, 10 * year, -10 * year,
		}).Draw(t, "by"),
		time.Duration(rapid.IntRange(1, 1e6).Draw(t, "seconds")) * time.Second,
	}
})

// TestNothingBecomesOld: whatever the server says, and however the wall clock jumps,
// nothing that this clock dated is older than the time that passed since; in the end
// all of it becomes old.
func TestNothingBecomesOld(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		steps := rapid.SliceOfN(someStep, 1, 200).Draw(rt, "steps")
		var problem string
		synctest.Test(t, func(*testing.T) { problem = play(steps) })
		if problem != "" {
			rt.Fatal(problem)
		}
	})
}

func play(steps []step) (problem string) {
	m := &machine{ahead: steps[0].by}
	c := New(m.wall)
	var server, drift, back time.Duration
	type dated struct{ stamp, at time.Time }
	var all []dated
	for _, s := range steps {
		switch s.kind {
		case 0:
			m.ahead += s.by
		case 1:
			if (server + s.by).Abs() > 20*year {
				continue
			}
			server += s.by
			if s.by > 0 && s.by <= leap { // such steps are taken for drift
				drift += s.by
			}
			back -= min(s.by, 0)
		case 2:
			answer(c, server, 0)
		case 3:
			if c.Trusted() {
				all = append(all, dated{c.Now(), time.Now()})
			}
		case 4:
			time.Sleep(s.pause)
		}
		for _, d := range all {
			passed := time.Since(d.at) + drift + 2*tolerance
			if cut, ok := c.Ago(passed); ok && d.stamp.Before(cut) {
				return fmt.Sprintf("written %v ago, and already older than %v", time.Since(d.at), passed)
			}
		}
	}
	time.Sleep(back + time.Minute)
	for _, d := range all {
		if cut, ok := c.Ago(time.Second); !ok || !d.stamp.Before(cut) {
			return fmt.Sprintf("written %v ago, and still not older than a second", time.Since(d.at))
		}
	}
	return ""
}
