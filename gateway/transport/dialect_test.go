package transport

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"libration/gateway"
	"libration/gateway/table"
	"libration/internal/store"
	"libration/internal/text"
	"libration/ntqq"
	"libration/ntqq/event"
	"libration/ntqq/message"
)

// parrot is a dialect that has as little in common with OneBot as possible: bare texts
// instead of JSON, a first frame that says who the client is, other statuses, a route of
// its own, no heartbeat, no first post.
type parrot struct {
	g      *gateway.Gateway
	events gateway.Selection
}

type someAccount struct{ uin *atomic.Uint64 }

func (a someAccount) Self() ntqq.Self { return ntqq.Self{UIN: message.UIN(a.uin.Load())} }

type parrotEvents struct{}

func (parrotEvents) Tells(string) bool { return false }

func (parrotEvents) Write(e *gateway.Event) [][]byte {
	return [][]byte{[]byte("heard " + e.Message.Content[0].(*message.TextSegment).Text + " as " + strconv.FormatInt(e.ID, 10))}
}

func newParrot(t *testing.T, uin *atomic.Uint64, o gateway.Options) *parrot {
	t.Helper()
	o.Account = someAccount{uin}
	if o.Store == nil {
		o.Store = &fakeStore{}
	}
	p := &parrot{g: gateway.New(o)}
	p.events.Form = p.g.Register(parrotEvents{})
	if o.Journal != nil {
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- p.g.Run(ctx) }()
		t.Cleanup(func() {
			cancel()
			<-ended
		})
	}
	return p
}

func (p *parrot) hear(sequence uint64, text string) {
	m := groupMessage(5, text)
	m.Sequence = sequence
	p.g.Handle(context.Background(), &event.Message{Message: m})
}

func bare(status int, text string) gateway.Answer {
	return gateway.Answer{Status: status, Type: "text/plain", Body: []byte(text)}
}

func (p *parrot) Dialect() string           { return "parrot" }
func (p *parrot) Gateway() *gateway.Gateway { return p.g }

func (p *parrot) Public(r *http.Request) http.HandlerFunc {
	if !strings.HasPrefix(r.URL.Path, "/feather/") {
		return nil
	}
	return func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "a feather, "+r.Method) }
}

func (p *parrot) Refuse(status int, why text.Text) gateway.Answer {
	if status == http.StatusForbidden { // it knows one status for both
		status = http.StatusUnauthorized
	}
	return bare(status, "no: "+why.EN)
}

func (p *parrot) Route(r *http.Request) gateway.Route {
	switch {
	case r.URL.Path == "/song":
		return gateway.Route{Stream: &gateway.Stream{Event: "song"}}
	case r.Method != http.MethodPost:
		return gateway.Route{Refused: p.Refuse(http.StatusMethodNotAllowed, text.Same("POST"))}
	case r.URL.Path == "/feathers":
		return gateway.Route{Serve: func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }}
	case r.URL.Path != "/say" && r.URL.Path != "/do":
		return gateway.Route{Refused: p.Refuse(http.StatusNotFound, text.Same("unknown"))}
	case r.Header.Get("Content-Type") != "text/plain":
		return gateway.Route{Refused: p.Refuse(http.StatusUnsupportedMediaType, text.Same("text/plain"))}
	}
	return gateway.Route{Body: true, Read: func(body []byte) gateway.Call {
		if len(body) == 0 {
			return gateway.Call{Answer: bare(http.StatusOK, "say something")}
		}
		c := p.Frame(gateway.Line{}, body)
		c.Changes = r.URL.Path == "/do"
		return c
	}}
}

func (p *parrot) Probe() gateway.Probe {
	// Without a token requests are JSON; parrots have one.
	return gateway.Probe{Method: http.MethodPost, Path: "/feathers", Body: "red", Check: func(body []byte) error {
		if string(body) != "red" {
			return errors.New("these are no feathers")
		}
		return nil
	}}
}

func (p *parrot) Line(*http.Request) gateway.Line { return gateway.Line{Requests: true, Events: true} }

func (p *parrot) Greeting() *gateway.Greeting {
	return &gateway.Greeting{Within: 50 * time.Millisecond, Late: 4001, Malformed: 4000, Wrong: 3000, Read: func(frame []byte) (string, *int64, error) {
		token, last, _ := strings.Cut(string(frame), " after ")
		if !strings.HasPrefix(token, "I am ") {
			return "", nil, errors.New("who are you?")
		}
		after, err := lastEvent(last)
		return strings.TrimPrefix(token, "I am "), after, err
	}}
}

