package e2e

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"libration/internal/rpc"
	"libration/ntqq"
	"libration/sandbox"
)

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
		if _, err := a.Groups().List(t.Context(), true); err != nil {
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
		s.ExpireSessions(bot)
		a.onlineAgain(2)
		if a.count(ntqq.StepPassword) != 1 || !a.passed(ntqq.StepEasyLogin) {
			t.Errorf("steps %v, want an easy login", a.steps())
		}
		s.ForgetTickets(bot)
		s.ExpireSessions(bot)
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

// Answers that are lost: the password is sent three times, then codes are shown for ten
// minutes, and so on, until it works. Nobody has to do anything.
func TestPasswordTriesAreBounded(t *testing.T) {
	for name, fault := range map[string]string{
		"closed": "close:on=password", "no answer": "ignore:on=password", "a server code": "code:on=password,code=-3",
	} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && name != "closed" {
				t.Skip("half an hour of codes takes the race detector half a minute")
			}
			bubble(t, func(t *testing.T) {
				s := withPassword(t)
				s.fault(t, fault)
				a := s.account(t, nil, s.usePassword(secret))
				a.prompted(ntqq.PromptScan)
				for i, want := range []int{3, 6, 9} { // after 5, 15 and 25 minutes
					time.Sleep(time.Duration(5+min(i, 1)*5) * time.Minute) // virtual
					if n := a.count(ntqq.StepPassword); n != want || slices.Contains(a.steps(), string(ntqq.NeedsLogin)) {
						t.Errorf("sent %d times, want %d; steps %v", n, want, a.steps())
					}
				}
				s.Faults().Clear()
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
			for _, text := range []string{password, hex.EncodeToString(sum[:]), fmt.Sprint(sum), string(sum[:]), answer.Ticket} {
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
