package transport

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"libration/gateway"
	"libration/internal/webguard/webguardtest"
	"libration/ntqq"
)

// sent is one server-sent event as a client reads it.
type sent struct{ id, event, data string }

// follower is a client of server-sent events.
type follower struct {
	response *http.Response
	events   chan sent // closed at the end
	err      error     // why it ended; read after events
	hangUp   context.CancelFunc
}

// follow asks for events.
func follow(t testing.TB, url string, header map[string]string) *follower {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		r.Header.Set(k, v)
	}
	transport := &http.Transport{}
	f := &follower{events: make(chan sent, 10_000), hangUp: cancel}
	if f.response, err = transport.RoundTrip(r); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(f.events)
		f.err = readEvents(f.response.Body, func(e sent) { f.events <- e })
	}()
	t.Cleanup(func() {
		cancel()
		f.response.Body.Close()
		for range f.events {
		}
		transport.CloseIdleConnections()
	})
	return f
}

// readEvents reads a stream as the HTML standard says, but for the kinds of line ends.
func readEvents(from io.Reader, take func(sent)) error {
	lines := bufio.NewReader(from)
	var e sent
	var data []string
	for {
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		line = strings.TrimSuffix(line, "\n")
		if line == "" {
			if len(data) > 0 {
				e.data = strings.Join(data, "\n")
				take(e)
			}
			e, data = sent{id: e.id}, nil
			continue
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "id":
			e.id = value
		case "event":
			e.event = value
		case "data":
			data = append(data, value)
		}
	}
}

// next returns the next event.
func (f *follower) next(t testing.TB) sent {
	t.Helper()
	select {
	case e, open := <-f.events:
		if !open {
			t.Fatalf("the stream ended: %v", f.err)
		}
		return e
	case <-time.After(10 * time.Second):
		t.Fatal("no event came")
	}
	return sent{}
}

// ended waits for the end.
func (f *follower) ended(t testing.TB) {
	t.Helper()
	late := time.After(10 * time.Second)
	for {
		select {
		case _, open := <-f.events:
			if !open {
				return
			}
		case <-late:
			t.Fatal("the stream does not end")
		}
	}
}

func startStreams(t testing.TB, b *bot, o HTTPOptions, log *slog.Logger, tune func(*HTTP)) (root string, stop func() time.Duration) {
	t.Helper()
	o.Address = "127.0.0.1:0"
	h, err := NewHTTP(b.Dialect, o, log)
	if err != nil {
		t.Fatal(err)
	}
	if tune != nil {
		tune(h)
	}
	stop = start(t, h)
	return "http://" + h.Addr().String(), stop
}

// TestStream: the lifecycle event, then the same bytes that others get, and heartbeats.
func TestStream(t *testing.T) {
	var log logBuffer
	b, _ := newOneBot(t)
	root, _ := startStreams(t, b, HTTPOptions{Heartbeat: time.Second}, log.logger(), nil)
	for _, path := range []string{"/_events", "/_events/"} {
		f := follow(t, root+path, nil)
		if r := f.response; r.StatusCode != 200 || r.Header.Get("Content-Type") != "text/event-stream" || r.Header.Get("Cache-Control") != "no-store" {
			t.Fatalf("got %d, %v", r.StatusCode, r.Header)
		}
		if e := f.next(t); parseTold(t, []byte(e.data)).Sub != "connect" || e.id != "" || e.event != "" {
			t.Errorf("first: got %+v", e)
		}
		other := b.Subscribe(gateway.Selection{})
		publish(b, "<hello>")
		same, err := other.Take(nil, 1)
		other.Close()
		if e := f.next(t); err != nil || e.data != string(same[0]) || e.id != "" {
			t.Errorf("got %+v, others %s, %v", e, same, err)
		}
		if e := f.next(t); parseTold(t, []byte(e.data)).MetaType != "heartbeat" {
			t.Errorf("then: got %+v", e)
		}
		f.hangUp()
		eventually(t, "nobody takes events", func() bool { return b.Stats().Subscribers == 0 })
	}
	eventually(t, "the log says so", func() bool { return strings.Count(log.String(), "client disconnected") == 2 })
	if got := log.String(); strings.Contains(got, "level=WARN") || strings.Contains(got, "level=ERROR") {
		t.Errorf("log:\n%s", got)
	}
}

