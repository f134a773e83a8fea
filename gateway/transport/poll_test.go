package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"libration/gateway"
	"libration/ntqq"
)

func newQueue(most int) (*pollQueue, *logBuffer) {
	var log logBuffer
	return &pollQueue{most: most, log: log.logger()}, &log
}

// polled is what one call gets, joined.
func polled(t testing.TB, q *pollQueue, patience time.Duration, most int) string {
	t.Helper()
	frames, err := q.Next(t.Context(), patience, most)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, f := range frames {
		all = append(all, string(f))
	}
	return strings.Join(all, " ")
}

// TestPollQueue: old to new, as many as wanted, and the newest heartbeat behind them.
func TestPollQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, log := newQueue(3)
		q.put([]byte("a"))
		q.put([]byte("b"))
		q.beat = []byte("beat")
		for _, want := range []string{"a", "b", "beat"} {
			if got := polled(t, q, 0, 1); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
		began := time.Now()
		if got := polled(t, q, 5*time.Second, 0); got != "" || time.Since(began) != 5*time.Second {
			t.Errorf("got %q after %v, want nothing after 5 s", got, time.Since(began))
		}
		go func() {
			time.Sleep(time.Hour)
			q.put([]byte("late"))
		}()
		if got := polled(t, q, 0, 0); got != "late" || q.bytes != 0 {
			t.Errorf("got %q, %d bytes are left", got, q.bytes)
		}
		for i := range 100 {
			q.put(fmt.Append(nil, i))
			time.Sleep(time.Second)
		}
		if got := polled(t, q, 0, 0); got != "97 98 99" {
			t.Errorf("got %q, want the newest", got)
		}
		if got := log.String(); strings.Count(got, "events dropped") != 2 || !strings.Contains(got, "count=1 waiting=3 poll_queue=3") || !strings.Contains(got, "count=60") {
			t.Errorf("log:\n%s", got)
		}
	})
}

// TestPollQueueBytes: what waits, and what one answer has, is bounded.
func TestPollQueueBytes(t *testing.T) {
	q, _ := newQueue(1000)
	for range 20 {
		q.put(make([]byte, 1<<20))
	}
	if n := len(q.frames); n != 15 || q.bytes > mostQueued {
		t.Errorf("%d events wait, %d bytes", n, q.bytes)
	}
	var sizes []int
	for range 4 {
		frames, err := q.Next(t.Context(), 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, len(frames))
	}
	if fmt.Sprint(sizes) != "[4 4 4 3]" {
		t.Errorf("got answers of %v", sizes)
	}
	q.put(make([]byte, mostQueued+1))
	if len(q.frames) != 0 || q.bytes != 0 {
		t.Errorf("%d events wait, %d bytes", len(q.frames), q.bytes)
	}
}

// TestPollQueueCalls: the later of two calls gets the events; one whose caller is gone takes
// none.
func TestPollQueueCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, _ := newQueue(10)
		first := make(chan error, 1)
		go func() {
			_, err := q.Next(t.Context(), 0, 0)
			first <- err
		}()
		synctest.Wait()
		second := make(chan string, 1)
		go func() { second <- polled(t, q, time.Minute, 0) }()
		if err := <-first; !errors.Is(err, gateway.ErrOtherPoll) {
			t.Errorf("the first got %v", err)
		}
		q.put([]byte("x"))
		if got := <-second; got != "x" {
			t.Errorf("the second got %q", got)
		}
		gone, hangUp := context.WithCancel(t.Context())
		ended := make(chan int, 1)
		go func() {
			frames, _ := q.Next(gone, 0, 0)
			ended <- len(frames)
		}()
		synctest.Wait()
		hangUp()
		q.put([]byte("y"))
		if n := <-ended; n != 0 {
			t.Errorf("a caller that is gone got %d events", n)
		}
		if got := polled(t, q, 0, 0); got != "y" {
			t.Errorf("the next one got %q", got)
		}
	})
}

// poll calls get_updates.
func poll(t testing.TB, root, query string) (status float64, events []any, response map[string]any) {
	t.Helper()
	_, text := ask(t, "GET", root+"/get_updates"+query, nil, nil)
	m := fields(t, []byte(text))
	events, _ = m["data"].([]any)
	return m["retcode"].(float64), events, m
}

