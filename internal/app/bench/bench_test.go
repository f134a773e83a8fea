package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"libration/internal/app/bot"
)

func TestPlans(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		o    Options
		want []plan // nil for an error
	}{
		{"default", Options{Count: 100}, []plan{{"as fast as possible", 100, 0, 0}, {"5000/s", 50000, 5000, 0}}},
		{"rate", Options{Count: 100, Rate: 50}, []plan{{"50/s", 100, 50, 0}}},
		{"rate and duration", Options{Count: 100, Rate: 50, Duration: 3 * time.Second}, []plan{{"50/s", 150, 50, 0}}},
		{"duration", Options{Count: 100, Duration: time.Second}, []plan{{"as fast as possible", maxCount, 0, time.Second}, {"5000/s", 50000, 5000, 0}}},
		{"no events", Options{}, nil},
		{"too many", Options{Count: maxCount + 1}, nil},
		{"negative rate", Options{Count: 1, Rate: -1}, nil},
		{"negative duration", Options{Count: 1, Duration: -1}, nil},
		{"too many by rate", Options{Count: 1, Rate: maxRate, Duration: time.Minute}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.o.plans()
			if (err != nil) != (tt.want == nil) || !cmp.Equal(tt.want, got, cmp.AllowUnexported(plan{})) {
				t.Errorf("got %+v, error %v, want %+v", got, err, tt.want)
			}
		})
	}
}

func TestPercentile(t *testing.T) {
	t.Parallel()
	r := &result{}
	if got := r.percentile(99); got != 0 {
		t.Errorf("of nothing: got %v, want 0", got)
	}
	for i := range 200 {
		r.latencies = append(r.latencies, time.Duration(i+1))
	}
	for p, want := range map[int]time.Duration{0: 1, 50: 100, 99: 198, 100: 200} {
		if got := r.percentile(p); got != want {
			t.Errorf("percentile %d: got %d, want %d", p, got, want)
		}
	}
}

func frame(i int) string {
	return fmt.Sprintf(`{"post_type":"message","message":[{"type":"text"}],"raw_message":"load %d %d xx"}`, i, time.Now().UnixNano())
}

func TestParseLoad(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		frame string
		index int
		sent  int64
		ok    bool
	}{
		{`{"raw_message":"load 7 123456789 xxx","x":1}`, 7, 123456789, true},
		{`{"raw_message":"load 7 123456789 "}`, 7, 123456789, true},
		{`{"raw_message":"load 7 123456789"}`, 7, 123456789, true},
		{`{"raw_message":"load seven 1 "}`, 0, 0, false},
		{`{"raw_message":"load 7"}`, 0, 0, false},
		{`{"raw_message":"hello"}`, 0, 0, false},
		{``, 0, 0, false},
	} {
		index, sent, ok := parseLoad([]byte(tt.frame))
		if ok != tt.ok || ok && (index != tt.index || sent != tt.sent) {
			t.Errorf("parseLoad(%s): got %d, %d, %v, want %d, %d, %v", tt.frame, index, sent, ok, tt.index, tt.sent, tt.ok)
		}
	}
}

func FuzzParseLoad(f *testing.F) {
	f.Add([]byte(`{"raw_message":"load 7 123456789 xxx"}`))
	f.Add([]byte(`{"raw_message":"load `))
	f.Fuzz(func(t *testing.T, frame []byte) { parseLoad(frame) })
}

func BenchmarkParseLoad(b *testing.B) {
	f := []byte(frame(99999))
	b.ReportAllocs()
	for b.Loop() {
		parseLoad(f)
	}
}

// fakeService is sandbox and service in one: each load request becomes the frames
// that spoil makes of it.
func fakeService(t *testing.T, spoil func(all []string) []string) *installation {
	t.Helper()
	frames := make(chan string, 1<<16)
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/load", func(w http.ResponseWriter, r *http.Request) {
		var body struct{ Count int }
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.Count == 666 {
			http.Error(w, `{"error":"no"}`, http.StatusConflict)
			return
		}
		var all []string
		for i := range body.Count {
			all = append(all, frame(i))
		}
		for _, f := range spoil(all) {
			frames <- f
		}
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		for {
			select {
			case f := <-frames:
				if c.Write(ctx, websocket.MessageText, []byte(f)) != nil {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return &installation{control: server.URL, ws: strings.Replace(server.URL, "http", "ws", 1)}
}

func TestMeasure(t *testing.T) {
	t.Parallel()
	asIs := func(all []string) []string { return all }
	for _, tt := range []struct {
		name  string
		plan  plan
		spoil func([]string) []string
		err   string // "" for none
	}{
		{"batches", plan{count: 3*batch + 1}, asIs, ""},
		{"one request", plan{count: 700, rate: 1000}, asIs, ""},
		{"other events between", plan{count: 10}, func(all []string) []string {
			return append([]string{`{"post_type":"meta_event"}`}, all...)
		}, ""},
		{"lost", plan{count: 10}, func(all []string) []string { return append(all[:4:4], all[5:]...) }, "message 5 came, 4 was due"},
		{"reordered", plan{count: 10}, func(all []string) []string {
			all[3], all[4] = all[4], all[3]
			return all
		}, "message 4 came, 3 was due"},
		{"twice", plan{count: 10}, func(all []string) []string { return append(all[:4:4], all[3:]...) }, "message 3 came, 4 was due"},
		{"refused", plan{count: 666, rate: 1}, asIs, "HTTP 409"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			i := fakeService(t, tt.spoil)
			conn, err := bot.Dial(t.Context(), i.ws, "")
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Drop()
			r, err := i.measure(t.Context(), conn, tt.plan)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("got %v, want an error with %q", err, tt.err)
				}
				return
			}
			if err != nil || r.received != tt.plan.count || len(r.latencies) != tt.plan.count || r.percentile(0) < 0 {
				t.Errorf("got %+v, error %v, want %d events", r, err, tt.plan.count)
			}
		})
	}
}

// TestMeasureForAWhile: the time ends the run, and what is on the way is counted.
func TestMeasureForAWhile(t *testing.T) {
	t.Parallel()
	i := fakeService(t, func(all []string) []string { return all })
	conn, err := bot.Dial(t.Context(), i.ws, "")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Drop()
	r, err := i.measure(t.Context(), conn, plan{count: maxCount, most: 50 * time.Millisecond})
	if err != nil || r.received == 0 || r.received%batch != 0 {
		t.Errorf("got %+v, error %v, want whole batches", r, err)
	}
}

func TestProcessThatEnds(t *testing.T) {
	t.Parallel()
	p := &process{log: t.TempDir() + "/missing", ended: make(chan struct{})}
	close(p.ended)
	err := p.await(t.Context(), func(context.Context) error { return context.DeadlineExceeded })
	if err == nil || !strings.Contains(err.Error(), "it ended") {
		t.Errorf("got %v, want that it ended", err)
	}
	if _, err := startProcess(t.Context(), t.TempDir()+"/missing", t.TempDir()+"/log"); err == nil {
		t.Error("missing program: got no error")
	}
	var out bytes.Buffer
	if err := Run(t.Context(), Options{Out: &out}); err == nil {
		t.Error("bad options: got no error")
	}
}