func (p *parrot) DialHeader(gateway.Line) http.Header { return http.Header{"X-Parrot": {"red"}} }
func (p *parrot) Hello() []byte                       { return []byte("hello") }
func (p *parrot) Beat(time.Duration) []byte           { return nil }
func (p *parrot) First() []byte                       { return nil }
func (p *parrot) Last() []byte                        { return nil }

func (p *parrot) Frame(_ gateway.Line, frame []byte) gateway.Call {
	switch string(frame) {
	case "ping":
		return gateway.Call{Answer: bare(http.StatusOK, "pong")}
	case "hush":
		return gateway.Call{}
	}
	return gateway.Call{Lane: table.Sends, Run: func(_ context.Context, hold gateway.Hold) gateway.Answer {
		defer hold.Release()
		if string(frame) == "boom" {
			panic("boom")
		}
		return bare(http.StatusOK, strings.ToUpper(string(frame)))
	}}
}

func (p *parrot) PostHeader(secret string, body []byte) http.Header {
	return http.Header{"Authorization": {"Bearer " + secret}, "X-Length": {strconv.Itoa(len(body))}}
}

func (p *parrot) Answered(event, answer []byte) func(context.Context, gateway.Hold) *gateway.Failure {
	if len(answer) == 0 {
		return nil
	}
	return func(_ context.Context, hold gateway.Hold) *gateway.Failure {
		defer hold.Release()
		return &gateway.Failure{Code: "NO_" + string(answer), Reason: string(event)}
	}
}

var (
	_ gateway.Answerer = (*parrot)(nil)
	_ gateway.Talker   = (*parrot)(nil)
	_ gateway.Poster   = (*parrot)(nil)
)

func known10001() *atomic.Uint64 {
	var uin atomic.Uint64
	uin.Store(selfUIN)
	return &uin
}

// TestOtherDialectHTTP: order of checks, statuses, types and bodies are the dialect's.
func TestOtherDialectHTTP(t *testing.T) {
	p := newParrot(t, known10001(), gateway.Options{})
	h, err := NewHTTP(p, HTTPOptions{Address: "127.0.0.1:0", AccessToken: token}, nil)
	if err != nil {
		t.Fatal(err)
	}
	start(t, h)
	for _, c := range []struct {
		method, path, token, kind, body string
		status                          int
		answer                          string
	}{
		{"GET", "/nowhere", "", "", "", 401, "no: access token missing"},
		{"POST", "/say", "wrong", "", "", 401, "no: access token wrong"},
		{"GET", "/say", token, "", "", 405, "no: POST"},
		{"POST", "/nowhere", token, "", "x", 404, "no: unknown"},
		{"POST", "/say", token, "image/png", "x", 415, "no: text/plain"},
		{"POST", "/say", token, "text/plain", "", 200, "say something"},
		{"POST", "/say", token, "text/plain", "hi <&>", 200, "HI <&>"},
		{"POST", "/do", token, "text/plain", "it", 200, "IT"},
		{"POST", "/say", token, "text/plain", "boom", 500, "no: internal error"},
		{"POST", "/feathers", token, "image/png", "\x00\xff", 200, "\x00\xff"},
	} {
		header := map[string]string{"Content-Type": c.kind}
		if c.token != "" {
			header["Authorization"] = "Bearer " + c.token
		}
		resp, text := ask(t, c.method, "http://"+h.Addr().String()+c.path, header, strings.NewReader(c.body))
		if resp.StatusCode != c.status || !strings.HasPrefix(text, c.answer) || strings.Contains(text, "{") {
			t.Errorf("%s %s: got %d %q, want %d %q", c.method, c.path, resp.StatusCode, text, c.status, c.answer)
		}
		if kind := resp.Header.Get("Content-Type"); c.path != "/feathers" && kind != "text/plain" {
			t.Errorf("%s %s: the answer's type is %q", c.method, c.path, kind)
		}
	}
	if h.Name() != "parrot http 127.0.0.1:0" {
		t.Errorf("it is called %q", h.Name())
	}
	if n := p.g.Stats().RequestBytes; n != 0 {
		t.Errorf("%d bytes of requests are never given back", n)
	}
}

