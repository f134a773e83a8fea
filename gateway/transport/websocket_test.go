package transport

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"libration/gateway"
	"libration/ntqq/message"
	"libration/onebot"
)

func startWebSocket(t testing.TB, o WebSocketOptions, log *slog.Logger, tune func(*WebSocket)) (root string, s *WebSocket, b *bot, c *fakeClient) {
	t.Helper()
	c = newFakeClient(t)
	b = newBot(c, gateway.Options{Log: log})
	o.Address = "127.0.0.1:0"
	s, err := NewWebSocket(b.Dialect, o, log)
	if err != nil {
		t.Fatal(err)
	}
	if tune != nil {
		tune(s)
	}
	start(t, s)
	return "ws://" + s.Addr().String(), s, b, c
}

// connect dials without keeping anything of the handshake alive.
func connect(t testing.TB, url string, header http.Header) (*websocket.Conn, int, error) {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: true}
	ws, resp, err := websocket.Dial(t.Context(), url, &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: transport}, HTTPHeader: header,
		CompressionMode: websocket.CompressionContextTakeover, // offered, must be declined
	})
	if err != nil {
		status := 0
		if resp != nil {
			status = resp.StatusCode
		}
		return nil, status, err
	}
	if x := resp.Header.Get("Sec-WebSocket-Extensions"); x != "" {
		t.Errorf("extensions were accepted: %s", x)
	}
	ws.SetReadLimit(-1)
	t.Cleanup(func() { _ = ws.CloseNow() })
	return ws, 101, nil
}

