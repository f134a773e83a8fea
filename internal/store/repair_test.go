package store

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"libration/ntqq/message"
)

// history is what a store held before it was damaged.
type history struct {
	path     string
	messages map[int32]*message.Message
	events   []Event
	forwards map[string][]byte
	// altered: bytes inside of messages were changed, which nobody can notice.
	altered bool
}

// eventID is the first id of an event: ids are times.
const eventID = 1 << 50

// fillStore writes messages, small and large, events, cursors and forwards.
func fillStore(t testing.TB, s *Store, n int) *history {
	h := &history{path: s.o.Path, messages: make(map[int32]*message.Message), forwards: make(map[string][]byte)}
	random := rand.New(rand.NewPCG(3, 4))
	for i := range n {
		m := groupMessage(t, message.GroupCode(i%7+1), uint64(i+1))
		if i%10 == 0 {
			m = privateMessage(t, message.Friend, message.UIN(i+1), uint64(i+1), uint64(i+2), 5)
		}
		text := strings.Repeat("x", 1+random.IntN(500))
		if i%50 == 0 {
			text = strings.Repeat("long", 3000) // on several pages
		}
		m.Content = message.Content{message.Text(text)}
		m.Raw = encode(t, m, text)
		id := put(t, s, m)
		h.messages[id] = m
		if i%3 == 0 || i%50 == 0 {
			id = 0
		}
		e := someEvent(eventID+int64(i), id)
		if i%50 == 0 {
			e.Body = []byte(text)
		}
		appendEvent(t, s, e)
		h.events = append(h.events, *e)
		if i%20 == 0 {
			id, payload := fmt.Sprint("forward ", i), somePayload(t, 1+random.IntN(5000))
			putForward(t, s, id, payload)
			h.forwards[id] = payload
		}
	}
	s.SetCursor("bot", int64(n))
	flush(t, s)
	return h
}

// survivors opens the store again and counts the messages and events that are
// still there; they must be what they were.
func (h *history) survivors(t testing.TB, s *Store) (messages, events int) {
	t.Helper()
	for id, want := range h.messages {
		if got, err := s.ID(want.Chat, want.Sequence); got != id || err != nil {
			t.Fatalf("message %d has the id %d now, %v", id, got, err)
		}
		got, err := s.Get(id)
		if err != nil {
			t.Fatalf("Get(%d): %v", id, err)
		}
		if got == nil {
			continue
		}
		messages++
		if h.altered && got.Chat.Group == want.Chat.Group && got.Chat.Peer == want.Chat.Peer && got.Sequence == want.Sequence || reflect.DeepEqual(want, got) { // cmp takes seconds for thousands
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("Get(%d) differs (-want +got):\n%s", id, diff)
		}
	}
	for _, e := range readEvents(t, s, 0, 1000) {
		events++
		if !h.altered {
			checkEvents(t, []Event{e}, h.events[e.ID-eventID:e.ID-eventID+1])
		}
	}
	for id, want := range h.forwards { // never another one
		if got, err := s.Forward(id); err != nil || got != nil && !h.same(got, want) {
			t.Fatalf("Forward(%q) gives %d bytes, %v", id, len(got), err)
		}
	}
	return messages, events
}

// same tells whether a forward is the one that was kept: where bytes were changed, all but
// a few. Who opens it finds that out by its sum.
func (h *history) same(got, want []byte) bool {
	if !h.altered || len(got) != len(want) {
		return bytes.Equal(got, want)
	}
	differ := 0
	for i := range got {
		if got[i] != want[i] {
			differ++
		}
	}
	return differ < 8
}

// change changes the bytes of a file.
func change(t testing.TB, path string, change func([]byte) []byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, change(b), 0o600); err != nil {
		t.Fatal(err)
	}
}

func overwrite(at, n int) func([]byte) []byte {
	return func(b []byte) []byte {
		copy(b[at:], bytes.Repeat([]byte{0xee}, n))
		return b
	}
}

// rootPage finds where a table begins.
func rootPage(t testing.TB, path, table string) int {
	t.Helper()
	s := open(t, Options{Path: path})
	var page int
	if err := s.db.r.QueryRow("SELECT rootpage FROM sqlite_schema WHERE name = ?", table).Scan(&page); err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
	return page
}

