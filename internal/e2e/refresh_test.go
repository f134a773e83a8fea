package e2e

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"libration/internal/rpc"
	"libration/ntqq"
	"libration/ntqq/clock"
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
				if _, err := a.Messages().SendFriend(t.Context(), alice, say(fmt.Sprint(i))); err != nil {
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
				_, err := a.Groups().List(t.Context(), true)
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
		if _, err := a.Groups().List(t.Context(), true); err != nil {
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

// unstable breaks every connection of an account after three minutes, for a while.
func (s *service) unstable(a *account, while time.Duration) {
	for end := time.Now().Add(while); time.Now().Before(end); {
		time.Sleep(3 * time.Minute) // virtual
		s.DropConnections()
	}
	a.until(ntqq.Online)
}

// The pause after a refused refresh is the account's: neither a new connection nor a
// restart shortens it, whatever the clock of the machine becomes meanwhile.
func TestRefreshPauseOutlivesConnections(t *testing.T) {
	for _, fault := range []string{"refuse-easy-login:code=150022022", "close:on=easy-login", "ignore:on=key-exchange"} {
		for _, shift := range []time.Duration{0, tenYear, -tenYear} {
			t.Run(fmt.Sprint(fault, " ", shift), func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					s := startService(t, sandbox.Options{AutoApprove: bot})
					var ks ntqq.MemoryKeystore
					var wall atomic.Int64
					var tried atomic.Int32
					start := func() *account {
						return s.account(t, &ks, countCalls(&tried, rpc.KeyExchange), func(o *ntqq.Options) {
							o.RefreshAfter = 24 * time.Hour
							o.Clock = clock.New(func() time.Time { return time.Now().Add(time.Duration(wall.Load())) })
						})
					}
					a := start()
					a.until(ntqq.Online)
					s.fault(t, fault)
					time.Sleep(24*time.Hour - time.Minute)        // virtual
					for i, want := range []int32{1, 2, 2, 3, 3} { // at once, after an hour, two more and four more
						s.unstable(a, time.Hour)
						a.stop()
						wall.Store(int64(shift) * int64(i%2))
						a = start()
						a.until(ntqq.Online)
						if n := tried.Load(); n != want {
							t.Errorf("%d tries %d hours later, want %d", n, i+1, want)
						}
					}
					s.Faults().Clear()
					time.Sleep(4 * time.Hour) // virtual
					if k, _ := ks.Load(); time.Since(time.Unix(k.TicketTime, 0)) > 4*time.Hour || tried.Load() != 4 {
						t.Errorf("after %d tries the tickets are %v old", tried.Load(), time.Since(time.Unix(k.TicketTime, 0)))
					}
				})
			})
		}
	}
}

// Tickets whose date is not known, as some imported ones, grow old from the first time
// online, on a line on which no connection lives as long.
func TestTicketsOfUnknownAge(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, ks := loggedIn(t, sandbox.Options{})
		saved, _ := ks.Load()
		undated := *saved
		undated.TicketTime = 0
		var imported ntqq.MemoryKeystore
		a := s.account(t, &imported, func(o *ntqq.Options) { o.Initial, o.RefreshAfter = &undated, 121*time.Minute })
		a.until(ntqq.Online)
		s.unstable(a, 3*time.Hour)
		if k, _ := imported.Load(); k == nil || slices.Equal(k.D2, saved.D2) {
			t.Error("after three hours the tickets are the old ones")
		}
	})
}

// A refusal of A1 during a refresh costs A1, as any other time, and not the session.
func TestRefreshRefusedForGood(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, ks := loggedIn(t, sandbox.Options{})
		var tried atomic.Int32
		a := s.account(t, ks, countCalls(&tried, rpc.NTLoginEasyLogin), func(o *ntqq.Options) { o.RefreshAfter = time.Hour })
		a.until(ntqq.Online)
		s.ForgetTickets(bot)
		time.Sleep(48 * time.Hour) // virtual
		if st := a.State(); !st.Online() || st.OnlineCount != 1 || tried.Load() != 1 {
			t.Errorf("%s for the %d. time after %d tries, want online and one try", st.Stage, st.OnlineCount, tried.Load())
		}
		s.ExpireSessions(bot)
		a.onlineAgain(2)
		if a.passed(ntqq.StepEasyLogin) || !a.passed(ntqq.StepQR) {
			t.Errorf("steps %v, want a code at once", a.steps())
		}
	})
}
