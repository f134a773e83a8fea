package e2e

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"libration/internal/rpc"
	"libration/ntqq"
	"libration/sandbox"
)

func TestQRLogin(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{})
		ks := &ntqq.MemoryKeystore{}
		a := s.account(t, ks)
		st := a.wait("a QR code", func(st ntqq.State) bool { return st.QR != nil })
		if st.QR.URL == "" || len(st.QR.PNG) == 0 || time.Until(st.QR.Expires) <= 0 {
			t.Errorf("unusable code: %+v", st.QR)
		}
		pending := s.PendingQR()
		if len(pending) != 1 {
			t.Fatalf("%d codes pending, want 1", len(pending))
		}
		if err := s.ScanQR(pending[0].ID, bot); err != nil {
			t.Fatal(err)
		}
		a.wait("scanned", func(st ntqq.State) bool { return st.QR != nil && st.QR.Scanned })
		if err := s.ApproveQR(pending[0].ID, bot); err != nil {
			t.Fatal(err)
		}
		a.until(ntqq.Online)
		want := []string{"probing", "connecting", "qr", "wtlogin", "registering", "online"}
		if got := a.steps(); !slices.Equal(got, want) {
			t.Errorf("steps %v, want %v", got, want)
		}
		if self := a.Self(); self.UIN != bot || self.UID == "" || self.Nickname == "" {
			t.Errorf("self is %+v", self)
		}
		if k, _ := ks.Load(); k == nil || len(k.D2) == 0 || len(k.A1) == 0 {
			t.Error("the session was not saved")
		}
	})
}

func TestQRCodeExpires(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{})
		a := s.account(t, nil, func(o *ntqq.Options) { o.MaxQRCodes = 3 })
		st := a.until(ntqq.NeedsLogin)
		if !errors.Is(st.Err, ntqq.ErrNeedsLogin) {
			t.Errorf("error %v, want ErrNeedsLogin", st.Err)
		}
		a.Relogin()
		a.wait("a new code", func(st ntqq.State) bool { return st.QR != nil })
		if err := s.ApproveQR(s.PendingQR()[0].ID, bot); err != nil {
			t.Fatal(err)
		}
		a.until(ntqq.Online)
	})
}

func TestQRCodeRejected(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{})
		a := s.account(t, nil)
		first := a.prompted(ntqq.PromptScan)
		if err := s.RejectQR(s.PendingQR()[0].ID); err != nil {
			t.Fatal(err)
		}
		another := func(st ntqq.State) bool { return st.QR != nil && st.QR.URL != first.QR.URL }
		second := a.wait("another code", another)
		if english, chinese := second.Prompt.Text(); second.Prompt.Why != ntqq.WhyDeclined ||
			!strings.HasPrefix(english, "declined on the phone") || !strings.HasPrefix(chinese, "手机上拒绝了登录") {
			t.Errorf("prompt %+v, want that the phone declined", second.Prompt)
		}
		if err := s.ApproveQR(s.PendingQR()[0].ID, bot); err != nil {
			t.Fatal(err)
		}
		a.until(ntqq.Online)
	})
}

// A phone that declines all codes gets as many as one that scans none.
func TestQRCodesRejected(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{})
		a := s.account(t, nil, func(o *ntqq.Options) { o.MaxQRCodes = 2 })
		for range 2 {
			waiting := s.codeWaits(t, a)
			if err := s.RejectQR(waiting); err != nil {
				t.Fatal(err)
			}
		}
		st := a.until(ntqq.NeedsLogin)
		if st.Prompt.Why != ntqq.WhyDeclined || !strings.Contains(st.Err.Error(), "declined on the phone") {
			t.Errorf("error %v, prompt %+v; want that the phone declined", st.Err, st.Prompt)
		}
	})
}

