package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"libration/internal/app"
	"libration/internal/app/account"
	"libration/internal/app/bot"
	"libration/internal/app/simulator"
	"libration/internal/config"
	"libration/ntqq"
	"libration/sandbox"
)

func TestMain(m *testing.M) {
	os.Setenv("LC_ALL", "C") // the language of what commands print
	goleak.VerifyTestMain(m)
}

// limit bounds every wait of these tests.
const limit = 20 * time.Second

// startSandbox runs a sandbox for the test and returns it.
func startSandbox(t *testing.T, o sandbox.Options) *simulator.Simulator {
	t.Helper()
	box, err := sandbox.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, box)
}

// serve gives a sandbox ports for the test.
func serve(t *testing.T, box *sandbox.Sandbox) *simulator.Simulator {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	sim, err := simulator.Listen(t.Context(), box, simulator.Options{SSO: "127.0.0.1:0", Control: "127.0.0.1:0", Log: log})
	if err != nil {
		t.Fatal(err)
	}
	background(t, sim.Run)
	return sim
}

// background runs something until the returned function is called, or the test
// ends.
func background(t *testing.T, run func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("run: %v", err)
			}
		case <-time.After(limit):
			t.Error("run did not end")
		}
	}
	t.Cleanup(stop)
	return stop
}

func configuration(data, control string) *config.Config {
	c := config.Default()
	c.Data, c.Language = data, config.LanguageEnglish
	c.Server.Mode = config.ModeSandbox
	c.Server.Sandbox.Control = control
	c.Admin.Address = "127.0.0.1:0"
	c.OneBot.Connections = []config.Connection{
		{Type: config.HTTP, Address: "127.0.0.1:0"},
		{Type: config.WebSocket, Address: "127.0.0.1:0"},
	}
	return c
}