func mustConnect(t testing.TB, url string) *websocket.Conn {
	t.Helper()
	ws, _, err := connect(t, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return ws
}

// next reads one frame.
func next(t testing.TB, ws *websocket.Conn) map[string]any {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	typ, b, err := ws.Read(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if typ != websocket.MessageText {
		t.Errorf("got a frame of type %v, want text", typ)
	}
	return fields(t, b)
}

func send(t testing.TB, ws *websocket.Conn, typ websocket.MessageType, frame string) {
	t.Helper()
	if err := ws.Write(context.Background(), typ, []byte(frame)); err != nil {
		t.Fatal(err)
	}
}

// wantLifecycle reads the first frame of an event-capable connection.
func wantLifecycle(t testing.TB, ws *websocket.Conn) {
	t.Helper()
	m := next(t, ws)
	if m["meta_event_type"] != "lifecycle" || m["sub_type"] != "connect" || m["self_id"] != float64(selfUIN) {
		t.Fatalf("first frame: got %v, want the lifecycle event", m)
	}
}

func TestWebSocketPaths(t *testing.T) {
	root, _, b, _ := startWebSocket(t, WebSocketOptions{}, nil, nil)
	for _, tt := range []struct {
		path        string
		api, events bool
	}{
		{"", true, true}, {"/", true, true}, {"/onebot/v11/ws", true, true}, {"/api/x", true, true}, {"/events", true, true},
		{"/api", true, false}, {"/api/", true, false},
		{"/event", false, true}, {"/event/", false, true}, {"/event?x=1", false, true},
	} {
		t.Run(tt.path, func(t *testing.T) {
			ws := mustConnect(t, root+tt.path)
			if tt.events {
				wantLifecycle(t, ws)
			}
			publish(b, "hello")
			if tt.events {
				m := next(t, ws)
				if _, echo := m["echo"]; m["post_type"] != "message" || echo {
					t.Errorf("got %v, want a message without echo", m)
				}
			}
			send(t, ws, websocket.MessageText, `{"action":"get_login_info","echo":1}`)
			m := next(t, ws)
			want := 0.0
			if !tt.api {
				want = onebot.RetBadParams
			}
			if _, post := m["post_type"]; m["retcode"] != want || m["echo"] != 1.0 || post {
				t.Errorf("got %v, want a response with retcode %v", m, want)
			}
		})
	}
}

func TestWebSocketFrames(t *testing.T) {
	root, _, _, _ := startWebSocket(t, WebSocketOptions{}, nil, nil)
	ws := mustConnect(t, root+"/api")
	for _, tt := range []struct {
		name    string
		typ     websocket.MessageType
		frame   string
		retcode float64
		echo    any // nil: none
	}{
		{"text", websocket.MessageText, `{"action":"get_login_info","params":{},"echo":"a"}`, 0, "a"},
		{"binary", websocket.MessageBinary, `{"action":"get_login_info","echo":"b"}`, 0, "b"},
		{"null params", websocket.MessageText, `{"action":"get_login_info","params":null,"echo":2}`, 0, 2.0},
		{"no echo", websocket.MessageText, `{"action":"get_login_info"}`, 0, nil},
		{"unknown action", websocket.MessageText, `{"action":"no_such","echo":3}`, 1404, 3.0},
		{"not JSON, echo recovered", websocket.MessageText, `{"action":"get_login_info","params":{,"echo":"r1"}`, 1400, "r1"},
		{"not JSON", websocket.MessageText, `hello`, 1400, nil},
		{"array", websocket.MessageText, `[]`, 1400, nil},
		{"empty", websocket.MessageText, ``, 1400, nil},
		{"no action", websocket.MessageText, `{"echo":{"k":1}}`, 1400, map[string]any{"k": 1.0}},
		{"params of a wrong type", websocket.MessageText, `{"action":"get_login_info","params":[1],"echo":4}`, 1400, 4.0},
		{"invalid UTF-8", websocket.MessageBinary, "{\"action\":\"\xff\",\"echo\":5}", 1404, 5.0},
		{"byte order mark", websocket.MessageText, "\xef\xbb\xbf" + `{"action":"get_login_info","echo":7}`, 0, 7.0},
		{"UTF-16", websocket.MessageBinary, "{\x00}\x00", 1400, nil},
		{"large", websocket.MessageText, `{"action":"get_login_info","params":{"x":"` + strings.Repeat("y", 1<<20) + `"},"echo":6}`, 0, 6.0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			send(t, ws, tt.typ, tt.frame)
			m := next(t, ws)
			echo, has := m["echo"]
			if m["retcode"] != tt.retcode || has != (tt.echo != nil) || fmt.Sprint(echo) != fmt.Sprint(tt.echo) {
				t.Errorf("frame %.60s: got %v, want retcode %v echo %v", tt.frame, m, tt.retcode, tt.echo)
			}
		})
	}
}

func TestWebSocketHandshake(t *testing.T) {
	var log logBuffer
	open, s, _, _ := startWebSocket(t, WebSocketOptions{}, nil, nil)
	guarded, _, _, _ := startWebSocket(t, WebSocketOptions{AccessToken: "s3cr3t"}, log.logger(), nil)
	h := func(kv ...string) http.Header {
		header := http.Header{}
		for i := 0; i < len(kv); i += 2 {
			header.Set(kv[i], kv[i+1])
		}
		return header
	}
	for _, tt := range []struct {
		name, url string
		header    http.Header
		status    int
	}{
		{"no token needed", open, nil, 101},
		{"own origin", open, h("Origin", "http://"+s.Addr().String()), 101},
		{"foreign origin", open, h("Origin", "https://evil.example"), 403},
		{"Bearer", guarded, h("Authorization", "Bearer s3cr3t"), 101},
		{"Token", guarded, h("Authorization", "Token s3cr3t"), 101},
		{"bare", guarded, h("Authorization", "s3cr3t"), 101},
		{"query", guarded + "/?access_token=s3cr3t", nil, 101},
		{"foreign origin with token", guarded + "/event?access_token=s3cr3t", h("Origin", "https://page.example"), 101},
		{"missing", guarded, nil, 401},
		{"wrong", guarded, h("Authorization", "Bearer wr0ng"), 403},
		{"wrong in query", guarded + "/api?access_token=wr0ng", nil, 403},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ws, status, err := connect(t, tt.url, tt.header)
			if status != tt.status {
				t.Errorf("got %d, %v, want %d", status, err, tt.status)
			}
			if ws != nil {
				_ = ws.Close(websocket.StatusNormalClosure, "")
			}
		})
	}
	upgrade := map[string]string{
		"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
	}
	with := func(k, v string) map[string]string {
		m := map[string]string{}
		for k, v := range upgrade {
			m[k] = v
		}
		m[k] = v
		return m
	}
	for _, tt := range []struct {
		name, url, method string
		header            map[string]string
		status            int
	}{
		{"plain GET", open, "GET", nil, 426},
		{"POST", open, "POST", with("Content-Type", jsonType), 405},
		{"old version", open, "GET", with("Sec-WebSocket-Version", "8"), 400},
		{"bad key", open, "GET", with("Sec-WebSocket-Key", "x"), 400},
		{"other upgrade", open, "GET", with("Upgrade", "h2c"), 426},
		{"token before upgrade", guarded, "GET", nil, 401},
	} {
		t.Run(tt.name, func(t *testing.T) {
			resp, _ := ask(t, tt.method, "http"+strings.TrimPrefix(tt.url, "ws"), tt.header, nil)
			if resp.StatusCode != tt.status {
				t.Errorf("got %d, want %d", resp.StatusCode, tt.status)
			}
			if tt.status == 426 && resp.Header.Get("Upgrade") != "websocket" {
				t.Errorf("426 without Upgrade: %v", resp.Header)
			}
		})
	}
	for _, secret := range []string{"s3cr3t", "wr0ng"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("%s is in the log:\n%s", secret, &log)
		}
	}
}

