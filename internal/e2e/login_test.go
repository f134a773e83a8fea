package e2e

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"libration/internal/rpc"
	"libration/ntqq"
	"libration/ntqq/message"
	"libration/sandbox"
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
	f, err := sandbox.ParseFault(text)
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
		s.Faults().ExpireSessions(bot)
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

// The phone refuses: nobody asks again until a person wants it.
func TestUnusualDeviceRefused(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, ks := loggedIn(t, sandbox.Options{}, byHand)
		s.Faults().ExpireSessions(bot)
		s.Faults().UnusualDevice(bot, true)
		a := s.account(t, ks)
		a.prompted(ntqq.PromptUnusualDevice)
		if err := s.RejectQR(s.PendingQR()[0].ID); err != nil {
			t.Fatal(err)
		}
		a.until(ntqq.NeedsLogin)
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
		s.Faults().ExpireSessions(bot)
		s.Faults().UnusualDevice(bot, true)
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
				s.Faults().ExpireSessions(bot)
				s.Faults().UnusualDevice(bot, true)
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
			s.Faults().ExpireSessions(bot)
			s.Faults().UnusualDevice(bot, true)
			s.fault(t, "close:on=qr,skip=1,count=3")
			a := s.account(t, ks)
			a.wait("a QR code", func(st ntqq.State) bool { return st.Step == ntqq.StepQR })
			if asked := a.count(ntqq.StepUnusualDevice); asked > 3 {
				t.Errorf("asked %d times, want at most 3", asked)
			}
		})
	})
}

func TestPasswordLogin(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := withPassword(t)
		ks := &ntqq.MemoryKeystore{}
		a := s.account(t, ks, s.usePassword(secret))
		a.until(ntqq.Online)
		wantSteps(t, a, "probing", "connecting", "key_exchange", "password", "registering", "online")
		if self := a.Self(); self.UIN != bot || self.UID == "" || self.Nickname == "" {
			t.Errorf("self is %+v", self)
		}
		if _, err := a.Groups(t.Context(), true); err != nil {
			t.Error(err)
		}
		a.stop()
		a = s.account(t, ks, s.usePassword("no longer needed"))
		a.until(ntqq.Online)
		wantSteps(t, a, "probing", "connecting", "registering", "online")
	})
}

// The saved login goes first, the password before the QR code.
func TestPasswordAfterRefusedA1(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := withPassword(t)
		ks := &ntqq.MemoryKeystore{}
		a := s.account(t, ks, s.usePassword(secret))
		a.until(ntqq.Online)
		s.Faults().ExpireSessions(bot)
		a.onlineAgain(2)
		if a.count(ntqq.StepPassword) != 1 || !a.passed(ntqq.StepEasyLogin) {
			t.Errorf("steps %v, want an easy login", a.steps())
		}
		s.Faults().ForgetTickets(bot)
		s.Faults().ExpireSessions(bot)
		a.onlineAgain(3)
		if a.count(ntqq.StepPassword) != 2 || a.passed(ntqq.StepQR) {
			t.Errorf("steps %v, want the password and no code", a.steps())
		}
	})
}

// A wrong password is sent once. When a person asks for a login, a code is shown.
func TestWrongPassword(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := withPassword(t)
		a := s.account(t, nil, s.usePassword("wrong"))
		refusedWith(t, a.until(ntqq.NeedsLogin), ntqq.StepPassword, 140022013)
		time.Sleep(24 * time.Hour) // virtual
		a.Relogin()
		a.prompted(ntqq.PromptScan)
		if n := a.count(ntqq.StepPassword); n != 1 {
			t.Errorf("sent %d times, want once", n)
		}
	})
}

// An account that cannot log in by password gets a code at once.
func TestPasswordLoginNotAllowed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := withPassword(t, func(o *sandbox.Options) { o.Passwords = nil })
		a := s.account(t, nil, s.usePassword(secret))
		a.prompted(ntqq.PromptScan)
		wantSteps(t, a, "probing", "connecting", "key_exchange", "password", "qr")
	})
}

