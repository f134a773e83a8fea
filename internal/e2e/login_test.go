package e2e

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"libration/ntqq"
	"libration/ntqq/message"
	"libration/sandbox"
	"libration/sandbox/fault"
)

const secret = "correct horse battery"

// withPassword is a service whose bot has a password, with its control API at
// controlAddress.
func withPassword(t *testing.T, change ...func(*sandbox.Options)) *service {
	t.Helper()
	o := sandbox.Options{Passwords: map[message.UIN]string{bot: secret}}
	for _, f := range change {
		f(&o)
	}
	s := startService(t, o)
	s.control = sandbox.NewMemoryListener()
	web := &http.Server{Handler: s.Handler(), ReadHeaderTimeout: time.Minute}
	run(t, func(ctx context.Context) error {
		go func() {
			<-ctx.Done()
			web.Close()
		}()
		if err := web.Serve(s.control); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	return s
}

const controlAddress = "127.0.0.1:7800"

// usePassword lets an account log in by password.
func (s *service) usePassword(password string) func(*ntqq.Options) {
	return func(o *ntqq.Options) {
		o.UIN, o.PasswordMD5 = bot, ntqq.PasswordMD5(password)
		o.Servers.NewDeviceURL = "http://" + controlAddress + "/v3/oidbinterface/oidb_0xc9e_8"
		o.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			if address == controlAddress {
				return s.control.DialContext(ctx, network, address)
			}
			return s.listener.DialContext(ctx, network, address)
		}
	}
}

func (s *service) fault(t *testing.T, text string) {
	t.Helper()
	f, err := fault.Parse(text)
	if err == nil {
		_, err = s.Faults().Add(f)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// prompted waits until a person is asked, and checks the texts.
func (a *account) prompted(kind ntqq.PromptKind) ntqq.State {
	a.t.Helper()
	st := a.wait(string(kind), func(st ntqq.State) bool { return st.Prompt != nil && st.Prompt.Kind == kind })
	if english, chinese := st.Prompt.Text(); english == "" || chinese == "" {
		a.t.Errorf("prompt %s has no text", kind)
	}
	return st
}

// count is how often a step was entered.
func (a *account) count(step ntqq.Step) int {
	synctest.Wait() // steps are noted after the state is there
	n := 0
	for _, name := range a.steps() {
		if name == string(step) {
			n++
		}
	}
	return n
}

func wantSteps(t *testing.T, a *account, want ...string) {
	t.Helper()
	synctest.Wait() // steps are noted after the state is there
	if got := a.steps(); !slices.Equal(got, want) {
		t.Errorf("steps %v, want %v", got, want)
	}
}

// refusedWith checks that the session waits for a person because of a login code.
func refusedWith(t *testing.T, st ntqq.State, step ntqq.Step, code uint64) {
	t.Helper()
	login, ok := errors.AsType[*ntqq.LoginError](st.Err)
	if !ok || login.Step != step || login.Code != code || !errors.Is(st.Err, ntqq.ErrNeedsLogin) ||
		st.Prompt == nil || st.Prompt.Kind != ntqq.PromptNeedsLogin {
		t.Errorf("state %+v, error %v; want a refusal of %s with code %d", st, st.Err, step, code)
	}
}

func TestUnusualDevice(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, ks := loggedIn(t, sandbox.Options{}, byHand)
		s.ExpireSessions(bot)
		s.fault(t, "unusual-device:count=1")
		a := s.account(t, ks)
		st := a.prompted(ntqq.PromptUnusualDevice)
		if st.Step != ntqq.StepUnusualDevice || st.QR != nil || time.Until(st.Until) <= 0 || !st.Prompt.Expires.Equal(st.Until) {
			t.Errorf("state %+v, want one with an end and without a code", st)
		}
		if err := s.ApproveQR(s.PendingQR()[0].ID, bot); err != nil {
			t.Fatal(err)
		}
		if st := a.until(ntqq.Online); st.Prompt != nil {
			t.Errorf("online with the prompt %+v", st.Prompt)
		}
		wantSteps(t, a, "probing", "connecting", "registering", "reconnecting", "probing", "connecting",
			"key_exchange", "easy_login", "unusual_device", "registering", "online")
	})
}

// The phone may be asked again after each time that the account was online.
func TestUnusualDeviceAgainAndAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, ks := loggedIn(t, sandbox.Options{}, byHand)
		a := s.account(t, ks)
		a.until(ntqq.Online)
		for i := range 5 {
			s.fault(t, "unusual-device:count=1")
			s.ExpireSessions(bot)
			a.prompted(ntqq.PromptUnusualDevice)
			if err := s.ApproveQR(s.PendingQR()[0].ID, bot); err != nil {
				t.Fatal(err)
			}
			a.onlineAgain(i + 2)
		}
	})
}

