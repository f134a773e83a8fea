package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"libration/ntqq/message"
)

// someEvent announces the message with that id, or is another one without an id.
func someEvent(id int64, messageID int32) *Event {
	e := &Event{ID: id, Time: time.UnixMilli(1700000000000 + id), MessageID: messageID, Self: id%2 == 0}
	if messageID == 0 {
		e.Kind, e.Version, e.Body = "something", int(1+id%3), fmt.Appendf(nil, "body %d", id)
	}
	return e
}

func appendEvent(t testing.TB, s *Store, e *Event) {
	t.Helper()
	if err := s.Append(e); err != nil {
		t.Fatalf("Append(%d): %v", e.ID, err)
	}
}

// readEvents returns all events after this one, read in steps.
func readEvents(t testing.TB, s *Store, after int64, max int) []Event {
	t.Helper()
	var all []Event
	for {
		events, err := s.Events(t.Context(), after, max)
		if err != nil {
			t.Fatalf("Events(%d, %d): %v", after, max, err)
		}
		if len(events) == 0 {
			return all
		}
		if len(events) > max {
			t.Fatalf("Events(%d, %d) gives %d", after, max, len(events))
		}
		all = append(all, events...)
		after = events[len(events)-1].ID
	}
}

func checkEvents(t testing.TB, got, want []Event) {
	t.Helper()
	same := func(a, b Event) bool {
		return a.ID == b.ID && a.Time.Equal(b.Time) && a.MessageID == b.MessageID && a.Self == b.Self &&
			a.Kind == b.Kind && a.Version == b.Version && bytes.Equal(a.Body, b.Body) && (a.Body == nil) == (b.Body == nil) &&
			bytes.Equal(a.Array, b.Array) && bytes.Equal(a.String, b.String) && (a.Array == nil) == (b.Array == nil) && (a.String == nil) == (b.String == nil)
	}
	if slices.EqualFunc(got, want, same) { // cmp takes seconds for thousands
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events differ (-want +got):\n%s", diff)
	}
}

// waitHead waits until this event may be read.
func waitHead(t testing.TB, s *Store, id int64) {
	for {
		head, changed := s.Head()
		if head >= id {
			return
		}
		select {
		case <-changed:
		case <-t.Context().Done():
			t.Fatalf("event %d cannot be read, the newest is %d", id, head)
		}
	}
}

func TestEvents(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages.db")
	s := open(t, Options{Path: path, gather: time.Hour}) // events do not wait for messages
	if id, _ := s.Head(); id != 0 || s.LastEvent() != 0 || readEvents(t, s, 0, 10) != nil {
		t.Errorf("a new store has events")
	}
	want := []Event{
		*someEvent(5, -77),
		{ID: 6, Time: time.UnixMilli(1), Kind: "notice", Version: 3, Body: []byte("x")},
		{ID: 9, Time: time.UnixMilli(2), Kind: "other", Body: []byte{0, 0xff}},
		{ID: 10, Time: time.UnixMilli(3), Self: true, Kind: "none"},
		{ID: 1 << 60, Time: time.UnixMilli(4), MessageID: 1<<31 - 1},
	}
	for i := range want {
		_, changed := s.Head()
		appendEvent(t, s, &want[i])
		<-changed
		if id, _ := s.Head(); id != want[i].ID || s.LastEvent() != want[i].ID {
			t.Errorf("head is %d, last %d, want %d", id, s.LastEvent(), want[i].ID)
		}
	}
	for _, id := range []int64{1 << 60, 9, 0, -1} {
		if err := s.Append(&Event{ID: id}); err == nil {
			t.Errorf("Append took id %d", id)
		}
	}
	for _, where := range []string{"memory", "file"} {
		checkEvents(t, readEvents(t, s, 0, 2), want)
		checkEvents(t, readEvents(t, s, 6, 100), want[2:])
		if events, err := s.Events(t.Context(), 0, 0); events != nil || err != nil {
			t.Errorf("max 0 gives %v, %v", events, err)
		}
		for id, want := range map[int32]bool{-77: true, 1<<31 - 1: true, 0: false, 77: false} {
			if got, err := s.Announced(id); got != want || err != nil {
				t.Errorf("in %s: Announced(%d) is %t, %v", where, id, got, err)
			}
		}
		closeStore(t, s)
		s = open(t, Options{Path: path})
		if id, _ := s.Head(); id != 1<<60 || s.LastEvent() != id {
			t.Errorf("after a restart the head is %d, the last %d", id, s.LastEvent())
		}
	}
	if n, err := s.trimEvents(t.Context(), always); n != len(want) || err != nil {
		t.Fatal(n, err)
	}
	closeStore(t, s)
	s = open(t, Options{Path: path})
	if s.LastEvent() != 1<<60 {
		t.Errorf("without events the last is %d", s.LastEvent())
	}
	closeStore(t, s)
	if err := s.Append(someEvent(1<<60+1, 0)); !errors.Is(err, ErrClosed) {
		t.Errorf("Append gives %v", err)
	}
	if _, err := s.Events(t.Context(), 0, 1); !errors.Is(err, ErrClosed) {
		t.Errorf("Events gives %v", err)
	}
	if _, err := s.Announced(1); !errors.Is(err, ErrClosed) {
		t.Errorf("Announced gives %v", err)
	}
	if _, _, err := s.Cursor("a"); !errors.Is(err, ErrClosed) {
		t.Errorf("Cursor gives %v", err)
	}
	s.SetCursor("a", 1)
}

