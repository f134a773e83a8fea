package app_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"libration/internal/app"
	"libration/internal/app/bot"
	"libration/internal/app/simulator"
	"libration/internal/config"
	"libration/internal/network"
	"libration/internal/proxytest"
	"libration/ntqq"
	"libration/ntqq/message"
	"libration/sandbox"
)

// Where everything is that only the proxies can reach.
const (
	farSSO, farMedia, farWeb   = "sso.far.example:8080", "203.0.113.9:80", "203.0.113.8:80"
	farSigner, farCards, farPC = "signer.far.example:80", "cards.far.example:80", "203.0.113.7:80"
)

// behindProxies is a sandbox that is far away: every address that the program is given leads
// there through a proxy only. It notes what is dialled directly.
type behindProxies struct {
	sim  *simulator.Simulator
	far  map[string]string // what a proxy reaches
	mu   sync.Mutex        // guards near
	near []string
}

func farAway(t *testing.T) (*behindProxies, *config.Config) {
	t.Helper()
	box, err := sandbox.New(sandbox.Options{
		Passwords: map[message.UIN]string{10001: "one", 20001: "two"}, MediaAddress: farMedia,
	})
	if err != nil {
		t.Fatal(err)
	}
	sim := serve(t, box)
	b := &behindProxies{sim: sim}
	pictures := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write(aPicture(t, 3)) }))
	t.Cleanup(pictures.Close)
	control := strings.TrimPrefix(sim.ControlURL(), "http://")
	b.far = map[string]string{
		farSSO: sim.SSO(), farMedia: sim.SSO(), farWeb: sim.SSO(), farSigner: control, farCards: control,
		farPC: pictures.Listener.Addr().String(),
	}
	c := configuration(t.TempDir(), sim.ControlURL())
	c.Server.Addresses, c.Server.Web = []string{farSSO}, "http://"+farWeb
	c.Signer.URLs, c.OneBot.MusicSignURL = []string{"http://" + farSigner + "/sign"}, "http://"+farCards+"/sign/music"
	c.Account = config.Account{UIN: 10001, Password: "one", Protocol: config.ProtocolLinux}
	return b, c
}

func (b *behindProxies) network() network.Network {
	return network.Network{DialFunc: func(ctx context.Context, network, address string) (net.Conn, error) {
		b.mu.Lock()
		b.near = append(b.near, address)
		b.mu.Unlock()
		if host, _, _ := net.SplitHostPort(address); host != "127.0.0.1" {
			return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		}
		var d net.Dialer
		return d.DialContext(ctx, network, address)
	}}
}

