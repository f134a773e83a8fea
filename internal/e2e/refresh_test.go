package e2e

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"libration/internal/rpc"
	"libration/ntqq"
	"libration/ntqq/message"
	"libration/sandbox"
)

// The service ends sessions after 16 days here; the account stays online all the
// time, and messages come and go at any moment.
func TestRefreshOverFortyDays(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{AutoApprove: bot, SessionLifetime: 16 * 24 * time.Hour})
		ks := &ntqq.MemoryKeystore{}
		a := s.account(t, ks)
		a.until(ntqq.Online)
		synctest.Wait()
		before, _ := ks.Load()
		var want []string
		for i := range 40 * 24 {
			time.Sleep(time.Hour) // virtual
			s.says(t, alice, false, fmt.Sprint(i))
			want = append(want, fmt.Sprint(i))
			if i%24 == 0 {
				if _, err := a.SendFriend(t.Context(), alice, say(fmt.Sprint(i))); err != nil {
					t.Errorf("hour %d: %v", i, err)
				}
			}
		}
		synctest.Wait()
		a.hears(message.Group, want...)
		if st := a.State(); !st.Online() || st.OnlineCount != 1 || a.Stats().PacketsDropped != 0 {
			t.Errorf("after forty days: %+v, %d packets dropped", st, a.Stats().PacketsDropped)
		}
		after, _ := ks.Load()
		if age := time.Since(time.Unix(after.TicketTime, 0)); age > 15*24*time.Hour || slices.Equal(before.D2, after.D2) {
			t.Errorf("the tickets are %v old", age)
		}
	})
}

// Requests at the moment of the refresh, and messages between the new tickets and
// their registration.
func TestTrafficDuringRefresh(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{AutoApprove: bot})
		a := s.account(t, nil, func(o *ntqq.Options) { o.RefreshAfter = time.Hour })
		a.until(ntqq.Online)
		synctest.Wait()
		ks := a.Self()
		s.Faults().Mute(rpc.InfoSync.Name, true) // the registration of the new session hangs
		time.Sleep(time.Hour)                    // virtual
		done := make(chan error, 20)
		for range cap(done) {
			go func() {
				_, err := a.Groups(t.Context(), true)
				done <- err
			}()
		}
		for i := range 3 {
			s.says(t, alice, false, fmt.Sprint(i))
		}
		for range cap(done) {
			if err := <-done; err != nil {
				t.Errorf("call during the refresh: %v", err)
			}
		}
		synctest.Wait()
		a.hears(message.Group, "0", "1", "2")
		s.Faults().Mute(rpc.InfoSync.Name, false)
		a.onlineAgain(2) // a registration without an answer ends the connection
		if a.Self() != ks || a.passed(ntqq.StepEasyLogin) {
			t.Errorf("steps %v, want no login", a.steps())
		}
	})
}

// A refresh that fails leaves the old session alone, and comes later.
func TestRefreshFails(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{AutoApprove: bot})
		ks := &ntqq.MemoryKeystore{}
		a := s.account(t, ks, func(o *ntqq.Options) { o.RefreshAfter = 24 * time.Hour })
		a.until(ntqq.Online)
		before, _ := ks.Load()
		s.Faults().RefuseKeyExchange(2)
		time.Sleep(26 * time.Hour) // virtual
		if now, _ := ks.Load(); !slices.Equal(now.D2, before.D2) {
			t.Error("the tickets changed")
		}
		if _, err := a.Groups(t.Context(), true); err != nil {
			t.Errorf("the old session: %v", err)
		}
		time.Sleep(2 * time.Hour) // virtual
		if now, _ := ks.Load(); slices.Equal(now.D2, before.D2) {
			t.Error("not tried again")
		}
		if st := a.State(); st.OnlineCount != 1 {
			t.Errorf("online %d times, want 1", st.OnlineCount)
		}
	})
}