func TestDamagedFile(t *testing.T) {
	const n = 500
	template := open(t, Options{})
	h := fillStore(t, template, n)
	root := rootPage
	copyTo := func(t *testing.T, suffixes ...string) string {
		path := filepath.Join(t.TempDir(), "messages.db")
		for _, suffix := range suffixes {
			b, err := os.ReadFile(h.path + suffix)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path+suffix, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return path
	}
	// While the store is open much of it is in the WAL.
	t.Run("zeroed header beside a WAL", func(t *testing.T) {
		path := copyTo(t, "", "-wal")
		change(t, path, func([]byte) []byte { return make([]byte, 4096) })
		s := open(t, Options{Path: path})
		if messages, events := h.survivors(t, s); messages != n || events != n {
			t.Errorf("%d messages and %d events survived", messages, events)
		}
	})
	closeStore(t, template)

	tests := map[string]struct {
		damage  func(*testing.T, string)
		least   int // messages and events that survive, on average
		sound   bool
		altered bool
	}{
		"zeroed header": {least: n, damage: func(t *testing.T, path string) {
			change(t, path, func(b []byte) []byte { clear(b[:100]); return b })
		}},
		"first page": {least: n, damage: func(t *testing.T, path string) { change(t, path, overwrite(0, 4096)) }},
		"root of the messages": {least: n, damage: func(t *testing.T, path string) {
			change(t, path, overwrite((root(t, path, "messages")-1)*4096, 4096))
		}},
		"index": {least: n, damage: func(t *testing.T, path string) {
			change(t, path, overwrite((root(t, path, "messages_id")-1)*4096, 4096))
		}},
		"map of pages": {least: n, damage: func(t *testing.T, path string) { change(t, path, overwrite(4096, 4096)) }},
		"other tables": {least: n, damage: func(t *testing.T, path string) {
			s := open(t, Options{Path: path})
			if _, err := s.db.w.Exec("DROP TABLE goose_db_version"); err != nil {
				t.Fatal(err)
			}
			closeStore(t, s)
		}},
		"pages in the middle": {least: n * 7 / 10, damage: func(t *testing.T, path string) {
			change(t, path, func(b []byte) []byte {
				random := rand.New(rand.NewPCG(5, 6))
				for range 12 {
					overwrite((2+random.IntN(len(b)/4096-2))*4096, 4096)(b)
				}
				return b
			})
		}},
		"half of a page": {least: n - 20, altered: true, damage: func(t *testing.T, path string) {
			change(t, path, overwrite(messagePage(t, path)*4096+2048, 2048))
		}},
		"bytes everywhere": {least: n / 2, altered: true, damage: func(t *testing.T, path string) {
			change(t, path, func(b []byte) []byte {
				random := rand.New(rand.NewPCG(7, 8))
				for range 200 {
					b[random.IntN(len(b))] ^= byte(1 + random.IntN(255))
				}
				return b
			})
		}},
		"truncated": {least: n / 4, damage: func(t *testing.T, path string) {
			change(t, path, func(b []byte) []byte { return b[:len(b)/2+100] })
		}},
		"truncated to a header": {damage: func(t *testing.T, path string) { change(t, path, func(b []byte) []byte { return b[:4096] }) }},
		"garbage": {damage: func(t *testing.T, path string) {
			change(t, path, func(b []byte) []byte { return overwrite(0, len(b))(b) })
		}},
		"zeros": {damage: func(t *testing.T, path string) { change(t, path, func(b []byte) []byte { clear(b); return b }) }},
		"text": {damage: func(t *testing.T, path string) {
			change(t, path, func([]byte) []byte { return []byte("not a database") })
		}},
		"garbage in the WAL": {least: n, sound: true, damage: func(t *testing.T, path string) {
			if err := os.WriteFile(path+"-wal", bytes.Repeat([]byte("garbage"), 9999), 0o600); err != nil {
				t.Fatal(err)
			}
		}},
		"nothing": {least: n, sound: true, damage: func(*testing.T, string) {}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			path := copyTo(t, "")
			h.altered = tt.altered
			tt.damage(t, path)
			damaged, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			var logged bytes.Buffer
			s := open(t, Options{Path: path, Log: logTo(&logged)})
			messages, events := h.survivors(t, s)
			if messages+events < 2*tt.least {
				t.Errorf("%d messages and %d events of %d each survived, want at least %d on average:\n%s", messages, events, n, tt.least, &logged)
			}
			t.Logf("%d messages, %d events survived", messages, events)
			if tt.least == n {
				if at, _, err := s.Cursor("bot"); at != n || err != nil {
					t.Errorf("the cursor is %d, %v", at, err)
				}
			}
			if last := s.LastEvent(); !tt.altered && events > 0 && (last < readEvents(t, s, 0, 2*n)[events-1].ID || last >= eventID+n) {
				t.Errorf("the last event is %d", last)
			}
			for id, m := range h.messages { // all can be stored again, under their ids
				if got := put(t, s, m); got != id {
					t.Fatalf("stored again message %d has the id %d", id, got)
				}
			}
			appendEvent(t, s, someEvent(s.LastEvent()+1, 0))
			flush(t, s)
			closeStore(t, s)
			if err := Check(t.Context(), path); err != nil {
				t.Errorf("the file is still damaged: %v", err)
			}

			aside, err := SetAside(path)
			text := logged.String()
			if tt.sound {
				if len(aside) > 0 || strings.Contains(text, "damaged") {
					t.Errorf("the file was set aside as %q:\n%s", aside, text)
				}
				return
			}
			if len(aside) != 1 || err != nil {
				t.Fatalf("the files set aside are %q, %v", aside, err)
			}
			if info, err := os.Stat(aside[0]); err != nil || info.Size() != damaged.Size() || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
				t.Errorf("the file that was set aside has %d bytes, mode %v, %v", info.Size(), info.Mode(), err)
			}
			if lost := numberAfter(t, text, "lost_at_least="); lost > n-messages && !tt.altered || lost == 0 && name == "pages in the middle" {
				t.Errorf("%d of %d messages survived, the log says that %d are lost", messages, n, lost)
			}
			if pages := numberAfter(t, text, "damaged_pages="); (name == "truncated" || name == "pages in the middle") && pages < 5 || name == "other tables" && pages > 0 {
				t.Errorf("the log says that %d pages are damaged", pages)
			}
			if want := fmt.Sprintf("messages=%d", messages); strings.Count(text, "is repaired") != 1 || !strings.Contains(text, want) || !strings.Contains(text, aside[0]) {
				t.Errorf("want one line with %s and the file:\n%s", want, text)
			}
		})
	}
}