func TestWebSocketConcurrentRequests(t *testing.T) {
	root, _, _, client := startWebSocket(t, WebSocketOptions{}, nil, nil)
	const blocked, quick = MaxConcurrent - 1, 400
	release := make(chan struct{})
	var waiting sync.WaitGroup
	waiting.Add(blocked)
	client.user = func(uin message.UIN) {
		if uin <= blocked {
			waiting.Done()
			<-release
		}
	}
	ws := mustConnect(t, root+"/api")
	ask := func(from, to int) {
		for i := from; i <= to; i++ {
			send(t, ws, websocket.MessageText, fmt.Sprintf(`{"action":"get_stranger_info","params":{"user_id":%d},"echo":%d}`, i, i))
		}
	}
	seen := map[float64]bool{}
	want := func(from, to int) {
		t.Helper()
		for range to - from + 1 {
			m := next(t, ws)
			echo, _ := m["echo"].(float64)
			if echo < float64(from) || echo > float64(to) || seen[echo] || m["data"].(map[string]any)["user_id"] != echo {
				t.Fatalf("got %v, want an answer to one of %d to %d", m, from, to)
			}
			seen[echo] = true
		}
	}
	// All slots but one are taken; the other requests pass through that one.
	ask(1, blocked)
	waiting.Wait()
	ask(blocked+1, blocked+quick)
	want(blocked+1, blocked+quick)
	close(release)
	want(1, blocked)
}

func TestWebSocketEventsInOrder(t *testing.T) {
	root, _, b, _ := startWebSocket(t, WebSocketOptions{}, nil, nil)
	ws := mustConnect(t, root)
	other := mustConnect(t, root+"/event")
	wantLifecycle(t, ws)
	wantLifecycle(t, other)
	const n = 2000
	go func() {
		for i := range n {
			publish(b, fmt.Sprint(i))
		}
	}()
	// Requests in between must not disturb the order.
	go func() {
		for i := range n / 10 {
			_ = ws.Write(context.Background(), websocket.MessageText, fmt.Appendf(nil, `{"action":"get_login_info","echo":%d}`, i))
		}
	}()
	events, responses := 0, 0
	for events < n || responses < n/10 {
		m := next(t, ws)
		if _, ok := m["echo"]; ok {
			responses++
			continue
		}
		if m["raw_message"] != fmt.Sprint(events) {
			t.Fatalf("event %d: got %v", events, m["raw_message"])
		}
		events++
	}
	for i := range n {
		if m := next(t, other); m["raw_message"] != fmt.Sprint(i) {
			t.Fatalf("other connection, event %d: got %v", i, m["raw_message"])
		}
	}
}

func TestWebSocketHeartbeatAndFormat(t *testing.T) {
	root, _, b, _ := startWebSocket(t, WebSocketOptions{Events: gateway.Selection{Form: gateway.Form(onebot.FormatString)}, Heartbeat: time.Second}, nil,
		func(s *WebSocket) { s.o.heartbeat = 30 * time.Millisecond })
	ws := mustConnect(t, root)
	wantLifecycle(t, ws)
	for range 2 {
		m := next(t, ws)
		status, _ := m["status"].(map[string]any)
		if m["meta_event_type"] != "heartbeat" || m["interval"] != 30.0 || status["online"] != true || status["good"] != true {
			t.Errorf("got %v, want a heartbeat", m)
		}
	}
	publish(b, "x")
	for {
		if m := next(t, ws); m["post_type"] == "message" {
			if m["message"] != "x" {
				t.Errorf("got message %v, want a string", m["message"])
			}
			return
		}
	}
}

func TestWebSocketOptions(t *testing.T) {
	b, _ := newOneBot(t)
	_, err := NewWebSocket(b.Dialect, WebSocketOptions{
		Address: "0.0.0.0:1", Events: gateway.Selection{Form: 9}, Heartbeat: time.Millisecond, MaxMessage: -1,
	}, nil)
	for _, want := range []string{"onebot websocket", "0.0.0.0:1", "access token", "form 9", "heartbeat 1ms", "max message -1"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
}

func TestEventsHaveNoEcho(t *testing.T) {
	b, _ := newOneBot(t)
	for _, frame := range [][]byte{b.Hello(), b.Beat(time.Second)} {
		var m map[string]json.RawMessage
		if err := json.Unmarshal(frame, &m); err != nil || m["echo"] != nil || m["post_type"] == nil {
			t.Errorf("got %s, %v", frame, err)
		}
	}
}
