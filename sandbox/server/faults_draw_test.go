package server

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
)

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
