package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"libration/gateway"
	"libration/gateway/table"
)

// librarian is a parrot that takes files at /shelf, and answers in as many frames as the
// request has words.
type librarian struct {
	*parrot
	taken   atomic.Int64 // bytes
	running atomic.Int32
	failed  chan error // why a call with frames ended early
}

func newLibrarian(t *testing.T) *librarian {
	return &librarian{parrot: newParrot(t, known10001(), gateway.Options{}), failed: make(chan error, 100)}
}

func (l *librarian) Greeting() *gateway.Greeting { return nil }

func (l *librarian) Route(r *http.Request) gateway.Route {
	switch r.URL.Path {
	case "/shelf":
		return gateway.Route{Take: func(body io.Reader) gateway.Answer {
			l.running.Add(1)
			defer l.running.Add(-1)
			n, err := io.Copy(io.Discard, body)
			l.taken.Add(n)
			if err != nil {
				return bare(http.StatusBadRequest, "torn: "+err.Error())
			}
			return bare(http.StatusOK, fmt.Sprint("took ", n))
		}}
	case "/read":
		return gateway.Route{Body: true, Read: func(body []byte) gateway.Call { return l.Frame(gateway.Line{}, body) }}
	}
	return l.parrot.Route(r)
}

func (l *librarian) Frame(_ gateway.Line, frame []byte) gateway.Call {
	words := strings.Fields(string(frame))
	return gateway.Call{
		Lane: table.Sends,
		Run: func(context.Context, gateway.Hold) gateway.Answer {
			return bare(http.StatusInternalServerError, "not in one frame")
		},
		Frames: func(ctx context.Context, hold gateway.Hold, send func([]byte) error) gateway.Answer {
			defer hold.Release()
			l.running.Add(1)
			defer l.running.Add(-1)
			for _, word := range words[:len(words)-1] {
				frame, times := []byte(word), 1
				if word == "forever" {
					frame, times = bytes.Repeat(frame, 8<<10), math.MaxInt
				}
				for range times {
					if err := send(bytes.Clone(frame)); err != nil {
						l.failed <- err
						return bare(http.StatusOK, "broken off")
					}
				}
			}
			return bare(http.StatusOK, words[len(words)-1])
		},
	}
}

