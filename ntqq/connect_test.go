package ntqq

import (
	"context"
	"errors"
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"
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

func TestProbeSortsByLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTestClient(t)
		c.opts.Dial = fakeNet(map[string]time.Duration{
			"slow:1": 300 * time.Millisecond, "fast:1": 20 * time.Millisecond, "silent:1": 0, "mid:1": 100 * time.Millisecond,
		})
		start := time.Now()
		got := c.probe(t.Context(), []string{"silent:1", "slow:1", "gone:1", "mid:1", "fast:1"})
		if want := []string{"fast:1", "mid:1", "slow:1", "silent:1", "gone:1"}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v: failures last but kept", got, want)
		}
		if took := time.Since(start); took > probeTimeout {
			t.Errorf("took %v, want at most %v", took, probeTimeout)
		}
	})
}

func TestConnectTakesTheNextBest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTestClient(t)
		c.log = quiet
		c.opts.Servers.Addresses = []string{"dead:1", "alive:1"}
		c.opts.Dial = fakeNet(map[string]time.Duration{"dead:1": 0, "alive:1": time.Second})
		nc, addr, err := (&session{c: c}).connect(t.Context())
		if err != nil || addr != "alive:1" {
			t.Fatalf("got %q, %v", addr, err)
		}
		nc.Close()
	})
}

func TestConnectNoServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTestClient(t)
		c.log = quiet
		c.opts.Servers.Addresses = []string{"dead:1", "gone:1"}
		c.opts.Dial = fakeNet(map[string]time.Duration{"dead:1": 0})
		_, _, err := (&session{c: c}).connect(t.Context())
		if !errors.Is(err, errNoServer) || classify(err) != retry {
			t.Errorf("got %v, want errNoServer, to be tried again", err)
		}
	})
}

func TestAddressesFromLookup(t *testing.T) {
	c := newTestClient(t)
	c.opts.Lookup = func(_ context.Context, host string) ([]string, error) {
		if host == realHosts[0] {
			return []string{"192.0.2.1", "2001:db8::1"}, nil
		}
		return nil, errors.New("no such host")
	}
	got, err := c.addresses(t.Context())
	if want := []string{"192.0.2.1:8080", "[2001:db8::1]:8080"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v; want %v: one failing name does not hurt", got, err, want)
	}
	c.opts.Lookup = func(context.Context, string) ([]string, error) { return nil, errors.New("no such host") }
	if _, err := c.addresses(t.Context()); !errors.Is(err, errNoServer) {
		t.Errorf("got %v, want errNoServer", err)
	}
}
