package e2e

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"libration/internal/rpc"
	"libration/ntqq"
	"libration/sandbox"
)

// An account without a session whose login is refused as one too many waits: 10 minutes,
// 20, 40, then an hour each time. Neither broken lines nor restarts shorten it, and no
// other way to log in is taken meanwhile. A person may try at once.
func TestLoginRefusedTooOften(t *testing.T) {
	for _, code := range []int{150022022, 150022023} {
		for _, restart := range []int{1000, 9} { // minutes
			t.Run(fmt.Sprintf("%d restarted every %d minutes", code, restart), func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					s, ks := loggedIn(t, sandbox.Options{})
					withoutSession(t, ks)
					s.fault(t, fmt.Sprint("refuse-easy-login:code=", code))
					var sent atomic.Int32
					start := func() *account {
						return s.account(t, ks, countCalls(&sent, rpc.NTLoginEasyLogin), func(o *ntqq.Options) {
							o.UIN, o.PasswordMD5 = bot, ntqq.PasswordMD5("secret")
						})
					}
					a := start()
					var at []int                 // minutes
					time.Sleep(30 * time.Second) // virtual
					for minute := range 4 * 60 {
						for len(at) < int(sent.Load()) {
							at = append(at, minute)
						}
						if st := a.State(); st.Stage != ntqq.Reconnecting || st.Err == nil || time.Until(st.Until) > time.Hour {
							t.Fatalf("after %d minutes the account is %+v, want it to wait for an hour at most", minute, st)
						}
						if minute%restart == restart-1 {
							a.stop()
							a = start()
						}
						time.Sleep(time.Minute) // virtual
					}
					if want := []int{0, 10, 30, 70, 130, 190}; !slices.Equal(at, want) {
						t.Errorf("%d logins, in the minutes %v; want %v", sent.Load(), at[:min(len(at), 20)], want)
					}
					if a.passed(ntqq.StepPassword) || a.passed(ntqq.StepQR) {
						t.Errorf("steps %v, want no other way to log in", a.steps())
					}
					n := sent.Load()
					a.Relogin()
					time.Sleep(time.Minute) // virtual
					if sent.Load() != n+1 || time.Until(a.State().Until) < 58*time.Minute {
						t.Errorf("%d logins after Relogin, then %v, want one and another hour", sent.Load()-n, time.Until(a.State().Until))
					}
					s.Faults().Clear()
					a.Relogin()
					a.until(ntqq.Online)
					withoutSession(t, ks)
					s.ExpireSessions(bot)
					a.onlineAgain(2) // within the hour that the test waits, at once
				})
			})
		}
	}
}

// A refusal in a refresh, as one login too many, counts when the session ends. Another
// failure of a refresh does not keep an account offline.
func TestSessionEndsAfterRefreshInVain(t *testing.T) {
	for fault, want := range map[string]time.Duration{
		"refuse-easy-login:code=150022022": 8 * time.Minute,
		"refuse-easy-login:code=140022002": 0,
		"close:on=easy-login":              0,
	} {
		t.Run(fault, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s, ks := loggedIn(t, sandbox.Options{})
				a := s.account(t, ks, func(o *ntqq.Options) { o.RefreshAfter = time.Hour })
				a.until(ntqq.Online)
				s.fault(t, fault)
				time.Sleep(62 * time.Minute) // virtual
				s.Faults().Clear()
				ended, n := time.Now(), a.until(ntqq.Online).OnlineCount
				s.ExpireSessions(bot)
				s.DropConnections()
				a.onlineAgain(n + 1)
				if took := time.Since(ended); took < want-time.Minute || took > want+time.Minute {
					t.Errorf("online again after %v, want about %v", took, want)
				}
			})
		})
	}
}

// withoutSession leaves a saved account its A1.
func withoutSession(t *testing.T, ks *ntqq.MemoryKeystore) {
	t.Helper()
	saved, err := ks.Load()
	if err != nil {
		t.Fatal(err)
	}
	left := *saved
	onlyA1(&left)
	if err := ks.Save(&left); err != nil {
		t.Fatal(err)
	}
}