// without leaves out frames with a text.
type without string

func (w without) Passes(frame []byte) bool { return !strings.Contains(string(frame), string(w)) }

// TestFilteredOverHTTP: a filter holds for streams, their heartbeats and what is polled; the
// lifecycle event always comes.
func TestFilteredOverHTTP(t *testing.T) {
	b, _ := newOneBot(t)
	only := func(w without) HTTPOptions {
		return HTTPOptions{Events: gateway.Selection{Filter: w}, PollQueue: 10}
	}
	often := func(h *HTTP) { h.events.heartbeat = time.Millisecond }
	root, _ := startStreams(t, b, only("heartbeat"), nil, often)
	f := follow(t, root+"/_events", nil)
	f.next(t)
	publish(b, "a")
	if e := f.next(t); parseTold(t, []byte(e.data)).Raw != "a" {
		t.Errorf("after the lifecycle event, without heartbeats: got %+v", e)
	}
	root, _ = startStreams(t, b, only("secret"), nil, often)
	f = follow(t, root+"/_events", nil)
	if e := f.next(t); parseTold(t, []byte(e.data)).Sub != "connect" {
		t.Errorf("first: got %+v", e)
	}
	eventually(t, "events are gathered", func() bool { return b.Stats().Subscribers == 4 })
	publish(b, "secret")
	publish(b, "b")
	for e := f.next(t); ; e = f.next(t) {
		if told := parseTold(t, []byte(e.data)); told.Raw == "b" {
			break
		} else if told.MetaType != "heartbeat" {
			t.Fatalf("got %+v", e)
		}
	}
	var got []string
	eventually(t, "the event waits", func() bool {
		_, events, _ := poll(t, root, "")
		for _, e := range events {
			if text, ok := e.(map[string]any)["raw_message"].(string); ok {
				got = append(got, text)
			}
		}
		return len(got) > 0
	})
	if strings.Join(got, ",") != "b" {
		t.Errorf("polled %q", got)
	}
}

// TestStreamResumes: who names the last event gets what came behind it, and one that has
// got none yet has the id of the first frame.
func TestStreamResumes(t *testing.T) {
	b, _, _ := newJournaled(t)
	root, _ := startStreams(t, b, HTTPOptions{Journal: someJournal}, nil, nil)
	f := follow(t, root+"/_events", nil)
	first := f.next(t)
	f.hangUp()
	f.ended(t)
	publish(b, "a")
	publish(b, "b")
	f = follow(t, root+"/_events", map[string]string{"Last-Event-ID": first.id})
	f.next(t)
	a, second := f.next(t), f.next(t)
	if told := parseTold(t, []byte(a.data)); told.Raw != "a" || a.id != strconv.FormatInt(told.ID, 10) {
		t.Errorf("got %+v", a)
	}
	for _, tt := range []struct {
		query  string
		header map[string]string
		want   string
	}{
		{"?last_event_id=" + a.id, nil, "b"},
		{"?last_event_id=" + a.id, map[string]string{"Last-Event-ID": second.id}, "b"}, // the query counts
		{"", map[string]string{"Last-Event-ID": a.id}, "b"},
		{"", nil, "c"},
	} {
		f := follow(t, root+"/_events"+tt.query, tt.header)
		f.next(t)
		if tt.want == "c" {
			publish(b, "c")
		}
		if e := f.next(t); parseTold(t, []byte(e.data)).Raw != tt.want {
			t.Errorf("%q, %v: got %+v, want %s", tt.query, tt.header, e, tt.want)
		}
	}
	if response, text := ask(t, "GET", root+"/_events?last_event_id=x", nil, nil); response.StatusCode != 400 || !strings.Contains(text, "whole number") {
		t.Errorf("a bad id: got %d %s", response.StatusCode, text)
	}
}

