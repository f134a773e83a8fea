package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"libration/internal/rpc"
	"libration/ntqq"
	"libration/sandbox"
)

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
		first := a.prompted(ntqq.PromptCaptcha)
		second := a.answerWrong(t, first)
		if english, chinese := second.Prompt.Text(); second.Prompt.Why != ntqq.WhyWrongAnswer || second.Prompt.URL == first.Prompt.URL ||
			time.Until(second.Until) != 5*time.Minute || !strings.HasPrefix(english, "wrong answer") || !strings.HasPrefix(chinese, "验证码答案错误") {
			t.Errorf("state %+v, prompt %+v; want that the answer was wrong, and a new captcha", second, second.Prompt)
		}
		if err := a.Answer(s.solution(t, second)); err != nil {
			t.Fatal(err)
		}
		a.until(ntqq.Online)
		wantSteps(t, a, "probing", "connecting", "key_exchange", "password", "captcha", "password", "captcha", "password", "registering", "online")
	})
}

// answerWrong gives a wrong answer to the captcha of a state, and returns the next state
// with another prompt.
func (a *account) answerWrong(t *testing.T, st ntqq.State) ntqq.State {
	t.Helper()
	if err := a.Answer(ntqq.CaptchaAnswer{Ticket: "t03wrong", RandStr: "@abc"}); err != nil {
		t.Fatal(err)
	}
	return a.wait("another prompt", func(now ntqq.State) bool { return now.Prompt != nil && *now.Prompt != *st.Prompt })
}

// Three wrong answers end a login; the next one begins with a new captcha. The password
// is not sent on and on.
func TestThreeWrongCaptchas(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := withPassword(t)
		s.fault(t, "captcha")
		var sent atomic.Int32
		a := s.account(t, nil, s.usePassword(secret), countCalls(&sent, rpc.NTLoginPasswordLogin))
		st := a.prompted(ntqq.PromptCaptcha)
		for range 3 {
			st = a.answerWrong(t, st)
		}
		refusedWith(t, st, ntqq.StepPassword, 140022007)
		given, ok := errors.AsType[*ntqq.CaptchaError](st.Err)
		if !ok || given.Shown != 3 || given.Wrong != 3 || st.Prompt.Why != ntqq.WhyWrongAnswer {
			t.Errorf("error %v, prompt %+v; want a CaptchaError with three wrong answers", st.Err, st.Prompt)
		}
		time.Sleep(time.Hour) // virtual
		if n := sent.Load(); n != 6 {
			t.Errorf("the login was sent %d times, want 6: for each captcha, and with each answer", n)
		}
		a.Relogin()
		st = a.prompted(ntqq.PromptCaptcha)
		if st.Prompt.Why != "" {
			t.Errorf("the first captcha of a new login: %+v", st.Prompt)
		}
		if err := a.Answer(s.solution(t, st)); err != nil {
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
		if took := time.Since(began); took != 5*time.Minute || !errors.Is(st.Err, ntqq.ErrNeedsLogin) || !strings.Contains(st.Err.Error(), "captcha") ||
			st.Prompt.Why != ntqq.WhyNoAnswer {
			t.Errorf("after %v: %v, prompt %+v; want 5 min, and why", took, st.Err, st.Prompt)
		}
		if err := a.Answer(s.solution(t, asked)); !errors.Is(err, ntqq.ErrNoCaptcha) {
			t.Errorf("a late answer: %v, want ErrNoCaptcha", err)
		}
		a.Relogin()
		if err := a.Answer(s.solution(t, a.prompted(ntqq.PromptCaptcha))); err != nil {
			t.Fatal(err)
		}
		a.until(ntqq.Online)
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
		s.DropConnections()
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

// A person takes longer than a key exchange lives: what was solved or confirmed then is
// used under a new one, and nothing is asked twice.
func TestExchangeExpiresWhileAPersonIsAsked(t *testing.T) {
	short := func(o *sandbox.Options) { o.ExchangeLifetime = 30 * time.Second }
	approve := func(t *testing.T, s *service, _ *account) {
		if err := s.ApproveQR(s.PendingQR()[0].ID, bot); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		fault  string
		prompt ntqq.PromptKind
		login  string
		sent   int32 // by the command login
		help   func(*testing.T, *service, *account)
	}{
		{"captcha", ntqq.PromptCaptcha, rpc.NTLoginPasswordLogin, 2, func(t *testing.T, s *service, a *account) {
			if err := a.Answer(s.solution(t, a.State())); err != nil {
				t.Fatal(err)
			}
		}},
		{"new-device", ntqq.PromptNewDevice, rpc.NTLoginPasswordNewDevice, 1, approve},
		{"unusual-device", ntqq.PromptUnusualDevice, rpc.NTLoginEasyLoginUnusual, 1, approve},
	} {
		for _, after := range []time.Duration{0, 16 * time.Second, 29 * time.Second, 31 * time.Second, 110 * time.Second} {
			t.Run(fmt.Sprint(tt.fault, " ", after), func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					s := withPassword(t, short)
					ks := &ntqq.MemoryKeystore{}
					if tt.prompt == ntqq.PromptUnusualDevice {
						a := s.account(t, ks, s.usePassword(secret))
						a.until(ntqq.Online)
						a.stop()
						s.ExpireSessions(bot)
					}
					s.fault(t, tt.fault)
					var sent atomic.Int32
					a := s.account(t, ks, s.usePassword(secret), countCalls(&sent, tt.login))
					a.prompted(tt.prompt)
					time.Sleep(after) // virtual
					tt.help(t, s, a)
					a.until(ntqq.Online)
					asked := 0
					for _, step := range a.steps() {
						if step == string(tt.prompt) {
							asked++
						}
					}
					if n := sent.Load(); n != tt.sent || asked != 1 || slices.Contains(a.steps(), "reconnecting") && tt.prompt != ntqq.PromptUnusualDevice {
						t.Errorf("the login was sent %d times, want %d; steps %v", n, tt.sent, a.steps())
					}
				})
			})
		}
	}
}
