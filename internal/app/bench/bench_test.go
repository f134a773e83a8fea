package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

func TestPlans(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		o    Options
		want string // name, count, rate, time, clients of each; "" for an error
	}{
		{"default", Options{Count: 100}, "as fast as possible 100 0 0s 1; 5000/s 50000 5000 0s 1"},
		{"rate", Options{Count: 100, Rate: 50}, "50/s 100 50 0s 1"},
		{"rate and duration", Options{Count: 100, Rate: 50, Duration: 3 * time.Second}, "50/s 150 50 0s 1"},
		{"duration", Options{Count: 100, Duration: time.Second}, "as fast as possible 10000000 0 1s 1; 5000/s 50000 5000 0s 1"},
		{"clients", Options{Count: 100, Clients: []int{1, 100}}, "clients: 1, as fast as possible 100 0 0s 1; clients: 100, as fast as possible 100 0 0s 100"},
		{"clients and rate", Options{Count: 100, Rate: 50, Clients: []int{10}}, "clients: 10, 50/s 100 50 0s 10"},
		{"clients and duration", Options{Count: 100, Duration: time.Second, Clients: []int{10}}, "clients: 10, as fast as possible 1000000 0 1s 10"},
		{"actions", Options{Count: 9, Actions: true}, "get_login_info HTTP x1 9 0 5s 1; get_login_info HTTP x16 9 0 5s 16; get_login_info WebSocket x1 9 0 5s 1; " +
			"get_login_info WebSocket x16 9 0 5s 16; send_group_msg HTTP x1 9 0 5s 1; send_group_msg HTTP x16 9 0 5s 16; send_group_msg WebSocket x1 9 0 5s 1; send_group_msg WebSocket x16 9 0 5s 16"},
		{"everything and a rate", Options{Count: 1, All: true, Rate: 1}, ""},
		{"everything and clients", Options{Count: 1, All: true, Clients: []int{1}}, ""},
		{"runs of less", Options{Count: 1, Runs: 2}, ""},
		{"stored of less", Options{Count: 1, Stored: 2}, ""},
		{"negative runs", Options{Count: 1, All: true, Runs: -1}, ""},
		{"too many stored", Options{Count: 1, All: true, Stored: maxCount + 1}, ""},
		{"no events", Options{}, ""},
		{"too many", Options{Count: maxCount + 1}, ""},
		{"negative rate", Options{Count: 1, Rate: -1}, ""},
		{"negative duration", Options{Count: 1, Duration: -1}, ""},
		{"too many by rate", Options{Count: 1, Rate: maxRate, Duration: time.Minute}, ""},
		{"no client", Options{Count: 1, Clients: []int{0}}, ""},
		{"too many clients", Options{Count: 1, Clients: []int{maxClients + 1}}, ""},
		{"too many by clients", Options{Count: maxCount / 2, Clients: []int{3}}, ""},
		{"journal of several", Options{Count: 1, Clients: []int{1}, Journal: true}, ""},
		{"actions at a rate", Options{Count: 1, Rate: 1, Actions: true}, ""},
		{"actions with a journal", Options{Count: 1, Journal: true, Actions: true}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			plans, err := tt.o.plans()
			var all []string
			for _, p := range plans {
				all = append(all, fmt.Sprintf("%s %d %d %v %d", p.name.EN, p.count, p.rate, p.most, p.clients))
			}
			if got := strings.Join(all, "; "); (err != nil) != (tt.want == "") || got != tt.want {
				t.Errorf("got %s, error %v, want %s", got, err, tt.want)
			}
		})
	}
}

// TestLine: Chinese text is as wide as it looks.
func TestLine(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"a", "测试"} {
		got := line([]string{first, "1"})
		if wide := len([]rune(got)) + strings.Count(got, "测") + strings.Count(got, "试"); wide != columns[0]+1+columns[1] {
			t.Errorf("%q is %d wide", got, wide)
		}
	}
}

