package sandbox

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestFaultsAreDeterministic draws twice with each seed.
func TestFaultsAreDeterministic(t *testing.T) {
	t.Parallel()
	draw := func(seed uint64) string {
		s, err := New(Options{Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range []float64{0.3, 0.3, 0.7} {
			if _, err := s.Faults().Add(Fault{Name: FaultMute, Probability: p}); err != nil {
				t.Fatal(err)
			}
		}
		var b strings.Builder
		for range 100 {
			fmt.Fprint(&b, len(s.faults.strikes(atRequest, subject{command: "x"})))
		}
		return b.String()
	}
	if a, b := draw(1), draw(1); a != b {
		t.Errorf("the same seed: got %s and %s", a, b)
	}
	if a, b := draw(1), draw(2); a == b {
		t.Errorf("seeds 1 and 2: got the same %s", a)
	}
}

// TestSameMisbehaviour is the same on the wire: answers and pushes of two sandboxes
// with one seed.
func TestSameMisbehaviour(t *testing.T) {
	t.Parallel()
	run := func(seed uint64) (heard string) {
		synctest.Test(t, func(t *testing.T) {
			h := start(t, Options{Seed: seed})
			c := h.dial().login(bot).register()
			for _, text := range []string{
				"drop-push:probability=0.2", "duplicate-push:probability=0.2", "reorder-push:probability=0.3,delay=1s",
				"mute:on=heartbeat,probability=0.4", "corrupt:on=push,probability=0.1",
			} {
				h.fault(text)
			}
			var b strings.Builder
			for i := range 60 {
				h.say(fmt.Sprintf("text %d.", i))
				c.write(c.beat())
				synctest.Wait()
			}
			for {
				r, err := c.read()
				switch {
				case errors.Is(err, os.ErrDeadlineExceeded):
					heard = b.String()
					return
				case err != nil:
					b.WriteString("? ")
				case r.Sequence >= 0:
					fmt.Fprintf(&b, "answer %d ", r.Sequence-5000000)
				default:
					_, text, _ := strings.Cut(string(r.Body), "text ")
					text, _, _ = strings.Cut(text, ".")
					fmt.Fprintf(&b, "%s ", text)
				}
			}
		})
		return heard
	}
	first := run(3)
	if again := run(3); again != first {
		t.Errorf("the same seed: got\n%s\nand\n%s", first, again)
	}
	if other := run(4); other == first {
		t.Errorf("another seed: got the same %s", first)
	}
	if strings.Count(first, "answer") == 60 || !strings.Contains(first, "?") {
		t.Errorf("got %s, want missing answers and packets that do not open", first)
	}
}

func TestFaultLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, err := New(Options{})
		if err != nil {
			t.Fatal(err)
		}
		f := s.Faults()
		if _, err := f.Add(Fault{Name: FaultMute, Count: -1}); err == nil {
			t.Error("a negative count: got no error")
		}
		for range maxFaults {
			if _, err := f.Add(Fault{Name: FaultMute, For: time.Second}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := f.Add(Fault{Name: FaultMute}); !errors.Is(err, ErrTooManyFaults) {
			t.Errorf("got %v, want %v", err, ErrTooManyFaults)
		}
		time.Sleep(time.Second) // of the bubble
		if got := f.request(atRequest, subject{command: "x"}); got.mute || len(f.Active()) != 0 {
			t.Error("still on when the time is over")
		}
		id, err := f.Add(Fault{Name: FaultMute, UIN: bot, On: "a*"})
		if err != nil {
			t.Fatal(err)
		}
		for about, want := range map[subject]bool{
			{command: "ABC", uin: bot}: true, {command: "ABC", uin: alice}: false, {command: "bc", uin: bot}: false,
		} {
			if got := f.request(atRequest, about).mute; got != want {
				t.Errorf("%+v: got %v, want %v", about, got, want)
			}
		}
		if !f.Remove(id) || f.Remove(id) || f.Clear() != 0 {
			t.Error("removed: want once")
		}
		if f.points.Load() != 0 {
			t.Error("still looking for faults when there are none")
		}
	})
}
