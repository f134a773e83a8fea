package signer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// signNet answers for sign providers by host, without a network.
type signNet struct {
	mu    sync.Mutex
	hosts map[string]signHost
	asked []string
}

type signHost struct {
	takes  time.Duration // before the answer
	answer string        // "": it is down
}

func (n *signNet) RoundTrip(r *http.Request) (*http.Response, error) {
	n.mu.Lock()
	n.asked = append(n.asked, r.URL.Host)
	h := n.hosts[r.URL.Host]
	n.mu.Unlock()
	select {
	case <-time.After(h.takes):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	if h.answer == "" {
		return nil, errors.New("connection refused")
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(h.answer)), Request: r}, nil
}

func (n *signNet) set(host string, h signHost) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.hosts[host] = h
}

// take returns who was asked since the last time.
func (n *signNet) take() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	asked := strings.Join(n.asked, " ")
	n.asked = nil
	return asked
}

var up = signHost{answer: lagrangeSigned}

// signers are providers a, b and so on, without jitter.
func signers(hosts ...signHost) (*HTTP, *signNet) {
	n := &signNet{hosts: map[string]signHost{}}
	h := &HTTP{Client: &http.Client{Transport: n}, Log: quiet, rand: func() float64 { return 0.5 }}
	for i, host := range hosts {
		name := string(rune('a' + i))
		h.URLs = append(h.URLs, "http://"+name+"/sign")
		n.hosts[name] = host
	}
	return h, n
}

func states(h *HTTP) (all []State) {
	for _, s := range h.Health() {
		all = append(all, s.State)
	}
	return all
}

// ask signs and tells whether it worked, who was asked, and how long it took.
func ask(t *testing.T, h *HTTP, n *signNet) (result string) {
	t.Helper()
	began := time.Now()
	_, err := h.Sign(t.Context(), signRequest())
	if err != nil && !errors.Is(err, ErrNoSignature) {
		t.Fatalf("got %v, want an ErrNoSignature", err)
	}
	return fmt.Sprintf("%t: %s in %v", err == nil, n.take(), time.Since(began))
}

func wantAsked(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

// TestSignerFailover: the second is asked in the same request, then first while the
// first one's pause lasts; and the first is asked first again when it works again.
func TestSignerFailover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, n := signers(signHost{}, up)
		wantAsked(t, "the first is down", ask(t, h, n), "true: a b in 0s")
		wantAsked(t, "during its pause", ask(t, h, n), "true: b in 0s")
		for i, pause := range []time.Duration{5, 10, 20, 40, 80, 160, 300, 300} {
			time.Sleep(pause*time.Second - time.Nanosecond)
			wantAsked(t, fmt.Sprintf("before the end of pause %d", i), ask(t, h, n), "true: b in 0s")
			time.Sleep(time.Nanosecond)
			wantAsked(t, fmt.Sprintf("at the end of pause %d", i), ask(t, h, n), "true: a b in 0s")
			if want := []State{Failing, Down}[min(i, 1)]; states(h)[0] != want {
				t.Errorf("after pause %d: got %v, want %s", i, states(h), want)
			}
		}
		if got := h.Health()[0]; got.State != Down || got.Failures != 9 || got.Err == nil || !got.Until.Equal(time.Now().Add(5*time.Minute)) {
			t.Errorf("got %+v, want it down for five more minutes", got)
		}
		n.set("a", up)
		time.Sleep(5 * time.Minute)
		wantAsked(t, "the first is back", ask(t, h, n), "true: a in 0s")
		wantAsked(t, "and stays", ask(t, h, n), "true: a in 0s")
		if got := h.Health()[0]; got.State != OK || got.Failures != 0 || got.Err != nil || !got.Until.IsZero() {
			t.Errorf("got %+v, want it well", got)
		}
	})
}

// TestSignersAllDown: while all are left alone each request still asks one, in turn,
// for a short time; so it notices at once when one is back.
func TestSignersAllDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silent := signHost{takes: time.Hour}
		h, n := signers(silent, silent)
		wantAsked(t, "first failure", ask(t, h, n), "false: a b in 12s")
		for states(h)[0] != Down || states(h)[1] != Down {
			ask(t, h, n)
		}
		wantAsked(t, "left alone", ask(t, h, n), "false: a in 2s")
		wantAsked(t, "in turn", ask(t, h, n), "false: b in 2s")
		until := h.Health()[1].Until
		wantAsked(t, "in turn", ask(t, h, n), "false: a in 2s")
		if got := h.Health()[1].Until; !got.Equal(until) {
			t.Errorf("asked before its time: the pause ends at %v, before at %v", got, until)
		}
		n.set("b", signHost{takes: time.Second, answer: lagrangeSigned})
		wantAsked(t, "one is back", ask(t, h, n), "true: b in 1s")
		wantAsked(t, "and is used", ask(t, h, n), "true: b in 1s")
	})
}

