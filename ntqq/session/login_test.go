package session

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"libration/internal/pb/loginpb"
	"libration/internal/rpc"
	"libration/internal/sessiontest"
	"libration/internal/wire"
)

// An answer that gives no A1 leaves the saved one, which is good as far as anybody
// knows. Without it nothing could be refreshed, and a person would have to log in.
func TestLoginAnswerWithoutA1(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service := sessiontest.New(t)
		service.Change = func(tickets *loginpb.NtTickets) { tickets.A1 = nil }
		s := run(t, service, Options{Initial: sessiontest.Keystore()})
		time.Sleep(90 * time.Minute) // virtual
		ks := s.keys()
		if string(ks.A1) != "a1" || string(ks.D2) != "new d2" {
			t.Errorf("after the refresh A1 is %q and D2 %q, want the saved and the new one", ks.A1, ks.D2)
		}
		if n := len(service.Logins()); n != 1 {
			t.Errorf("%d logins in an hour and a half, want 1", n)
		}
	})
}

// Tickets that make no session are no success.
func TestLoginAnswerWithoutSession(t *testing.T) {
	for name, change := range map[string]func(*loginpb.NtTickets){
		"no A2":     func(tickets *loginpb.NtTickets) { tickets.A2 = nil },
		"no D2":     func(tickets *loginpb.NtTickets) { tickets.D2 = nil },
		"short key": func(tickets *loginpb.NtTickets) { tickets.D2Key = tickets.D2Key[1:] },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				service := sessiontest.New(t)
				service.Change = change
				s := run(t, service, Options{Initial: sessiontest.Keystore()})
				time.Sleep(90 * time.Minute) // virtual
				if ks := s.keys(); string(ks.D2) != "d2" || len(service.Logins()) == 0 || !s.State().Online() {
					t.Errorf("after %d logins D2 is %q and the account %s, want the old session", len(service.Logins()), ks.D2, s.State().Stage)
				}
			})
		})
	}
}

// Every NT login forgets a cookie that the server refuses, a refresh too.
func TestRefusedCookieIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service := sessiontest.New(t)
		service.Refuse = func(_ string, l *wire.NTLogin) uint64 {
			if l.Head.GetCookie().GetContent() != "" {
				return codeInvalidCookie
			}
			return 0
		}
		s := run(t, service, Options{Initial: sessiontest.Keystore()})
		time.Sleep(4 * time.Hour) // virtual: a refresh that gets a cookie, and the next ones
		for i, l := range service.Logins() {
			if i > 0 && l.Head.GetCookie().GetContent() != "" && service.Logins()[i-1].Head.GetCookie().GetContent() != "" {
				t.Errorf("login %d sends the cookie that was refused", i+1)
			}
		}
		if n := len(service.Logins()); n < 3 || !s.State().Online() {
			t.Errorf("%d logins, the account is %s; want it online after 3", n, s.State().Stage)
		}
	})
}

// What the server says to the login after the verification of a device counts as if it
// had said it to the password.
func TestRefusalAfterVerification(t *testing.T) {
	for name, tt := range map[string]struct {
		code   uint64
		person bool // is needed
		again  int32
	}{
		"too often":      {codeTooOften, false, 0},
		"wrong password": {codeWrongPassword, true, 0},
		"used token":     {codeTicketIllegal, true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var sent atomic.Int32
				service := sessiontest.New(t)
				service.Refuse = func(command string, _ *wire.NTLogin) uint64 {
					if command == rpc.NTLoginPasswordLogin {
						sent.Add(1)
						return codeNewDevice
					}
					return tt.code
				}
				s := run(t, service, Options{UIN: 10001, PasswordMD5: PasswordMD5("secret")})
				time.Sleep(5 * time.Minute) // virtual
				if st := s.State(); sent.Load() != 1 || (st.Stage == NeedsLogin) != tt.person {
					t.Errorf("the password was sent %d times, then %s: %v", sent.Load(), st.Stage, st.Err)
				}
				s.Relogin()
				time.Sleep(time.Minute) // virtual
				if n := sent.Load() - 1; n != tt.again {
					t.Errorf("after Relogin it was sent %d times, want %d", n, tt.again)
				}
			})
		})
	}
}

// The code of a wrong answer has another meaning where no captcha was answered: a person
// must decide, and the password is sent once.
func TestStrictIsNoWrongCaptcha(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service := sessiontest.New(t)
		service.Refuse = func(string, *wire.NTLogin) uint64 { return codeWrongCaptcha }
		keys := sessiontest.Keystore()
		keys.A1, keys.D2 = nil, nil
		s := run(t, service, Options{Initial: keys, UIN: keys.UIN, PasswordMD5: PasswordMD5("x")})
		synctest.Wait()
		if st := s.State(); st.Stage != NeedsLogin || st.Prompt.Why != "" || len(service.Logins()) != 1 {
			t.Errorf("state %+v after %d logins, want NeedsLogin after one", st, len(service.Logins()))
		}
	})
}
