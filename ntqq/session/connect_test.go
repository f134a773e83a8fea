package session

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"libration/internal/hourly"
	"libration/internal/network"
	"libration/ntqq/session/link"
)

// fakeNet dials addresses that answer after a time; 0 means never.
func fakeNet(delays map[string]time.Duration) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, _, addr string) (net.Conn, error) {
		d, ok := delays[addr]
		if !ok {
			return nil, errors.New("refused")
		}
		if d == 0 {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		select {
		case <-time.After(d):
			a, _ := net.Pipe()
			return a, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// tried is the order in which addresses are tried.
func tried(t *testing.T, l *loop, addrs ...string) []string {
	t.Helper()
	var got []string
	for _, a := range l.choices(t.Context(), addrs) {
		got = append(got, a.address)
	}
	return got
}

func TestChoicesByLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestSession(t)
		s.opts.Dial = fakeNet(map[string]time.Duration{
			"slow:1": 300 * time.Millisecond, "fast:1": 20 * time.Millisecond, "silent:1": 0, "mid:1": 100 * time.Millisecond,
		})
		start := time.Now()
		got := tried(t, newLoop(s), "silent:1", "slow:1", "gone:1", "mid:1", "fast:1")
		if want := []string{"fast:1", "mid:1", "slow:1", "silent:1", "gone:1"}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v: failures last but kept", got, want)
		}
		if took := time.Since(start); took > probeTimeout {
			t.Errorf("took %v, want at most %v", took, probeTimeout)
		}
	})
}

// TestBadServers: one that failed goes behind the others that answer, for longer each
// time, and comes back to its place.
func TestBadServers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestSession(t)
		s.log = quiet
		s.opts.Dial = fakeNet(map[string]time.Duration{"a:1": 10 * time.Millisecond, "b:1": 20 * time.Millisecond, "c:1": 0})
		l := newLoop(s)
		want := func(what string, want ...string) {
			t.Helper()
			if got := tried(t, l, "a:1", "b:1", "c:1"); !slices.Equal(got, want) {
				t.Errorf("%s: got %v, want %v", what, got, want)
			}
		}
		lost := fmt.Errorf("read: %w", ErrConnectionLost)
		want("at first", "a:1", "b:1", "c:1")
		for _, pause := range []time.Duration{1, 2, 4, 8, 16, 30, 30} {
			l.judge("a:1", 0, lost)
			bad := time.Now()
			time.Sleep(pause*time.Minute - probeTimeout - time.Second)
			want(fmt.Sprintf("before %d minutes are over", pause), "b:1", "a:1", "c:1")
			time.Sleep(time.Until(bad.Add(pause * time.Minute)))
			want(fmt.Sprintf("after %d minutes", pause), "a:1", "b:1", "c:1")
		}
		l.judge("a:1", 0, lost)
		time.Sleep(time.Second)
		l.judge("b:1", 0, fmt.Errorf("register: %w", ErrTimeout))
		want("both failed", "b:1", "a:1", "c:1") // by the end of their pauses
		if got := tried(t, l, "a:1"); !slices.Equal(got, []string{"a:1"}) {
			t.Errorf("the only one: got %v", got)
		}
		time.Sleep(2 * time.Hour)
		want("much later", "a:1", "b:1", "c:1")
		if len(l.bad) > 0 {
			t.Errorf("still remembered: %v", l.bad)
		}
	})
}

func TestJudge(t *testing.T) {
	lost := fmt.Errorf("read: %w", ErrConnectionLost)
	for name, tt := range map[string]struct {
		online time.Duration
		err    error
		bad    bool
	}{
		"died before online":       {0, lost, true},
		"no answer before online":  {0, ErrTimeout, true},
		"died soon":                {time.Second, lost, true},
		"died later":               {time.Hour, lost, false},
		"silent later":             {time.Hour, fmt.Errorf("%w: 3 heartbeats", link.ErrSilent), true},
		"kicked":                   {time.Second, &KickError{}, false},
		"session expired":          {0, ErrSessionExpired, false},
		"no signature":             {0, fmt.Errorf("%w: %w", ErrSign, context.DeadlineExceeded), false},
		"login refused":            {0, &LoginError{}, false},
		"register refused at once": {0, errRegisterRefused, false},
	} {
		s := newTestSession(t)
		s.log = quiet
		l := newLoop(s)
		l.judge("a:1", tt.online, tt.err)
		if _, bad := l.bad["a:1"]; bad != tt.bad {
			t.Errorf("%s: bad %t, want %t", name, bad, tt.bad)
		}
	}
	l := newLoop(newTestSession(t))
	l.judge("a:1", 0, lost)
	l.judge("a:1", time.Hour, lost)
	if len(l.bad) > 0 {
		t.Error("an hour online did not make it good again")
	}
}