func TestQuantile(t *testing.T) {
	t.Parallel()
	r := &result{}
	if got := r.quantile(990); got != 0 {
		t.Errorf("of nothing: got %v, want 0", got)
	}
	for i := range 200 {
		r.latencies = append(r.latencies, time.Duration(i+1))
	}
	for p, want := range map[int]time.Duration{0: 1, 500: 100, 990: 198, 999: 200, 1000: 200} {
		if got := r.quantile(p); got != want {
			t.Errorf("quantile %d: got %d, want %d", p, got, want)
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
	var mu sync.Mutex // guards clients
	var clients []chan string
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
			mu.Lock()
			for _, c := range clients {
				c <- f
			}
			mu.Unlock()
		}
	})
	for _, a := range measured {
		mux.HandleFunc("POST /"+a.name, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, answer(a.name)) })
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		frames := make(chan string, 1<<16)
		mu.Lock()
		clients = append(clients, frames)
		mu.Unlock()
		frames <- `{"post_type":"meta_event","meta_event_type":"lifecycle"}`
		go func() {
			for {
				_, request, err := c.Read(ctx)
				if err != nil {
					return
				}
				var asked struct{ Action, Echo string }
				if err := json.Unmarshal(request, &asked); err != nil {
					t.Error(err)
				}
				frames <- `{"post_type":"notice"}`
				frames <- strings.TrimSuffix(answer(asked.Action), "}") + `,"echo":"` + asked.Echo + `"}`
			}
		}()
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
	return &installation{control: server.URL, ws: strings.Replace(server.URL, "http", "ws", 1), http: server.URL}
}

// answer is what the fake service says: it cannot send.
func answer(action string) string {
	if action == "send_group_msg" {
		return `{"status":"failed","retcode":100,"wording":"no way"}`
	}
	return `{"status":"ok","retcode":0,"data":{}}`
}

func TestActions(t *testing.T) {
	t.Parallel()
	i := fakeService(t, nil)
	for _, socket := range []bool{false, true} {
		for _, n := range []int{1, 16} {
			p := plan{count: 200, most: time.Minute, clients: n, socket: socket, action: "get_login_info"}
			r, err := i.measure(t.Context(), p)
			if err != nil || r.received != p.count || len(r.latencies) != p.count || r.quantile(0) <= 0 {
				t.Errorf("%v %d: got %+v, %v", socket, n, r, err)
			}
			p.most = time.Nanosecond
			if r, err := i.measure(t.Context(), p); err != nil || r.received > n {
				t.Errorf("%v %d: without time: got %+v, %v", socket, n, r, err)
			}
			p.action, p.most = "send_group_msg", time.Minute
			if _, err := i.measure(t.Context(), p); err == nil || !strings.Contains(err.Error(), "no way") {
				t.Errorf("%v %d: an action that fails: got %v", socket, n, err)
			}
		}
	}
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
		{"many groups", plan{count: 3*batch + 1, many: true}, asIs, ""},
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
			for _, n := range []int{1, 10} {
				tt.plan.clients = n
				r, err := i.measure(t.Context(), tt.plan)
				if tt.err != "" {
					if err == nil || !strings.Contains(err.Error(), tt.err) {
						t.Errorf("%d clients: got %v, want an error with %q", n, err, tt.err)
					}
					continue
				}
				if all := n * tt.plan.count; err != nil || r.received != all || len(r.latencies) != all || r.quantile(0) < 0 {
					t.Errorf("got %+v, error %v, want %d events", r, err, all)
				}
			}
		})
	}
}

// TestMeasureForAWhile: the time ends the run, and what is on the way is counted.
func TestMeasureForAWhile(t *testing.T) {
	t.Parallel()
	i := fakeService(t, func(all []string) []string { return all })
	for _, n := range []int{1, 10} {
		r, err := i.measure(t.Context(), plan{count: maxCount, most: 50 * time.Millisecond, clients: n})
		if err != nil || r.received == 0 || r.received%(n*batch) != 0 {
			t.Errorf("got %+v, error %v, want whole batches", r, err)
		}
	}
}

func TestProcessThatEnds(t *testing.T) {
	t.Parallel()
	p := &process{log: t.TempDir() + "/missing", ended: make(chan struct{})}
	close(p.ended)
	err := p.await(t.Context(), startTimeout, pause, func(context.Context) error { return context.DeadlineExceeded })
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