// TestStreamRefusals: what holds for other requests holds for events, before anything is sent.
func TestStreamRefusals(t *testing.T) {
	b, _ := newOneBot(t)
	open, _ := startStreams(t, b, HTTPOptions{CORS: []string{"https://good.example"}}, nil, nil)
	address := strings.TrimPrefix(open, "http://")
	for _, h := range webguardtest.Heads(address) {
		if h.May {
			continue
		}
		if status, text := webguardtest.Send(t, address, "GET", "/_events", h, "", ""); status != 403 || !strings.Contains(text, remedy) {
			t.Errorf("%s: got %d %s", h.Name, status, text)
		}
	}
	page := map[string]string{"Origin": "https://good.example", "Sec-Fetch-Site": "cross-site", "Accept": "text/event-stream"}
	f := follow(t, open+"/_events", page)
	if allow := f.response.Header.Get("Access-Control-Allow-Origin"); f.response.StatusCode != 200 || allow != "https://good.example" {
		t.Errorf("a listed page: got %d, allowed %q", f.response.StatusCode, allow)
	}
	f.next(t)
	preflight, _ := ask(t, "OPTIONS", open+"/_events", map[string]string{"Origin": "https://good.example", "Access-Control-Request-Method": "GET"}, nil)
	if allowed := preflight.Header.Get("Access-Control-Allow-Headers"); !strings.Contains(allowed, "Last-Event-ID") {
		t.Errorf("a page that asks before: allowed %q", allowed)
	}

	guarded, _ := startStreams(t, b, HTTPOptions{AccessToken: token}, nil, nil)
	for _, tt := range []struct {
		path   string
		header map[string]string
		status int
	}{
		{"/_events", nil, 401},
		{"/_events?access_token=wrong", nil, 403},
		{"/_events?access_token=" + strings.ReplaceAll(token, " ", "%20"), nil, 200},
		{"/_events", authorized(""), 200},
	} {
		if f := follow(t, guarded+tt.path, tt.header); f.response.StatusCode != tt.status {
			t.Errorf("%s, %v: got %d, want %d", tt.path, tt.header, f.response.StatusCode, tt.status)
		}
	}
	if response, text := ask(t, "GET", guarded+"/_events", authorized(""), strings.NewReader("x")); response.StatusCode != 400 {
		t.Errorf("with a body: got %d %s", response.StatusCode, text)
	}
	if response, text := ask(t, "POST", guarded+"/_events", authorized(jsonType), nil); response.StatusCode != 404 {
		t.Errorf("POST: got %d %s", response.StatusCode, text)
	}
}

// TestStreamOfOtherDialect: events have a type, and lines in their content; and there is
// nothing while the account has no number.
func TestStreamOfOtherDialect(t *testing.T) {
	var uin atomic.Uint64
	p := newParrot(t, &uin, gateway.Options{})
	h, err := NewHTTP(p, HTTPOptions{Address: "127.0.0.1:0", AccessToken: token}, nil)
	if err != nil {
		t.Fatal(err)
	}
	start(t, h)
	root := "http://" + h.Addr().String()
	if response, text := ask(t, "GET", root+"/song", authorized(""), nil); response.StatusCode != 503 || response.Header.Get("Retry-After") == "" {
		t.Errorf("without a number: got %d %s", response.StatusCode, text)
	}
	uin.Store(1)
	p.g.HandleState(ntqq.State{Stage: ntqq.Registering})
	f := follow(t, root+"/song", authorized(""))
	if e := f.next(t); e != (sent{event: "song", data: "hello"}) {
		t.Errorf("first: got %+v", e)
	}
	p.hear(1, "one\r\ntwo")
	if e := f.next(t); e != (sent{event: "song", data: "heard one\ntwo as 0"}) {
		t.Errorf("got %+v", e)
	}
}

// TestStreamStops: what waits is sent, and the response ends as it should.
func TestStreamStops(t *testing.T) {
	b, _ := newOneBot(t)
	var log logBuffer
	root, stop := startStreams(t, b, HTTPOptions{}, log.logger(), nil)
	f := follow(t, root+"/_events", nil)
	f.next(t)
	publish(b, "the last one")
	stop()
	if e := f.next(t); parseTold(t, []byte(e.data)).Raw != "the last one" {
		t.Errorf("got %+v", e)
	}
	f.ended(t)
	if f.err != nil || !strings.Contains(log.String(), "the service is stopping") {
		t.Errorf("ended with %v\n%s", f.err, &log)
	}
}

