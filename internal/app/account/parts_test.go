package account

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"libration/gateway"
	"libration/internal/config"
	"libration/internal/network"
	"libration/ntqq"
	"libration/onebot"
)

func TestFolder(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	f, err := openFolder(filepath.Join(data, "10001"))
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(data, "10001"))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("got folder %v, error %v, want mode 0700", info, err)
	}
	if _, err := openFolder(filepath.Join(data, "10001")); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("second open: got %v, want that another process uses it", err)
	}
	other, err := openFolder(filepath.Join(data, "default"))
	if err != nil {
		t.Errorf("another account: %v", err)
	} else {
		other.close()
	}
	f.close()
	for _, name := range []string{keystoreName, keystoreName + ".1.tmp", progressName + ".23.tmp", qrName + ".4.tmp", "mine.tmp"} {
		if err := os.WriteFile(f.file(name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if f, err = openFolder(filepath.Join(data, "10001")); err != nil {
		t.Fatalf("open after close: %v", err)
	}
	f.close()
	var names []string
	entries, err := os.ReadDir(f.path)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if want := []string{keystoreName, lockName, "mine.tmp"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("the folder has %q, %v, want %q: what a killed program left is removed", names, err, want)
	}
}

func TestFolderUnusable(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := openFolder(filepath.Join(file, "10001"))
	if err == nil || !strings.Contains(err.Error(), "data: in the config") || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v, want one line with the remedy", err)
	}
}

func TestStateQueue(t *testing.T) {
	t.Parallel()
	q := newStateQueue()
	for i := range maxStates + 5 { // before anybody follows
		q.put(ntqq.State{OnlineCount: i})
	}
	ctx, cancel := context.WithCancel(t.Context())
	var got []int
	err := q.follow(ctx, func(s ntqq.State) {
		got = append(got, s.OnlineCount)
		switch len(got) {
		case maxStates:
			q.put(ntqq.State{OnlineCount: 1000})
		case maxStates + 1:
			q.put(ntqq.State{OnlineCount: 1001}) // still given after the end
			cancel()
		}
	})
	if err != nil {
		t.Error(err)
	}
	want := make([]int, 0, maxStates+2)
	for i := range maxStates - 1 {
		want = append(want, i)
	}
	want = append(want, maxStates+4, 1000, 1001)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("states: -want +got\n%s", diff)
	}
}

func TestSandboxServers(t *testing.T) {
	t.Parallel()
	const keys = `"keys":{"oicq_192":"04aa","nt":"04bb","verify_key":"cc"}`
	for _, tt := range []struct {
		name    string
		answers []string // one after the other; "" is HTTP 404
		want    []string // addresses; nil for an error
		err     string
	}{
		{"up", []string{`{"sso":["127.0.0.1:8001"],` + keys + `}`}, []string{"127.0.0.1:8001"}, ""},
		{"media elsewhere", []string{`{"sso":["127.0.0.1:8001"],"media":"192.0.2.7:80",` + keys + `}`}, []string{"127.0.0.1:8001"}, ""},
		{"all interfaces", []string{`{"sso":["0.0.0.0:8001","[::]:8002"],` + keys + `}`}, []string{"127.0.0.1:8001", "127.0.0.1:8002"}, ""},
		{"not listening yet", []string{`{"sso":[]}`, `{"sso":["127.0.0.1:8001"],` + keys + `}`}, []string{"127.0.0.1:8001"}, ""},
		{"another server", []string{""}, nil, "404"},
		{"not JSON", []string{"<html>"}, nil, "not a sandbox's"},
		{"bad keys", []string{`{"sso":["127.0.0.1:8001"],"keys":{"nt":"xyz"}}`}, nil, "not a sandbox's"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				answer := tt.answers[min(int(asked.Add(1)), len(tt.answers))-1]
				if r.URL.Path != "/api/service" || answer == "" {
					w.WriteHeader(http.StatusNotFound)
				}
				io.WriteString(w, answer)
			}))
			defer server.Close()
			got, err := sandboxServers(t.Context(), network.Network{}, slog.New(slog.DiscardHandler), server.URL+"/")
			if tt.want == nil {
				if err == nil || !strings.Contains(err.Error(), tt.err) || !strings.Contains(err.Error(), "server.sandbox.control") {
					t.Errorf("got error %v, want one with %q and the remedy", err, tt.err)
				}
				return
			}
			want := ntqq.Servers{
				Addresses: tt.want, OicqKey: []byte{4, 0xaa}, ExchangeKey: []byte{4, 0xbb}, VerifyKey: []byte{0xcc},
				NewDeviceURL: server.URL + "/v3/oidbinterface/oidb_0xc9e_8",
			}
			if tt.name == "media elsewhere" {
				want.Media = "192.0.2.7:80"
			}
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("error %v, -want +got\n%s", err, diff)
			}
		})
	}
}

// What the check of a configuration lets pass must not stop the program later.
func TestConnectionsAcceptWhatTheCheckDoes(t *testing.T) {
	t.Parallel()
	const text = `
onebot:
  heartbeat: 1s
  connections:
    - {type: http, address: "127.0.0.1:0", cors: ["https://example.com", "http://localhost:8080"]}
    - {type: http, address: ":0", access_token: "!~", cors: ["*"]}
    - {type: websocket, address: "localhost:0", format: string, heartbeat: 24h}
    - {type: reverse-websocket, url: "wss://bot.example", reconnect: 100ms}
    - {type: reverse-websocket, event_url: "ws://[::1]:1/x?access_token=y", reconnect: 1h, heartbeat: 0s}
    - {type: webhook, url: "https://bot.example/post", secret: x, timeout: 5m, reconnect: 100ms, journal: 168h, journal_limit: 1000000}
    - {type: webhook, url: "http://[::1]:1", journal: 0}
`
	cfg, problems := config.Parse([]byte(text), nil)
	for _, p := range problems {
		if !p.Warning {
			t.Error(p.String())
		}
	}
	cfg.Server.Mode = config.ModeSandbox
	a, err := New(cfg, Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	service := onebot.New(onebot.Options{Gateway: gateway.New(gateway.Options{})})
	for _, c := range cfg.OneBot.Resolved() {
		if _, err := a.newConnection(service, &c); err != nil {
			t.Errorf("%s: %v", c.Name(), err)
		}
	}
}

func TestSandboxServersWithoutControl(t *testing.T) {
	t.Parallel()
	c := config.Default()
	c.Server.Mode, c.Server.Addresses = config.ModeSandbox, []string{"127.0.0.1:8001"}
	a, err := New(c, Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	got, err := a.servers(t.Context())
	if err != nil || len(got.Addresses) != 1 || len(got.Hosts) != 0 {
		t.Errorf("got %+v, error %v, want the configured address alone", got, err)
	}
	if a.findServers() != nil {
		t.Error("there is no sandbox to ask")
	}
}

func TestFlavours(t *testing.T) {
	t.Parallel()
	var all onebot.Flavour
	for _, f := range []config.Flavour{config.FlavourLagrange, config.FlavourNapCat} {
		if flavours[f] == 0 {
			t.Errorf("flavour %s is none of the dialect", f)
		}
		all |= flavours[f]
	}
	if flavours[config.FlavourBoth] != all || flavours[config.Default().OneBot.Flavour] != onebot.Lagrange {
		t.Errorf("flavours %v", flavours)
	}
}
