package e2e

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"libration/ntqq"
	"libration/ntqq/event"
	"libration/sandbox"
	"libration/sandbox/world"
)

// A handler that takes long makes the server wait. It costs neither the session
// nor a message: heartbeats whose answers wait behind messages are not missed ones.
func TestSlowHandlerKeepsTheSession(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, ks := loggedIn(t, sandbox.Options{})
		release := make(chan struct{})
		var got []string
		var mu sync.Mutex
		b := s.account(t, ks, func(o *ntqq.Options) {
			o.Handler = func(e event.Event) {
				<-release
				if m, ok := e.(*event.Message); ok {
					mu.Lock()
					got = append(got, text(m.Message))
					mu.Unlock()
				}
			}
		})
		b.until(ntqq.Online)
		var want []string
		for i := range 9000 {
			text := fmt.Sprint("message ", i)
			want = append(want, text)
			s.World().Messages().Send(world.Send{From: alice, Group: group, Parts: world.Text(text)}, nil)
			if i%100 == 0 {
				synctest.Wait()
			}
		}
		time.Sleep(10 * time.Minute) // virtual
		if st := b.State(); !st.Online() || st.OnlineCount != 1 {
			t.Errorf("state %+v, want online without interruption", st)
		}
		close(release)
		time.Sleep(time.Second) // virtual: what is at the beginning of a chat is asked about
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		if !slices.Equal(got, want) {
			t.Errorf("got %d messages, want %d in order", len(got), len(want))
		}
	})
}
