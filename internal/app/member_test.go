package app_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"libration/internal/app"
	"libration/internal/app/account"
	"libration/internal/config"
	"libration/ntqq/message"
	"libration/sandbox"
)

// someApp is an appinfo.json.
const someApp = `{"AppId": 1600001615, "SubAppId": 537313942, "CurrentVersion": "3.2.19-39038"}`

// until waits for something that has no signal.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// TestAccountThatCannotStart: it is tried again with what its files say by then, and
// nothing is left of why it failed.
func TestAccountThatCannotStart(t *testing.T) {
	sim := startSandbox(t, sandbox.Options{Passwords: map[message.UIN]string{10001: "one", 20001: "two"}})
	c := configuration(t.TempDir(), sim.ControlURL())
	info, folder := filepath.Join(c.Data, "app.json"), filepath.Join(c.Data, "20001")
	put := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(info, someApp)
	put(folder, "")
	c.Accounts = []config.Account{
		{Name: "a", UIN: 10001, Password: "one", Protocol: config.ProtocolLinux},
		{Name: "b", UIN: 20001, Password: "two", Protocol: config.ProtocolLinux, AppInfo: info, AccessToken: "b"},
	}
	var file atomic.Pointer[config.Config]
	file.Store(c)
	a, err := app.New(c, app.Options{Log: slog.New(slog.DiscardHandler), Load: func() (*config.Config, error) { return file.Load(), nil }})
	if err != nil {
		t.Fatal(err)
	}
	background(t, a.Run)
	o := newOwner(t, a)
	reason := func() string {
		var s struct {
			Accounts []struct {
				Account struct{ Reason string }
			}
		}
		_, body := o.get("/readyz")
		if err := json.Unmarshal(body, &s); err != nil || len(s.Accounts) != 2 {
			t.Fatalf("got %s, %v", body, err)
		}
		return s.Accounts[1].Account.Reason
	}
	until(t, "the folder to be missed", func() bool { return strings.Contains(reason(), "data folder") })
	put(info, "not JSON")
	until(t, "the file to be missed", func() bool { return strings.Contains(reason(), "app_info") })
	if err := os.Remove(folder); err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond) // the pause is a second at least
	if got := reason(); !strings.Contains(got, "app_info") || !strings.Contains(got, "account b") {
		t.Errorf("without what it needs: got %q", got)
	}

	// While it does not run its connections change: it starts anew, once it can.
	server := httptest.NewServer(&flakyBot{})
	defer server.Close()
	next := *c
	next.OneBot.Connections = append(slices.Clone(c.OneBot.Connections), config.Connection{Type: config.Webhook, URL: server.URL, Accounts: []string{"b"}})
	file.Store(&next)
	if did, err := a.Reload(); err == nil || !strings.Contains(err.Error(), "app_info") {
		t.Errorf("got %v, %v", did, err)
	}
	put(info, someApp)
	if did, err := a.Reload(); err != nil || len(did) != 1 || !strings.Contains(did[0].EN, "account b: started anew, with + webhook") {
		t.Errorf("got %v, %v", did, err)
	}
	until(t, "the account to be online", func() bool { return a.Account("b").Status().Account.Online() })
	if got := reason(); got != "" || len(a.Account("b").Status().Services) != 3 {
		t.Errorf("got %q, %v", got, a.Account("b").Status().Services)
	}
}

// TestFirstAccountPanicsAfterASecondCame: it is one of several then, and starts again.
func TestFirstAccountPanicsAfterASecondCame(t *testing.T) {
	sim := startSandbox(t, sandbox.Options{Passwords: map[message.UIN]string{20001: "two"}})
	alone := configuration(t.TempDir(), sim.ControlURL())
	alone.Account = config.Account{UIN: 10001, Protocol: config.ProtocolLinux}
	both := *alone
	both.Account = config.Default().Account
	both.Accounts = []config.Account{
		{Name: "a", Default: true, UIN: 10001, Protocol: config.ProtocolLinux},
		{Name: "b", UIN: 20001, Password: "two", Protocol: config.ProtocolLinux, AccessToken: "b"},
	}
	var screen panicking
	a, err := app.New(alone, app.Options{Log: slog.New(slog.DiscardHandler), QR: &screen, QRStyle: account.QRASCII, Load: func() (*config.Config, error) { return &both, nil }})
	if err != nil {
		t.Fatal(err)
	}
	background(t, a.Run)
	until(t, "a code", func() bool { return a.Status().Account.QR != nil && screen.drawn.Load() > 0 })
	if did, err := a.Reload(); err != nil {
		t.Fatal(did, err)
	}
	until(t, "the second to be online", func() bool { return a.Account("b").Status().Account.Online() })
	first, second := a.Account("a"), a.Account("b")
	screen.panics.Store(true)
	expireCodes(t, sim.ControlURL())
	until(t, "the panic", func() bool { return !screen.panics.Load() })
	until(t, "another code", func() bool { return a.Account("a") != first && a.Account("a").Status().Account.QR != nil })
	if s := second.Status(); a.Account("b") != second || !s.Account.Online() || s.Account.OnlineCount != 1 {
		t.Errorf("the other one noticed: %+v", s)
	}
}

// TestRemedyNamesTheAccount: as it is called now, not when it began.
func TestRemedyNamesTheAccount(t *testing.T) {
	sim := startSandbox(t, sandbox.Options{Passwords: map[message.UIN]string{10001: "one", 20001: "two"}})
	c := configuration(t.TempDir(), sim.ControlURL())
	c.Account = config.Account{UIN: 10001, Password: "one", Protocol: config.ProtocolLinux}
	c.OneBot.Connections = nil
	var file atomic.Pointer[config.Config]
	a, err := app.New(c, app.Options{Log: slog.New(slog.DiscardHandler), Load: func() (*config.Config, error) { return file.Load(), nil }})
	if err != nil {
		t.Fatal(err)
	}
	background(t, a.Run)
	await(t, a, "the account to be online", func(s app.Status) bool { return s.Account.Online() })
	if sim.Sandbox.Kick(10001, "notice", "elsewhere") != 1 {
		t.Fatal("nobody kicked")
	}
	await(t, a, "the account to be kicked", func(s app.Status) bool { return s.Account.Prompt != nil })
	for _, name := range []string{"main", "first"} {
		next := *c
		next.Account = config.Default().Account
		next.Accounts = []config.Account{c.Account, {Name: "b", UIN: 20001, Password: "two", Protocol: config.ProtocolLinux}}
		next.Accounts[0].Name = name
		file.Store(&next)
		if did, err := a.Reload(); err != nil {
			t.Fatal(did, err)
		}
		if got := a.Account(name).Report().Account.Prompt.Text; !strings.Contains(got, "--account "+name) {
			t.Errorf("got %q", got)
		}
	}
}

// panicking is a terminal that panics once when it is told to.
type panicking struct {
	panics atomic.Bool
	drawn  atomic.Int64
}

func (p *panicking) Write(b []byte) (int, error) {
	if p.panics.Swap(false) {
		panic("bug")
	}
	p.drawn.Add(1)
	return len(b), nil
}

// expireCodes has all login codes of a sandbox expire.
func expireCodes(t *testing.T, control string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(control + "/api/qr")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var codes []struct{ ID string }
	if err := json.NewDecoder(response.Body).Decode(&codes); err != nil {
		t.Fatal(err)
	}
	for _, code := range codes {
		response, err := client.Post(control+"/api/qr/"+code.ID+"/expire", "application/json", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
	}
}
