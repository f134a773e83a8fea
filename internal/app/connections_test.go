package app_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"libration/internal/app"
	"libration/internal/app/bot"
	"libration/internal/config"
	"libration/internal/network"
	"libration/internal/tlsfiles/tlsfilestest"
	"libration/sandbox"
	"libration/sandbox/world"
)

// listener is a bot that takes events, and what came.
type listener struct {
	name            string
	text, self      bool // messages are texts; own ones come, too
	beats           bool
	mu              sync.Mutex
	messages, owns  []string
	heartbeats, bad int
}

func (l *listener) take(frame []byte) {
	var e struct {
		PostType string          `json:"post_type"`
		MetaType string          `json:"meta_event_type"`
		Raw      string          `json:"raw_message"`
		Message  json.RawMessage `json:"message"`
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if json.Unmarshal(frame, &e) != nil {
		l.bad++
		return
	}
	switch e.PostType {
	case "message":
		l.messages = append(l.messages, e.Raw)
	case "message_sent":
		l.owns = append(l.owns, e.Raw)
	case "meta_event":
		if e.MetaType == "heartbeat" {
			l.heartbeats++
		}
		return
	default:
		return
	}
	if (e.Message[0] == '"') != l.text {
		l.bad++
	}
}

// ServeHTTP is a webhook, and the bot of a reverse WebSocket.
func (l *listener) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") == "" {
		b, _ := io.ReadAll(r.Body)
		l.take(b)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	ws, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	l.read(r.Context(), ws)
}

func (l *listener) read(ctx context.Context, ws *websocket.Conn) {
	defer ws.CloseNow()
	for {
		_, frame, err := ws.Read(ctx)
		if err != nil {
			return
		}
		l.take(frame)
	}
}

// complete tells whether all came, and wrong what should not have.
func (l *listener) complete(messages, owns []string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.messages) >= len(messages) && (!l.self || len(l.owns) >= len(owns)) && (!l.beats || l.heartbeats > 0)
}

// serveSocket serves a bot on a Unix socket.
func serveSocket(t *testing.T, path string, h http.Handler) {
	t.Helper()
	ln, err := network.Network{}.Listen(t.Context(), "unix:"+path)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(h)
	_ = s.Listener.Close()
	s.Listener = ln
	s.Start()
	t.Cleanup(s.Close)
}

// TestSeveralOfEach: two connections of each type, with TLS and by sockets: each bot gets
// all events in order, in its own format, with own messages and heartbeats as it wants.
func TestSeveralOfEach(t *testing.T) {
	dir, err := os.MkdirTemp("", "lib") // the paths of sockets are short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := func(name string) string { return filepath.Join(dir, name) }
	authority := tlsfilestest.NewAuthority(t)
	pair := authority.Pair(t, "libration")
	listens := config.ConnectionTLS{Certificate: pair.Certificate, Key: pair.Key}

	bots := []*listener{
		{name: "wss", beats: true}, {name: "ws by a socket", text: true, self: true},
		{name: "reverse wss", text: true, beats: true}, {name: "reverse ws by a socket", self: true},
		{name: "https webhook", self: true}, {name: "webhook by a socket", text: true, beats: true},
	}
	secure := func(l *listener, clients bool) string {
		s := httptest.NewUnstartedServer(l)
		s.TLS = authority.Server(t, clients)
		s.StartTLS()
		t.Cleanup(s.Close)
		return s.URL
	}
	serveSocket(t, socket("reverse"), bots[3])
	serveSocket(t, socket("hook"), bots[5])

	sim := startSandbox(t, sandbox.Options{AutoApprove: 10001})
	c := configuration(t.TempDir(), sim.ControlURL())
	with := func(n config.Connection, l *listener) config.Connection {
		n.Format, n.Heartbeat, n.ReportSelf = config.FormatArray, new(config.Duration), new(l.self)
		if l.text {
			n.Format = config.FormatString
		}
		if l.beats {
			n.Heartbeat = new(config.Duration(time.Second))
		}
		return n
	}
	c.OneBot.Connections = []config.Connection{
		{Type: config.HTTP, Address: "127.0.0.1:0", TLS: listens},
		{Type: config.HTTP, Address: "unix:" + socket("http")},
		with(config.Connection{Type: config.WebSocket, Address: "127.0.0.1:0", TLS: listens}, bots[0]),
		with(config.Connection{Type: config.WebSocket, Address: "unix:" + socket("ws")}, bots[1]),
		with(config.Connection{Type: config.ReverseWebSocket, URL: strings.Replace(secure(bots[2], false), "http", "ws", 1), TLS: config.ConnectionTLS{CA: authority.CA}}, bots[2]),
		with(config.Connection{Type: config.ReverseWebSocket, URL: "ws+unix://" + socket("reverse") + ":/ws"}, bots[3]),
		with(config.Connection{Type: config.Webhook, URL: secure(bots[4], true) + "/hook", TLS: config.ConnectionTLS{CA: authority.CA, Certificate: pair.Certificate, Key: pair.Key}}, bots[4]),
		with(config.Connection{Type: config.Webhook, URL: "http+unix://" + socket("hook") + ":/hook"}, bots[5]),
	}
	if problems := c.Validate(); slices.ContainsFunc(problems, func(p config.Problem) bool { return !p.Warning }) {
		t.Fatalf("got %v", problems)
	}
	a := newApp(t, c, nil)
	background(t, a.Run)
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	all, err := a.Endpoints(ctx)
	if err != nil || len(all) != 4 {
		t.Fatalf("got endpoints %v, %v", all, err)
	}
	trust := &tls.Config{RootCAs: authority.Pool()}
	callers := []bot.Target{{URL: "https://" + all[0].Addr.String(), TLS: trust}, {URL: "http+unix://" + socket("http")}}
	for i, target := range []bot.Target{{URL: "wss://" + all[2].Addr.String(), TLS: trust}, {URL: "ws+unix://" + socket("ws") + ":/"}} {
		conn, err := target.Dial(ctx)
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for {
				frame, err := conn.Read(context.Background())
				if err != nil {
					return
				}
				bots[i].take(frame)
			}
		}()
		t.Cleanup(func() { conn.Drop(); <-ended })
	}
	if _, err := a.Wait(ctx, func(s app.Status) bool { return s.Ready() }); err != nil {
		t.Fatalf("not ready: %+v", a.Status())
	}

	var messages, owns []string
	for i := range 40 {
		messages = append(messages, fmt.Sprint("message ", i))
		sim.Sandbox.World().Messages().Send(world.Send{From: 20001, To: 10001, Parts: world.Text(messages[i])}, nil)
		if i%10 != 0 {
			continue
		}
		owns = append(owns, fmt.Sprint("own ", i))
		answer, ok, err := callers[len(owns)%2].Call(ctx, "send_private_msg", map[string]json.RawMessage{
			"user_id": json.RawMessage("20001"), "message": json.RawMessage(fmt.Sprintf("%q", owns[len(owns)-1])),
		})
		if err != nil || !ok {
			t.Fatalf("%s: got %s, %v", callers[len(owns)%2].URL, answer, err)
		}
	}
	deadline := time.After(limit)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for _, l := range bots {
		for !l.complete(messages, owns) {
			select {
			case <-tick.C:
			case <-deadline:
				t.Fatalf("%s got %d messages, %d own ones, %d heartbeats", l.name, len(l.messages), len(l.owns), l.heartbeats)
			}
		}
	}
	for _, l := range bots {
		l.mu.Lock()
		if !slices.Equal(l.messages, messages) || l.self && !slices.Equal(l.owns, owns) || !l.self && len(l.owns) > 0 || !l.beats && l.heartbeats > 0 || l.bad > 0 {
			t.Errorf("%s: got %q, own ones %q, %d heartbeats, %d in another format", l.name, l.messages, l.owns, l.heartbeats, l.bad)
		}
		l.mu.Unlock()
	}
}

