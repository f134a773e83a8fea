package fault

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// anything is the stage that most kinds strike without the parameter "on".
var anything = []Stage{{Name: "any", Commands: []string{"*"}}}

// TestFaultsAreDeterministic draws twice with each seed.
func TestFaultsAreDeterministic(t *testing.T) {
	t.Parallel()
	draw := func(seed uint64) string {
		set := NewSet(Options{Seed: seed, Stages: anything})
		for _, p := range []float64{0.3, 0.3, 0.7} {
			if _, err := set.Add(Fault{Name: Mute, Probability: p}); err != nil {
				t.Fatal(err)
			}
		}
		var b strings.Builder
		for range 100 {
			fmt.Fprint(&b, len(set.Strikes(AtRequest, Subject{Command: "x"})))
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

// TestUnknownPlaces is about values of "on" that nothing would ever match.
func TestUnknownPlaces(t *testing.T) {
	t.Parallel()
	f := NewSet(Options{Stages: append(anything, Stage{Name: "send", Commands: []string{"MessageSvc.PbSendMsg"}})})
	for form, want := range map[string]string{
		"delay:on=zzz":         "any, send",
		"delay:on=music":       "any, send",
		"signer-slow:on=zzz":   "any, send, appinfo, music",
		"signer-slow:on=music": "", "delay:on=send": "", "delay:on=trpc.x": "", "delay:on=*": "", "captcha": "",
		"refuse-connection": "", "time-skew": "",
	} {
		fault, err := Parse(form)
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.Add(fault)
		if (err != nil) != (want != "") || err != nil && !strings.HasSuffix(err.Error(), "one of: "+want) {
			t.Errorf("%s: got %v, want %q", form, err, want)
		}
	}
}

func TestFaultLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := NewSet(Options{Stages: anything})
		if _, err := f.Add(Fault{Name: Mute, Count: -1}); err == nil {
			t.Error("a negative count: got no error")
		}
		for range maxFaults {
			if _, err := f.Add(Fault{Name: Mute, For: time.Second}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := f.Add(Fault{Name: Mute}); !errors.Is(err, ErrTooMany) {
			t.Errorf("got %v, want %v", err, ErrTooMany)
		}
		time.Sleep(time.Second) // of the bubble
		if got := f.Strikes(AtRequest, Subject{Command: "x"}); got != nil || len(f.Active()) != 0 {
			t.Error("still on when the time is over")
		}
		id, err := f.Add(Fault{Name: Mute, UIN: 10001, On: "a*"})
		if err != nil {
			t.Fatal(err)
		}
		for about, want := range map[Subject]bool{
			{Command: "ABC", UIN: 10001}: true, {Command: "ABC", UIN: 20001}: false, {Command: "bc", UIN: 10001}: false,
		} {
			if got := len(f.Strikes(AtRequest, about)) > 0; got != want {
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