func TestFrames(t *testing.T) {
	l := newLibrarian(t)
	h, err := NewHTTP(l, HTTPOptions{Address: "127.0.0.1:0", AccessToken: token}, nil)
	if err != nil {
		t.Fatal(err)
	}
	start(t, h)
	w, err := NewWebSocket(l, WebSocketOptions{Address: "127.0.0.1:0", Events: l.events}, nil)
	if err != nil {
		t.Fatal(err)
	}
	start(t, w)
	root := "http://" + h.Addr().String()
	for asked, want := range map[string]struct{ body, kind string }{
		"one":           {"one", "text/plain"},
		"one two three": {"one\r\n\r\ntwo\r\n\r\nthree\r\n\r\n", framesType},
	} {
		resp, body := ask(t, "POST", root+"/read", authorized("text/plain"), strings.NewReader(asked))
		if resp.StatusCode != 200 || body != want.body || resp.Header.Get("Content-Type") != want.kind {
			t.Errorf("%q: got %d %q of %s", asked, resp.StatusCode, body, resp.Header.Get("Content-Type"))
		}
	}
	ws := mustConnect(t, "ws://"+w.Addr().String())
	for _, asked := range []string{"", "one two three", "four"} {
		if asked != "" {
			send(t, ws, websocket.MessageText, asked)
		} else {
			asked = "hello"
		}
		for _, want := range strings.Fields(asked) {
			if _, frame, err := ws.Read(t.Context()); err != nil || string(frame) != want {
				t.Errorf("got %q, %v, want %q", frame, err, want)
			}
		}
	}
	// Callers that hang up, or read nothing, end their calls; few run at a time.
	c, err := net.Dial("tcp", h.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(c, "POST /read HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\nContent-Length: 11\r\n\r\nforever and", token)
	eventually(t, "the call to run", func() bool { return l.running.Load() == 1 })
	_ = c.Close()
	if err := <-l.failed; err == nil {
		t.Error("the call did not notice")
	}
	for range manyFrames + 5 {
		send(t, ws, websocket.MessageText, "forever and")
	}
	eventually(t, "all places taken", func() bool { return l.running.Load() == manyFrames })
	_ = ws.CloseNow()
	for range manyFrames {
		if err := <-l.failed; !errors.Is(err, net.ErrClosed) {
			t.Errorf("got %v", err)
		}
	}
	eventually(t, "their end", func() bool { return l.running.Load() == 0 && l.g.Stats().RequestBytes == 0 })
}

func TestFramesStop(t *testing.T) {
	l := newLibrarian(t)
	w, err := NewWebSocket(l, WebSocketOptions{Address: "127.0.0.1:0", Events: l.events}, nil)
	if err != nil {
		t.Fatal(err)
	}
	w.time.drain = 50 * time.Millisecond
	stop := start(t, w)
	ws := mustConnect(t, "ws://"+w.Addr().String())
	send(t, ws, websocket.MessageText, "forever and")
	eventually(t, "the call to run", func() bool { return l.running.Load() == 1 })
	if took := stop(); took > 5*time.Second {
		t.Errorf("stopping took %v", took)
	}
	if err := <-l.failed; err == nil {
		t.Error("the call did not notice")
	}
}

// TestTake: files are taken at a listener with a token only, whatever their size, and only as
// long as they come.
func TestTake(t *testing.T) {
	l := newLibrarian(t)
	var log logBuffer
	open, err := NewHTTP(l, HTTPOptions{Address: "127.0.0.1:0"}, log.logger())
	if err != nil {
		t.Fatal(err)
	}
	start(t, open)
	if resp, body := ask(t, "POST", "http://"+open.Addr().String()+"/shelf", map[string]string{"Content-Type": "multipart/form-data; boundary=x"}, strings.NewReader("--x--")); resp.StatusCode != 404 || !strings.Contains(body, "set an access_token") {
		t.Errorf("without a token: got %d %q", resp.StatusCode, body)
	}
	h, err := NewHTTP(l, HTTPOptions{Address: "127.0.0.1:0", AccessToken: token}, nil)
	if err != nil {
		t.Fatal(err)
	}
	h.time.read = 100 * time.Millisecond
	start(t, h)
	root := "http://" + h.Addr().String()
	if resp, body := ask(t, "POST", root+"/shelf", nil, strings.NewReader("x")); resp.StatusCode != 401 {
		t.Errorf("no token: got %d %q", resp.StatusCode, body)
	}
	const size = 3*gateway.MaxRequest + 7
	if resp, body := ask(t, "POST", root+"/shelf", authorized("image/png"), io.LimitReader(endless{}, size)); resp.StatusCode != 200 || body != fmt.Sprint("took ", size) {
		t.Errorf("got %d %q", resp.StatusCode, body)
	}
	if n := l.g.Stats().RequestBytes; n != 0 {
		t.Errorf("%d bytes of requests are never given back", n)
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }

// TestTakeSlow: who sends too little for long is refused, who hangs up is forgotten; of many
// at once some are asked to come again.
func TestTakeSlow(t *testing.T) {
	l := newLibrarian(t)
	h, err := NewHTTP(l, HTTPOptions{Address: "127.0.0.1:0", AccessToken: token}, nil)
	if err != nil {
		t.Fatal(err)
	}
	start(t, h)
	open := func() net.Conn {
		c, err := net.Dial("tcp", h.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		fmt.Fprintf(c, "POST /shelf HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\nContent-Length: 9999999999\r\n\r\nx", token)
		return c
	}
	var held []net.Conn
	for range maxTaking {
		held = append(held, open())
	}
	eventually(t, "all places taken", func() bool { return l.running.Load() == maxTaking })
	if n := l.g.Stats().RequestBytes; n < maxTaking*gateway.TakeMemory || n > 2*maxTaking*gateway.TakeMemory {
		t.Errorf("%d bytes of the budget are taken", n)
	}
	resp, body := ask(t, "POST", "http://"+h.Addr().String()+"/shelf", authorized("a/b"), strings.NewReader("x"))
	if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" {
		t.Errorf("one more: got %d %q", resp.StatusCode, body)
	}
	for _, c := range held {
		_ = c.Close()
	}
	eventually(t, "their end", func() bool { return l.running.Load() == 0 && l.g.Stats().RequestBytes == 0 })
}

// slowConn notes its deadlines.
type slowConn struct {
	net.Conn
	by []time.Time
}

func (c *slowConn) SetReadDeadline(by time.Time) error {
	c.by = append(c.by, by)
	return nil
}

// TestFlow: there is a deadline for each part, none for all of it.
func TestFlow(t *testing.T) {
	conn := &slowConn{}
	f := &flow{from: io.LimitReader(endless{}, 3*paceStep), conn: conn, time: defaultTiming()}
	before := time.Now()
	if n, err := io.Copy(io.Discard, f); err != nil || n != 3*paceStep {
		t.Errorf("got %d, %v", n, err)
	}
	if len(conn.by) < 3 || len(conn.by) > 4 {
		t.Errorf("%d deadlines for three parts", len(conn.by))
	}
	for _, by := range conn.by {
		if left := by.Sub(before); left < partTime(f.time) || left > partTime(f.time)+5*time.Second {
			t.Errorf("a part may take %v", left)
		}
	}
	late := &flow{from: lateReader{}, conn: conn, time: defaultTiming()}
	if _, err := late.Read(make([]byte, 1)); !errors.Is(err, errTooSlowFile) || !late.late {
		t.Errorf("got %v", err)
	}
}

type lateReader struct{}

func (lateReader) Read([]byte) (int, error) { return 0, fmt.Errorf("read: %w", os.ErrDeadlineExceeded) }
