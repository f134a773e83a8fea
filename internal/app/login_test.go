package app_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"libration/internal/admin"
	"libration/internal/app"
	"libration/internal/app/account"
	"libration/internal/config"
	"libration/internal/paste"
	"libration/ntqq"
	"libration/ntqq/message"
	"libration/sandbox"
	"libration/sandbox/fault"
)

// lines is an output that can be read while it is written.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// eventually waits for what another goroutine does soon.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.After(limit)
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for !done() {
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatal(what + ": waited in vain")
		}
	}
}

// ownerOf is what `libration login` uses.
func ownerOf(t *testing.T, a *app.App, c *config.Config) *app.Owner {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	addr, err := a.AdminAddr(ctx)
	if err != nil {
		t.Fatal(err)
	}
	found := *c
	found.Admin.Address = addr.String()
	owner, err := app.NewOwner(&found, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(owner.Close)
	return owner
}

// TestLoginAgain: an account that was kicked comes back when its owner asks.
func TestLoginAgain(t *testing.T) {
	sim := startSandbox(t, sandbox.Options{AutoApprove: 10001})
	c := configuration(t.TempDir(), sim.ControlURL())
	c.Admin.AccessToken = "secret"
	a := newApp(t, c, nil)
	background(t, a.Run)
	owner := ownerOf(t, a, c)
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	var out lines
	if err := owner.Login(ctx, &out, account.QRASCII); err != nil || !strings.Contains(out.String(), "10001: online") {
		t.Fatalf("first login: got %q, error %v", out.String(), err)
	}
	if sim.Sandbox.Kick(10001, "notice", "elsewhere") != 1 {
		t.Fatal("nobody kicked")
	}
	if _, err := a.Wait(ctx, func(s app.Status) bool { return s.Account.Prompt != nil }); err != nil {
		t.Fatal(err)
	}
	if err := owner.Login(ctx, &out, account.QRASCII); err != nil {
		t.Error(err)
	}
	if s := a.Status(); !s.Account.Online() || s.Account.OnlineCount != 2 {
		t.Errorf("got %+v, want online again", s.Account)
	}

	// What cannot work says why.
	c.Admin.AccessToken = "other"
	if err := ownerOf(t, a, c).Login(ctx, &out, account.QRASCII); err == nil || !strings.Contains(err.Error(), "access token") {
		t.Errorf("wrong token: got %v", err)
	}
	if err := owner.Captcha(ctx, io.Discard, "t @r", account.QRASCII); err == nil || !strings.Contains(err.Error(), "no captcha waits") {
		t.Errorf("an answer that nobody asked for: got %v", err)
	}
	if _, err := app.NewOwner(config.Default(), ""); err != nil {
		t.Errorf("the default configuration: %v", err)
	}
	c.Admin.Address = ""
	if _, err := app.NewOwner(c, ""); err == nil || !strings.Contains(err.Error(), "admin.address") {
		t.Errorf("without an address: got %v", err)
	}
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c.Admin.Address, c.File = closed.Addr().String(), "a bot.yaml"
	closed.Close()
	nobody, err := app.NewOwner(c, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := nobody.Login(ctx, &out, account.QRASCII); err == nil || !strings.Contains(err.Error(), "start it with `libration run -c "+paste.Word(c.File)+"`") {
		t.Errorf("nobody there: got %v", err)
	}
	for address, want := range map[string]string{c.Admin.Address: "give --admin the address that it runs with", "nowhere": "--admin nowhere: not HOST:PORT"} {
		nobody, err := app.OwnerAt(address, "", "")
		if err == nil {
			err = nobody.Login(ctx, &out, account.QRASCII)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("nobody at %s: got %v", address, err)
		}
	}
}

// TestPasswordLogin logs in by a password with a captcha, which is answered over
// HTTP or typed, and a new device; the password is nowhere in the log.
func TestPasswordLogin(t *testing.T) {
	for _, typed := range []bool{false, true} {
		t.Run(fmt.Sprintf("typed %t", typed), func(t *testing.T) {
			const password = "hunter2 with spaces"
			sim := startSandbox(t, sandbox.Options{Passwords: map[message.UIN]string{10001: password}})
			for _, name := range []fault.Name{fault.Captcha, fault.NewDevice} {
				if _, err := sim.Sandbox.Faults().Add(fault.Fault{Name: name}); err != nil {
					t.Fatal(err)
				}
			}
			c := configuration(t.TempDir(), sim.ControlURL())
			c.Account.UIN, c.Account.Password = 10001, password
			keyboard, person := io.Pipe()
			defer person.Close()
			var log, screen, shown lines
			a, err := app.New(c, app.Options{
				Log: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
				QR:  &screen, QRStyle: account.QRASCII, In: keyboard, Version: "test",
				Timing: ntqq.Timing{QRPoll: 10 * time.Millisecond},
			})
			if err != nil {
				t.Fatal(err)
			}
			stop := background(t, a.Run)
			owner := ownerOf(t, a, c)
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			watching, answered := make(chan error, 1), make(chan error, 1)
			go func() { watching <- owner.Login(ctx, &shown, account.QRASCII) }()

			o := newOwner(t, a)
			s := o.await("the captcha", func(_ int, s admin.Status) bool { return s.Account.Prompt != nil })
			asked := sim.Sandbox.Captchas()
			if p := s.Account.Prompt; len(asked) != 1 || p.Kind != "captcha" || p.URL != asked[0].URL || !strings.Contains(p.Text, p.URL) || p.Expires.IsZero() {
				t.Fatalf("got %+v, captchas %+v", p, asked)
			}
			page, err := http.Get(s.Account.Prompt.URL)
			if err != nil {
				t.Fatal(err)
			}
			page.Body.Close()
			defer http.DefaultClient.CloseIdleConnections()
			if page.StatusCode != http.StatusOK {
				t.Errorf("the captcha's page: %s", page.Status)
			}
			eventually(t, "shown", func() bool { return strings.Contains(shown.String(), asked[0].URL) })
			if typed {
				fmt.Fprintf(person, "what?\n\n{\n  \"randstr\": %q,\n  \"ticket\": %q\n}\n", asked[0].RandStr, asked[0].Ticket)
			} else {
				go func() {
					answered <- owner.Captcha(ctx, io.Discard, asked[0].Ticket+" "+asked[0].RandStr, account.QRASCII)
				}()
			}
			s = o.await("the new device", func(_ int, s admin.Status) bool {
				return s.Account.Prompt != nil && s.Account.Prompt.Kind == "new_device"
			})
			eventually(t, "shown", func() bool { return strings.Contains(shown.String(), "new device") })
			pending := sim.Sandbox.PendingQR()
			if len(pending) != 1 || s.Account.Prompt.URL != pending[0].URL {
				t.Fatalf("got %+v, codes %+v", s.Account.Prompt, pending)
			}
			if err := sim.Sandbox.ApproveQR(pending[0].ID, 10001); err != nil {
				t.Fatal(err)
			}
			if err := <-watching; err != nil {
				t.Error(err)
			}
			if !typed {
				if err := <-answered; err != nil {
					t.Errorf("libration login captcha: %v", err)
				}
			}
			stop()
			for name, text := range map[string]string{"terminal": screen.String(), "libration login": shown.String()} {
				if !strings.Contains(text, asked[0].URL) || !strings.Contains(text, "new device") || !strings.Contains(text, "####") {
					t.Errorf("%s does not say what to do:\n%s", name, text)
				}
			}
			if !strings.Contains(log.String(), "logged in by password") || typed != strings.Contains(log.String(), "what was typed") {
				t.Errorf("got the log\n%s", log.String())
			}
			for _, secret := range []string{password, "hunter2", asked[0].Ticket} {
				if strings.Contains(log.String()+screen.String()+shown.String(), secret) {
					t.Errorf("%q is shown", secret)
				}
			}
		})
	}
}

// TestCaptchaOutcome: what comes of an answer is told to whoever gave it.
func TestCaptchaOutcome(t *testing.T) {
	sim := startSandbox(t, sandbox.Options{Passwords: map[message.UIN]string{10001: "right"}})
	for _, name := range []fault.Name{fault.Captcha, fault.NewDevice} {
		if _, err := sim.Sandbox.Faults().Add(fault.Fault{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	c := configuration(t.TempDir(), sim.ControlURL())
	c.Account.UIN, c.Account.Password = 10001, "right"
	a, err := app.New(c, app.Options{Log: slog.New(slog.DiscardHandler), Version: "test", Timing: ntqq.Timing{QRPoll: 10 * time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	background(t, a.Run)
	owner := ownerOf(t, a, c)
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	waiting := func() {
		t.Helper()
		if _, err := a.Wait(ctx, func(s app.Status) bool { return s.Account.Step == ntqq.StepCaptcha }); err != nil {
			t.Fatal(err)
		}
	}
	var out lines
	waiting()
	for i := range 3 {
		err := owner.Captcha(ctx, &out, "t03wrong @abc", account.QRASCII)
		want := "wrong answer to the captcha; here is a new one"
		if i == 2 {
			want = "login needed: "
		}
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "libration login") {
			t.Errorf("wrong answer %d: got %v, want %q and what to do next", i+1, err, want)
		}
		if i < 2 && (err == nil || !strings.Contains(err.Error(), sim.Sandbox.Captchas()[0].URL)) {
			t.Errorf("wrong answer %d: got %v, want the address of the new captcha", i+1, err)
		}
	}
	again := make(chan error, 1)
	go func() { again <- owner.Login(ctx, io.Discard, account.QRASCII) }()
	waiting()
	solved := sim.Sandbox.Captchas()[0]
	ended := make(chan error, 1)
	go func() {
		ended <- owner.Captcha(ctx, &out, fmt.Sprintf(`{"errorCode":"0","randstr":%q,"ticket":%q}`, solved.RandStr, solved.Ticket), account.QRASCII)
	}()
	eventually(t, "the code is drawn", func() bool { return strings.Contains(out.String(), "####") })
	if err := sim.Sandbox.ApproveQR(sim.Sandbox.PendingQR()[0].ID, 10001); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(<-ended, <-again); err != nil || !strings.Contains(out.String(), "10001: online") {
		t.Errorf("got %q, error %v", out.String(), err)
	}
}

// TestLoginGivenUp: `libration login` ends when a person is needed once more.
func TestLoginGivenUp(t *testing.T) {
	sim := startSandbox(t, sandbox.Options{Passwords: map[message.UIN]string{10001: "right"}})
	c := configuration(t.TempDir(), sim.ControlURL())
	c.Account.UIN, c.Account.Password = 10001, "wrong"
	a := newApp(t, c, nil)
	background(t, a.Run)
	owner := ownerOf(t, a, c)
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	if _, err := a.Wait(ctx, func(s app.Status) bool { return s.Account.Prompt != nil }); err != nil {
		t.Fatal(err)
	}
	var out lines
	ended := make(chan error, 1)
	go func() { ended <- owner.Login(ctx, &out, account.QRASCII) }()
	if _, err := a.Wait(ctx, func(s app.Status) bool { return s.Account.QR != nil }); err != nil {
		t.Fatal(err)
	}
	if err := sim.Sandbox.ApproveQR(sim.Sandbox.PendingQR()[0].ID, 20001); err != nil { // another account
		t.Fatal(err)
	}
	if err := <-ended; err == nil || errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "login needed") {
		t.Errorf("got %v, want that a login is needed", err)
	}
}