// TestRepairKeepsIDs: ids of a series stay, also those of removed messages.
func TestRepairKeepsIDs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages.db")
	s := open(t, Options{Path: path, slot: fourSlots})
	ids := make(map[uint64]int32)
	for i := range uint64(3) {
		ids[(i+1)*places] = put(t, s, groupMessage(t, 5, (i+1)*places))
		flush(t, s)
		if i < 1 {
			if n, err := s.trimMessages(t.Context(), always, 1, 0); n != 1 || err != nil {
				t.Fatal(n, err)
			}
		}
	}
	appendEvent(t, s, someEvent(77, 0))
	flush(t, s)
	if n, err := s.trimEvents(t.Context(), always); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	closeStore(t, s)
	change(t, path, overwrite(0, 4096))
	s = open(t, Options{Path: path, slot: fourSlots})
	for sequence, id := range ids {
		m := groupMessage(t, 5, sequence)
		if got, err := s.ID(m.Chat, sequence); got != id || err != nil {
			t.Errorf("message %d has the id %d now, %v, want %d", sequence, got, err, id)
		}
		if got, err := s.Get(id); (got != nil) != (sequence > places) || err != nil {
			t.Errorf("message %d is %v, %v", sequence, got, err)
		}
	}
	if id, err := s.Put(groupMessage(t, 5, 99*places)); err == nil {
		t.Errorf("another message got the id %d", id)
	}
	if s.LastEvent() != 77 || s.Stats().Repaired != 1 {
		t.Errorf("the last event is %d, %+v", s.LastEvent(), s.Stats())
	}
}

// TestDamagedMessageBody: a message whose body is lost keeps its id from others.
func TestDamagedMessageBody(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages.db")
	s := open(t, Options{Path: path})
	m := groupMessage(t, 1, 1)
	m.Raw = encode(t, m, strings.Repeat("findme", 2000))
	id := put(t, s, m)
	closeStore(t, s)
	change(t, path, func(b []byte) []byte {
		clear(b[:100])
		at := bytes.Index(b, []byte("findme"))
		copy(b[at-12:], bytes.Repeat([]byte{0xff}, 12))
		return b
	})
	s = open(t, Options{Path: path})
	if got, err := s.Get(id); got != nil || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
	k, _ := keyOf(m.Chat, 1)
	if owner, err := scanOwner(s.db.owner.QueryRow(slotOf(id))); owner != k.block() || err != nil {
		t.Errorf("its ids are those of %v, %v", owner, err)
	}
}

