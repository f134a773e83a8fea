package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"libration/internal/admin"
	"libration/internal/app"
	"libration/internal/app/bot"
	"libration/internal/config"
	"libration/ntqq"
	"libration/ntqq/message"
	"libration/sandbox"
)

// TestTwoAccounts: what happens to one does not happen to the other.
func TestTwoAccounts(t *testing.T) {
	sim := startSandbox(t, sandbox.Options{AutoApprove: 10001})
	c := configuration(t.TempDir(), sim.ControlURL())
	c.Accounts = []config.Account{{Name: "a", UIN: 10001, Protocol: config.ProtocolLinux}, {Name: "b", UIN: 20001, Protocol: config.ProtocolLinux}}
	c.OneBot.Connections[0].Accounts = []string{"a"}
	c.OneBot.Connections[1].Accounts = []string{"b"}
	// The folder of one cannot be made: it is tried again.
	if err := os.WriteFile(filepath.Join(c.Data, "20001"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var log lockedBuffer
	a, err := app.New(c, app.Options{Log: slog.New(slog.NewTextHandler(&log, nil)), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	background(t, a.Run)
	await(t, a, "the first to be ready", func(s app.Status) bool { return s.Ready() })
	o := newOwner(t, a)
	ready := func() (s admin.Together) {
		t.Helper()
		code, body := o.get("/readyz")
		if err := json.Unmarshal(body, &s); err != nil || (code == http.StatusOK) != s.Ready || len(s.Accounts) != 2 {
			t.Fatalf("got %d %s, %v", code, body, err)
		}
		return s
	}
	for end := time.Now().Add(limit); ; time.Sleep(10 * time.Millisecond) {
		s := ready()
		if !s.Accounts[0].Ready || s.Accounts[1].Ready || s.Ready {
			t.Fatalf("got %+v", s)
		}
		if strings.Contains(s.Accounts[1].Account.Reason, "account b: the data folder") {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("no reason: %+v", s)
		}
	}
	if code, _ := o.get("/healthz"); code != http.StatusOK {
		t.Errorf("/healthz: got %d", code)
	}
	if err := os.Remove(filepath.Join(c.Data, "20001")); err != nil {
		t.Fatal(err)
	}
	// Another account scans for it.
	for end := time.Now().Add(limit); a.Account("b").Status().Account.Stage != ntqq.NeedsLogin; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it does not run: %+v\n%s", a.Account("b").Status(), log.String())
		}
	}
	_, metrics := o.get("/metrics")
	for _, want := range []string{
		`libration_account_state{account="a",state="online"} 1`, `libration_account_state{account="b",state="online"} 0`,
		`libration_service_state{service="admin",state="running"} 1`, `libration_info{version="test"} 1`,
		`libration_http_refused_total{account="b",reason="no_token",service="websocket 127.0.0.1:0"} 0`, `libration_http_refused_total{reason="no_token",service="admin"} 0`,
	} {
		if !bytes.Contains(metrics, []byte(want)) {
			t.Errorf("%s is not among the metrics", want)
		}
	}
	if !strings.Contains(log.String(), "account=a") || !strings.Contains(log.String(), "account=b") {
		t.Error("the log does not name the accounts")
	}
}

// TestAccountsShareListeners: two accounts answer over one HTTP and one WebSocket
// listener. One is kicked and its folder is lost: the other does not notice.
func TestAccountsShareListeners(t *testing.T) {
	sim := startSandbox(t, sandbox.Options{Passwords: map[message.UIN]string{10001: "one", 20001: "two"}})
	c := configuration(t.TempDir(), sim.ControlURL())
	c.Accounts = []config.Account{
		{Name: "a", UIN: 10001, Password: "one", Protocol: config.ProtocolLinux},
		{Name: "b", UIN: 20001, Password: "two", Protocol: config.ProtocolLinux, AccessToken: "token-b"},
	}
	c.OneBot.Connections[0].AccessToken, c.OneBot.Connections[1].AccessToken = "token-a", "token-a"
	for _, p := range c.Validate() {
		if !p.Warning {
			t.Fatal(p)
		}
	}
	a := newApp(t, c, nil)
	background(t, a.Run)
	await(t, a, "the first to be ready", func(s app.Status) bool { return s.Ready() })
	for end := time.Now().Add(limit); !a.Account("b").Status().Ready(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the second is not ready: %+v", a.Account("b").Status())
		}
	}
	address, ws := endpoints(t, a)
	is := func(path, token, want string) {
		t.Helper()
		answer, ok, err := bot.Call(t.Context(), address+path, token, "get_login_info", nil)
		if err != nil || !ok || !strings.Contains(string(answer), want) {
			t.Errorf("%s: got %s, %v, %v", path, answer, ok, err)
		}
	}
	is("/a", "token-a", `"user_id":10001`)
	is("/b", "token-b", `"user_id":20001`)
	if answer, _, err := bot.Call(t.Context(), address+"/b", "token-a", "get_login_info", nil); err == nil && bytes.Contains(answer, []byte("20001")) {
		t.Error("the token of one account is valid for the other")
	}
	if answer, _, _ := bot.Call(t.Context(), address, "token-a", "get_login_info", nil); bytes.Contains(answer, []byte("user_id")) {
		t.Errorf("no account named: got %s", answer)
	}
	second, err := bot.Dial(t.Context(), ws+"/b", "token-b")
	if err != nil {
		t.Fatal(err)
	}
	defer second.Drop()
	defer http.DefaultClient.CloseIdleConnections()
	read := func() string {
		t.Helper()
		frame, err := second.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return string(frame)
	}
	if frame := read(); !strings.Contains(frame, `"self_id":20001`) {
		t.Errorf("got %s", frame)
	}

	if sim.Sandbox.Kick(10001, "notice", "elsewhere") != 1 {
		t.Fatal("nobody kicked")
	}
	await(t, a, "the first to be kicked", func(s app.Status) bool { return s.Account.Prompt != nil })
	folder := filepath.Join(c.Data, "10001")
	if err := os.Rename(folder, folder+"-away"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(folder, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(limit); a.Account("a").Report().Folder.OK; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the folder is not missed")
		}
	}
	if s := a.Account("b").Report(); !s.Account.Online || !s.Folder.OK || !s.Store.OK || a.Account("b").Status().Account.OnlineCount != 1 {
		t.Errorf("the other one: %+v", s)
	}
	is("/b", "token-b", `"user_id":20001`)
	if _, err := second.Send(t.Context(), "get_status", nil, "e"); err != nil {
		t.Fatal(err)
	}
	for frame := ""; !strings.Contains(frame, `"online":true`); frame = read() {
		t.Log(frame)
	}
	_ = os.Remove(folder)
}

// TestAccountScannedTwice: a code must not be scanned by an account that runs already,
// and a saved session of one is refused.
func TestAccountScannedTwice(t *testing.T) {
	sim := startSandbox(t, sandbox.Options{AutoApprove: 10001})
	alone := configuration(t.TempDir(), sim.ControlURL())
	c := configuration(alone.Data, sim.ControlURL())
	c.OneBot.Connections = nil
	c.Accounts = []config.Account{{Name: "a", UIN: 10001, Protocol: config.ProtocolLinux}, {Name: "b", Protocol: config.ProtocolLinux}}
	play := func(why string, ok func(*admin.Account) bool) {
		t.Helper()
		a := newApp(t, c, nil)
		defer background(t, a.Run)()
		o := newOwner(t, a)
		for end := time.Now().Add(limit); ; time.Sleep(10 * time.Millisecond) {
			var s admin.Together
			_, body := o.get("/readyz")
			if err := json.Unmarshal(body, &s); err != nil {
				t.Fatal(err)
			}
			if b := &s.Accounts[1].Account; s.Accounts[0].Account.Online && ok(b) && strings.Contains(b.Reason, why) {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("%s: got %s", why, body)
			}
		}
	}
	play("in use here already: 10001", func(a *admin.Account) bool { return a.State == string(ntqq.NeedsLogin) })
	// Before, it was the only account, and logged in as 10001.
	first := newApp(t, alone, nil)
	stop := background(t, first.Run)
	await(t, first, "the account to be online", func(s app.Status) bool { return s.Account.Online() })
	stop()
	play("which is another one of the accounts", func(*admin.Account) bool { return true })
	path := filepath.Join(t.TempDir(), "config.yaml")
	text := fmt.Sprintf("language: en\ndata: %q\nserver: {mode: sandbox, sandbox: {control: %q}}\naccounts: [{uin: 10001}, {name: b}]\n", c.Data, sim.ControlURL())
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := app.CheckConfig(io.Discard, path); err == nil || !strings.Contains(err.Error(), "account b: the saved session in") {
		t.Errorf("config check: got %v", err)
	}
}

// lockedBuffer is a bytes.Buffer for many goroutines.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
