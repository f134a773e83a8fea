package transport

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// fakeBot is a bot that listens. Accepted connections go to conns.
type fakeBot struct {
	conns chan *websocket.Conn

	mu      sync.Mutex
	status  int // refuse with this, when set
	kick    bool
	last    string // the Last-Event-ID of the answer, when set
	headers []http.Header
}

func (f *fakeBot) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.headers = append(f.headers, r.Header)
	status, kick, last := f.status, f.kick, f.last
	f.mu.Unlock()
	if last != "" {
		w.Header().Set(lastEventHeader, last)
	}
	if status != 0 {
		http.Error(w, "refused", status)
		return
	}
	ws, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	if kick {
		_ = ws.Close(websocket.StatusPolicyViolation, "duplicate X-Self-ID")
		return
	}
	f.conns <- ws
}

func (f *fakeBot) set(status int, kick bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.status, f.kick = status, kick
}

func (f *fakeBot) tries() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.headers)
}

func (f *fakeBot) header(i int) http.Header {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.headers[i]
}

func (f *fakeBot) next(t testing.TB) *websocket.Conn {
	t.Helper()
	select {
	case ws := <-f.conns:
		t.Cleanup(func() { _ = ws.CloseNow() })
		return ws
	case <-time.After(10 * time.Second):
		t.Fatal("no connection came")
		return nil
	}
}

func startBot(t testing.TB) (*fakeBot, *httptest.Server) {
	f := &fakeBot{conns: make(chan *websocket.Conn, 16)}
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	return f, s
}

func wsURL(s *httptest.Server) string {
	return strings.Replace(s.URL, "http", "ws", 1)
}

func startReverse(t testing.TB, o ReverseOptions, log *slog.Logger, tune func(*Reverse)) (*Reverse, *bot, func() time.Duration) {
	t.Helper()
	b, _ := newOneBot(t)
	if o.ReconnectInterval == 0 {
		o.ReconnectInterval = 5 * time.Millisecond
	}
	r, err := NewReverse(b.Dialect, o, log)
	if err != nil {
		t.Fatal(err)
	}
	if tune != nil {
		tune(r)
	}
	return r, b, start(t, r)
}

func TestReverseUniversal(t *testing.T) {
	bot, server := startBot(t)
	r, b, stop := startReverse(t, ReverseOptions{
		URL: wsURL(server) + "/onebot/v11/ws?k=v", AccessToken: "s3cr3t",
		APIURL: "ws://127.0.0.1:1/not-used",
	}, nil, nil)
	ws := bot.next(t)
	h := bot.header(0)
	for k, want := range map[string]string{
		"X-Self-ID": "10001", "X-Client-Role": "Universal", "User-Agent": "OneBot/11 Libration/1.2.3",
		"Authorization": "Bearer s3cr3t", "Sec-WebSocket-Extensions": "",
	} {
		if got := h.Get(k); got != want {
			t.Errorf("header %s: got %q, want %q", k, got, want)
		}
	}
	wantLifecycle(t, ws)
	eventually(t, "connected", func() bool { return r.State() == StateConnected && r.Err() == nil })
	publish(b, "hello")
	if m := next(t, ws); m["raw_message"] != "hello" {
		t.Errorf("got %v, want the event", m)
	}
	send(t, ws, websocket.MessageBinary, `{"action":"get_login_info","echo":1}`)
	if m := next(t, ws); m["echo"] != 1.0 || m["status"] != "ok" {
		t.Errorf("got %v, want the response", m)
	}
	go stop()
	if _, _, err := ws.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Errorf("got %v, want close code 1001", err)
	}
	if took := stop(); took > 3*time.Second {
		t.Errorf("stopping took %v", took)
	}
	if r.State() != StateStopped {
		t.Errorf("got state %s", r.State())
	}
	if strings.Contains(r.Name(), "k=v") || strings.Contains(r.Name(), "onebot/v11/ws") || !strings.Contains(r.Name(), "/#") {
		t.Errorf("got name %s", r.Name())
	}
}