// TestNonsense: rows that SQLite takes for sound, but that would make reading fail.
func TestNonsense(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages.db")
	s := open(t, Options{Path: path})
	h := fillStore(t, s, 10)
	for _, q := range []string{
		"INSERT INTO events (id, time, message_id, self, same) VALUES (5, 1, 1 << 40, 0, 0), (6, 1, 1, 7, 0), (7, 1, 1, 0, 7), (-1, 1, 1, 0, 0), ((1 << 60), 1, 1, 0, 0)",
		"INSERT INTO events (id, time, message_id, self, same, array) VALUES (8, 1, 1, 0, 0, x'7b')",
		"INSERT INTO journal (id, time, message_id, self, kind, version) VALUES (5, 1, 1 << 40, 0, '', 0), (6, 1, 1, 7, '', 0), (7, 1, 1, 0, 'x', 0), (-1, 1, 1, 0, '', 0), ((1 << 60), 1, 1, 0, '', 0)",
		"INSERT INTO journal (id, time, message_id, self, kind, version, body) VALUES (8, 1, 1, 0, '', 0, x'7b'), (9, 1, 0, 0, '', 0, x'7b')",
		"INSERT INTO trimmed (id, key) VALUES (1 << 40, 1), (5, 1 << 40), (-5, 1)",
		"INSERT INTO cursors (name, event) VALUES ('far', 1 << 60)",
		"INSERT INTO forwards (id, time, payload) VALUES (x'', 1, x'1f8b'), (x'31', 1, x'1f8b'), (x'32', 1, x'')",
		"UPDATE forwards SET position = -1 WHERE time = 0",
		"INSERT INTO media (id, time, kind, payload) VALUES (x'', 1, 'image', x'7b7d'), (x'31', 1, 'image', x'7b'), (x'32', 1, 'image', x'7b7d')",
		"UPDATE messages SET self = 9 WHERE sequence = 3",
		"UPDATE messages SET scene = 9 WHERE sequence = 4",
		"UPDATE messages SET sequence = 99 WHERE sequence = 5",
		"UPDATE messages SET id = 77 WHERE sequence = 6",
		"UPDATE messages SET id = 1 << 40 WHERE sequence = 7",
		"UPDATE messages SET position = 1 << 60 WHERE sequence = 8", // only its place is lost
	} {
		if _, err := s.db.w.Exec(q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
	closeStore(t, s)
	change(t, path, overwrite(0, 4096))
	s = open(t, Options{Path: path})
	if messages, events := h.survivors(t, s); messages != 5 || events != 10 {
		t.Errorf("%d messages and %d events survived", messages, events)
	}
	if payload, err := s.Forward("1"); payload != nil || err != nil {
		t.Errorf("a payload that is no gzip survived: %v", err)
	}
	if _, payload, err := s.Medium("1"); payload != nil || err != nil {
		t.Errorf("a payload that is no JSON survived: %v", err)
	}
	if kind, payload, err := s.Medium("2"); kind != "image" || string(payload) != "{}" || err != nil {
		t.Errorf("a medium is %q %q, %v", kind, payload, err)
	}
	if at, ok, _ := s.Cursor("far"); at != s.LastEvent() || !ok || at != eventID+9 {
		t.Errorf("the cursor is %d, the last event %d", at, s.LastEvent())
	}
	var rows, last int
	if err := s.db.r.QueryRow("SELECT (SELECT count(*) FROM trimmed) + (SELECT count(*) FROM messages), (SELECT max(position) FROM messages)").Scan(&rows, &last); err != nil || rows != 5 || last > 11 {
		t.Errorf("%d rows were copied, %v, the last position is %d", rows, err, last)
	}
}

func numberAfter(t testing.TB, text, before string) (n int) {
	t.Helper()
	_, rest, _ := strings.Cut(text, before)
	if _, err := fmt.Sscan(rest, &n); err != nil {
		t.Errorf("no number after %s in %q", before, text)
	}
	return n
}

// waitRepaired waits until the store was repaired and writes again.
func waitRepaired(t testing.TB, s *Store, n uint64) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.repairs < n || s.damage != nil {
		s.room.Wait()
	}
}

func TestDamagedWhileOpen(t *testing.T) {
	for name, read := range map[string]func(t *testing.T, s *Store, h *history) error{
		"message": func(_ *testing.T, s *Store, h *history) (err error) {
			for id := range h.messages {
				if _, err = s.Get(id); err != nil {
					break
				}
			}
			return err
		},
		"events": func(t *testing.T, s *Store, _ *history) error {
			s.mu.Lock()
			s.journal.base = eventID + 5000 // not from memory
			s.mu.Unlock()
			_, err := s.Events(t.Context(), 0, 5000)
			return err
		},
		"key": func(_ *testing.T, s *Store, h *history) (err error) {
			for _, m := range h.messages {
				if _, err = s.ID(m.Chat, m.Sequence); err != nil {
					break
				}
			}
			return err
		},
		"trimming": func(t *testing.T, s *Store, _ *history) error {
			_, err := s.trimMessages(t.Context(), always, 1, 0)
			s.suspect(err)
			return err
		},
		"writing": func(t *testing.T, s *Store, _ *history) error {
			for i := range uint64(100) {
				put(t, s, groupMessage(t, 99, i+1))
			}
			return s.Flush(t.Context())
		},
	} {
		t.Run(name, func(t *testing.T) {
			var logged bytes.Buffer
			path := filepath.Join(t.TempDir(), "messages.db")
			s := open(t, Options{Path: path, Log: logTo(&logged), retryMin: time.Millisecond, retryMax: time.Millisecond})
			const n = 2000
			h := fillStore(t, s, n)
			if _, err := s.db.w.Exec("PRAGMA wal_checkpoint(truncate)"); err != nil {
				t.Fatal(err)
			}
			if _, err := s.db.w.Exec("PRAGMA shrink_memory"); err != nil { // what is in memory hides the damage
				t.Fatal(err)
			}
			change(t, path, func(b []byte) []byte {
				for page := 3; page < len(b)/4096; page += 2 {
					if use := b[page*4096]; use == 0x0d && page%40 == 1 || use == 0x0a && page%10 == 1 || use == 0x05 || use == 0x02 {
						overwrite(page*4096, 4096)(b)
					}
				}
				return b
			})
			if err := read(t, s, h); err == nil {
				t.Log("the damage was not noticed, or mended already")
			}
			m := groupMessage(t, 100, 1)
			id := put(t, s, m)
			check(t, s, id, m)
			appendEvent(t, s, someEvent(eventID+n, id))
			h.events = append(h.events, *someEvent(eventID+n, id))
			waitRepaired(t, s, 1)
			if err := s.Flush(t.Context()); err != nil {
				s.waitFailure(false)
			}
			check(t, s, id, m)
			messages, events := h.survivors(t, s)
			if name == "trimming" {
				messages += int(s.Stats().Trimmed)
			}
			if messages < n*3/4 || events < n*3/4 {
				t.Errorf("%d messages and %d events survived", messages, events)
			}
			t.Logf("%d messages and %d events survived", messages, events)
			closeStore(t, s)
			if err := Check(t.Context(), path); err != nil {
				t.Error(err)
			}
			s = open(t, Options{Path: path})
			check(t, s, id, m)
			if at, _, err := s.Cursor("bot"); at != n || err != nil || s.LastEvent() != eventID+n {
				t.Errorf("the cursor is %d, %v, the last event %d", at, err, s.LastEvent())
			}
		})
	}
}

// TestRepairFails: there is no room for the new file, say. Everything new waits in
// memory until it works.
func TestRepairFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "messages.db")
		s := open(t, Options{Path: path})
		h := fillStore(t, s, 100)
		obstacle := filepath.Join(path+repairSuffix, "x")
		if err := os.MkdirAll(obstacle, 0o700); err != nil {
			t.Fatal(err)
		}
		s.suspect(fmt.Errorf("read: %w", ErrDamaged))
		sleep(time.Minute)
		if err := s.Err(); err == nil || !strings.Contains(err.Error(), "repair") {
			t.Errorf("got %v, want why it is not repaired", err)
		}
		if _, err := s.Events(t.Context(), eventID+50, 1); err != nil {
			t.Errorf("events of memory cannot be read: %v", err)
		}
		for id := range h.messages {
			if _, err := s.Get(id); !errors.Is(err, errRepairing) {
				t.Errorf("Get gives %v", err)
			}
			break
		}
		m := groupMessage(t, 100, 1)
		id := put(t, s, m)
		check(t, s, id, m)
		appendEvent(t, s, someEvent(eventID+100, id))
		waitHead(t, s, eventID+100)
		h.events, h.messages[id] = append(h.events, *someEvent(eventID+100, id)), m

		if err := os.RemoveAll(path + repairSuffix); err != nil {
			t.Fatal(err)
		}
		sleep(time.Minute)
		if err := s.Err(); err != nil || s.Stats().Repaired != 1 {
			t.Errorf("got %v, %+v", err, s.Stats())
		}
		if messages, events := h.survivors(t, s); messages != 101 || events != 101 {
			t.Errorf("%d messages and %d events survived", messages, events)
		}
		if s.Stats().EventsKept != 101 {
			t.Errorf("got %+v", s.Stats())
		}

		if err := os.MkdirAll(obstacle, 0o700); err != nil {
			t.Fatal(err)
		}
		s.suspect(ErrDamaged)
		put(t, s, groupMessage(t, 100, 2))
		sleep(time.Minute)
		if err := s.Close(); err == nil || !strings.Contains(err.Error(), "1 messages not written") {
			t.Errorf("Close gives %v", err)
		}
		change(t, path, overwrite(0, 100))
		if _, err := Open(t.Context(), Options{Path: path}); err == nil || !strings.Contains(err.Error(), "repair") {
			t.Errorf("Open gives %v", err)
		}
		if aside, err := SetAside(path); len(aside) != 1 || err != nil {
			t.Errorf("a repair that failed set aside %q, %v", aside, err)
		}
	})
}

