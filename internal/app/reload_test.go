package app_test

import (
	"errors"
	"log/slog"
	"net"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"libration/internal/app"
	"libration/internal/app/bot"
	"libration/internal/config"
	"libration/internal/supervise"
	"libration/internal/tlsfiles/tlsfilestest"
	"libration/ntqq/message"
	"libration/sandbox"
)

// TestReload: accounts and connections come, change and go. Who stays does not notice.
func TestReload(t *testing.T) {
	sim := startSandbox(t, sandbox.Options{Passwords: map[message.UIN]string{10001: "one", 20001: "two"}})
	first := configuration(t.TempDir(), sim.ControlURL())
	first.Account = config.Account{UIN: 10001, Password: "one", Protocol: config.ProtocolLinux}
	first.OneBot.Connections[0].Journal = new(config.DefaultJournal) // so that one is written
	first.OneBot.Connections[1].Journal = new(config.DefaultJournal)
	var file atomic.Pointer[config.Config]
	var unreadable atomic.Bool
	file.Store(first)
	a, err := app.New(first, app.Options{Log: slog.New(slog.DiscardHandler), Version: "test", Load: func() (*config.Config, error) {
		if unreadable.Load() {
			return nil, errors.New("not valid YAML")
		}
		return file.Load(), nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Reload(); err == nil {
		t.Error("reload before Run")
	}
	background(t, a.Run)
	began := await(t, a, "the account to be ready", func(s app.Status) bool { return s.Ready() })
	address, _ := endpoints(t, a)
	reload := func(change func(*config.Config), want ...string) {
		t.Helper()
		next := *file.Load()
		next.Accounts, next.OneBot.Connections = slices.Clone(next.Accounts), slices.Clone(next.OneBot.Connections)
		change(&next)
		for _, p := range next.Validate() {
			if !p.Warning {
				t.Fatal(p)
			}
		}
		file.Store(&next)
		did, err := a.Reload()
		var said []string
		for _, d := range did {
			said = append(said, d.EN)
		}
		if err != nil || !slices.Equal(said, want) {
			t.Fatalf("got %q, %v, want %q", said, err, want)
		}
		s := a.Status()
		if s.Self.UIN != 10001 || s.Account.OnlineCount != 1 || !s.Services[0].Since.Equal(began.Services[0].Since) || s.Services[0].State != supervise.Running {
			t.Fatalf("the first account noticed: %+v", s)
		}
	}
	is := func(path, token, want string) {
		t.Helper()
		answer, _, err := bot.Call(t.Context(), address+path, token, "get_login_info", nil)
		if got := string(answer); err != nil || !strings.Contains(got, want) {
			t.Errorf("%s: got %s, %v, want %s", path, got, err, want)
		}
	}
	is("", "", `"user_id":10001`)
	reload(func(*config.Config) {}, "nothing has changed")
	nobody := *first
	nobody.Account.UIN, nobody.Account.Password = 0, ""
	file.Store(&nobody)
	if did, err := a.Reload(); err == nil || !strings.Contains(err.Error(), "the file names no account") {
		t.Errorf("a file without an account: got %v, %v", did, err)
	}
	file.Store(first)
	reload(func(c *config.Config) {
		c.Accounts = []config.Account{{Name: "main", Default: true, UIN: 10001, Password: "one", Protocol: config.ProtocolLinux}}
		c.Account = config.Default().Account
	}, "account 10001: now called main")

	// A second account on the same listeners.
	reload(func(c *config.Config) {
		c.Accounts = append(c.Accounts, config.Account{Name: "b", UIN: 20001, Password: "two", Protocol: config.ProtocolLinux, AccessToken: "token-b"})
	}, "account b: added")
	ready := func() {
		t.Helper()
		for end := time.Now().Add(limit); !a.Account("b").Status().Ready(); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("the second is not ready: %+v", a.Account("b").Status())
			}
		}
	}
	ready()
	is("", "", `"user_id":10001`)
	is("/main", "", `"user_id":10001`)
	reload(func(c *config.Config) { c.Accounts[0].Default, c.Accounts[1].Default = false, true },
		"account main: has to be named by bots now", "account b: gets what names no account")
	is("", "token-b", `"user_id":20001`)
	reload(func(c *config.Config) { c.Accounts[0].Default, c.Accounts[1].Default = true, false },
		"account main: gets what names no account", "account b: has to be named by bots now")
	is("/b", "token-b", `"user_id":20001`)

	// A connection comes, changes and goes, for both or for one.
	server := httptest.NewServer(&flakyBot{})
	defer server.Close()
	hook := config.Connection{Type: config.Webhook, URL: server.URL, Accounts: []string{"b"}}
	name := hook.Name()
	reload(func(c *config.Config) { c.OneBot.Connections = append(c.OneBot.Connections, hook) }, "account b: + "+name)
	if s := a.Account("b").Status(); len(s.Services) != 3 || s.Account.OnlineCount != 1 || len(a.Status().Services) != 2 {
		t.Errorf("got %v and %v", s.Services, a.Status().Services)
	}
	reload(func(c *config.Config) { c.OneBot.Connections[2].Secret = "s" }, "account b: ~ "+name)
	reload(func(c *config.Config) { c.OneBot.Connections[2].Accounts = nil }, "account main: + "+name)
	reload(func(c *config.Config) { c.OneBot.Connections[1].AccessToken = "token-main" }, "account main: ~ websocket 127.0.0.1:0")
	reload(func(c *config.Config) { c.OneBot.Connections[1].AccessToken = "" }, "account main: ~ websocket 127.0.0.1:0")
	reload(func(c *config.Config) { c.OneBot.Connections = c.OneBot.Connections[:2] }, "account main: - "+name, "account b: - "+name)

	// Another password: that account alone starts anew.
	reload(func(c *config.Config) { c.Accounts[1].Protocol = config.ProtocolMacOS }, "account b: started anew")
	reload(func(c *config.Config) { c.OneBot.MusicSignURL = "http://127.0.0.1/card" }, "onebot.music_sign_url: takes effect at the next start")
	reload(func(c *config.Config) { c.OneBot.MusicSignURL = "" }, "nothing has changed")
	reload(func(c *config.Config) { c.Log.Level, c.Accounts[1].Protocol = config.LevelDebug, config.ProtocolLinux }, "account b: started anew", "log: takes effect at the next start")
	ready()
	is("/b", "token-b", `"user_id":20001`)
	reload(func(c *config.Config) { c.Log.Level, c.Accounts[1].AccessToken = config.LevelInfo, "other" }, "account b: ~ http 127.0.0.1:0, ~ websocket 127.0.0.1:0")
	ready()
	is("/b", "other", `"user_id":20001`)

	// What cannot be used changes nothing.
	unreadable.Store(true)
	if _, err := a.Reload(); err == nil || !strings.Contains(err.Error(), "not valid YAML") {
		t.Errorf("got %v", err)
	}
	unreadable.Store(false)
	broken := *file.Load()
	broken.Accounts = slices.Clone(broken.Accounts)
	broken.Accounts[1].AppInfo = "/no/such.json"
	file.Store(&broken)
	if _, err := a.Reload(); err == nil || !strings.Contains(err.Error(), "account b: account.app_info") {
		t.Errorf("got %v", err)
	}
	is("/b", "other", `"user_id":20001`)

	reload(func(c *config.Config) { c.Accounts = c.Accounts[:1] }, "account b: removed")
	is("", "", `"user_id":10001`)
	is("/main", "", `"user_id":10001`) // bots that name it go on
	is("/b", "other", `1404`)
	if a.Account("b") != nil {
		t.Error("the removed account is there")
	}
}

// TestReloadSwapsAddresses: two connections of two accounts change places at once.
func TestReloadSwapsAddresses(t *testing.T) {
	sim := startSandbox(t, sandbox.Options{Passwords: map[message.UIN]string{10001: "one", 20001: "two"}})
	c := configuration(t.TempDir(), sim.ControlURL())
	c.Accounts = []config.Account{
		{Name: "a", Default: true, UIN: 10001, Password: "one", Protocol: config.ProtocolLinux},
		{Name: "b", UIN: 20001, Password: "two", Protocol: config.ProtocolLinux},
	}
	swapped := *c
	swapped.OneBot.Connections = slices.Clone(c.OneBot.Connections)
	for i := range c.OneBot.Connections {
		free, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address := free.Addr().String()
		if err := free.Close(); err != nil {
			t.Fatal(err)
		}
		c.OneBot.Connections[i].Address, swapped.OneBot.Connections[1-i].Address = address, address
	}
	a, err := app.New(c, app.Options{Log: slog.New(slog.DiscardHandler), Load: func() (*config.Config, error) { return &swapped, nil }})
	if err != nil {
		t.Fatal(err)
	}
	background(t, a.Run)
	ready := func() {
		t.Helper()
		for _, name := range []string{"a", "b"} {
			until(t, name+" to be ready", func() bool { return a.Account(name).Status().Ready() })
			for _, s := range a.Account(name).Status().Services {
				if s.Failures > 0 {
					t.Errorf("%s of %s failed: %v", s.Name, name, s.Err)
				}
			}
		}
	}
	ready()
	if did, err := a.Reload(); err != nil {
		t.Fatal(did, err)
	}
	ready()
	for path, want := range map[string]string{"": `"user_id":10001`, "/b": `"user_id":20001`} {
		answer, _, err := bot.Call(t.Context(), "http://"+swapped.OneBot.Connections[0].Address+path, "", "get_login_info", nil)
		if err != nil || !strings.Contains(string(answer), want) {
			t.Errorf("%s: got %s, %v", path, answer, err)
		}
	}
}

// TestReloadOverHTTP: what the owner's service and its client make of it.
func TestReloadOverHTTP(t *testing.T) {
	sim := startSandbox(t, sandbox.Options{AutoApprove: 10001})
	c := configuration(t.TempDir(), sim.ControlURL())
	var wrong atomic.Bool
	a, err := app.New(c, app.Options{Log: slog.New(slog.DiscardHandler), Load: func() (*config.Config, error) {
		if wrong.Load() {
			_, problems := config.Parse([]byte("x: 1"), nil)
			return nil, &config.Error{Path: "config.yaml", Problems: problems}
		}
		return c, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	background(t, a.Run)
	await(t, a, "the account to be online", func(s app.Status) bool { return s.Account.Online() })
	owner := ownerOf(t, a, c)
	var out lines
	if err := owner.Reload(t.Context(), &out); err != nil || out.String() != "nothing has changed\n" {
		t.Errorf("got %q, %v", out.String(), err)
	}
	wrong.Store(true)
	if err := owner.Reload(t.Context(), &out); err == nil || !strings.Contains(err.Error(), "config.yaml:1:1: x: unknown key") {
		t.Errorf("got %v", err)
	}
}

// TestReloadTLS: files that cannot be used change nothing when a connection is to have them;
// those that it has may be about to be replaced, and hold nothing else up.
func TestReloadTLS(t *testing.T) {
	sim := startSandbox(t, sandbox.Options{AutoApprove: 10001})
	c := configuration(t.TempDir(), sim.ControlURL())
	authority := tlsfilestest.NewAuthority(t)
	good, other := authority.Pair(t, "good"), authority.Pair(t, "other")
	with := func(certificate, key string, heartbeat time.Duration) *config.Config {
		next := *c
		next.OneBot.Connections = slices.Clone(c.OneBot.Connections)
		next.OneBot.Connections[0].TLS = config.ConnectionTLS{Certificate: certificate, Key: key}
		next.OneBot.Connections[1].Heartbeat = new(config.Duration(heartbeat))
		return &next
	}
	var file atomic.Pointer[config.Config]
	file.Store(with(good.Certificate, good.Key, time.Second))
	a, err := app.New(file.Load(), app.Options{Log: slog.New(slog.DiscardHandler), Load: func() (*config.Config, error) { return file.Load(), nil }})
	if err != nil {
		t.Fatal(err)
	}
	background(t, a.Run)
	await(t, a, "the account to be ready", func(s app.Status) bool { return s.Ready() })

	file.Store(with(good.Certificate, other.Key, time.Minute))
	want := "onebot.connections: http 127.0.0.1:0: tls.key " + other.Key + " is not the key of tls.certificate " + good.Certificate
	if did, err := a.Reload(); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("a wrong key: got %v, %v", did, err)
	}
	if s := a.Status(); !s.Ready() {
		t.Errorf("after a wrong key: got %+v", s)
	}
	if err := os.WriteFile(good.Certificate, []byte("half of it"), 0o600); err != nil {
		t.Fatal(err)
	}
	file.Store(with(good.Certificate, good.Key, time.Minute))
	if did, err := a.Reload(); err != nil || len(did) != 1 || !strings.Contains(did[0].EN, "~ websocket 127.0.0.1:0") {
		t.Errorf("while the certificate is being replaced: got %v, %v", did, err)
	}
	await(t, a, "the account to be ready again", func(s app.Status) bool { return s.Ready() })
}