// codeWaits returns the id of the code that an account shows.
func (s *service) codeWaits(t *testing.T, a *account) string {
	t.Helper()
	id := ""
	a.wait("a code", func(st ntqq.State) bool {
		for _, code := range s.PendingQR() {
			if st.QR != nil && st.QR.URL == code.URL {
				id = code.ID
			}
		}
		return id != ""
	})
	return id
}

func TestQRScannedByAnotherAccount(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{AutoApprove: alice})
		a := s.account(t, nil, func(o *ntqq.Options) { o.UIN = bot })
		a.until(ntqq.NeedsLogin)
		if got := a.Self().UIN; got != bot { // the configured one
			t.Errorf("took account %d", got)
		}
	})
}

// byHand: codes are not confirmed by themselves.
const byHand = true

// loggedIn returns a service and the keystore of an account that has been online.
func loggedIn(t *testing.T, o sandbox.Options, byHand ...bool) (*service, *ntqq.MemoryKeystore) {
	t.Helper()
	if len(byHand) == 0 {
		o.AutoApprove = bot
	}
	s := startService(t, o)
	ks := &ntqq.MemoryKeystore{}
	a := s.account(t, ks)
	if len(byHand) > 0 {
		a.wait("a QR code", func(st ntqq.State) bool { return st.QR != nil })
		if err := s.ApproveQR(s.PendingQR()[0].ID, bot); err != nil {
			t.Fatal(err)
		}
	}
	a.until(ntqq.Online)
	a.stop()
	return s, ks
}

func TestSavedSessionRegistersAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, ks := loggedIn(t, sandbox.Options{})
		a := s.account(t, ks)
		a.until(ntqq.Online)
		want := []string{"probing", "connecting", "registering", "online"}
		if got := a.steps(); !slices.Equal(got, want) {
			t.Errorf("steps %v, want %v", got, want)
		}
	})
}

func TestExpiredSessionLogsInByA1(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, ks := loggedIn(t, sandbox.Options{})
		s.ExpireSessions(bot)
		a := s.account(t, ks)
		a.until(ntqq.Online)
		if !a.passed(ntqq.StepKeyExchange) || !a.passed(ntqq.StepEasyLogin) || a.passed(ntqq.StepQR) {
			t.Errorf("steps %v, want a key exchange, an easy login and no QR code", a.steps())
		}
	})
}

func TestSessionExpiresWhileOnline(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, ks := loggedIn(t, sandbox.Options{})
		a := s.account(t, ks)
		a.until(ntqq.Online)
		s.ExpireSessions(bot)
		if _, err := a.Friends().List(t.Context(), true); !errors.Is(err, ntqq.ErrSessionExpired) {
			t.Errorf("call on an expired session: %v, want ErrSessionExpired", err)
		}
		a.onlineAgain(2)
		if !a.passed(ntqq.StepEasyLogin) {
			t.Errorf("steps %v, want an easy login", a.steps())
		}
	})
}

func TestRefusedA1FallsBackToQR(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, ks := loggedIn(t, sandbox.Options{})
		s.ExpireSessions(bot)
		s.ForgetTickets(bot)
		a := s.account(t, ks)
		a.until(ntqq.Online)
		if !a.passed(ntqq.StepEasyLogin) || !a.passed(ntqq.StepQR) {
			t.Errorf("steps %v, want an easy login, then a QR code", a.steps())
		}
	})
}

func TestKeyExchangeRefused(t *testing.T) {
	for name, refusals := range map[string]int{"once": 1, "a whole connection": 3, "two connections": 7} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s, ks := loggedIn(t, sandbox.Options{})
				s.ExpireSessions(bot)
				s.Faults().RefuseKeyExchange(refusals)
				a := s.account(t, ks)
				a.until(ntqq.Online)
				if a.passed(ntqq.StepQR) {
					t.Errorf("steps %v: a refusal that passes must not cost the saved login", a.steps())
				}
			})
		})
	}
}