// TestLargeFileIsCheckedLater: only after an unclean end, and in the background.
func TestLargeFileIsCheckedLater(t *testing.T) {
	from := filepath.Join(t.TempDir(), "messages.db")
	s := open(t, Options{Path: from})
	h := fillStore(t, s, 500)
	if _, err := s.db.w.Exec("PRAGMA wal_checkpoint(truncate)"); err != nil {
		t.Fatal(err)
	}
	put(t, s, groupMessage(t, 88, 1)) // in the WAL
	flush(t, s)
	for _, unclean := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "messages.db")
			for _, suffix := range []string{"", "-wal"} {
				b, err := os.ReadFile(from + suffix)
				if err != nil {
					t.Fatal(err)
				}
				if suffix == "" {
					overwrite(messagePage(t, from)*4096, 4096)(b)
				} else if !unclean {
					continue
				}
				if err := os.WriteFile(path+suffix, b, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			s := open(t, Options{Path: path, checkAtOnce: 1})
			synctest.Wait()
			if got := s.Stats().Repaired; (got == 1) != unclean {
				t.Errorf("after an unclean end (%t) it was repaired %d times", unclean, got)
			}
			if unclean {
				if messages, _ := h.survivors(t, s); messages < 450 {
					t.Errorf("%d messages survived", messages)
				}
			}
			_ = s.Close()
		})
	}
}