// TestPolls: events wait between the calls, which end with the client and with the service,
// and hold up nobody.
func TestPolls(t *testing.T) {
	b, _ := newOneBot(t)
	var h *HTTP
	root, stop := startStreams(t, b, HTTPOptions{PollQueue: 10}, nil, func(made *HTTP) { h = made })
	waits := func() bool {
		h.queue.mu.Lock()
		defer h.queue.mu.Unlock()
		return h.queue.waiting != nil
	}
	eventually(t, "events are gathered", func() bool { return b.Stats().Subscribers == 1 })
	publish(b, "a")
	publish(b, "b")
	var got []string
	for len(got) < 2 {
		_, events, m := poll(t, root, "?limit=1")
		if len(events) != 1 {
			t.Fatalf("got %v", m)
		}
		got = append(got, events[0].(map[string]any)["raw_message"].(string))
	}
	if strings.Join(got, "") != "ab" {
		t.Errorf("got %q", got)
	}
	if code, events, m := poll(t, root, "?timeout=-1"); code != 1400 || events != nil {
		t.Errorf("a wrong timeout: got %v", m)
	}

	// As many as may run wait, each in the place of the one before, and one goes away.
	answers := make(chan string, 2*MaxConcurrent)
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	begin := func(ctx context.Context) {
		r, err := http.NewRequestWithContext(ctx, "GET", root+"/get_updates", nil)
		if err != nil {
			t.Error(err)
		}
		response, err := transport.RoundTrip(r)
		if err != nil {
			answers <- err.Error()
			return
		}
		defer response.Body.Close()
		text, _ := io.ReadAll(response.Body)
		answers <- string(text)
	}
	for range 2 * MaxConcurrent {
		go begin(t.Context())
	}
	for range 2*MaxConcurrent - 1 {
		if got := <-answers; !strings.Contains(got, "POLL_REPLACED") {
			t.Fatalf("got %s", got)
		}
	}
	if response, text := ask(t, "GET", root+"/get_stranger_info?user_id=123", nil, nil); response.StatusCode != 200 {
		t.Errorf("a lookup beside it: got %d %s", response.StatusCode, text)
	}
	publish(b, "c")
	if got := <-answers; !strings.Contains(got, `"raw_message":"c"`) {
		t.Errorf("got %s", got)
	}
	gone, hangUp := context.WithCancel(t.Context())
	go begin(gone)
	eventually(t, "it waits", waits)
	hangUp()
	<-answers
	eventually(t, "it is gone", func() bool { return !waits() })
	publish(b, "d")
	if _, events, m := poll(t, root, "?timeout=5"); len(events) != 1 {
		t.Errorf("after one that was gone: got %v", m)
	}
	go begin(t.Context())
	eventually(t, "it waits", waits)
	if n := b.Stats().RequestBytes; n != 0 {
		t.Errorf("it holds %d bytes of the budget", n)
	}
	stop()
	if got := <-answers; !strings.Contains(got, `"data":[]`) {
		t.Errorf("at the end: got %s", got)
	}
}

func TestPollOff(t *testing.T) {
	b, _ := newOneBot(t)
	root, _ := startStreams(t, b, HTTPOptions{}, nil, nil)
	if code, _, m := poll(t, root, "?timeout=0"); code != 100 || m["msg"] != "POLL_OFF" {
		t.Errorf("got %v", m)
	}
	if _, err := NewHTTP(b.Dialect, HTTPOptions{Address: "127.0.0.1:0", PollQueue: -1}, nil); err == nil || !strings.Contains(err.Error(), "poll queue") {
		t.Errorf("a negative queue: %v", err)
	}
}

// beating is a parrot with heartbeats.
type beating struct{ *parrot }

func (beating) Beat(time.Duration) []byte { return []byte("beat") }

// TestPollBeats: heartbeats end a call that waits, and one of them waits at most.
func TestPollBeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, _ := newQueue(10)
		var uin atomic.Uint64
		p := &beating{newParrot(t, &uin, gateway.Options{})}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- q.gather(ctx, p, feedOptions{form: p.events, heartbeat: 5 * time.Second}) }()
		synctest.Wait()
		uin.Store(selfUIN)
		p.g.HandleState(ntqq.State{Stage: ntqq.Registering})
		time.Sleep(time.Hour)
		p.hear(1, "x")
		synctest.Wait()
		if got := polled(t, q, 0, 0); got != "heard x as 0 beat" {
			t.Errorf("got %q", got)
		}
		began := time.Now()
		if got := polled(t, q, 0, 0); got != "beat" || time.Since(began) > 5*time.Second {
			t.Errorf("got %q after %v", got, time.Since(began))
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
