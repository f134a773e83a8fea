package store

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"libration/ntqq/clock"
	"libration/ntqq/message"
)

const day = 24 * time.Hour

// messageOf is a message of this age.
func messageOf(t testing.TB, sequence uint64, age time.Duration) *message.Message {
	m := groupMessage(t, 1, sequence)
	m.Time = time.Now().Add(-age).Unix()
	m.Raw = encode(t, m, fmt.Sprintf("message %d", sequence))
	return m
}

// trusted is a clock that the server has confirmed.
func trusted() *clock.Clock {
	c := clock.New(nil)
	c.Correct(uint32(time.Now().Unix()), time.Now())
	return c
}

// sleep lets time pass, and everything happen that is due.
func sleep(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func wantTrimmed(t testing.TB, s *Store, messages, events uint64) {
	t.Helper()
	if st := s.Stats(); st.Trimmed != messages || st.EventsTrimmed != events {
		t.Errorf("%d messages and %d events were removed, want %d and %d", st.Trimmed, st.EventsTrimmed, messages, events)
	}
}

func TestTrimByAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logged bytes.Buffer
		path := filepath.Join(t.TempDir(), "messages.db")
		o := Options{Clock: trusted(), Path: path, Log: logTo(&logged), Keep: Keep{Messages: 90 * day, Events: day}}
		s := open(t, o)
		var ids []int32
		var all []*message.Message
		const old, young = 300, 50
		for i := range old + young {
			m := messageOf(t, uint64(i+1), 100*day)
			switch {
			case i == 7:
				m.Time = 0
			case i == 9: // it cannot be true: it goes with those around it
				m = messageOf(t, uint64(i+1), -1000*day)
			case i >= old:
				m = messageOf(t, uint64(i+1), 80*day)
			}
			ids, all = append(ids, put(t, s, m)), append(all, m)
			e := someEvent(int64(i+1), ids[i])
			e.Time = time.Now()
			if i < 200 {
				e.Time = time.Now().Add(-25 * time.Hour)
			}
			appendEvent(t, s, e)
		}
		flush(t, s)
		sleep(firstTrim + time.Minute)
		wantTrimmed(t, s, old, 200)
		for again := range 2 {
			for i, id := range ids {
				if got, err := s.ID(all[i].Chat, all[i].Sequence); got != id || err != nil {
					t.Fatalf("message %d has the id %d now, %v, want %d", i, got, err, id)
				}
				if i >= old {
					if all[i].Time != 0 {
						check(t, s, id, all[i])
					}
				} else if m, err := s.Get(id); m != nil || err != nil {
					t.Fatalf("message %d is still there: %v, %v", i, m, err)
				}
				if known, err := s.Announced(id); known != (i >= 200) || err != nil {
					t.Fatalf("Announced of message %d is %t, %v", i, known, err)
				}
			}
			if got := readEvents(t, s, 0, 1000); len(got) != old+young-200 || got[0].ID != 201 {
				t.Errorf("%d events are left", len(got))
			}
			if n := s.Stats().EventsKept; n != old+young-200 {
				t.Errorf("%d events are counted", n)
			}
			if again == 0 {
				closeStore(t, s)
				s = open(t, o)
				synctest.Wait() // until all ids are read
			}
		}
		if n := strings.Count(logged.String(), "old messages removed"); n != 1 || !strings.Contains(logged.String(), "messages=300 events=200") {
			t.Errorf("want one line with the numbers:\n%s", &logged)
		}

		if id := put(t, s, all[0]); id != ids[0] {
			t.Errorf("stored again message 0 has the id %d, want %d", id, ids[0])
		}
		flush(t, s)
		check(t, s, ids[0], all[0])

		sleep(11 * day) // everything becomes old, piece by piece
		wantTrimmed(t, s, young+1, old+young-200)
		if s.LastEvent() != old+young || readEvents(t, s, 0, 1000) != nil {
			t.Errorf("the last event is %d", s.LastEvent())
		}
		closeStore(t, s)
	})
}

// TestTrimBehindTheFuture: however many of the oldest have a time that cannot be true,
// what is old behind them is removed, and they with it.
func TestTrimBehindTheFuture(t *testing.T) {
	for _, ahead := range []time.Duration{time.Hour, 1000 * day} {
		synctest.Test(t, func(t *testing.T) {
			s := open(t, Options{Clock: trusted(), Keep: Keep{Messages: 90 * day, Events: day}})
			n := uint64(0)
			add := func(many int, age time.Duration) {
				for range many {
					n++
					e := someEvent(int64(n), put(t, s, messageOf(t, n, age)))
					e.Time = time.Now().Add(-age)
					appendEvent(t, s, e)
				}
			}
			add(2*max(disorder, trimRows), -ahead)
			add(100, 100*day)
			old := n
			add(50, 0)
			flush(t, s)
			sleep(firstTrim + time.Minute)
			wantTrimmed(t, s, old, old)
		})
	}
}