// TestOtherDialectWebSocket: who a client is, and what it missed, stands in its first
// frame.
func TestOtherDialectWebSocket(t *testing.T) {
	kept, err := store.Open(t.Context(), store.Options{Path: filepath.Join(t.TempDir(), "journal.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = kept.Close() })
	p := newParrot(t, known10001(), gateway.Options{Journal: kept})
	w, err := NewWebSocket(p, WebSocketOptions{
		Address: "127.0.0.1:0", AccessToken: token, Events: p.events, Heartbeat: time.Second, Journal: JournalOptions{Window: time.Hour},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	start(t, w)
	dial := func(first string) *websocket.Conn {
		t.Helper()
		ws := mustConnect(t, "ws://"+w.Addr().String()+"/v1/events") // without a token
		if first != "" {
			send(t, ws, websocket.MessageText, first)
		}
		return ws
	}
	read := func(ws *websocket.Conn) string {
		_, frame, err := ws.Read(t.Context())
		if err != nil {
			return err.Error()
		}
		return string(frame)
	}
	for first, code := range map[string]websocket.StatusCode{"": 4001, "let me in": 4000, "I am x after y": 4000, "I am a burglar": 3000} {
		_, _, err := dial(first).Read(t.Context())
		if websocket.CloseStatus(err) != code {
			t.Errorf("first frame %q: got %v, want %d", first, err, code)
		}
	}
	ws := dial("I am " + token)
	for _, c := range []struct{ frame, answer string }{{"", "hello"}, {"ping", "pong"}, {"word", "WORD"}, {"boom", "no: internal error; the log has details"}} {
		if c.frame != "" {
			send(t, ws, websocket.MessageText, c.frame)
		}
		if got := read(ws); got != c.answer {
			t.Errorf("%q: got %q, want %q", c.frame, got, c.answer)
		}
	}
	send(t, ws, websocket.MessageText, "hush")
	p.hear(1, "one")
	first := read(ws)
	id, ok := strings.CutPrefix(first, "heard one as ")
	if !ok || id == "0" {
		t.Errorf("event: got %q", first)
	}
	p.hear(2, "two")
	if err := kept.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	again := dial("I am " + token + " after " + id)
	if hello, missed := read(again), read(again); hello != "hello" || !strings.HasPrefix(missed, "heard two as ") {
		t.Errorf("a client that comes back gets %q and %q", hello, missed)
	}
}

// TestOtherDialectReverseAndWebhook: headers, first frame and answers are the dialect's,
// and nothing is sent before the account's number is known.
func TestOtherDialectReverseAndWebhook(t *testing.T) {
	var uin atomic.Uint64
	p := newParrot(t, &uin, gateway.Options{})
	bot := &fakeBot{conns: make(chan *websocket.Conn, 10)}
	server := httptest.NewServer(bot)
	t.Cleanup(server.Close)
	r, err := NewReverse(p, ReverseOptions{URL: wsURL(server), Events: p.events}, nil)
	if err != nil {
		t.Fatal(err)
	}
	start(t, r)
	posts := make(chan *http.Request, 10)
	bodies := make(chan string, 10)
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		posts <- r
		bodies <- string(body)
		_, _ = io.WriteString(w, "CRACKER")
	}))
	t.Cleanup(hook.Close)
	var log logBuffer
	h, err := NewWebhook(p, WebhookOptions{URL: hook.URL, Secret: "hush", Events: p.events, Heartbeat: time.Second}, log.logger())
	if err != nil {
		t.Fatal(err)
	}
	start(t, h)
	time.Sleep(50 * time.Millisecond)
	if bot.tries() != 0 || r.State() != StateConnecting || h.State() != StateConnecting {
		t.Errorf("before the number is known: %d handshakes, %s, %s", bot.tries(), r.State(), h.State())
	}
	uin.Store(selfUIN)
	p.g.HandleState(ntqq.State{Stage: ntqq.Registering})
	ws := <-bot.conns
	eventually(t, "both to be connected", func() bool { return r.State() == StateConnected && h.State() == StateConnected })
	if _, frame, err := ws.Read(t.Context()); err != nil || string(frame) != "hello" {
		t.Errorf("first frame: %q, %v", frame, err)
	}
	p.hear(1, "one")
	if _, frame, err := ws.Read(t.Context()); err != nil || !bytes.HasPrefix(frame, []byte("heard one")) {
		t.Errorf("event: %q, %v", frame, err)
	}
	post, body := <-posts, <-bodies
	if body != "heard one as 0" || post.Header.Get("Authorization") != "Bearer hush" || post.Header.Get("X-Length") != "14" || post.Header.Get("X-Self-ID") != "" {
		t.Errorf("post: %q with %v", body, post.Header)
	}
	eventually(t, "the failure in the log", func() bool { return strings.Contains(log.String(), "code=NO_CRACKER") })
	bot.mu.Lock()
	defer bot.mu.Unlock()
	if h := bot.headers[0]; h.Get("X-Parrot") != "red" || h.Get("X-Self-ID") != "" {
		t.Errorf("handshake: %v", h)
	}
}
