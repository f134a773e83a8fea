package notice

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// scene is what a notifier looks at.
type scene struct {
	mu      sync.Mutex // guards what follows
	all     []Condition
	changed chan struct{}
}

func (s *scene) set(all ...Condition) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = all
	if s.changed != nil {
		close(s.changed)
	}
	s.changed = make(chan struct{})
}

func (s *scene) look() (uint64, []Condition, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return 10001, s.all, s.changed
}

// lines is a log.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// start runs a notifier in the bubble; stop ends it.
func start(t *testing.T, s *scene, log *lines, targets ...Target) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	n := New(Options{
		Targets: targets, After: time.Minute, Look: s.look, Version: "test", Log: slog.New(slog.NewTextHandler(log, nil)),
	})
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run gives %v", err)
		}
	}
}

func kindsOf(t *testing.T, all []received) []string {
	t.Helper()
	var kinds []string
	for _, r := range all {
		var n Notice
		if err := json.Unmarshal([]byte(r.body), &n); err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, string(n.Kind))
	}
	return kinds
}

// TestDelivery: a target that fails for a while gets everything in order, one that
// fails for ever delays nobody, and what cannot be sent is given up, in the end.
func TestDelivery(t *testing.T) {
	good, shaky, bad, wrong := newServer(t), newServer(t), newServer(t), newServer(t)
	shaky.answer = func(n int, w http.ResponseWriter) {
		if n <= 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}
	bad.answer = func(_ int, w http.ResponseWriter) { w.WriteHeader(http.StatusBadGateway) }
	wrong.answer = func(_ int, w http.ResponseWriter) { w.WriteHeader(http.StatusNotFound) }
	log := &lines{}
	synctest.Test(t, func(t *testing.T) {
		s := &scene{}
		s.set(Condition{Subject: "account", Kind: Online})
		var targets []Target
		for _, target := range []*server{good, shaky, bad, wrong} {
			targets = append(targets, Target{URL: target.url + "/hunter2?token=hunter2"})
		}
		stop := start(t, s, log, targets...)
		s.set(Condition{Subject: "account", Kind: Offline, Reason: "connection lost"})
		time.Sleep(70 * time.Second)
		s.set(Condition{Subject: "account", Kind: Online})
		time.Sleep(20 * time.Minute)
		stop()
	})
	both := []string{"offline", "online"}
	if diff := cmp.Diff(both, kindsOf(t, good.requests())); diff != "" {
		t.Errorf("the good one (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"offline", "offline", "offline", "offline", "online"}, kindsOf(t, shaky.requests())); diff != "" {
		t.Errorf("the shaky one (-want +got):\n%s", diff)
	}
	if n := len(bad.requests()); n != 2*maxTries {
		t.Errorf("the bad one: got %d requests, want %d for each notice", n, maxTries)
	}
	if diff := cmp.Diff(both, kindsOf(t, wrong.requests())); diff != "" {
		t.Errorf("the wrong one, which another try does not help (-want +got):\n%s", diff)
	}
	text := log.String()
	for line, want := range map[string]int{"notice given up": 4, "notice not sent; it is tried again": 3 + 2*(maxTries-1), "notices.targets[2] (http)": 2 * maxTries} {
		if got := strings.Count(text, line); got != want {
			t.Errorf("%q was logged %d times, want %d:\n%s", line, got, want, text)
		}
	}
	if strings.Contains(text, "hunter2") {
		t.Errorf("a secret is in the log:\n%s", text)
	}
}

// TestStop: it ends at once, whatever it is doing.
func TestStop(t *testing.T) {
	slow := newServer(t)
	release := make(chan struct{})
	defer close(release)
	asked, refused := make(chan struct{}, 8), make(chan struct{}, 8)
	slow.answer = func(int, http.ResponseWriter) {
		asked <- struct{}{}
		<-release
	}
	broken := newServer(t)
	broken.answer = func(_ int, w http.ResponseWriter) {
		w.WriteHeader(http.StatusBadGateway)
		refused <- struct{}{}
	}
	s := &scene{}
	s.set(Condition{Subject: "account", Kind: Kicked})
	stop := start(t, s, &lines{}, Target{URL: slow.url}, Target{URL: broken.url})
	<-asked
	<-refused
	began := time.Now()
	stop()
	if took := time.Since(began); took > sendTimeout/2 {
		t.Errorf("it took %v", took)
	}
	if err := New(Options{}).Run(t.Context()); err != nil { // nobody to tell
		t.Error(err)
	}
}

func TestFullQueue(t *testing.T) {
	t.Parallel()
	log := &lines{}
	q := make(chan *Notice, 2)
	for _, kind := range []Kind{Offline, Kicked, Online} {
		put(q, &Notice{Kind: kind}, slog.New(slog.NewTextHandler(log, nil)))
	}
	if a, b := <-q, <-q; a.Kind != Kicked || b.Kind != Online {
		t.Errorf("got %s and %s, want the newest", a.Kind, b.Kind)
	}
	if !strings.Contains(log.String(), "kind=offline") {
		t.Errorf("the dropped one is not in the log:\n%s", log)
	}
}