func newApp(t *testing.T, c *config.Config, qr io.Writer, timing ...ntqq.Timing) *app.App {
	t.Helper()
	o := app.Options{Log: slog.New(slog.DiscardHandler), QR: qr, QRStyle: account.QRASCII, Version: "test"}
	if len(timing) > 0 {
		o.Timing = timing[0]
	}
	a, err := app.New(c, o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// endpoints waits until the app listens and returns the URLs of HTTP and
// WebSocket.
func endpoints(t *testing.T, a *app.App) (http, ws string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	all, err := a.Endpoints(ctx)
	if err != nil || len(all) != 2 {
		t.Fatalf("got endpoints %v, error %v, want two", all, err)
	}
	return "http://" + all[0].Addr.String(), "ws://" + all[1].Addr.String()
}

// TestRun logs in by QR code, answers actions, stops, and comes back with the
// saved session.
func TestRun(t *testing.T) {
	sim := startSandbox(t, sandbox.Options{AutoApprove: 10001})
	data := t.TempDir()
	var drawn bytes.Buffer
	c := configuration(data, sim.ControlURL())

	first := newApp(t, c, &drawn)
	stop := background(t, first.Run)
	address, ws := endpoints(t, first)
	answer, ok, err := bot.Call(t.Context(), address, "", "get_login_info", nil)
	if err != nil || !ok || !strings.Contains(string(answer), `"user_id":10001`) {
		t.Errorf("get_login_info: got %s, error %v", answer, err)
	}
	conn, err := bot.Dial(t.Context(), ws, "")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Drop()
	defer http.DefaultClient.CloseIdleConnections()
	if frame, err := conn.Read(t.Context()); err != nil || !strings.Contains(string(frame), `"lifecycle"`) {
		t.Errorf("first frame: got %s, error %v, want a lifecycle event", frame, err)
	}
	if _, err := os.Stat(filepath.Join(data, "default", "qr.png")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("qr.png after the login: got error %v, want it removed", err)
	}

	// The folder belongs to the first one as long as it runs. The owner's service has no
	// part in such a start.
	var log lockedBuffer
	refused, err := app.New(c, app.Options{Log: slog.New(slog.NewTextHandler(&log, nil)), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if err := refused.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("second run: got %v, want that the folder is in use", err)
	}
	if strings.Contains(log.String(), "service=admin") {
		t.Errorf("second run: got the log\n%swant nothing about the owner's service", log.String())
	}
	stop()
	if got := strings.Count(drawn.String(), "(until "); got != 1 {
		t.Errorf("got %d codes drawn, want 1", got)
	}

	drawn.Reset()
	second := newApp(t, c, &drawn)
	stop = background(t, second.Run)
	endpoints(t, second)
	stop()
	if drawn.Len() != 0 {
		t.Errorf("second start drew %q, want the saved session to be used", drawn.String())
	}
}

// TestFolderOwner: without a configured number the folder is the account's that
// logged in first. Another one would mix its messages with these.
func TestFolderOwner(t *testing.T) {
	c := configuration(t.TempDir(), startSandbox(t, sandbox.Options{AutoApprove: 10001}).ControlURL())
	stages := func(want ntqq.Stage) ntqq.State {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		// Tickets that the service does not know are given up after two answers that do not
		// come.
		a := newApp(t, c, nil, ntqq.Timing{Answer: time.Second})
		defer background(t, a.Run)()
		s, err := a.Wait(ctx, func(s app.Status) bool { return s.Account.Stage == want })
		if err != nil {
			t.Fatalf("not %s but %+v: %v", want, s.Account, err)
		}
		return s.Account
	}
	stages(ntqq.Online)
	// This service knows none of the tickets, so that a code is shown.
	c.Server.Sandbox.Control = startSandbox(t, sandbox.Options{AutoApprove: 20001}).ControlURL()
	if s := stages(ntqq.NeedsLogin); !strings.Contains(s.Err.Error(), "20001 instead of 10001") {
		t.Errorf("scanned by another account: got %v", s.Err)
	}
	c.Account.UIN = 20001 // which has a folder of its own
	stages(ntqq.Online)
}

// TestStop ends while the code waits to be scanned, and while the sandbox is not
// there.
func TestStop(t *testing.T) {
	sim := startSandbox(t, sandbox.Options{})
	drawn := make(chan struct{}, 100)
	stop := background(t, newApp(t, configuration(t.TempDir(), sim.ControlURL()), signalling(drawn)).Run)
	select {
	case <-drawn:
	case <-time.After(limit):
		t.Fatal("no code drawn")
	}
	stop()

	c := configuration(t.TempDir(), "http://127.0.0.1:1")
	stop = background(t, newApp(t, c, nil).Run)
	stop()
}

// TestStopWhileTheStoreOpens: it is a stop like any other.
func TestStopWhileTheStoreOpens(t *testing.T) {
	c := configuration(t.TempDir(), "")
	c.Server.Addresses = []string{"127.0.0.1:1"}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := newApp(t, c, nil).Run(ctx); err != nil {
		t.Errorf("Run: %v", err)
	}
}

// signalling tells of writes.
type signalling chan struct{}

func (s signalling) Write(b []byte) (int, error) {
	select {
	case s <- struct{}{}:
	default:
	}
	return len(b), nil
}

// TestAtOnce: with `start: at-once` the ports are open before the login.
func TestAtOnce(t *testing.T) {
	sim := startSandbox(t, sandbox.Options{})
	c := configuration(t.TempDir(), sim.ControlURL())
	c.OneBot.Start = config.StartAtOnce
	a := newApp(t, c, nil)
	background(t, a.Run)
	address, _ := endpoints(t, a)
	answer, ok, err := bot.Call(t.Context(), address, "", "get_status", nil)
	var status struct{ Data struct{ Online bool } }
	if err != nil || !ok || json.Unmarshal(answer, &status) != nil || status.Data.Online {
		t.Errorf("get_status: got %s, error %v, want offline", answer, err)
	}
	if a.Status().Account.OnlineCount != 0 {
		t.Error("online without a login")
	}
}

func TestImport(t *testing.T) {
	c := configuration(t.TempDir(), "http://127.0.0.1:1")
	c.Account.Keystore = filepath.Join(t.TempDir(), "missing.json")
	err := newApp(t, c, nil).Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "account.keystore") || !strings.Contains(err.Error(), "missing.json") {
		t.Errorf("missing keystore: got %v, want an error that names key and file", err)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	if _, err := app.New(config.Default(), app.Options{}); err == nil || !strings.Contains(err.Error(), "onebot.connections") {
		t.Errorf("an empty configuration, which means the real service: got %v", err)
	}
	c := config.Default()
	c.Server.Mode = config.ModeSandbox
	c.Account.AppInfo = filepath.Join(t.TempDir(), "missing.json")
	if _, err := app.New(c, app.Options{}); err == nil || !strings.Contains(err.Error(), "account.app_info") {
		t.Errorf("missing app info: got %v", err)
	}
	c.Account.AppInfo = ""
	c.Account.Protocol = "toaster"
	if _, err := app.New(c, app.Options{}); err == nil || !strings.Contains(err.Error(), "account.protocol") {
		t.Errorf("unknown protocol: got %v", err)
	}
}