// TestStreamNotRead: a client that takes nothing is cut off; the others do not notice.
func TestStreamNotRead(t *testing.T) {
	for name, tt := range map[string]struct{ write time.Duration }{"takes nothing": {50 * time.Millisecond}, "the queue is full": {time.Minute}} {
		t.Run(name, func(t *testing.T) {
			c := newFakeClient(t)
			b := newBot(c, gateway.Options{Buffer: 1 << 20})
			var log logBuffer
			root, _ := startStreams(t, b, HTTPOptions{}, log.logger(), func(h *HTTP) { h.time.write = tt.write })
			stuck, err := net.Dial("tcp", strings.TrimPrefix(root, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer stuck.Close()
			if _, err := io.WriteString(stuck, "GET /_events HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			f := follow(t, root+"/_events", nil)
			f.next(t)
			eventually(t, "both are there", func() bool { return b.Stats().Subscribers == 2 })
			large := strings.Repeat("x", 100_000)
			for i := 0; b.Stats().Subscribers == 2; i++ {
				if i == 1000 {
					t.Fatal("100 MB went to a client that does not read")
				}
				publish(b, large)
				if e := f.next(t); len(e.data) < len(large) {
					t.Fatalf("the other one got %s", e.data)
				}
			}
			publish(b, "still here")
			if e := f.next(t); !strings.Contains(e.data, "still here") {
				t.Errorf("the other one got %s", e.data)
			}
		})
	}
}

// TestStreamsOfAccounts: on a port that several share, the path names the account, and one
// that stops ends its own.
func TestStreamsOfAccounts(t *testing.T) {
	p := NewPort(PortOptions{Address: "127.0.0.1:0"})
	p.Share(sharers(false), nil)
	bots := make(map[string]*bot)
	stops := make(map[string]func() time.Duration)
	var root string
	for _, name := range []string{"a", "b"} {
		b, _ := newOneBot(t)
		h, err := NewHTTP(b.Dialect, HTTPOptions{Address: "127.0.0.1:0", Port: p, Account: name}, nil)
		if err != nil {
			t.Fatal(err)
		}
		bots[name], stops[name] = b, start(t, h)
		root = "http://" + h.Addr().String()
	}
	a, b := follow(t, root+"/a/_events", nil), follow(t, root+"/_events", map[string]string{"X-Self-ID": "2"})
	a.next(t)
	b.next(t)
	publish(bots["b"], "for b")
	if e := b.next(t); !strings.Contains(e.data, "for b") {
		t.Errorf("got %+v", e)
	}
	stops["a"]()
	a.ended(t)
	publish(bots["b"], "still there")
	if e := b.next(t); a.err != nil || !strings.Contains(e.data, "still there") {
		t.Errorf("got %+v; the other ended with %v", e, a.err)
	}
}

// flushed is a response in memory.
type flushed struct {
	*httptest.ResponseRecorder
	flushes int
}

// TestStreamSilence: where nothing happens, a line that clients ignore shows every 30 s
// who is still there.
func TestStreamSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var uin atomic.Uint64
		uin.Store(1)
		p := newParrot(t, &uin, gateway.Options{})
		ours, theirs := net.Pipe()
		defer ours.Close()
		defer theirs.Close()
		out := &flushed{httptest.NewRecorder(), 0}
		f, err := openFeed(p, feedOptions{form: p.events}, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer f.close()
		s := &eventStream{out: out, flush: func() error { out.flushes++; return nil }, wire: newCorkConn(ours, time.Second), feed: f, time: defaultTiming()}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.run(ctx, nil) }()
		time.Sleep(50 * time.Second)
		p.hear(1, "x") // the next line is due 30 s behind it
		time.Sleep(50 * time.Second)
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if got, want := out.Body.String(), ":\n\ndata: heard x as 0\n\n:\n\n"; got != want || out.flushes != 4 {
			t.Errorf("got %q in %d pieces, want %q", got, out.flushes, want)
		}
	})
}

func TestAppendData(t *testing.T) {
	for data, want := range map[string]string{
		`{"a":1}`: "data: {\"a\":1}\n\n", "a\nb": "data: a\ndata: b\n\n", "a\r\n\rb\n": "data: a\ndata: b\n\n", "": "data: \n\n",
	} {
		if got := string(appendData(nil, []byte(data))); got != want {
			t.Errorf("%q: got %q, want %q", data, got, want)
		}
	}
}