// TestEventsFollowMessages: whoever reads an event finds its message in the file,
// whatever else waits.
func TestEventsFollowMessages(t *testing.T) {
	s := open(t, Options{pending: 1 << 20})
	hold, err := s.db.w.Conn(t.Context()) // the writer has to wait
	if err != nil {
		t.Fatal(err)
	}
	const n = 3*maxBatch + 100
	ids := make([]int32, n+1)
	for i := int64(1); i <= n; i++ {
		ids[i] = put(t, s, groupMessage(t, 1, uint64(i)))
		appendEvent(t, s, someEvent(i, ids[i]))
		put(t, s, groupMessage(t, 1, uint64(i)/2+1)) // again, behind many others
		put(t, s, groupMessage(t, 2, uint64(i)))     // without an event
	}
	if id, _ := s.Head(); id != 0 {
		t.Errorf("event %d may be read before it is written", id)
	}
	if known, err := s.Announced(ids[n]); !known || err != nil {
		t.Errorf("a waiting event is not known: %v", err)
	}
	if err := hold.Close(); err != nil {
		t.Fatal(err)
	}
	steps := 0
	for after := int64(0); after < n; steps++ {
		waitHead(t, s, after+1)
		events, err := s.Events(t.Context(), after, n)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			if e.ID != after+1 || e.MessageID != ids[e.ID] {
				t.Fatalf("got event %d of message %d, want %d of %d", e.ID, e.MessageID, after+1, ids[after+1])
			}
			after = e.ID
			if _, rec, err := s.load(e.MessageID); rec == nil || err != nil {
				t.Fatalf("event %d may be read, its message is not in the file: %v", e.ID, err)
			}
		}
	}
	if steps < 2 {
		t.Errorf("all was written at once, so this showed nothing")
	}
	flush(t, s)
	var rows int
	if err := s.db.r.QueryRow("SELECT count(*) FROM messages").Scan(&rows); err != nil || rows != 2*n {
		t.Errorf("got %d messages, %v, want %d", rows, err, 2*n)
	}
	if st := s.Stats(); st.Events != 0 || st.EventsWritten != n || st.Backlog != 0 {
		t.Errorf("got %+v", st)
	}
}