// Answers that are lost: the password is sent three times, then a code is shown for a
// while; later it is tried again when a person asks.
func TestPasswordTriesAreBounded(t *testing.T) {
	for name, fault := range map[string]string{
		"closed": "close:on=password", "no answer": "ignore:on=password", "a server code": "code:on=password,code=-3",
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := withPassword(t)
				s.fault(t, fault)
				a := s.account(t, nil, s.usePassword(secret))
				a.until(ntqq.NeedsLogin)
				if n := a.count(ntqq.StepPassword); n != 3 {
					t.Errorf("sent %d times, want 3; steps %v", n, a.steps())
				}
				s.Faults().Clear()
				a.Relogin()
				a.until(ntqq.Online)
			})
		})
	}
}

// A signer that is down is no try: nothing was sent.
func TestPasswordWithoutSigner(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := withPassword(t)
		var down atomic.Int32
		down.Store(20)
		a := s.account(t, nil, s.usePassword(secret), func(o *ntqq.Options) {
			o.Signer = signerFunc(func(r *ntqq.SignRequest) error {
				if r.Command == rpc.NTLoginPasswordLogin && down.Add(-1) >= 0 {
					return ntqq.ErrSign
				}
				return nil
			})
		})
		a.until(ntqq.Online)
		if a.passed(ntqq.StepQR) || down.Load() > 0 {
			t.Errorf("steps %v, want the password after %d more failures", a.steps(), down.Load())
		}
	})
}

// signerFunc signs with nothing, or fails.
type signerFunc func(*ntqq.SignRequest) error

func (f signerFunc) Sign(_ context.Context, r *ntqq.SignRequest) (*ntqq.Signature, error) {
	return &ntqq.Signature{}, f(r)
}

// A session that is refused right after each password login does not become a loop
// of password logins.
func TestPasswordIsNoLoop(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := withPassword(t)
		s.fault(t, "refuse-register")
		a := s.account(t, nil, s.usePassword(secret))
		began := time.Now()
		a.prompted(ntqq.PromptScan)
		if n := a.count(ntqq.StepPassword); n != 3 || time.Since(began) > time.Minute {
			t.Errorf("sent %d times in %v, want 3 in a few seconds", n, time.Since(began))
		}
	})
}

// solution is that of the captcha the account asks for, or asked for last.
func (s *service) solution(t *testing.T, st ntqq.State) ntqq.CaptchaAnswer {
	t.Helper()
	for _, c := range s.Captchas() {
		if c.URL == st.Prompt.URL {
			return ntqq.CaptchaAnswer{Ticket: c.Ticket, RandStr: c.RandStr}
		}
	}
	t.Fatalf("no captcha %s in %+v", st.Prompt.URL, s.Captchas())
	return ntqq.CaptchaAnswer{}
}

func TestCaptcha(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := withPassword(t)
		s.fault(t, "captcha")
		a := s.account(t, nil, s.usePassword(secret))
		st := a.prompted(ntqq.PromptCaptcha)
		if st.Step != ntqq.StepCaptcha || st.Prompt.URL != s.Captchas()[0].URL || time.Until(st.Until) <= 0 {
			t.Errorf("state %+v, want the address and an end", st)
		}
		answer := s.solution(t, st)
		if err := a.Answer(ntqq.CaptchaAnswer{Ticket: answer.Ticket}); err == nil || errors.Is(err, ntqq.ErrNoCaptcha) {
			t.Errorf("half an answer: %v", err)
		}
		if err := a.Answer(answer); err != nil {
			t.Fatal(err)
		}
		if err := a.Answer(answer); !errors.Is(err, ntqq.ErrNoCaptcha) {
			t.Errorf("a second answer: %v, want ErrNoCaptcha", err)
		}
		a.until(ntqq.Online)
		if err := a.Answer(answer); !errors.Is(err, ntqq.ErrNoCaptcha) {
			t.Errorf("an answer that nobody asked for: %v, want ErrNoCaptcha", err)
		}
		wantSteps(t, a, "probing", "connecting", "key_exchange", "password", "captcha", "password", "registering", "online")
	})
}