func TestInterruptedRepair(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages.db")
	s := open(t, Options{Path: path})
	h := fillStore(t, s, 50)
	closeStore(t, s)
	// As after the first rename: the old WAL must not come over the new file.
	if err := os.Rename(path, path+repairSuffix); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+"-wal", []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	s = open(t, Options{Path: path})
	if messages, events := h.survivors(t, s); messages != 50 || events != 50 {
		t.Errorf("%d messages and %d events survived", messages, events)
	}
	closeStore(t, s)
	// Before it: the new file is not complete.
	if err := os.WriteFile(path+repairSuffix, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	s = open(t, Options{Path: path})
	if messages, _ := h.survivors(t, s); messages != 50 {
		t.Errorf("%d messages survived", messages)
	}
}

func TestSetAside(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "数据 [?]*.db")
	now := time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC)
	for i := range 5 {
		for _, suffix := range databaseSuffixes {
			if err := os.WriteFile(path+suffix, []byte{byte(i)}, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		name, err := setAside(path, now.Add(time.Duration(i/2*2)*time.Millisecond).In(time.FixedZone("", 3600)))
		if want := fmt.Sprintf("%s.damaged-20260102T030405.%03dZ", path, 6+i); name != want || err != nil {
			t.Errorf("got %q, %v, want %q", name, err, want)
		}
	}
	all, err := SetAside(path)
	if len(all) != 3 || err != nil {
		t.Fatalf("got %q, %v", all, err)
	}
	for i, name := range all {
		for _, suffix := range databaseSuffixes {
			if b, err := os.ReadFile(name + suffix); err != nil || b[0] != byte(i+2) {
				t.Errorf("%s has %v, %v", name+suffix, b, err)
			}
		}
	}
	if entries, err := os.ReadDir(dir); len(entries) != 9 || err != nil {
		t.Errorf("got %v, %v", entries, err)
	}
	if _, err := setAside(path, now); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a file: got %v", err)
	}
}