// TestKilled opens the files of a store that is still open: what was readable is
// in them.
func TestKilled(t *testing.T) {
	from := filepath.Join(t.TempDir(), "messages.db")
	s := open(t, Options{Path: from})
	var want []Event
	for i := int64(1); i <= 300; i++ {
		id := put(t, s, groupMessage(t, 1, uint64(i)))
		e := someEvent(i, id)
		want = append(want, *e)
		appendEvent(t, s, e)
		if i%100 != 0 {
			continue
		}
		waitHead(t, s, i)
		s.SetCursor("bot", i)
		flush(t, s)
		to := filepath.Join(t.TempDir(), "messages.db")
		for _, suffix := range []string{"", "-wal"} {
			b, err := os.ReadFile(from + suffix)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(to+suffix, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		killed := open(t, Options{Path: to})
		checkEvents(t, readEvents(t, killed, 0, 1000), want)
		check(t, killed, id, groupMessage(t, 1, uint64(i)))
		if at, ok, err := killed.Cursor("bot"); at != i || !ok || err != nil || killed.LastEvent() != i {
			t.Errorf("got cursor %d, %t, %v, last event %d, want %d", at, ok, err, killed.LastEvent(), i)
		}
		closeStore(t, killed)
	}
}

// TestEventsOfMemoryAndFile reads across the boundary from everywhere.
func TestEventsOfMemoryAndFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages.db")
	s := open(t, Options{Path: path})
	const n = maxTail + 1000
	big := bytes.Repeat([]byte("x"), maxTailBytes/2)
	var want []Event
	for i := int64(1); i <= n; i++ {
		e := *someEvent(10*i, 0)
		if i == n {
			flush(t, s)
			if tail := s.journal.tail; tail.n != maxTail || s.journal.base != 10*(n-1-maxTail) {
				t.Errorf("%d events after %d are in memory", tail.n, s.journal.base)
			}
			e.Body = big // pushes out many
		}
		want = append(want, e)
		appendEvent(t, s, &e)
	}
	flush(t, s)
	s.mu.Lock()
	inMemory, base := s.journal.tail.n, s.journal.base
	s.mu.Unlock()
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		after := random.Int64N(10*n + 20)
		if random.IntN(2) == 0 {
			after = base + random.Int64N(41) - 20
		}
		max := 1 + random.IntN(n)
		first := min(int(after/10), n)
		got := readEvents(t, s, after, max)
		if len(got) != n-first || len(got) > 0 && (got[0].ID != want[first].ID || !bytes.Equal(got[len(got)-1].Body, want[n-1].Body)) {
			t.Fatalf("after %d, at most %d: got %d events, want %d", after, max, len(got), n-first)
		}
	}
	checkEvents(t, readEvents(t, s, 0, 777), want)

	for i := range int64(2) {
		e := someEvent(10*n+1+i, 0)
		e.Body = big
		appendEvent(t, s, e)
	}
	flush(t, s)
	if got := s.journal.tail.n; inMemory < 1000 || got > 2 {
		t.Errorf("%d small events and %d large ones are in memory", inMemory, got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Events(ctx, 0, 10); !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context Events gives %v", err)
	}
}

func TestEventsWhileWritingFails(t *testing.T) {
	for name, tt := range map[string]struct{ breakIt, mendIt string }{
		"read-only": {"PRAGMA query_only = on", "PRAGMA query_only = off"},
		"disk full": {"PRAGMA max_page_count = 1", "PRAGMA max_page_count = 1000000"},
	} {
		t.Run(name, func(t *testing.T) {
			var logged bytes.Buffer
			path := filepath.Join(t.TempDir(), "messages.db")
			s := open(t, Options{Path: path, Log: logTo(&logged), retryMin: time.Millisecond, retryMax: 2 * time.Millisecond, pending: 100})
			event := func(i int64) *Event {
				e := someEvent(i, int32(i))
				e.Body = bytes.Repeat([]byte{' '}, 3000) // fills pages
				return e
			}
			for i := range int64(10) {
				appendEvent(t, s, event(i+1))
			}
			flush(t, s)
			if _, err := s.db.w.Exec(tt.breakIt); err != nil {
				t.Fatal(err)
			}
			for i := int64(11); i <= 160; i++ {
				appendEvent(t, s, event(i))
				waitHead(t, s, i) // bots go on
				if events, err := s.Events(t.Context(), i-1, 10); err != nil || len(events) != 1 || events[0].ID != i {
					t.Fatalf("event %d: got %v, %v", i, events, err)
				}
				s.SetCursor("bot", i)
			}
			if err := s.Flush(t.Context()); err == nil || !strings.Contains(err.Error(), path) {
				t.Errorf("Flush gives %v", err)
			}
			got := readEvents(t, s, 0, 7)
			if len(got) != 110 || got[9].ID != 10 || got[10].ID != 61 || got[109].ID != 160 {
				t.Errorf("got %d events, want 1 to 10 of the file and the newest 100 of memory", len(got))
			}
			for id, want := range map[int32]bool{10: true, 60: false, 61: true} {
				if known, err := s.Announced(id); known != want || err != nil {
					t.Errorf("Announced(%d) is %t, %v", id, known, err)
				}
			}
			if st := s.Stats(); st.Events != 100 || st.EventsLost != 50 {
				t.Errorf("got %+v, want 100 waiting and 50 lost", st)
			}

			if _, err := s.db.w.Exec(tt.mendIt); err != nil {
				t.Fatal(err)
			}
			s.waitFailure(false)
			flush(t, s)
			checkEvents(t, readEvents(t, s, 0, 7), got)
			closeStore(t, s)
			s = open(t, Options{Path: path})
			checkEvents(t, readEvents(t, s, 0, 7), got)
			if at, _, err := s.Cursor("bot"); at != 160 || err != nil {
				t.Errorf("the cursor is %d, %v", at, err)
			}
			if !strings.Contains(logged.String(), "lost_events=50") {
				t.Errorf("want a line that 50 events are lost:\n%s", &logged)
			}
		})
	}
}

func TestFullJournalWaits(t *testing.T) {
	s := open(t, Options{pending: 4})
	for i := range int64(500) {
		appendEvent(t, s, someEvent(i+1, 0))
	}
	flush(t, s)
	hold, err := s.db.w.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range int64(4) {
		appendEvent(t, s, someEvent(501+i, 0))
	}
	result := make(chan error)
	go func() { result <- s.Append(someEvent(505, 0)) }()
	s.mu.Lock()
	s.closed = true // as Close does; the writer stays blocked
	s.room.Broadcast()
	s.mu.Unlock()
	if err := <-result; !errors.Is(err, ErrClosed) {
		t.Errorf("a waiting Append gives %v", err)
	}
	s.mu.Lock()
	s.closed = false
	s.mu.Unlock()
	if err := hold.Close(); err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
}

func TestFlush(t *testing.T) {
	s := open(t, Options{gather: time.Hour, retryMin: time.Hour})
	flush(t, s) // nothing to do
	if err := s.Sync(t.Context()); err != nil {
		t.Error(err)
	}
	m := groupMessage(t, 1, 1)
	id := put(t, s, m)
	flush(t, s)
	if _, rec, err := s.load(id); rec == nil || err != nil {
		t.Errorf("the message is not in the file: %v", err)
	}
	s.SetCursor("a", 4)
	flush(t, s)
	var at int64
	if err := s.db.r.QueryRow("SELECT event FROM cursors WHERE name = 'a'").Scan(&at); err != nil || at != 4 {
		t.Errorf("the cursor in the file is %d, %v", at, err)
	}

	hold, err := s.db.w.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, groupMessage(t, 1, 2))
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error)
	go func() { result <- s.Flush(ctx) }()
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the end of the context", err)
	}
	if _, err := hold.ExecContext(t.Context(), "PRAGMA query_only = on"); err != nil {
		t.Fatal(err)
	}
	go func() { result <- s.Flush(t.Context()) }()
	if err := hold.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-result; err == nil || !strings.Contains(err.Error(), "write access") {
		t.Errorf("got %v, want the failure", err)
	}
	if err := s.Close(); err == nil {
		t.Errorf("Close does not tell of the message that is lost")
	}
	if err := s.Flush(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close Flush gives %v", err)
	}
	if err := s.Sync(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close Sync gives %v", err)
	}
}