// The phone refuses: nobody asks again until a person wants it.
func TestUnusualDeviceRefused(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, ks := loggedIn(t, sandbox.Options{}, byHand)
		s.ExpireSessions(bot)
		s.UnusualDevice(bot, true)
		a := s.account(t, ks)
		a.prompted(ntqq.PromptUnusualDevice)
		if err := s.RejectQR(s.PendingQR()[0].ID); err != nil {
			t.Fatal(err)
		}
		if st := a.until(ntqq.NeedsLogin); st.Prompt.Why != ntqq.WhyDeclined {
			t.Errorf("prompt %+v, want that the phone declined", st.Prompt)
		}
		time.Sleep(time.Hour) // virtual
		if got := a.count(ntqq.StepUnusualDevice); got != 1 || a.State().Stage != ntqq.NeedsLogin {
			t.Errorf("asked %d times, state %s", got, a.State().Stage)
		}
		a.Relogin()
		a.prompted(ntqq.PromptUnusualDevice)
		if err := s.ApproveQR(s.PendingQR()[0].ID, bot); err != nil {
			t.Fatal(err)
		}
		a.until(ntqq.Online)
	})
}

// Nobody looks at the phone: it is asked three times, then a code is shown. The
// saved login stays, and is used when a person asks.
func TestUnusualDeviceNotConfirmed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, ks := loggedIn(t, sandbox.Options{}, byHand)
		s.ExpireSessions(bot)
		s.UnusualDevice(bot, true)
		a := s.account(t, ks)
		a.until(ntqq.NeedsLogin)
		if asked, shown := a.count(ntqq.StepUnusualDevice), a.passed(ntqq.StepQR); asked != 3 || !shown {
			t.Errorf("asked %d times, want 3; steps %v", asked, a.steps())
		}
		if k, _ := ks.Load(); len(k.A1) == 0 {
			t.Error("the saved login is gone")
		}
		a.Relogin()
		a.prompted(ntqq.PromptUnusualDevice)
	})
}

// Connections that break while the phone is asked do not make it ring for ever.
func TestUnusualDeviceConnectionBreaks(t *testing.T) {
	for name, fault := range map[string]string{
		"while waiting":        "close:on=qr,skip=1,count=1",
		"the request":          "close:on=qr,count=1",
		"before the login":     "close:on=unusual-login,count=1",
		"after the login":      "close-after:on=unusual-login,count=1",
		"no answer":            "ignore:on=unusual-login,count=1",
		"an answer in garbage": "corrupt:on=unusual-login,count=1",
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s, ks := loggedIn(t, sandbox.Options{})
				s.ExpireSessions(bot)
				s.UnusualDevice(bot, true)
				s.fault(t, fault)
				a := s.account(t, ks)
				a.until(ntqq.Online)
				if a.passed(ntqq.StepQR) {
					t.Errorf("steps %v: it cost the saved login", a.steps())
				}
			})
		})
	}
	t.Run("again and again", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			s, ks := loggedIn(t, sandbox.Options{}, byHand)
			s.ExpireSessions(bot)
			s.UnusualDevice(bot, true)
			s.fault(t, "close:on=qr,skip=1,count=3")
			a := s.account(t, ks)
			a.wait("a QR code", func(st ntqq.State) bool { return st.Step == ntqq.StepQR })
			if asked := a.count(ntqq.StepUnusualDevice); asked > 3 {
				t.Errorf("asked %d times, want at most 3", asked)
			}
		})
	})
}

