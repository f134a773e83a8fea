package webguard

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// request is one from an address, with a token when there is one.
func request(remote, token string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1/", nil)
	r.RemoteAddr = remote
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return r
}

const right = "a token of sixteen"

func TestTokens(t *testing.T) {
	t.Parallel()
	g := New(Options{Token: right})
	for _, tt := range []struct {
		header, query string
		status        int // 0: it may act
	}{
		{header: "Bearer " + right}, {header: "bearer  " + right + " "}, {header: "Token " + right}, {header: right},
		{query: "access_token=a+token+of+sixteen"}, {header: "Bearer", query: "access_token=a+token+of+sixteen"},
		{header: "", status: 401}, {header: "Bearer ", status: 401}, {query: "access_token=", status: 401}, {query: "token=" + "x", status: 401},
		{header: "Bearer wrong", status: 403}, {header: "Basic " + right, status: 403}, {header: "wrong", status: 403},
		{query: "access_token=wrong", status: 403}, {header: "Bearer wrong", query: "access_token=a+token+of+sixteen", status: 403},
		{header: "Bearer " + right + "x", status: 403}, {header: "Bearer " + right[1:], status: 403},
	} {
		r := request("192.0.2.1:1", "")
		r.URL.RawQuery = tt.query
		r.Header.Set("Authorization", tt.header)
		r.Header.Set("Origin", "https://evil.example") // means nothing where there is a token
		r.Host = "evil.example"
		w := httptest.NewRecorder()
		got := g.Check(w, r)
		if (got == nil) != (tt.status == 0) || got != nil && got.Status != tt.status {
			t.Errorf("%q, %q: got %+v, want %d", tt.header, tt.query, got, tt.status)
		}
		if (w.Header().Get("WWW-Authenticate") != "") != (tt.status == 401) {
			t.Errorf("%q: got %v", tt.header, w.Header())
		}
		if tt.status == 0 && g.CheckChange(r) != nil {
			t.Errorf("%q: a GET with the token may not change anything", tt.header)
		}
	}
}

// TestSlowdown guesses on many connections for a minute.
func TestSlowdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		var mu sync.Mutex
		counted := map[Reason]int{}
		g := New(Options{
			Service: "owner", Token: right, Log: slog.New(slog.NewTextHandler(&log, nil)),
			OnRefused: func(r Reason) {
				mu.Lock()
				defer mu.Unlock()
				counted[r]++
			},
		})
		// One connection, which waits for each answer.
		began := time.Now()
		for range 100 {
			if got := g.Check(httptest.NewRecorder(), request("192.0.2.1:1", "guess")); got.Status != http.StatusForbidden {
				t.Fatalf("got %+v", got)
			}
		}
		if took := time.Since(began); took != (100-freeRefusals)*refusalPause {
			t.Errorf("100 guesses took %v", took)
		}
		// Many at once: as many as may wait do, the others are told so.
		var guesses sync.WaitGroup
		for i := range 50 {
			guesses.Go(func() {
				w := httptest.NewRecorder()
				got := g.Check(w, request(fmt.Sprintf("192.0.2.1:%d", i), "guess"))
				if got.Status == http.StatusTooManyRequests && (w.Header().Get("Retry-After") == "" || w.Header().Get("Connection") != "close") {
					t.Errorf("got %v", w.Header())
				}
			})
		}
		synctest.Wait()
		began = time.Now()
		for _, r := range []*http.Request{request("192.0.2.1:1", right), request("198.51.100.1:1", right), request("198.51.100.1:1", "guess"), request("192.0.2.1:9", "")} {
			g.Check(httptest.NewRecorder(), r)
		}
		if g.Check(httptest.NewRecorder(), request("192.0.2.1:1", right)) != nil {
			t.Error("the right token was refused")
		}
		if waited := time.Since(began); waited != 0 {
			t.Errorf("the right token, a first guess from elsewhere and a missing token waited %v", waited)
		}
		guesses.Wait()
		if counted[WrongToken] != 101+maxDelayed || counted[TooMany] != 50-maxDelayed || counted[NoToken] != 1 {
			t.Errorf("got %v", counted)
		}
		// A line a minute, and none with what was guessed.
		if lines := strings.Count(log.String(), "\n"); lines != 2 || strings.Contains(log.String(), "guess") || !strings.Contains(log.String(), "service=owner") {
			t.Errorf("got\n%s", &log)
		}
		// After a pause the address has its free ones again.
		time.Sleep(time.Minute)
		began = time.Now()
		for range freeRefusals {
			g.Check(httptest.NewRecorder(), request("192.0.2.1:1", "guess"))
		}
		if waited := time.Since(began); waited != 0 {
			t.Errorf("after a pause: waited %v", waited)
		}
	})
}

// TestSlowdownEnds: one that hangs up, or a service that stops, is not waited for.
func TestSlowdownEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(Options{Token: right})
		ctx, cancel := context.WithCancel(t.Context())
		var guesses sync.WaitGroup
		for range freeRefusals + 5 {
			guesses.Go(func() { g.Check(httptest.NewRecorder(), request("192.0.2.1:1", "guess").WithContext(ctx)) })
		}
		synctest.Wait()
		began := time.Now()
		cancel()
		guesses.Wait()
		if took := time.Since(began); took != 0 || g.slow.waiting != 0 {
			t.Errorf("ended after %v, %d wait", took, g.slow.waiting)
		}
	})
}