func TestCursors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages.db")
	s := open(t, Options{Path: path})
	if at, ok, err := s.Cursor("a"); at != 0 || ok || err != nil {
		t.Errorf("a new cursor is %d, %t, %v", at, ok, err)
	}
	want := map[string]int64{"a": 0, "反向 ws": 7, "c": -3}
	for range 2 {
		s.SetCursor("a", 0)
		s.SetCursor("反向 ws", 7)
		s.SetCursor("反向 ws", 6)
		s.SetCursor("c", -3)
		for name, id := range want {
			if at, ok, err := s.Cursor(name); at != id || !ok || err != nil {
				t.Errorf("cursor %s is %d, %t, %v, want %d", name, at, ok, err, id)
			}
		}
		closeStore(t, s)
		s = open(t, Options{Path: path})
	}
	if at, ok, _ := s.Cursor("反向 ws"); at != 7 || !ok {
		t.Errorf("after a restart the cursor is %d, %t", at, ok)
	}
}

// TestCursorIsWrittenAlone: nobody else wakes the writer.
func TestCursorIsWrittenAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, Options{})
		s.SetCursor("a", 1)
		s.mu.Lock()
		for len(s.journal.dirty) > 0 {
			s.room.Wait()
		}
		s.mu.Unlock()
		closeStore(t, s)
	})
}

// BenchmarkAppend hands over a message and its event.
func BenchmarkAppend(b *testing.B) {
	s := open(b, Options{})
	ms := make([]*message.Message, 1024)
	for i := range ms {
		ms[i] = groupMessage(b, message.GroupCode(100000+i%50), 1)
		ms[i].Raw = append(ms[i].Raw, encode(b, ms[i], strings.Repeat("x", 250))...)
	}
	e := Event{Time: time.Now()}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		m := *ms[i%len(ms)]
		m.Sequence = uint64(i + 1)
		id, err := s.Put(&m)
		if err != nil {
			b.Fatal(err)
		}
		e.ID, e.MessageID = int64(i+1), id
		if err := s.Append(&e); err != nil {
			b.Fatal(err)
		}
	}
	flush(b, s)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "pairs/s")
}