// A keystore stays its account's, also while no number is configured: another one that
// scans the code would mix its messages with what is kept already.
func TestAnotherAccountScans(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{})
		a := s.account(t, nil)
		scan := func(uin message.UIN) {
			t.Helper()
			a.prompted(ntqq.PromptScan)
			if err := s.ApproveQR(s.PendingQR()[0].ID, uin); err != nil {
				t.Fatal(err)
			}
		}
		scan(bot)
		a.until(ntqq.Online)
		s.ForgetTickets(bot)
		s.ExpireSessions(bot)
		scan(alice)
		if err := a.until(ntqq.NeedsLogin).Err; !strings.Contains(err.Error(), "another account") {
			t.Errorf("got %v", err)
		}
		a.Relogin()
		scan(bot)
		a.until(ntqq.Online)
	})
}

// The owner of a keystore is its number, whatever else is missing in it.
func TestAnotherAccountScansForImportedSession(t *testing.T) {
	for name, change := range map[string]func(*ntqq.Keystore){
		"undated":        func(k *ntqq.Keystore) { k.TicketTime = 0 },
		"without A1":     func(k *ntqq.Keystore) { k.TicketTime, k.A1 = 0, nil },
		"only a number":  func(k *ntqq.Keystore) { *k = ntqq.Keystore{UIN: k.UIN, Device: k.Device} },
		"number of none": func(k *ntqq.Keystore) { *k = ntqq.Keystore{UIN: 99, Device: k.Device} },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s, ks := loggedIn(t, sandbox.Options{}, byHand)
				s.ForgetTickets(bot)
				s.ExpireSessions(bot)
				saved, _ := ks.Load()
				begin := *saved
				change(&begin)
				a := s.account(t, nil, func(o *ntqq.Options) { o.Initial = &begin })
				a.prompted(ntqq.PromptScan)
				if err := s.ApproveQR(s.PendingQR()[0].ID, alice); err != nil {
					t.Fatal(err)
				}
				if err := a.until(ntqq.NeedsLogin).Err; !strings.Contains(err.Error(), "another account") {
					t.Errorf("got %v", err)
				}
				if self := a.Self(); self.UIN != begin.UIN {
					t.Errorf("the keystore is now of %d", self.UIN)
				}
			})
		})
	}
}

// A scan that led to no login makes nobody the owner.
func TestAnotherAccountScansAfterFailedLogin(t *testing.T) {
	for _, fault := range []string{"close:on=login,count=1", "mute:on=login,count=1", "code:on=login,count=1"} {
		t.Run(fault, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := startService(t, sandbox.Options{})
				s.fault(t, fault)
				a := s.account(t, nil)
				scan := func(uin message.UIN) {
					t.Helper()
					a.prompted(ntqq.PromptScan)
					if err := s.ApproveQR(s.PendingQR()[0].ID, uin); err != nil {
						t.Fatal(err)
					}
				}
				scan(bot)
				a.until(ntqq.Reconnecting)
				scan(alice)
				a.until(ntqq.Online)
				if self := a.Self(); self.UIN != alice {
					t.Errorf("logged in is %d, want %d", self.UIN, alice)
				}
			})
		})
	}
}

// Relogin of an account that needs no login is no wish for later: the pause after the
// next broken connection is as long as any.
func TestReloginWhileOnline(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{AutoApprove: bot})
		a := s.account(t, nil, func(o *ntqq.Options) { o.Timing.RetryFirst = time.Minute })
		a.until(ntqq.Online)
		a.Relogin()
		time.Sleep(time.Hour) // virtual
		s.DropConnections()
		st := a.until(ntqq.Reconnecting)
		a.onlineAgain(2)
		if time.Now().Before(st.Until) {
			t.Errorf("online again after %v, want a pause of %v", time.Since(st.Since), st.Until.Sub(st.Since))
		}
	})
}
