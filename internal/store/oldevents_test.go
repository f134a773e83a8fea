package store

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"libration/ntqq/message"
)

// oldEvents has n events with ids from 1 on as an earlier version of the program wrote
// them, the odd ones in one format only.
func oldEvents(t *testing.T, s *Store, n int64) (all []Event) {
	t.Helper()
	for id := int64(1); id <= n; id++ {
		e := Event{ID: id, Time: time.UnixMilli(id), MessageID: int32(100 + id), Self: id%2 == 0, Array: fmt.Appendf(nil, `{"old":%d}`, id)}
		if id%2 == 0 {
			e.String = e.Array
		}
		if _, err := s.db.w.Exec("INSERT INTO events ("+oldColumns+") VALUES (?, ?, ?, ?, ?, ?, NULL)", e.ID, id, e.MessageID, e.Self, id%2 == 0, e.Array); err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

// TestOldEvents: rows of an earlier version come first, as they are, and ids go on.
func TestOldEvents(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages.db")
	s := open(t, Options{Path: path})
	all := oldEvents(t, s, 20)
	closeStore(t, s)
	s = open(t, Options{Path: path})
	if head, _ := s.Head(); head != 20 || s.LastEvent() != 20 {
		t.Fatalf("the head is %d, the last event %d", head, s.LastEvent())
	}
	for id := int64(21); id <= 40; id++ {
		all = append(all, *someEvent(id, int32(100+id)))
		appendEvent(t, s, &all[id-1])
	}
	flush(t, s)
	for _, where := range []string{"file and memory", "file", "repaired file"} {
		for _, most := range []int{1, 7, 100} {
			for _, after := range []int64{0, 5, 19, 20, 21, 40} {
				checkEvents(t, readEvents(t, s, after, most), all[after:])
			}
		}
		for _, c := range []struct {
			after, to int64
			own       bool
			want      int
		}{{0, 99, true, 40}, {0, 99, false, 20}, {5, 30, true, 25}, {5, 10, false, 2}, {25, 40, true, 15}} {
			if n, err := s.CountEvents(t.Context(), c.after, c.to, c.own); n != c.want || err != nil {
				t.Errorf("%s: %+v: got %d, %v", where, c, n, err)
			}
		}
		for id, want := range map[int32]bool{101: true, 120: true, 121: true, 140: true, 141: false} {
			if known, err := s.Announced(id); known != want || err != nil {
				t.Errorf("%s: Announced(%d) is %t, %v", where, id, known, err)
			}
		}
		closeStore(t, s)
		if where == "file" {
			change(t, path, overwrite(0, 4096))
		}
		s = open(t, Options{Path: path})
	}
	if n, err := s.trimEvents(t.Context(), always); n != 20 || err != nil { // the old ones first
		t.Errorf("removed %d, %v", n, err)
	}
	checkEvents(t, readEvents(t, s, 0, 100), all[20:])
	if n, err := s.trimEvents(t.Context(), always); n != 20 || err != nil || s.LastEvent() != 40 {
		t.Errorf("removed %d, %v; the last event is %d", n, err, s.LastEvent())
	}
}

// TestTrimLeavesWhatIsNeeded: neither age nor size takes what a client still has to get.
func TestTrimLeavesWhatIsNeeded(t *testing.T) {
	const n = 1000
	for name, c := range map[string]struct {
		keep Keep
		left int // events, and their messages
	}{
		"position":           {Keep{Messages: time.Hour, Readers: []Reader{{Name: "bot", Window: 90 * day, Most: 2 * n}}}, n - 300},
		"another is further": {Keep{Size: 1, Readers: []Reader{{Name: "bot", Window: 90 * day, Most: 2 * n}, {Name: "other", Window: 90 * day, Most: 2 * n}}}, n - 300},
		"no position":        {Keep{Messages: time.Hour, Readers: []Reader{{Window: 90 * day, Most: 2 * n, Own: true}}}, n},
		"limit":              {Keep{Size: 1, Readers: []Reader{{Name: "new", Window: 90 * day, Most: 100, Own: true}}}, 100},
		"limit of others'":   {Keep{Messages: time.Hour, Readers: []Reader{{Name: "new", Window: 90 * day, Most: 100}}}, 201},
		"too old":            {Keep{Messages: time.Hour, Events: day, Readers: []Reader{{Name: "new", Window: day, Most: 2 * n}}}, n / 2},
		"nobody":             {Keep{Messages: time.Hour}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := open(t, Options{Clock: trusted(), Keep: c.keep})
				var ids []int32
				for i := range n {
					m := messageOf(t, uint64(i+1), 30*day)
					ids = append(ids, put(t, s, m))
					e := someEvent(int64(i+1), ids[i])
					e.Time = time.Now()
					if i < n/2 {
						e.Time = e.Time.Add(-25 * time.Hour)
					}
					appendEvent(t, s, e)
				}
				s.SetCursor("bot", 300)
				s.SetCursor("other", 400)
				flush(t, s)
				sleep(firstTrim + 10*time.Second)
				left := 0
				for _, id := range ids {
					if m, err := s.Get(id); err != nil {
						t.Fatal(err)
					} else if m != nil {
						left++
					}
				}
				events := len(readEvents(t, s, 0, 100))
				if left != c.left || events < c.left {
					t.Errorf("%d messages and %d events are left, want %d", left, events, c.left)
				}
				for _, e := range readEvents(t, s, int64(n-c.left), 100) {
					if m, err := s.Get(e.MessageID); m == nil || err != nil {
						t.Fatalf("event %d lost its message: %v", e.ID, err)
					}
				}
				closeStore(t, s)
			})
		})
	}
}

// TestPutSent: what was reported of a message stays when the message as sent comes later.
func TestPutSent(t *testing.T) {
	for _, written := range []bool{false, true} {
		s := open(t, Options{})
		echo := groupMessage(t, 1, 1)
		echo.Sender.Card, echo.Random, echo.ClientSequence = "card of then", 7, 0
		id := put(t, s, echo)
		if written {
			if err := s.Flush(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		sent := *echo
		sent.Sender.Card, sent.GroupName, sent.ClientSequence = "another", strings.Repeat("x", 3), 55
		if got, err := s.PutSent(&sent); got != id || err != nil {
			t.Fatalf("got id %d, %v", got, err)
		}
		want := *echo
		want.ClientSequence = 55
		check(t, s, id, &want)
		flush(t, s)
		check(t, s, id, &want)
		sent.Random = 8 // another message
		if _, err := s.PutSent(&sent); err != nil {
			t.Fatal(err)
		}
		check(t, s, id, &sent)
		if id, err := s.PutSent(&message.Message{}); id != 0 || err == nil {
			t.Errorf("a message without a key has the id %d, %v", id, err)
		}
	}
}