func TestWrongCaptcha(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := withPassword(t)
		s.fault(t, "captcha")
		a := s.account(t, nil, s.usePassword(secret))
		a.prompted(ntqq.PromptCaptcha)
		if err := a.Answer(ntqq.CaptchaAnswer{Ticket: "t03wrong", RandStr: "@abc"}); err != nil {
			t.Fatal(err)
		}
		refusedWith(t, a.until(ntqq.NeedsLogin), ntqq.StepPassword, 140022007)
		a.Relogin() // another captcha
		if err := a.Answer(s.solution(t, a.prompted(ntqq.PromptCaptcha))); err != nil {
			t.Fatal(err)
		}
		a.until(ntqq.Online)
	})
}

func TestCaptchaNotSolved(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := withPassword(t)
		s.fault(t, "captcha")
		a := s.account(t, nil, s.usePassword(secret))
		asked := a.prompted(ntqq.PromptCaptcha)
		began := time.Now()
		st := a.until(ntqq.NeedsLogin)
		if took := time.Since(began); took != 5*time.Minute || !errors.Is(st.Err, ntqq.ErrNeedsLogin) || !strings.Contains(st.Err.Error(), "captcha") {
			t.Errorf("after %v: %v; want 5 min, and why", took, st.Err)
		}
		if err := a.Answer(s.solution(t, asked)); !errors.Is(err, ntqq.ErrNoCaptcha) {
			t.Errorf("a late answer: %v, want ErrNoCaptcha", err)
		}
	})
}

// The connection breaks while the captcha waits: the next one asks anew, and the
// answer to the old captcha has nobody to go to.
func TestCaptchaConnectionBreaks(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := withPassword(t)
		s.fault(t, "captcha")
		a := s.account(t, nil, s.usePassword(secret))
		asked := a.prompted(ntqq.PromptCaptcha)
		s.Faults().DropConnections()
		a.wait("the end", func(st ntqq.State) bool { return st.Stage == ntqq.Reconnecting })
		if err := a.Answer(s.solution(t, asked)); !errors.Is(err, ntqq.ErrNoCaptcha) {
			t.Errorf("an answer while reconnecting: %v, want ErrNoCaptcha", err)
		}
		if err := a.Answer(s.solution(t, a.prompted(ntqq.PromptCaptcha))); err != nil {
			t.Fatal(err)
		}
		a.until(ntqq.Online)
	})
}

func TestNewDevice(t *testing.T) {
	for name, faults := range map[string][]string{
		"alone": nil, "after a captcha": {"captcha:count=1"},
		"a new code": nil,
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := withPassword(t)
				for _, f := range append(faults, "new-device") {
					s.fault(t, f)
				}
				a := s.account(t, nil, s.usePassword(secret))
				if faults != nil {
					if err := a.Answer(s.solution(t, a.prompted(ntqq.PromptCaptcha))); err != nil {
						t.Fatal(err)
					}
				}
				st := a.prompted(ntqq.PromptNewDevice)
				if st.Step != ntqq.StepNewDevice || st.QR == nil || st.QR.URL == "" || time.Until(st.QR.Expires) <= 0 {
					t.Errorf("state %+v, want a code", st)
				}
				if name == "a new code" {
					a.wait(name, func(now ntqq.State) bool { return now.QR != nil && now.QR.URL != st.QR.URL })
				}
				pending := s.PendingQR()
				if err := s.ApproveQR(pending[len(pending)-1].ID, bot); err != nil {
					t.Fatal(err)
				}
				a.until(ntqq.Online)
				if a.passed(ntqq.StepQR) || a.Self().UID == "" {
					t.Errorf("steps %v, self %+v", a.steps(), a.Self())
				}
			})
		})
	}
}

func TestNewDeviceNotVerified(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := withPassword(t)
		s.fault(t, "new-device")
		a := s.account(t, nil, s.usePassword(secret))
		a.prompted(ntqq.PromptNewDevice)
		if err := s.RejectQR(s.PendingQR()[0].ID); err != nil { // which the client cannot see
			t.Fatal(err)
		}
		st := a.until(ntqq.NeedsLogin)
		if !strings.Contains(st.Err.Error(), "new device not verified") {
			t.Errorf("got %v", st.Err)
		}
		if n := a.count(ntqq.StepPassword); n != 1 {
			t.Errorf("the password was sent %d times, want once", n)
		}
	})
}