func TestReverseSplit(t *testing.T) {
	api, apiServer := startBot(t)
	events, eventServer := startBot(t)
	r, b, _ := startReverse(t, ReverseOptions{APIURL: wsURL(apiServer), EventURL: wsURL(eventServer)}, nil, nil)
	a, e := api.next(t), events.next(t)
	if got := api.header(0).Get("X-Client-Role") + events.header(0).Get("X-Client-Role"); got != "APIEvent" {
		t.Errorf("got roles %s, want API and Event", got)
	}
	if _, ok := api.header(0)["Authorization"]; ok {
		t.Error("Authorization is sent without a token")
	}
	wantLifecycle(t, e)
	publish(b, "x")
	next(t, e)
	send(t, a, websocket.MessageText, `{"action":"get_login_info","echo":1}`)
	if m := next(t, a); m["echo"] != 1.0 {
		t.Errorf("API connection: got %v, want only the response", m)
	}
	eventually(t, "connected", func() bool { return r.State() == StateConnected })
	// One lost connection is seen in the state.
	apiServer.Listener.Close()
	_ = a.CloseNow()
	eventually(t, "the loss", func() bool { return r.State() != StateConnected && r.Err() != nil })
}

func TestReverseReconnects(t *testing.T) {
	var log logBuffer
	bot, server := startBot(t)
	r, _, _ := startReverse(t, ReverseOptions{URL: wsURL(server) + "?access_token=in-url", AccessToken: "s3cr3t"}, log.logger(),
		func(r *Reverse) { r.time.stable = 0 })
	count := func(text string, n int) {
		t.Helper()
		eventually(t, fmt.Sprintf("%d x %q in the log", n, text), func() bool { return strings.Count(log.String(), text) == n })
	}

	// The bot closes, drops, and breaks connections; each time another one comes.
	ws := bot.next(t)
	wantLifecycle(t, ws)
	_ = ws.Close(websocket.StatusNormalClosure, "restart")
	ws = bot.next(t)
	wantLifecycle(t, ws)
	_ = ws.CloseNow()
	ws = bot.next(t)
	wantLifecycle(t, ws)
	count(`msg="connected to the bot"`, 3)
	count(`msg="not connected to the bot"`, 2)
	count("closed by the peer with code 1000: restart", 1)
	count("the peer dropped the connection", 1)

	// The bot refuses: one line per reason, however many tries there are.
	for _, refusal := range []struct {
		status int
		reason string
	}{{401, "refused the access token"}, {403, "refused the connection"}, {404, "does not know this path"}, {500, "HTTP status 500"}, {302, "HTTP status 302"}} {
		bot.set(refusal.status, false)
		before := bot.tries()
		_ = ws.CloseNow() // does nothing the second time
		eventually(t, "five tries", func() bool { return bot.tries() >= before+5 })
		count(refusal.reason, 1)
		if err := r.Err(); err == nil || !strings.Contains(err.Error(), refusal.reason) {
			t.Errorf("status %d: got Err %v", refusal.status, err)
		}
	}
	bot.set(0, false)
	ws = bot.next(t)
	wantLifecycle(t, ws)
	count(`msg="connected to the bot"`, 4)
	count(`msg="not connected to the bot"`, 2+1+5) // the loss, and each refusal
	for _, secret := range []string{"in-url", "s3cr3t"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("%s is in the log:\n%s", secret, &log)
		}
	}
}

// A bot that accepts only to close at once is told of once, too.
func TestReverseFlapping(t *testing.T) {
	var log logBuffer
	bot, server := startBot(t)
	bot.set(0, true)
	startReverse(t, ReverseOptions{URL: wsURL(server)}, log.logger(), func(r *Reverse) { r.time.stable = 300 * time.Millisecond })
	eventually(t, "five tries", func() bool { return bot.tries() >= 5 })
	if got := strings.Count(log.String(), "duplicate X-Self-ID"); got != 1 {
		t.Errorf("got %d lines with the reason, want 1:\n%s", got, &log)
	}
	if got := strings.Count(log.String(), `msg="connected to the bot"`); got != 1 {
		t.Errorf("got %d lines about connections, want 1:\n%s", got, &log)
	}
	bot.set(0, false)
	wantLifecycle(t, bot.next(t))
	eventually(t, "the log line of the stable connection", func() bool {
		return strings.Count(log.String(), `msg="connected to the bot"`) == 2
	})
}

func TestReverseBotStartsLater(t *testing.T) {
	var log logBuffer
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	free.Close()
	r, _, _ := startReverse(t, ReverseOptions{URL: "ws://" + address}, log.logger(), nil)
	c := until(t, r, "a refused try", func(c Condition) bool { return c.State == StateWaiting })
	if err := c.Err; err == nil || !strings.Contains(err.Error(), "is the bot running?") || c.Retry.IsZero() {
		t.Errorf("got Err %v", err)
	}
	ln, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	bot := &fakeBot{conns: make(chan *websocket.Conn, 1)}
	server := &http.Server{Handler: bot, ReadHeaderTimeout: time.Minute}
	served := make(chan error, 1)
	go func() { served <- server.Serve(ln) }()
	defer func() { server.Close(); <-served }()
	wantLifecycle(t, bot.next(t))
	if got := strings.Count(log.String(), "is the bot running?"); got != 1 {
		t.Errorf("got %d lines, want 1:\n%s", got, &log)
	}
	if !strings.Contains(log.String(), " in=") || !strings.Contains(log.String(), "next=") {
		t.Errorf("the log does not say what comes next:\n%s", &log)
	}
}

