package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"libration/ntqq/event"
)

// TestTour takes the bot on the tour: no step fails, each gives a client the events that
// it says, and the world is then as it was.
func TestTour(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, _ := two(t)
		synctest.Wait()
		b.mu.Lock()
		b.events = nil
		b.mu.Unlock()
		var before, after struct{ Users, Groups any }
		s.api(t, "GET", "/api/state", "", &before)
		var answer struct {
			Steps []struct {
				Request, Error string
				Body           json.RawMessage
				Events         []string
			}
		}
		s.api(t, "POST", "/api/tour", fmt.Sprintf(`{"for":%d,"pause":"10s"}`, bot), &answer)
		synctest.Wait()
		s.api(t, "GET", "/api/state", "", &after)
		if diff := cmp.Diff(before, after); diff != "" {
			t.Errorf("what the tour leaves behind: %s", diff)
		}

		var want, got []string
		for i, step := range answer.Steps {
			if step.Error != "" {
				t.Errorf("step %d, %s %s: %s", i+1, step.Request, step.Body, step.Error)
			}
			want = append(want, step.Events...)
		}
		for _, e := range event.All() {
			switch e.(type) {
			case *event.Kicked, *event.Unknown, *event.ListsChanged: // see the guide
			default:
				if !slices.Contains(want, e.Name()) {
					t.Errorf("the tour has no step with %s", e.Name())
				}
			}
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, e := range b.events {
			if u, ok := e.(*event.Unknown); !ok || u.Reason != event.ReasonIgnored {
				got = append(got, e.Name())
			}
		}
		got = slices.DeleteFunc(got, func(name string) bool { return name == "lists_changed" })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("want -, got +: %s", diff)
		}
	})
}