func TestConnectTakesTheNextBest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestSession(t)
		s.log = quiet
		s.opts.Servers.Addresses = []string{"dead:1", "alive:1"}
		s.opts.Dial = fakeNet(map[string]time.Duration{"dead:1": 0, "alive:1": time.Second})
		nc, addr, err := newLoop(s).connect(t.Context())
		if err != nil || addr != "alive:1" {
			t.Fatalf("got %q, %v", addr, err)
		}
		nc.Close()
	})
}

func TestConnectNoServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestSession(t)
		s.log = quiet
		s.opts.Servers.Addresses = []string{"dead:1", "gone:1"}
		s.opts.Dial = fakeNet(map[string]time.Duration{"dead:1": 0})
		_, _, err := newLoop(s).connect(t.Context())
		if !errors.Is(err, errNoServer) || classify(err) != retry {
			t.Errorf("got %v, want errNoServer, to be tried again", err)
		}
	})
}

func TestAddressesFromLookup(t *testing.T) {
	s := newTestSession(t)
	s.opts.Lookup = func(_ context.Context, host string) ([]string, error) {
		if host == realHosts[0] {
			return []string{"192.0.2.1", "2001:db8::1"}, nil
		}
		return nil, errors.New("no such host")
	}
	s.notes = hourly.New(quiet)
	l := newLoop(s)
	want := func(what string, want ...string) {
		t.Helper()
		if got, err := l.addresses(t.Context()); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %v, %v; want %v", what, got, err, want)
		}
	}
	want("one failing name does not hurt", "192.0.2.1:8080", "[2001:db8::1]:8080")
	s.opts.Lookup = func(context.Context, string) ([]string, error) { return nil, errors.New("no such host") }
	want("those of the last time", "192.0.2.1:8080", "[2001:db8::1]:8080")

	l = newLoop(s)
	want("the built-in ones", realAddresses...)
	s.opts.Servers = Servers{Hosts: []string{"sso.example"}, Port: 1}
	s.opts.Servers.setDefaults()
	if _, err := l.addresses(t.Context()); !errors.Is(err, errNoServer) {
		t.Errorf("another service's name: got %v, want errNoServer", err)
	}
}

// TestConnectByProxy: the proxy looks names up. One that is at fault is the cause, and no
// server is blamed.
func TestConnectByProxy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestSession(t)
		s.log = quiet
		var err error
		if s.proxy, err = network.ParseProxy("socks5://proxy.example"); err != nil {
			t.Fatal(err)
		}
		s.opts.Lookup = func(context.Context, string) ([]string, error) {
			t.Error("a name was looked up")
			return nil, errors.New("no such host")
		}
		s.opts.Dial = fakeNet(map[string]time.Duration{"proxy.example:1080": 0})
		l := newLoop(s)
		want := append([]string{"msfwifi.3g.qq.com:8080", "msfwifiv6.3g.qq.com:8080"}, realAddresses...)
		if got, err := l.addresses(t.Context()); err != nil || !slices.Equal(got, want) {
			t.Errorf("got %v, %v; want %v", got, err, want)
		}
		_, _, err = l.connect(t.Context())
		if !errors.Is(err, ErrProxy) || !errors.Is(err, errNoServer) || classify(err) != retry || CauseOf(err) != "proxy" || len(l.bad) > 0 {
			t.Errorf("got %v, cause %s, blamed %v", err, CauseOf(err), l.bad)
		}
		if _, err := New(Options{Proxy: "gopher://hunter2@x"}); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("got %v", err)
		}
	})
}

// TestLookupTime: a name whose look-up hangs holds up the others for a bounded time.
func TestLookupTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTestSession(t)
		s.opts.Lookup = func(ctx context.Context, host string) ([]string, error) {
			if host == realHosts[1] {
				return []string{"192.0.2.1"}, nil
			}
			<-ctx.Done()
			return nil, ctx.Err()
		}
		began := time.Now()
		got, err := newLoop(s).addresses(t.Context())
		if took := time.Since(began); err != nil || !slices.Equal(got, []string{"192.0.2.1:8080"}) || took != lookupTimeout {
			t.Errorf("got %v, %v after %v", got, err, took)
		}
	})
}