// BenchmarkAppendToHead measures how long a single event takes.
func BenchmarkAppendToHead(b *testing.B) {
	s := open(b, Options{})
	e := Event{Time: time.Now(), Kind: "benchmark", Version: 1, Body: bytes.Repeat([]byte("x"), 100)}
	b.ReportAllocs()
	for i := range b.N {
		e.ID, e.MessageID = int64(i+1), int32(i+1)
		appendEvent(b, s, &e)
		waitHead(b, s, e.ID)
	}
}

func TestCountEvents(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s := open(t, Options{Path: path})
	for id := int64(10); id <= 50; id += 10 {
		e := someEvent(id, 0)
		e.Self = id == 20 || id == 50
		appendEvent(t, s, e)
	}
	flush(t, s)
	check := func(when string) {
		t.Helper()
		for _, c := range []struct {
			after, to int64
			all, want int // with and without those about own messages
		}{{0, 100, 5, 3}, {10, 50, 4, 2}, {10, 49, 3, 2}, {20, 50, 3, 2}, {19, 20, 1, 0}, {15, 19, 0, 0}, {50, 100, 0, 0}, {30, 10, 0, 0}} {
			for own, want := range map[bool]int{true: c.all, false: c.want} {
				if got, err := s.CountEvents(t.Context(), c.after, c.to, own); got != want || err != nil {
					t.Errorf("%s: CountEvents(%d, %d, %v) = %d, %v, want %d", when, c.after, c.to, own, got, err, want)
				}
			}
		}
	}
	check("in memory")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.CountEvents(t.Context(), 0, 1, true); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: got %v, want ErrClosed", err)
	}
	s = open(t, Options{Path: path})
	check("in the file")
	appendEvent(t, s, someEvent(60, 0))
	flush(t, s)
	if got, err := s.CountEvents(t.Context(), 30, 60, true); got != 3 || err != nil {
		t.Errorf("in both: got %d, %v, want 3", got, err)
	}
}

// However many events are asked for, few megabytes are read at once, from memory
// and from the file.
func TestEventsAreReadInPortions(t *testing.T) {
	s := open(t, Options{Path: filepath.Join(t.TempDir(), "messages.db")})
	const n = 30 // the first of them are in the file only
	for id := int64(1); id <= n; id++ {
		_, changed := s.Head()
		appendEvent(t, s, &Event{ID: id, Time: time.UnixMilli(id), Body: make([]byte, 1<<20)})
		<-changed
	}
	var after int64
	for after < n {
		events, err := s.Events(t.Context(), after, 256)
		if err != nil || len(events) == 0 || len(events) > mostRead>>20 {
			t.Fatalf("%d events of 1 MiB behind %d, %v; want 1 to %d", len(events), after, err, mostRead>>20)
		}
		for _, e := range events {
			if after++; e.ID != after {
				t.Fatalf("event %d comes in place of %d", e.ID, after)
			}
		}
	}
	appendEvent(t, s, &Event{ID: n + 1, Body: make([]byte, 3*mostRead)})
	for events := []Event(nil); len(events) == 0; { // one that is too large is read alone
		var err error
		if events, err = s.Events(t.Context(), after, 256); err != nil {
			t.Fatal(err)
		}
	}
}

// TestBurstsGather: events that come fast are written together, a few milliseconds
// later; one that comes alone is not waited for.
func TestBurstsGather(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, Options{Path: filepath.Join(t.TempDir(), "store.db")})
		id := int64(0)
		var mu sync.Mutex // guards slowest
		send := func(n int, pause time.Duration) (commits uint64, slowest time.Duration) {
			s.mu.Lock()
			before := s.commits
			s.mu.Unlock()
			for range n {
				id++
				appendEvent(t, s, someEvent(id, 0))
				began, id := time.Now(), id
				go func() {
					waitHead(t, s, id)
					mu.Lock()
					defer mu.Unlock()
					slowest = max(slowest, time.Since(began))
				}()
				sleep(pause)
			}
			sleep(time.Second)
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.commits - before, slowest
		}
		if commits, slowest := send(20, 2*busyEvent); commits != 20 || slowest != 0 {
			t.Errorf("one at a time: %d transactions, waited %v", commits, slowest)
		}
		if commits, slowest := send(1000, busyEvent/10); commits > 50 || slowest > busyHold {
			t.Errorf("many: %d transactions, waited %v", commits, slowest)
		}
		closeStore(t, s)
	})
}