// TestCallTheConfigured: what call -c and events -c use reaches listeners with TLS and on
// sockets, and trusts no other certificate.
func TestCallTheConfigured(t *testing.T) {
	authority := tlsfilestest.NewAuthority(t)
	pair, other := authority.Pair(t, "libration"), authority.Pair(t, "other")
	dir, err := os.MkdirTemp("", "lib")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	address := func() string {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer ln.Close()
		return ln.Addr().String()
	}
	sim := startSandbox(t, sandbox.Options{AutoApprove: 10001})
	write := func(name, connections string) string {
		path := filepath.Join(dir, name)
		content := fmt.Sprintf("language: en\ndata: ./data\nlog: {file: {path: ''}}\nserver: {mode: sandbox, sandbox: {control: %q}}\nadmin: {address: ''}\nonebot: {connections: [%s]}\n", sim.ControlURL(), connections)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	secure, key := address(), "0123456789abcdef"
	withTLS := fmt.Sprintf("{type: http, address: %q, access_token: %q, tls: {certificate: %q, key: %q}}", secure, key, pair.Certificate, pair.Key)
	path := write("config.yaml", withTLS+", {type: websocket, address: 'unix:bot.sock'}")
	c, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	a := newApp(t, c, nil)
	background(t, a.Run)
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	if all, err := a.Endpoints(ctx); err != nil || len(all) != 2 {
		t.Fatalf("got endpoints %v, %v", all, err)
	}

	target, err := app.BotAddress(path, "", config.HTTP)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := bot.PrintCall(ctx, &out, target, "get_login_info", nil); err != nil || !strings.Contains(out.String(), "10001") {
		t.Errorf("got %s, %v", &out, err)
	}
	events, err := app.BotAddress(path, "", config.WebSocket)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := events.Dial(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Drop()
	if frame, err := conn.Read(ctx); err != nil || !strings.Contains(string(frame), "lifecycle") {
		t.Errorf("got %s, %v", frame, err)
	}
	wrong := write("wrong.yaml", strings.NewReplacer(pair.Certificate, other.Certificate, pair.Key, other.Key).Replace(withTLS))
	if target, err = app.BotAddress(wrong, "", config.HTTP); err != nil {
		t.Fatal(err)
	}
	if err := bot.PrintCall(ctx, &out, target, "get_login_info", nil); err == nil || !strings.Contains(err.Error(), "is not that of tls.certificate") {
		t.Errorf("another certificate: got %v", err)
	}
}