// Nothing proves a refusal of the key exchange: it costs no ticket and asks nobody,
// however long it lasts.
func TestKeyExchangeRefusedForADay(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, ks := loggedIn(t, sandbox.Options{})
		s.ExpireSessions(bot)
		s.Faults().RefuseKeyExchange(1 << 30)
		a := s.account(t, ks)
		time.Sleep(24 * time.Hour) // virtual
		st := a.wait("its next try", func(st ntqq.State) bool { return st.Stage == ntqq.Reconnecting })
		if k, _ := ks.Load(); len(k.A1) == 0 || ntqq.CauseOf(st.Err) != "key_exchange" {
			t.Errorf("A1 of %d bytes, the reason is %v", len(k.A1), st.Err)
		}
		s.Faults().RefuseKeyExchange(0)
		a.until(ntqq.Online)
		for _, never := range []string{"qr", "needs_login", "kicked"} {
			if slices.Contains(a.steps(), never) {
				t.Errorf("passed %s: a refusal that nothing proves must not cost the saved login", never)
			}
		}
	})
}

// The connection breaks at each step of coming online; the account comes online
// all the same.
func TestConnectionClosedAtEachStep(t *testing.T) {
	for _, c := range []struct {
		command string
		after   bool
		expired bool
	}{
		{rpc.WtloginTransEmp, false, false},
		{rpc.WtloginTransEmp, true, false},
		{rpc.WtloginLogin, false, false},
		{rpc.WtloginLogin, true, false},
		{rpc.KeyExchange, false, true},
		{rpc.KeyExchange, true, true},
		{rpc.NTLoginEasyLogin, false, true},
		{rpc.NTLoginEasyLogin, true, true},
		{rpc.InfoSync.Name, false, false},
		{rpc.InfoSync.Name, true, false},
	} {
		name := c.command + "/before"
		if c.after {
			name = c.command + "/after"
		}
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var ks ntqq.KeystoreFile
				s := startService(t, sandbox.Options{AutoApprove: bot})
				if c.expired {
					s, ks = loggedIn(t, sandbox.Options{})
					s.ExpireSessions(bot)
				}
				s.Faults().CloseOn(c.command, c.after, 1)
				a := s.account(t, ks)
				a.until(ntqq.Online)
				if _, err := a.Groups().List(t.Context(), true); err != nil && !c.after {
					t.Errorf("online but not usable: %v", err)
				}
			})
		})
	}
}

func TestRefusedRegistrationIsNotOnline(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, ks := loggedIn(t, sandbox.Options{})
		s.Faults().RefuseRegister(1)
		a := s.account(t, ks)
		st := a.until(ntqq.Online)
		if st.OnlineCount != 1 {
			t.Errorf("online %d times, want 1: a refused registration does not count", st.OnlineCount)
		}
	})
}

// A server that goes silent is found in under 30 s.
func TestSilentServer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, ks := loggedIn(t, sandbox.Options{})
		a := s.account(t, ks)
		a.until(ntqq.Online)
		s.Faults().Mute(rpc.HeartbeatAlive, true)
		start := time.Now()
		a.wait("the end", func(st ntqq.State) bool { return !st.Online() })
		if took := time.Since(start); took > 30*time.Second {
			t.Errorf("found after %v, want under 30 s", took)
		}
		s.Faults().Mute(rpc.HeartbeatAlive, false)
		a.onlineAgain(2)
	})
}

func TestSessionHeartbeatMissed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, ks := loggedIn(t, sandbox.Options{})
		a := s.account(t, ks)
		a.until(ntqq.Online)
		s.Faults().Mute(rpc.Heartbeat.Name, true)
		a.wait("the end", func(st ntqq.State) bool { return !st.Online() })
		s.Faults().Mute(rpc.Heartbeat.Name, false)
		a.onlineAgain(2)
	})
}

