package transport

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"libration/gateway"
	"libration/internal/store"
)

var someJournal = JournalOptions{Window: time.Hour, Limit: 1000, Name: "the bot"}

// newJournaled is a service that keeps events in a file.
func newJournaled(t testing.TB, log ...*slog.Logger) (*bot, *fakeClient, *store.Store) {
	t.Helper()
	kept, err := store.Open(context.Background(), store.Options{Path: filepath.Join(t.TempDir(), "journal.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = kept.Close() })
	c := newFakeClient(t)
	o := gateway.Options{Journal: kept}
	if len(log) > 0 {
		o.Log = log[0]
	}
	b := newBot(c, o)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return b, c, kept
}

// told is the part of an event that these tests look at.
type told struct {
	ID       int64  `json:"event_id"`
	Raw      string `json:"raw_message"`
	MetaType string `json:"meta_event_type"`
	Sub      string `json:"sub_type"`
}

func toldOf(frame []byte) (e told, err error) {
	err = json.Unmarshal(frame, &e)
	return e, err
}

func parseTold(t testing.TB, frame []byte) told {
	t.Helper()
	e, err := toldOf(frame)
	if err != nil {
		t.Fatalf("event %s: %v", frame, err)
	}
	return e
}

// reading collects what a connection brings, until it ends.
func reading(ws *websocket.Conn) <-chan []byte {
	frames := make(chan []byte, 10_000)
	go func() {
		defer close(frames)
		for {
			_, frame, err := ws.Read(context.Background())
			if err != nil {
				return
			}
			frames <- frame
		}
	}()
	return frames
}

// messages takes n messages and returns their texts and the last id. They must
// come in the order of their ids.
func messages(t testing.TB, frames <-chan []byte, n int) (texts string, last int64) {
	t.Helper()
	var all []string
	late := time.After(time.Minute)
	for len(all) < n {
		select {
		case frame, open := <-frames:
			if !open {
				t.Fatalf("the connection ended after %q", all)
			}
			e := parseTold(t, frame)
			if e.MetaType != "" {
				continue
			}
			if e.ID <= last {
				t.Errorf("event %d after %d", e.ID, last)
			}
			last = e.ID
			all = append(all, e.Raw)
		case <-late:
			t.Fatalf("still waiting after %d: %.300q", len(all), all)
		}
	}
	return strings.Join(all, " "), last
}

func startJournaledReverse(t *testing.T, o ReverseOptions, log *logBuffer) (*Reverse, *fakeBot, *bot, *store.Store, func() time.Duration) {
	t.Helper()
	b, _, kept := newJournaled(t)
	bot, server := startBot(t)
	o.URL, o.ReconnectInterval = wsURL(server), 5*time.Millisecond
	if o.Journal.Window == 0 {
		o.Journal = someJournal
	}
	r, err := NewReverse(b.Dialect, o, log.logger())
	if err != nil {
		t.Fatal(err)
	}
	r.time.ack = time.Millisecond
	return r, bot, b, kept, start(t, r)
}

// acked waits until everything is known to have been received.
func acked(t testing.TB, b *bot) {
	t.Helper()
	eventually(t, "all events acknowledged", func() bool {
		n, err := b.Waiting(context.Background(), someJournal.Name, gateway.Selection{})
		return err == nil && n == 0
	})
}

func TestReverseGetsWhatItMissed(t *testing.T) {
	var log logBuffer
	_, bot, b, kept, _ := startJournaledReverse(t, ReverseOptions{}, &log)
	ws := bot.next(t)
	frames := reading(ws)
	publish(b, "1")
	publish(b, "2")
	if got, _ := messages(t, frames, 2); got != "1 2" {
		t.Errorf("live: got %q", got)
	}
	acked(t, b)
	bot.set(http.StatusServiceUnavailable, false)
	_ = ws.CloseNow()
	eventually(t, "the next try", func() bool { return bot.tries() > 2 })
	for i := 3; i <= 500; i++ {
		publish(b, strconv.Itoa(i))
	}
	if err := kept.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	bot.set(0, false)
	frames = reading(bot.next(t))
	if first := parseTold(t, <-frames); first.MetaType != "lifecycle" {
		t.Errorf("first frame: got %+v, want the lifecycle event", first)
	}
	got, _ := messages(t, frames, 498)
	if !strings.HasPrefix(got, "3 4 5 ") || !strings.HasSuffix(got, " 500") {
		t.Errorf("after being away: got %.20s ... %.20s", got, got[len(got)-20:])
	}
	publish(b, "501")
	if got, _ := messages(t, frames, 1); got != "501" {
		t.Errorf("live again: got %q", got)
	}
	if st := b.Stats(); st.Replayed < 498 || st.CutOff != 0 {
		t.Errorf("got %+v, want at least 498 replayed", st)
	}
}

// TestReverseBacklogWasNotMissed: what waited for a bot when its connection broke is
// not counted by the limit; what comes until it is back is.
func TestReverseBacklogWasNotMissed(t *testing.T) {
	var log logBuffer
	journal := someJournal
	journal.Limit = 2
	r, bot, b, kept, _ := startJournaledReverse(t, ReverseOptions{Journal: journal}, &log)
	ws := bot.next(t)
	if _, _, err := ws.Read(t.Context()); err != nil { // the lifecycle event
		t.Fatal(err)
	}
	for i := range 5 {
		publish(b, strconv.Itoa(i))
	}
	if _, _, err := ws.Read(t.Context()); err != nil { // and no ping behind the first
		t.Fatal(err)
	}
	if err := kept.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	bot.set(http.StatusServiceUnavailable, false)
	_ = ws.CloseNow()
	eventually(t, "the connection to end", func() bool { return r.State() == StateWaiting })
	for i := range 5 {
		publish(b, strconv.Itoa(5+i))
	}
	if err := kept.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	bot.set(0, false)
	if got, _ := messages(t, reading(bot.next(t)), 7); got != "0 1 2 3 4 8 9" {
		t.Errorf("got %q, want what waited, and the newest two of the rest", got)
	}
}

// TestUnansweredPingMeansNotReceived: a bot that takes frames from the network and
// dies before it looks at them gets them again.
func TestUnansweredPingMeansNotReceived(t *testing.T) {
	var log logBuffer
	_, bot, b, _, _ := startJournaledReverse(t, ReverseOptions{}, &log)
	ws := bot.next(t)
	publish(b, "1")
	if _, _, err := ws.Read(t.Context()); err != nil { // the lifecycle event; nobody reads the rest
		t.Fatal(err)
	}
	_ = ws.CloseNow()
	frames := reading(bot.next(t))
	if got, _ := messages(t, frames, 1); got != "1" {
		t.Errorf("got %q, want it again", got)
	}
}

func TestReverseBotSaysWhatItHas(t *testing.T) {
	var log logBuffer
	_, bot, b, _, _ := startJournaledReverse(t, ReverseOptions{}, &log)
	ws := bot.next(t)
	frames := reading(ws)
	publish(b, "1")
	_, first := messages(t, frames, 1)
	publish(b, "2")
	publish(b, "3")
	messages(t, frames, 2)
	acked(t, b)
	for _, c := range []struct {
		last, want string
		n          int
	}{{strconv.FormatInt(first, 10), "2 3", 2}, {"0", "1 2 3", 3}, {"nonsense", "4", 1}} {
		bot.mu.Lock()
		bot.last = c.last
		bot.mu.Unlock()
		_ = ws.CloseNow()
		ws = bot.next(t)
		frames = reading(ws)
		if c.last == "nonsense" {
			publish(b, "4")
		}
		if got, _ := messages(t, frames, c.n); got != c.want {
			t.Errorf("Last-Event-ID %s: got %q, want %q", c.last, got, c.want)
		}
		acked(t, b)
	}
	if n := strings.Count(log.String(), "Last-Event-ID of the bot ignored"); n != 1 {
		t.Errorf("%d log lines about the bad Last-Event-ID, want 1:\n%s", n, log.String())
	}
}

// TestStopAsksWhatWasReceived: after an orderly stop nothing comes twice.
func TestStopAsksWhatWasReceived(t *testing.T) {
	var log logBuffer
	_, bot, b, _, stop := startJournaledReverse(t, ReverseOptions{}, &log)
	frames := reading(bot.next(t))
	publish(b, "1")
	messages(t, frames, 1)
	stop()
	if n, err := b.Waiting(t.Context(), someJournal.Name, gateway.Selection{}); n != 0 || err != nil {
		t.Errorf("%d events wait after the stop, %v, want none", n, err)
	}
}

func TestEventConnectionHasTheJournal(t *testing.T) {
	b, _, _ := newJournaled(t)
	api, apiServer := startBot(t)
	events, eventServer := startBot(t)
	r, err := NewReverse(b.Dialect, ReverseOptions{APIURL: wsURL(apiServer), EventURL: wsURL(eventServer), Journal: someJournal}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.time.ack = time.Millisecond
	start(t, r)
	publish(b, "1")
	reading(api.next(t))
	if got, _ := messages(t, reading(events.next(t)), 1); got != "1" {
		t.Errorf("got %q", got)
	}
	acked(t, b)
}

func TestForwardLastEventID(t *testing.T) {
	b, _, _ := newJournaled(t)
	s, err := NewWebSocket(b.Dialect, WebSocketOptions{Address: "127.0.0.1:0", Journal: someJournal}, nil)
	if err != nil {
		t.Fatal(err)
	}
	start(t, s)
	root := "ws://" + s.Addr().String()
	dial := func(path, header string) (<-chan []byte, error) {
		h := http.Header{}
		if header != "" {
			h.Set("Last-Event-ID", header)
		}
		ws, response, err := websocket.Dial(t.Context(), root+path, &websocket.DialOptions{HTTPHeader: h})
		if err != nil {
			if response != nil {
				err = fmt.Errorf("status %d", response.StatusCode)
			}
			return nil, err
		}
		t.Cleanup(func() { _ = ws.CloseNow() })
		frames := reading(ws)
		<-frames // lifecycle: the connection has its place
		return frames, nil
	}
	live, err := dial("/", "")
	if err != nil {
		t.Fatal(err)
	}
	publish(b, "1")
	publish(b, "2")
	got, _ := messages(t, live, 2)
	if got != "1 2" {
		t.Errorf("live: got %q", got)
	}
	all, err := dial("/event?last_event_id=0", "")
	if err != nil {
		t.Fatal(err)
	}
	_, first := messages(t, all, 1)
	messages(t, all, 1)
	rest, err := dial("/", strconv.FormatInt(first, 10))
	if err != nil {
		t.Fatal(err)
	}
	none, err := dial("/", "")
	if err != nil {
		t.Fatal(err)
	}
	publish(b, "3")
	for name, c := range map[string]struct {
		frames <-chan []byte
		want   string
	}{"live": {live, "3"}, "since the start": {all, "3"}, "by header": {rest, "2 3"}, "without": {none, "3"}} {
		if got, _ := messages(t, c.frames, len(strings.Fields(c.want))); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
	for _, bad := range []string{"x", "-1", "1.5", "99999999999999999999"} {
		if _, err := dial("/?last_event_id="+bad, ""); err == nil || err.Error() != "status 400" {
			t.Errorf("last_event_id=%s: got %v, want status 400", bad, err)
		}
	}
}

// TestSlowReaderOfTheJournal: with a journal nobody is cut off.
func TestSlowReaderOfTheJournal(t *testing.T) {
	b, _, kept := newJournaled(t)
	s, err := NewWebSocket(b.Dialect, WebSocketOptions{Address: "127.0.0.1:0", Journal: JournalOptions{Window: time.Hour}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	start(t, s)
	ws, _, err := websocket.Dial(t.Context(), "ws://"+s.Addr().String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.CloseNow()
	if _, _, err := ws.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 10_000)
	const n = 1500 // more than fits into the buffers of the network and the store's memory
	for i := range n {
		publish(b, long+strconv.Itoa(i))
	}
	if err := kept.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	frames := reading(ws)
	got, _ := messages(t, frames, n)
	if !strings.HasSuffix(got, "x"+strconv.Itoa(n-1)) {
		t.Errorf("the last event: got %.20s", got[len(got)-20:])
	}
}

func TestJournalOptionsChecked(t *testing.T) {
	b, _ := newOneBot(t)
	_, err := NewReverse(b.Dialect, ReverseOptions{URL: "ws://a", Journal: JournalOptions{Window: -1, Limit: -1}}, nil)
	if err == nil || !strings.Contains(err.Error(), "journal -1ns is negative") || !strings.Contains(err.Error(), "journal limit -1 is negative") {
		t.Errorf("got %v", err)
	}
	// A journal that the service does not have costs only what was missed.
	var log logBuffer
	bot, server := startBot(t)
	startReverse(t, ReverseOptions{URL: wsURL(server), Journal: someJournal}, log.logger(), nil)
	frames := reading(bot.next(t))
	<-frames
	if !strings.Contains(log.String(), "client gets no missed events") {
		t.Errorf("log: %s", log.String())
	}
}