// run starts the program; what it logs goes to log.
func (b *behindProxies) run(t *testing.T, c *config.Config, log *lockedBuffer) *app.App {
	t.Helper()
	for _, p := range c.Validate() {
		if !p.Warning {
			t.Fatal(p)
		}
	}
	a, err := app.New(c, app.Options{
		Log: slog.New(slog.NewTextHandler(log, nil)), Version: "test", Network: b.network(),
		Timing: ntqq.Timing{RetryFirst: 10 * time.Millisecond, RetryMost: 20 * time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	background(t, a.Run)
	return a
}

func aPicture(t *testing.T, size int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, size, size))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// ask calls an action that must succeed.
func ask(t *testing.T, address, action, params string) json.RawMessage {
	t.Helper()
	var p map[string]json.RawMessage
	if err := json.Unmarshal([]byte(params), &p); err != nil {
		t.Fatal(err)
	}
	answer, ok, err := bot.Call(t.Context(), address, "", action, p)
	if err != nil || !ok {
		t.Fatalf("%s: got %s, %v", action, answer, err)
	}
	var got struct{ Data json.RawMessage }
	if err := json.Unmarshal(answer, &got); err != nil {
		t.Fatal(err)
	}
	return got.Data
}

// useEverything has an account do one thing of each kind.
func useEverything(t *testing.T, address string, group, friend int) {
	t.Helper()
	own := aPicture(t, 5+group%7)
	var sent struct {
		ID int `json:"message_id"`
	}
	data := ask(t, address, "send_group_msg", fmt.Sprintf(`{"group_id":%d,"message":[{"type":"text","data":{"text":"hello"}},
		{"type":"image","data":{"file":"base64://%s"}},{"type":"image","data":{"file":"http://203.0.113.7/a.png"}}]}`, group, base64.StdEncoding.EncodeToString(own)))
	if err := json.Unmarshal(data, &sent); err != nil {
		t.Fatal(err)
	}
	var m struct {
		Message []struct {
			Type string
			Data struct{ File string }
		}
	}
	if err := json.Unmarshal(ask(t, address, "get_msg", fmt.Sprintf(`{"message_id":%d}`, sent.ID)), &m); err != nil || len(m.Message) != 3 {
		t.Fatalf("got %+v, %v", m, err)
	}
	var got struct{ Base64 string }
	if err := json.Unmarshal(ask(t, address, "get_image", fmt.Sprintf(`{"file":%q,"base64":true}`, m.Message[1].Data.File)), &got); err != nil || got.Base64 != base64.StdEncoding.EncodeToString(own) {
		t.Errorf("got another picture: %.80s, %v", got.Base64, err)
	}
	ask(t, address, "_get_group_notice", fmt.Sprintf(`{"group_id":%d}`, group))
	ask(t, address, "send_private_msg", fmt.Sprintf(`{"user_id":%d,"message":"[CQ:music,type=163,id=5]"}`, friend))
}

// TestProxiesOfAccounts: two accounts in one process, each with a proxy of its own kind. All
// that either does goes through its own, and nothing past it.
func TestProxiesOfAccounts(t *testing.T) {
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"} {
		t.Setenv(name, "http://127.0.0.1:1")
	}
	b, c := farAway(t)
	socks := proxytest.Start(t, "me", "hunter2", b.far)
	connect := proxytest.Start(t, "you", "hunter3", b.far)
	c.Accounts = []config.Account{
		{Name: "a", UIN: 10001, Password: "one", Protocol: config.ProtocolLinux},
		{Name: "b", UIN: 20001, Password: "two", Protocol: config.ProtocolLinux, Proxy: connect.URL("http")},
	}
	c.Account = config.Default().Account
	c.Proxy = socks.URL("socks5")
	var log lockedBuffer
	a := b.run(t, c, &log)
	await(t, a, "the first to be ready", func(s app.Status) bool { return s.Ready() })
	for end := time.Now().Add(limit); !a.Account("b").Status().Ready(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the second is not ready: %+v\n%s", a.Account("b").Status(), log.String())
		}
	}
	address, _ := endpoints(t, a)
	useEverything(t, address+"/a", 730000001, 20001)
	useEverything(t, address+"/b", 730000001, 10001)
	for name, proxy := range map[string]*proxytest.Server{"a": socks, "b": connect} {
		asked := slices.Compact(slices.Sorted(slices.Values(proxy.Asked())))
		want := slices.Sorted(slices.Values([]string{farSSO, farMedia, farWeb, farSigner, farCards, farPC}))
		if !slices.Equal(asked, want) {
			t.Errorf("account %s: its proxy was asked for %q, want %q", name, asked, want)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	control := strings.TrimPrefix(b.sim.ControlURL(), "http://")
	for _, near := range b.near {
		// The program looks whether its own listeners answer.
		if host, _, _ := net.SplitHostPort(near); host != "127.0.0.1" || slices.Contains([]string{b.sim.SSO(), b.far[farPC]}, near) {
			t.Errorf("dialled %s directly", near)
		}
	}
	if !slices.Contains(b.near, control) || !slices.Contains(b.near, socks.Address) || !slices.Contains(b.near, connect.Address) {
		t.Errorf("dialled %q", b.near)
	}
	if said := log.String(); strings.Contains(said, "hunter") || !strings.Contains(said, "proxy=socks5://"+socks.Address) || !strings.Contains(said, "proxy=http://"+connect.Address) {
		t.Errorf("the log has secrets, or does not name the proxies:\n%s", said)
	}
}

// TestProxyDies: the account comes back with its proxy, and says meanwhile that it is the
// cause.
func TestProxyDies(t *testing.T) {
	b, c := farAway(t)
	proxy := proxytest.Start(t, "", "", b.far)
	c.Account.Proxy = proxy.URL("http")
	var log lockedBuffer
	a := b.run(t, c, &log)
	await(t, a, "online", func(s app.Status) bool { return s.Ready() })
	proxy.Down()
	s := await(t, a, "the cause", func(s app.Status) bool {
		return s.Account.Err != nil && strings.Contains(s.Account.Err.Error(), "the proxy http://"+proxy.Address+" cannot be reached")
	})
	if ntqq.CauseOf(s.Account.Err) != "proxy" {
		t.Errorf("got the cause %q of %v", ntqq.CauseOf(s.Account.Err), s.Account.Err)
	}
	_, body := newOwner(t, a).get("/readyz")
	if !strings.Contains(string(body), "the proxy http://"+proxy.Address+" cannot be reached") {
		t.Errorf("got %s", body)
	}
	proxy.Up(t)
	await(t, a, "online again", func(s app.Status) bool { return s.Ready() })
	if !strings.Contains(log.String(), "the proxy http://"+proxy.Address+" cannot be reached") {
		t.Errorf("the log does not say why:\n%s", log.String())
	}
}

// TestProxyRefusesLogin: a wrong password is a state of its own, and no server is blamed.
func TestProxyRefusesLogin(t *testing.T) {
	for _, scheme := range []string{"socks5", "http"} {
		t.Run(scheme, func(t *testing.T) {
			b, c := farAway(t)
			proxy := proxytest.Start(t, "me", "right", b.far)
			c.Proxy = scheme + "://me:hunter2@" + proxy.Address
			var log lockedBuffer
			a := b.run(t, c, &log)
			s := await(t, a, "the refusal", func(s app.Status) bool { return s.Account.Err != nil })
			if want := "the proxy " + scheme + "://" + proxy.Address + " refuses the user and password"; !strings.Contains(s.Account.Err.Error(), want) || ntqq.CauseOf(s.Account.Err) != "proxy" {
				t.Errorf("got %v, want %q", s.Account.Err, want)
			}
			if said := log.String(); strings.Contains(said, "hunter2") || strings.Contains(said, "server failed") {
				t.Errorf("the log has the password, or blames a server:\n%s", said)
			}
		})
	}
}

// TestAccountWithoutProxy: "direct" goes over the proxy of the installation.
func TestAccountWithoutProxy(t *testing.T) {
	b, c := farAway(t)
	proxy := proxytest.Start(t, "", "", b.far)
	c.Proxy, c.Account.Proxy = proxy.URL("socks5"), network.Direct
	var log lockedBuffer
	a := b.run(t, c, &log)
	await(t, a, "the failure", func(s app.Status) bool { return s.Account.Err != nil })
	if asked := proxy.Asked(); len(asked) > 0 {
		t.Errorf("the proxy was asked for %q", asked)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.Contains(b.near, farSSO) {
		t.Errorf("dialled %q", b.near)
	}
}