func TestKickedStaysAwayUntilAsked(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, ks := loggedIn(t, sandbox.Options{})
		a := s.account(t, ks)
		a.until(ntqq.Online)
		if n := s.Kick(bot, "下线通知", "logged in elsewhere"); n != 1 {
			t.Fatalf("kicked %d sessions, want 1", n)
		}
		st := a.until(ntqq.Kicked)
		var kick *ntqq.KickError
		if !errors.As(st.Err, &kick) || kick.Title != "下线通知" || kick.Tips != "logged in elsewhere" {
			t.Errorf("got %v, want the server's words", st.Err)
		}
		if _, err := a.Messages().SendFriend(t.Context(), alice, say("hi")); !errors.Is(err, ntqq.ErrOffline) {
			t.Errorf("sending while kicked: %v, want ErrOffline", err)
		}
		if _, err := a.Friends().List(t.Context(), true); errors.Is(err, ntqq.ErrKicked) {
			t.Errorf("a call while kicked gave %v: it did not meet the kick itself", err)
		}
		time.Sleep(24 * time.Hour) // virtual
		if got := a.State().Stage; got != ntqq.Kicked {
			t.Fatalf("came back by itself: %s", got)
		}
		a.Relogin()
		a.until(ntqq.Online)
	})
}

// Two instances of one account: the newer one wins, the older one stays away.
func TestSecondLoginKicksTheFirst(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := startService(t, sandbox.Options{AutoApprove: bot})
		first := s.account(t, nil)
		first.until(ntqq.Online)
		second := s.account(t, nil)
		second.until(ntqq.Online)
		first.until(ntqq.Kicked)
		time.Sleep(time.Hour) // virtual
		if got := second.State().Stage; got != ntqq.Online {
			t.Errorf("the second is %s, want online", got)
		}
	})
}

func TestStopUnregisters(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, ks := loggedIn(t, sandbox.Options{})
		a := s.account(t, ks)
		a.until(ntqq.Online)
		a.stop()
		if got := a.State().Stage; got != ntqq.Stopped {
			t.Errorf("stage %s, want stopped", got)
		}
		for _, c := range s.Clients() {
			if c.Registered {
				t.Errorf("the server still has %v online", c.UIN)
			}
		}
	})
}

// A call that is under way when the client stops has an unknown outcome.
func TestStopDuringACall(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, ks := loggedIn(t, sandbox.Options{})
		a := s.account(t, ks)
		a.until(ntqq.Online)
		s.Faults().Mute(rpc.GroupList.Name, true)
		failed := make(chan error, 1)
		go func() {
			_, err := a.Groups().List(t.Context(), true)
			failed <- err
		}()
		synctest.Wait()
		a.stop()
		if err := <-failed; !errors.Is(err, ntqq.ErrConnectionLost) {
			t.Errorf("got %v, want ErrConnectionLost", err)
		}
		if _, err := a.Groups().List(t.Context(), true); !errors.Is(err, ntqq.ErrOffline) {
			t.Errorf("after the end: got %v, want ErrOffline", err)
		}
	})
}

func TestFramesThatDoNotDecrypt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, ks := loggedIn(t, sandbox.Options{})
		a := s.account(t, ks)
		a.until(ntqq.Online)
		s.Faults().CorruptNext(1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := a.Groups().List(ctx, true); !errors.Is(err, ntqq.ErrTimeout) {
			t.Errorf("call with a corrupt answer: %v, want ErrTimeout", err)
		}
		if _, err := a.Groups().List(ctx, true); err != nil {
			t.Errorf("next call: %v", err)
		}
		if st := a.State(); !st.Online() || st.OnlineCount != 1 || a.Stats().PacketsDropped != 1 {
			t.Errorf("state %+v, %d dropped; want still online, 1 dropped", st, a.Stats().PacketsDropped)
		}
	})
}

func TestLongLife(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, ks := loggedIn(t, sandbox.Options{})
		a := s.account(t, ks)
		a.until(ntqq.Online)
		time.Sleep(15 * 24 * time.Hour) // virtual: heartbeats all the way
		if st := a.State(); !st.Online() || st.OnlineCount != 1 {
			t.Errorf("after fifteen days: %+v", st)
		}
	})
}
