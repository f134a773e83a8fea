package hourly

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestOneLineAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		l := New(slog.New(slog.NewTextHandler(&out, nil)))
		round := func() (wrote []bool) {
			for range 3 {
				wrote = append(wrote, l.Warn("a", "text a"))
				l.Info("b", "text b")
			}
			return wrote
		}
		if got := fmt.Sprint(round()); got != "[true false false]" || strings.Count(out.String(), "\n") != 2 {
			t.Errorf("got %s, want one line for each kind:\n%s", got, &out)
		}
		time.Sleep(time.Hour) // virtual
		if round(); strings.Count(out.String(), "\n") != 4 || strings.Count(out.String(), "also_in_the_last_hour=2") != 2 {
			t.Errorf("after an hour, want two lines more, with what they stand for:\n%s", &out)
		}
	})
}

// The kinds are the server's words: they are bounded in number and in length.
func TestKindsAreBounded(t *testing.T) {
	l := New(slog.New(slog.DiscardHandler))
	for i := range maxKinds + 10 {
		l.Warn(fmt.Sprint(i, strings.Repeat("x", 1<<10)), "text")
	}
	if len(l.seen) > maxKinds+1 {
		t.Errorf("%d kinds are kept", len(l.seen))
	}
	for kind := range l.seen {
		if len(kind) > maxKind {
			t.Errorf("a kind of %d bytes is kept", len(kind))
		}
	}
}