// TestTrimByAgeWaits: before the clock is trusted nothing is too old, but the file may
// be too large.
func TestTrimByAgeWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.New(func() time.Time { return time.Now().Add(3650 * day) })
		s := open(t, Options{Clock: c, Keep: Keep{Messages: day, Events: day, Size: 1 << 20}})
		const messages = 40
		for i := range messages {
			m := messageOf(t, uint64(i+1), 2*day)
			id := put(t, s, m)
			e := someEvent(int64(i+1), id)
			e.Time = time.Now().Add(-2 * day)
			appendEvent(t, s, e)
		}
		flush(t, s)
		sleep(day / 4)
		wantTrimmed(t, s, 0, 0)
		m := messageOf(t, 100, 0)
		m.Raw = make([]byte, 1<<20)
		put(t, s, m)
		flush(t, s)
		sleep(2 * firstTrim)
		if st := s.Stats(); st.Trimmed+st.EventsTrimmed == 0 {
			t.Error("the file is too large, and nothing was removed")
		}
		closeStore(t, s)
	})
}

// TestWrongTimes: rows that a wrong clock dated, or a server that was wrong, are not
// removed for it, and hold up no others.
func TestWrongTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, Options{Clock: trusted(), Keep: Keep{Messages: day, Events: day}})
		n := uint64(0)
		add := func(many int, age time.Duration, at time.Time) {
			for range many {
				n++
				id := put(t, s, messageOf(t, n, age))
				e := someEvent(max(s.LastEvent()+1, time.Now().Add(-age).UnixMicro()), id)
				e.Time = at
				appendEvent(t, s, e)
			}
			flush(t, s)
		}
		const wrong, right = 3 * trimRows, 50
		add(wrong, -3650*day, time.Now().Add(3650*day)) // ids are in the future from here on
		add(right, 2*day, time.Now().Add(-2*day))
		add(right, time.Hour, time.Now().Add(-time.Hour))
		add(right, time.Hour, time.Time{})
		sleep(2 * firstTrim)
		wantTrimmed(t, s, wrong+right, wrong+right)
		sleep(2 * day)
		wantTrimmed(t, s, wrong+3*right, wrong+2*right) // of the last events nothing is known
		add(1, 0, time.Now())
		sleep(2 * day)
		wantTrimmed(t, s, n, n)
		closeStore(t, s)
	})
	synctest.Test(t, func(t *testing.T) {
		s := open(t, Options{Clock: trusted(), Keep: Keep{Events: day}})
		now := time.Now()
		for i, at := range []time.Time{now, now.Add(-3650 * day), now} { // the second time by a clock that was reset
			e := someEvent(now.UnixMicro()+int64(i), 0)
			e.Time = at
			appendEvent(t, s, e)
			if known := e.Known(now); known != (i != 1) {
				t.Errorf("the time of event %d is known: %t", i, known)
			}
		}
		flush(t, s)
		sleep(2 * firstTrim)
		wantTrimmed(t, s, 0, 0)
		sleep(2 * day)
		wantTrimmed(t, s, 0, 3)
		closeStore(t, s)
	})
}

// TestTrimmedIDs: all four ids are given away for ever.
func TestTrimmedIDs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := Options{Clock: trusted(), Path: filepath.Join(t.TempDir(), "messages.db"), slot: fourSlots, Keep: Keep{Messages: day}}
		s := open(t, o)
		ids := make(map[uint64]int32)
		for i := range uint64(3) {
			ids[i] = put(t, s, messageOf(t, (i+1)*places, 2*day))
		}
		flush(t, s)
		sleep(firstTrim)
		for range 2 {
			if id, err := s.Put(messageOf(t, 99*places, 0)); err == nil {
				t.Errorf("another message got the id %d", id)
			}
			if id, err := s.ID(messageOf(t, 99*places, 0).Chat, 99*places); err == nil {
				t.Errorf("another message would get the id %d", id)
			}
			for i, id := range ids {
				m := messageOf(t, (i+1)*places, 0)
				if got, err := s.ID(m.Chat, m.Sequence); got != id || err != nil {
					t.Errorf("message %d has the id %d now, %v, want %d", i, got, err, id)
				}
				if got := put(t, s, m); got != id {
					t.Errorf("stored again message %d has the id %d, want %d", i, got, id)
				}
			}
			closeStore(t, s)
			s = open(t, o)
			sleep(2 * day)
			wantTrimmed(t, s, 3, 0)
		}
		closeStore(t, s)
	})
}

