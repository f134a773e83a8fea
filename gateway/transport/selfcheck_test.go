package transport

import (
	"errors"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"libration/gateway"
)

// until waits for a condition of a service.
func until(t testing.TB, s Service, what string, ok func(Condition) bool) Condition {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		c, changed := s.Watch()
		if ok(c) {
			return c
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("%s: still waiting for: %s; it is %+v", s.Name(), what, c)
		}
	}
}

func listening(c Condition) bool { return c.State == StateListening }

// listeners are the services that listen, with a token, on an address.
func listeners(t *testing.T, address string, log *logBuffer) []Listening {
	t.Helper()
	b, _ := newOneBot(t)
	return listenersOf(t, b, address, log)
}

func listenersOf(t *testing.T, b *bot, address string, log *logBuffer) []Listening {
	t.Helper()
	h, err := NewHTTP(b.Dialect, HTTPOptions{Address: address, AccessToken: "s3cret"}, log.logger())
	if err != nil {
		t.Fatal(err)
	}
	w, err := NewWebSocket(b.Dialect, WebSocketOptions{Address: address, AccessToken: "s3cret", Heartbeat: time.Second}, log.logger())
	if err != nil {
		t.Fatal(err)
	}
	return []Listening{h, w}
}

// TestReadyEachRun: a service that starts again proves anew that it answers, and
// is not taken for ready before.
func TestReadyEachRun(t *testing.T) {
	var log logBuffer
	services := listeners(t, "0.0.0.0:0", &log)
	for _, s := range services {
		for range 3 {
			ready := s.Ready()
			select {
			case <-ready:
				t.Fatalf("%s is ready before it runs", s.Name())
			default:
			}
			stop := start(t, s)
			until(t, s, "listening", listening)
			<-ready
			stop()
			if c, _ := s.Watch(); c.State != StateStopped || c.Serving() {
				t.Errorf("%s stopped is %+v", s.Name(), c)
			}
		}
	}
	for _, unwanted := range []string{"client connected", "refused", "s3cret"} {
		if strings.Contains(log.String(), unwanted) {
			t.Errorf("the log of the checks has %q:\n%s", unwanted, log.String())
		}
	}
}

// speechless is a dialect that fails at its first frame.
type speechless struct{ gateway.Talker }

func (speechless) Hello() []byte { panic("broken") }

// TestSelfCheckFails: an open port alone is not enough.
func TestSelfCheckFails(t *testing.T) {
	var log logBuffer
	services := listenersOf(t, newBot(&fakeClient{}, gateway.Options{}), "127.0.0.1:0", &log) // without a client get_status fails
	services[1].(*WebSocket).dialect = speechless{services[1].(*WebSocket).dialect}
	for i, want := range []string{`the status is "failed"`, "no first frame"} {
		s := services[i]
		ready := s.Ready()
		err := s.Run(t.Context())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: Run gives %v, want %q", s.Name(), err, want)
		}
		select {
		case <-ready:
			t.Errorf("%s was ready", s.Name())
		default:
		}
		if c, _ := s.Watch(); c.State != StateFailed || !errors.Is(c.Err, err) {
			t.Errorf("%s is %+v, want it failed", s.Name(), c)
		}
	}
}

// TestOwnCheckIsSecret: nobody else can pass for the check, which is not served.
func TestOwnCheckIsSecret(t *testing.T) {
	var log logBuffer
	services := listeners(t, "127.0.0.1:0", &log)
	start(t, services[1])
	ws, _, err := websocket.Dial(t.Context(), "ws://"+services[1].Addr().String(), &websocket.DialOptions{
		HTTPHeader: http.Header{"Authorization": {"Bearer s3cret"}, checkHeader: {""}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer ws.CloseNow()
	eventually(t, "the client is one", func() bool { return strings.Contains(log.String(), "client connected") })
}

func TestOwnAddress(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"0.0.0.0:80": "127.0.0.1:80", "[::]:80": "[::1]:80", "127.0.0.1:80": "127.0.0.1:80", "192.0.2.1:80": "192.0.2.1:80",
	} {
		addr, err := net.ResolveTCPAddr("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if got := ownAddress(addr); got != want {
			t.Errorf("ownAddress(%s) = %s, want %s", address, got, want)
		}
	}
}

// breakingClock panics while it is broken.
type breakingClock struct{ broken atomic.Bool }

func (c *breakingClock) Now() time.Time {
	if c.broken.Load() {
		panic("broken")
	}
	return time.Now()
}
func (*breakingClock) Trusted() bool                       { return true }
func (*breakingClock) Ago(time.Duration) (time.Time, bool) { return time.Time{}, false }

// TestPanicInConnection: the goroutines of a connection end with it, not the
// program. Heartbeats look at the clock.
func TestPanicInConnection(t *testing.T) {
	var log logBuffer
	var clock breakingClock
	b := newBot(newFakeClient(t), gateway.Options{Clock: &clock})
	s := listenersOf(t, b, "127.0.0.1:0", &log)[1]
	start(t, s)
	dial := func() *websocket.Conn {
		ws, _, err := websocket.Dial(t.Context(), "ws://"+s.Addr().String(), &websocket.DialOptions{
			HTTPHeader: http.Header{"Authorization": {"Bearer s3cret"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := ws.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
		return ws
	}
	first := dial()
	defer first.CloseNow()
	clock.broken.Store(true)
	if _, _, err := first.Read(t.Context()); err == nil {
		t.Error("the connection goes on without its heartbeat")
	}
	clock.broken.Store(false)
	dial().CloseNow()
	if !strings.Contains(log.String(), "panic in a connection") {
		t.Errorf("the log does not tell of the panic:\n%s", log.String())
	}
}