// TestSlowdownBounds: neither addresses nor those that wait grow without end.
func TestSlowdownBounds(t *testing.T) {
	t.Parallel()
	var s slowdown
	now := time.Now()
	for i := range 100_000 {
		s.book(origin(fmt.Sprintf("[2001:db8:%x:%x::1]:1", i>>16, i&0xffff)), now)
	}
	if len(s.due) > maxAddresses+1 {
		t.Errorf("%d addresses are known", len(s.due))
	}
	if _, ok := s.book(origin("203.0.113.9:1"), now); ok {
		t.Error("an address more was not counted with the others")
	}
	if delay, ok := s.book(origin("203.0.113.9:1"), now.Add(time.Minute)); !ok || delay != 0 || len(s.due) != 1 {
		t.Errorf("a minute later: delay %v, %v, %d addresses", delay, ok, len(s.due))
	}
	for i := range 100 {
		for range freeRefusals + maxDelayed {
			s.book(origin(fmt.Sprintf("192.0.2.%d:1", i)), now.Add(time.Minute))
		}
	}
	if s.waiting != maxWaiting {
		t.Errorf("%d wait", s.waiting)
	}
}

func TestOrigin(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		a, b string
		same bool
	}{
		{"192.0.2.1:1", "192.0.2.1:2", true}, {"192.0.2.1:1", "192.0.2.2:1", false},
		{"[2001:db8::1]:1", "[2001:db8::ffff]:1", true}, {"[2001:db8:0:1::1]:1", "[2001:db8:0:2::1]:1", false},
		{"[::ffff:192.0.2.1]:1", "192.0.2.1:1", true}, {"[fe80::1%eth0]:1", "[fe80::2%eth1]:1", true}, {"@", "", true},
	} {
		if got := origin(tt.a) == origin(tt.b); got != tt.same {
			t.Errorf("%s and %s: got %v", tt.a, tt.b, got)
		}
	}
}

// TestRemote: off loopback any name may be used where that is permitted.
func TestRemote(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		local  string
		remote bool
		status int
	}{{"127.0.0.1:1", true, 403}, {"[::1]:1", true, 403}, {"192.0.2.1:1", true, 200}, {"192.0.2.1:1", false, 403}} {
		g := New(Options{Remote: tt.remote})
		r := request("192.0.2.7:1", "")
		r.Host = "box.lan"
		r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, tcpAddr(t, tt.local)))
		if got := g.Check(httptest.NewRecorder(), r); (got == nil) != (tt.status == 200) {
			t.Errorf("%+v: got %+v", tt, got)
		}
	}
}

func tcpAddr(t *testing.T, address string) *net.TCPAddr {
	t.Helper()
	pair, err := netip.ParseAddrPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return net.TCPAddrFromAddrPort(pair)
}

func BenchmarkCheck(b *testing.B) {
	for name, o := range map[string]Options{"token": {Token: right}, "none": {}} {
		b.Run(name, func(b *testing.B) {
			g, r, w := New(o), request("127.0.0.1:1", right), httptest.NewRecorder()
			b.ReportAllocs()
			for b.Loop() {
				if g.Check(w, r) != nil {
					b.Fatal("refused")
				}
			}
		})
	}
}

func TestIsLocalProgram(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		remote, header string
		want           bool
	}{
		{"127.0.0.1:1", "", true}, {"127.8.8.8:1", "", true}, {"[::1]:1", "", true}, {"[::ffff:127.0.0.1]:1", "", true},
		{"192.0.2.1:1", "", false}, {"172.17.0.1:1", "", false}, {"[fe80::1%eth0]:1", "", false}, {"pipe", "", false}, {"", "", false},
		{"127.0.0.1:1", "Origin", false}, {"127.0.0.1:1", "Sec-Fetch-Site", false}, {"127.0.0.1:1", "Sec-Fetch-Mode", false},
		{"127.0.0.1:1", "Referer", false}, {"127.0.0.1:1", "X-Forwarded-For", false}, {"127.0.0.1:1", "Forwarded", false},
		{"127.0.0.1:1", "User-Agent", true},
	} {
		r := request(tt.remote, "")
		if tt.header != "" {
			r.Header.Set(tt.header, "none")
		}
		if got := IsLocalProgram(r); got != tt.want {
			t.Errorf("%q with %q: got %v", tt.remote, tt.header, got)
		}
	}
}

// TestCheckBytes: an upload is bytes, and nothing else is one.
func TestCheckBytes(t *testing.T) {
	t.Parallel()
	g := New(Options{})
	for kind, want := range map[string][2]int{ // the status for JSON, and for bytes; 0: it may act
		"application/json":                         {0, 415},
		"application/octet-stream":                 {415, 0},
		"application/octet-stream; charset=binary": {415, 0},
		"text/plain; application/octet-stream":     {415, 415},
		"":                                         {415, 415},
	} {
		for i, check := range []func(http.ResponseWriter, *http.Request) *Refusal{g.Check, g.CheckBytes} {
			r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1/", nil)
			r.Header.Set("Content-Type", kind)
			got := 0
			if refusal := check(httptest.NewRecorder(), r); refusal != nil {
				got = refusal.Status
			}
			if got != want[i] {
				t.Errorf("%q, check %d: got %d, want %d", kind, i, got, want[i])
			}
		}
	}
}