func TestTrimBySize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit = 4 << 20
		s := open(t, Options{Keep: Keep{Size: limit}})
		var ids []int32
		const n = 1200
		for i := range n {
			m := messageOf(t, uint64(i+1), 0)
			m.Raw = encode(t, m, strings.Repeat("x", 5000))
			ids = append(ids, put(t, s, m))
			e := someEvent(int64(i+1), ids[i])
			e.Time, e.Body = time.Now(), bytes.Repeat([]byte(" "), 5000)
			appendEvent(t, s, e)
			time.Sleep(10 * time.Millisecond)
		}
		flush(t, s)
		sleep(2 * firstTrim)
		used, free, err := s.size(t.Context())
		if err != nil || used > limit-limit/16 || used < limit/2 || used+free > limit {
			t.Errorf("%d bytes are in use and %d free, %v, want at most %d", used, free, err, limit)
		}
		const stubs = 1 << 16
		if info, err := os.Stat(s.o.Path); err != nil || info.Size() > limit+stubs {
			t.Errorf("the file on the disk has %d bytes, %v, want at most %d", info.Size(), err, limit+stubs)
		}
		st := s.Stats()
		if d := int(st.Trimmed) - int(st.EventsTrimmed); d > 2*trimRows || d < -2*trimRows || st.EventsKept != n-int64(st.EventsTrimmed) {
			t.Errorf("got %+v, want about as many messages as events removed", st)
		}
		for i, id := range ids {
			if m, err := s.Get(id); (m != nil) != (i >= int(st.Trimmed)) || err != nil {
				t.Fatalf("%d messages were removed, number %d is %v, %v", st.Trimmed, i, m, err)
			}
		}
		sleep(trimEvery)
		wantTrimmed(t, s, st.Trimmed, st.EventsTrimmed)

		closeStore(t, s)
		s = open(t, Options{Clock: trusted(), Path: s.o.Path, Keep: Keep{Size: 1}}) // not even an empty file is so small
		sleep(firstTrim)
		sleep(time.Minute)
		wantTrimmed(t, s, n-st.Trimmed, n-st.EventsTrimmed)
		closeStore(t, s)
	})
}

// TestTrimInPieces: the writer waits for one piece at most.
func TestTrimInPieces(t *testing.T) {
	s := open(t, Options{})
	for i := range uint64(trimRows + 20) {
		m := messageOf(t, i+1, day)
		if i >= trimRows {
			m.Raw = make([]byte, trimBytes/4)
		}
		appendEvent(t, s, &Event{ID: int64(i + 1), Body: m.Raw})
		put(t, s, m)
	}
	flush(t, s)
	for name, trim := range map[string]func() (int, error){
		"messages": func() (int, error) { return s.trimMessages(t.Context(), always, 1, 0) },
		"events":   func() (int, error) { return s.trimEvents(t.Context(), always) },
	} {
		for i, want := range []int{trimRows, 4, 4, 4, 4, 4, 0} {
			if n, err := trim(); n != want || err != nil {
				t.Errorf("%s: piece %d has %d rows, %v, want %d", name, i, n, err, want)
			}
		}
	}
}

func TestTrimFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logged bytes.Buffer
		s := open(t, Options{Clock: trusted(), Log: logTo(&logged), Keep: Keep{Messages: day}})
		put(t, s, messageOf(t, 1, 2*day))
		flush(t, s)
		if _, err := s.db.w.Exec("PRAGMA query_only = on"); err != nil {
			t.Fatal(err)
		}
		sleep(2 * firstTrim)
		if !strings.Contains(logged.String(), "old messages not removed") {
			t.Errorf("want a line about it:\n%s", &logged)
		}
		put(t, s, messageOf(t, 2, 2*day)) // now the writer tells
		s.waitFailure(true)
		synctest.Wait()
		before := logged.Len()
		sleep(trimEvery)
		if n := logged.Len(); n != before {
			t.Errorf("want no more lines:\n%s", &logged)
		}
		if _, err := s.db.w.Exec("PRAGMA query_only = off"); err != nil {
			t.Fatal(err)
		}
		sleep(2 * trimEvery)
		wantTrimmed(t, s, 2, 0)
		closeStore(t, s)
	})
}
