package e2e

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"libration/ntqq"
	"libration/ntqq/event"
	"libration/ntqq/message"
	"libration/sandbox"
)

// TestSendLimit floods a group: what is sent arrives in order and at the limit's
// pace, what is refused is not there, and a friend does not wait for the group.
func TestSendLimit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{AutoApprove: bot})
		a := s.account(t, nil, func(o *ntqq.Options) {
			o.SendLimit = ntqq.SendLimit{
				Account: ntqq.SendRate{PerMinute: 600, Burst: 20}, Chat: ntqq.SendRate{PerMinute: 120, Burst: 5}, MaxWait: 5 * time.Second,
			}
		})
		a.until(ntqq.Online)
		began := time.Now()
		var (
			all     sync.WaitGroup
			mu      sync.Mutex // guards the next two
			took    []time.Duration
			refused int
		)
		for i := range 20 {
			all.Go(func() {
				_, err := a.Messages().SendGroup(t.Context(), group, say(fmt.Sprint(i)))
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					took = append(took, time.Since(began))
				case errors.Is(err, ntqq.ErrRateLimited) && time.Since(began) == 0:
					refused++
				default:
					t.Errorf("message %d: %v after %v", i, err, time.Since(began))
				}
			})
			synctest.Wait()
		}
		if _, err := a.Messages().SendFriend(t.Context(), alice, say("quick")); err != nil || time.Since(began) > 0 {
			t.Errorf("to a friend: %v after %v", err, time.Since(began))
		}
		if st := a.Stats(); st.SendsWaiting != 10 || st.SendsRefused != 5 {
			t.Errorf("got %+v, want 10 waiting and 5 refused", st)
		}
		all.Wait()
		if len(took) != 15 || refused != 5 || took[4] > 0 || took[5] != 500*time.Millisecond || took[14] != 5*time.Second {
			t.Errorf("sent after %v, %d refused", took, refused)
		}
		synctest.Wait()
		var said []string
		for _, m := range eventsOf[*event.Message](a) {
			if m.Self && m.Chat.Kind == message.Group {
				said = append(said, text(m.Message))
			}
		}
		if want := "[0 1 2 3 4 5 6 7 8 9 10 11 12 13 14]"; fmt.Sprint(said) != want {
			t.Errorf("the group has %v, want %s", said, want)
		}

		// Who is offline learns so at once.
		for range 5 {
			if _, err := a.Messages().SendGroup(t.Context(), group, say("x")); err != nil {
				t.Fatal(err)
			}
		}
		s.Kick(bot, "", "")
		a.until(ntqq.Kicked)
		began = time.Now()
		if _, err := a.Messages().SendGroup(t.Context(), group, say("x")); !errors.Is(err, ntqq.ErrOffline) || time.Since(began) > 0 {
			t.Errorf("offline: %v after %v, want ErrOffline at once", err, time.Since(began))
		}
	})
}