// The service that verifies devices is not there, or not known.
func TestNewDeviceWithoutService(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := withPassword(t)
		s.fault(t, "new-device")
		a := s.account(t, nil, s.usePassword(secret), func(o *ntqq.Options) { o.Servers.NewDeviceURL = "" })
		if st := a.until(ntqq.NeedsLogin); !strings.Contains(st.Err.Error(), "NewDeviceURL") {
			t.Errorf("got %v, want what is missing", st.Err)
		}
		a.stop()
		gone := func(o *ntqq.Options) {
			dial := o.Dial
			o.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
				if address == controlAddress {
					return nil, errors.New("nobody there")
				}
				return dial(ctx, network, address)
			}
		}
		a = s.account(t, nil, s.usePassword(secret), gone)
		a.prompted(ntqq.PromptScan)
		if n := a.count(ntqq.StepPassword); n != 3 {
			t.Errorf("the password was sent %d times, want 3", n)
		}
	})
}

// The connection breaks at each step of a password login with everything in it.
func TestPasswordLoginConnectionBreaks(t *testing.T) {
	newDevice := rpc.NTLoginPasswordNewDevice
	for _, fault := range []string{
		"close:on=key-exchange,count=1", "close-after:on=key-exchange,count=1",
		"close:on=password,count=1", "close-after:on=password,count=1", "ignore:on=password,count=1", "corrupt:on=password,count=1",
		"cut-frame:on=password,count=1",
		"close:on=" + newDevice + ",count=1", "close-after:on=" + newDevice + ",count=1", "ignore:on=" + newDevice + ",count=1",
		"close:on=alive,count=1", // while the code waits
		"close:on=register,count=1",
	} {
		t.Run(fault, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := withPassword(t)
				s.fault(t, "new-device")
				s.fault(t, fault)
				a := s.account(t, nil, s.usePassword(secret))
				for a.State().Stage != ntqq.Online {
					st := a.wait("a code or the end", func(st ntqq.State) bool {
						return st.Online() || st.Prompt != nil && st.Prompt.Kind == ntqq.PromptNewDevice
					})
					if st.Online() {
						break
					}
					time.Sleep(15 * time.Second) // virtual: a heartbeat passes
					if pending := s.PendingQR(); len(pending) > 0 && a.State().Step == ntqq.StepNewDevice {
						if err := s.ApproveQR(pending[len(pending)-1].ID, bot); err != nil {
							t.Fatal(err)
						}
					}
					a.wait("the next step", func(now ntqq.State) bool { return now.Since != st.Since })
				}
				if a.passed(ntqq.StepQR) {
					t.Errorf("steps %v", a.steps())
				}
			})
		})
	}
}

// Neither the password nor what is made of it is logged or saved.
func TestPasswordStaysSecret(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for _, password := range []string{secret, "Wr0ng-and-recognizable"} {
			var log bytes.Buffer
			s := withPassword(t)
			s.fault(t, "captcha:count=1")
			s.fault(t, "new-device")
			ks := ntqq.FileKeystore(t.TempDir() + "/keystore.json")
			a := s.account(t, ks, s.usePassword(password), func(o *ntqq.Options) {
				o.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug - 4}))
			})
			answer := s.solution(t, a.prompted(ntqq.PromptCaptcha))
			if err := a.Answer(answer); err != nil {
				t.Fatal(err)
			}
			if password == secret {
				a.prompted(ntqq.PromptNewDevice)
				if err := s.ApproveQR(s.PendingQR()[0].ID, bot); err != nil {
					t.Fatal(err)
				}
				a.until(ntqq.Online)
			} else {
				a.until(ntqq.NeedsLogin)
			}
			a.stop()
			if !strings.Contains(log.String(), "captcha") {
				t.Error("the log tells nothing")
			}
			saved, err := ks.Load()
			if err != nil {
				t.Fatal(err)
			}
			sum := md5.Sum([]byte(password))
			for _, text := range []string{password, hex.EncodeToString(sum[:]), fmt.Sprint(sum), fmt.Sprint(sum[:]), answer.Ticket} {
				if strings.Contains(strings.ToLower(log.String()), strings.ToLower(text)) {
					t.Errorf("the log has %q:\n%s", text, log.String())
				}
				if saved != nil && strings.Contains(fmt.Sprintf("%+v %s", *saved, saved.A1), text) {
					t.Errorf("the keystore has %q", text)
				}
			}
		}
	})
}