func TestReverseTLSAndTimeout(t *testing.T) {
	bot := &fakeBot{conns: make(chan *websocket.Conn, 4)}
	server := httptest.NewUnstartedServer(bot)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	server.StartTLS()
	defer server.Close()
	r, _, stop := startReverse(t, ReverseOptions{URL: wsURL(server)}, nil, nil)
	eventually(t, "a failed try", func() bool { return r.State() == StateWaiting })
	if err := r.Err(); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("unknown certificate: got Err %v", err)
	}
	stop()
	_, b, stop := startReverse(t, ReverseOptions{URL: wsURL(server), InsecureSkipVerify: true}, nil, nil)
	ws := bot.next(t)
	wantLifecycle(t, ws)
	for i := range 100 {
		publish(b, fmt.Sprint(i))
	}
	for i := range 100 {
		if m := next(t, ws); m["raw_message"] != fmt.Sprint(i) {
			t.Fatalf("event %d: got %v", i, m)
		}
	}
	_ = ws.CloseNow()
	stop()

	silent, err := net.Listen("tcp", "127.0.0.1:0") // accepts, never answers
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	r, _, stop = startReverse(t, ReverseOptions{URL: "ws://" + silent.Addr().String(), HandshakeTimeout: 30 * time.Millisecond}, nil, nil)
	eventually(t, "the timeout", func() bool { return r.State() == StateWaiting })
	if err := r.Err(); !strings.Contains(err.Error(), "no answer in time") {
		t.Errorf("got Err %v", err)
	}
	stop()
	_, _, stop = startReverse(t, ReverseOptions{URL: "ws://" + silent.Addr().String()}, nil, nil)
	if took := stop(); took > 2*time.Second {
		t.Errorf("stopping while dialling took %v", took)
	}
}

func TestReverseOptions(t *testing.T) {
	b, _ := newOneBot(t)
	for _, tt := range []struct {
		o    ReverseOptions
		want string // "" for none
	}{
		{ReverseOptions{URL: "ws://127.0.0.1:8080/x"}, ""},
		{ReverseOptions{EventURL: "wss://bot.example"}, ""},
		{ReverseOptions{}, "no URL is set"},
		{ReverseOptions{URL: "http://127.0.0.1"}, `begins with "http"`},
		{ReverseOptions{URL: "127.0.0.1:8080/?access_token=s3cr3t"}, "cannot be read"},
		{ReverseOptions{URL: "ws:///path"}, "names no host"},
		{ReverseOptions{APIURL: "ws://a", EventURL: "x"}, "event url"},
		{ReverseOptions{URL: "ws://a", AccessToken: "s3cr3t\r\nX-Self-ID: 1"}, "line break"},
		{ReverseOptions{URL: "ws://a", ReconnectInterval: -1}, "reconnect interval"},
		{ReverseOptions{URL: "ws://a", HandshakeTimeout: -1}, "handshake timeout"},
		{ReverseOptions{URL: "ws://a", Heartbeat: 1}, "heartbeat"},
	} {
		_, err := NewReverse(b.Dialect, tt.o, nil)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%+v: got %v, want %q", tt.o, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("the error tells the token: %v", err)
		}
	}
	r, err := NewReverse(b.Dialect, ReverseOptions{URL: "ws://user:s3cr3t@127.0.0.1:1/p?access_token=s3cr3t#s3cr3t"}, nil)
	if err != nil || strings.Contains(r.Name(), "s3cr3t") {
		t.Errorf("got name %q, %v", r.Name(), err)
	}
}

// TestDialGivenUp: stopping at any moment of a handshake leaves nothing behind. The
// race detector looks on.
func TestDialGivenUp(t *testing.T) {
	b, _ := newOneBot(t)
	hang := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	defer server.Close()
	defer close(hang)
	r, err := NewReverse(b.Dialect, ReverseOptions{URL: "ws" + strings.TrimPrefix(server.URL, "http")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*5*time.Microsecond)
		if _, _, _, err := r.links[0].dial(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want that the time is over", err)
		}
		cancel()
	}
}