// TestSignerProbe: one request finds out whether a provider works again, the others
// do not wait for it.
func TestSignerProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, n := signers(signHost{}, up)
		for range 3 {
			ask(t, h, n)
			time.Sleep(time.Until(h.Health()[0].Until))
		}
		n.set("a", signHost{takes: 3 * time.Second, answer: lagrangeSigned})
		n.take()
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() { _, _ = h.Sign(t.Context(), signRequest()) })
		}
		synctest.Wait()
		asked := strings.Fields(n.take())
		slices.Sort(asked)
		wantAsked(t, "while one is under way", strings.Join(asked, " "), "a b b b b")
		all.Wait()
		wantAsked(t, "after it", ask(t, h, n), "true: a in 3s")

		// A probe that is given up lets another one follow.
		n.set("a", signHost{})
		for range 3 {
			ask(t, h, n)
			time.Sleep(time.Until(h.Health()[0].Until))
		}
		n.set("a", signHost{takes: time.Minute})
		n.take()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := h.Sign(ctx, signRequest()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the caller's deadline", err)
		}
		wantAsked(t, "given up", n.take(), "a")
		if got := h.Health()[0].Failures; got != 3 {
			t.Errorf("%d failures, want 3: the caller's patience is no failure", got)
		}
		n.set("a", up)
		wantAsked(t, "the next one", ask(t, h, n), "true: a in 0s")
	})
}

// TestSignerWrongVersion: a provider for another version is not used, and looked at
// again rarely.
func TestSignerWrongVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, n := signers(signHost{answer: `{"platform":"Linux","version":"9.9.9","value":{"sign":"aa"}}`})
		wantAsked(t, "first", ask(t, h, n), "false: a in 0s")
		for range 10 {
			_, err := h.Sign(t.Context(), signRequest())
			if asked := n.take(); asked != "" || !errors.Is(err, ErrNoSignature) || !strings.Contains(err.Error(), "signs for Linux 9.9.9, we are Linux 3.2.26-46494") {
				t.Fatalf("asked %q, got %v, want the reason without a question", asked, err)
			}
			time.Sleep(29 * time.Second)
		}
		if got := states(h)[0]; got != WrongVersion {
			t.Errorf("state %s", got)
		}
		n.set("a", up)
		time.Sleep(10 * time.Second)
		wantAsked(t, "after five minutes", ask(t, h, n), "true: a in 0s")

		h, n = signers(signHost{answer: `{"platform":"Windows","value":{"sign":"aa"}}`}, up)
		wantAsked(t, "with another one", ask(t, h, n), "true: a b in 0s")
		time.Sleep(4 * time.Minute)
		wantAsked(t, "it is not tried again", ask(t, h, n), "true: b in 0s")
		n.set("b", signHost{})
		wantAsked(t, "nor when the other one fails", ask(t, h, n), "false: b in 0s")
	})
}

// TestSignerHiccup: many questions that fail at once are one failure.
func TestSignerHiccup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, n := signers(signHost{takes: time.Second}, up)
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() { _, _ = h.Sign(t.Context(), signRequest()) })
		}
		all.Wait()
		if got := h.Health()[0]; got.Failures != 1 || got.State != Failing {
			t.Errorf("got %+v, want one failure", got)
		}
		n.set("a", signHost{takes: 100 * time.Millisecond, answer: lagrangeSigned})
		time.Sleep(time.Minute)
		ask(t, h, n)
		n.set("a", signHost{takes: 200 * time.Millisecond, answer: lagrangeSigned})
		ask(t, h, n)
		if got := h.Health()[0].Latency; got != 120*time.Millisecond {
			t.Errorf("latency %v, want it to move from 100 to 120 ms", got)
		}
	})
}

func TestSignerNames(t *testing.T) {
	h := &HTTP{URLs: []string{"https://u:secret@x.example:8080/a?key=secret", "https://x.example:8080/b", ":"}, Log: quiet}
	var got []string
	for _, s := range h.Health() {
		got = append(got, s.Name+" "+s.URL)
	}
	want := []string{"x.example:8080 https://x.example:8080/#1c84cd", "x.example:8080#2 https://x.example:8080/#9b43ee", "unreadable (unreadable URL)"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
