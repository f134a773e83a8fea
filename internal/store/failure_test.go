package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"libration/ntqq/message"
)

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	newer := filepath.Join(dir, "newer.db")
	s := open(t, Options{Path: newer})
	if _, err := s.db.w.Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)"); err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)

	tests := map[string]struct {
		path string
		want []string
	}{
		"newer version":  {newer, []string{newer, "version 99", "newer program"}},
		"a folder":       {dir, []string{"open message store " + dir, "directory"}},
		"file as folder": {filepath.Join(file, "x.db"), []string{file, "not a directory"}},
	}
	if runtime.GOOS == "linux" { // /proc takes no files, not even from root
		tests["no write access"] = struct {
			path string
			want []string
		}{"/proc/self/messages.db", []string{"open message store /proc/self/messages.db", "give this user write access"}}
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, err := Open(context.Background(), Options{Path: tt.path})
			if err == nil {
				closeStore(t, s)
				t.Fatalf("Open(%s) worked", tt.path)
			}
			if e, ok := errors.AsType[*Error](err); !ok || e.Path != tt.path {
				t.Errorf("got %#v, want an *Error with the path", err)
			}
			for _, w := range tt.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("got %q, want %q in it", err, w)
				}
			}
		})
	}
	if _, err := Open(context.Background(), Options{}); err == nil {
		t.Error("Open without a path worked")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Open(ctx, Options{Path: filepath.Join(dir, "c.db")}); !errors.Is(err, context.Canceled) {
		t.Errorf("Open with an ended context gives %v", err)
	}
}

// waitFailure waits until writing fails, or works again.
func (s *Store) waitFailure(want bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for (s.failure != nil) != want {
		s.room.Wait()
	}
}

func TestWriteFails(t *testing.T) {
	tests := map[string]struct {
		breakIt, mendIt string
		want            string
	}{
		"read-only": {"PRAGMA query_only = on", "PRAGMA query_only = off", "write access"},
		"disk full": {"PRAGMA max_page_count = 1", "PRAGMA max_page_count = 1000000", "the disk is full"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var logged bytes.Buffer
			path := filepath.Join(t.TempDir(), "messages.db")
			s := open(t, Options{Path: path, Log: logTo(&logged), retryMin: time.Millisecond, retryMax: 2 * time.Millisecond, pending: 100})
			stored := groupMessage(t, 1, 1)
			stored.Raw = encode(t, stored, strings.Repeat("x", 3000)) // fills pages
			stored.Content = message.Content{message.Text(strings.Repeat("x", 3000))}
			storedID := put(t, s, stored)
			flush(t, s)
			if _, err := s.db.w.Exec(tt.breakIt); err != nil {
				t.Fatal(err)
			}

			var ids []int32
			var all []*message.Message
			for i := range 150 {
				m := groupMessage(t, 2, uint64(i+1))
				m.Raw = encode(t, m, strings.Repeat("x", 3000))
				m.Content = message.Content{message.Text(strings.Repeat("x", 3000))}
				ids, all = append(ids, put(t, s, m)), append(all, m)
				if i == 0 {
					s.waitFailure(true)
				}
			}
			err := s.Err()
			if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Err() = %v, want one naming %s and %q", err, path, tt.want)
			}
			check(t, s, storedID, stored)
			check(t, s, ids[149], all[149]) // from memory
			if m, err := s.Get(ids[0]); m != nil || err != nil {
				t.Errorf("the oldest message is still there: %v, %v", m, err)
			}

			if _, err := s.db.w.Exec(tt.mendIt); err != nil {
				t.Fatal(err)
			}
			s.waitFailure(false)
			flush(t, s)
			if err := s.Err(); err != nil {
				t.Errorf("Err() = %v after the disk works again", err)
			}
			closeStore(t, s)
			s = open(t, Options{Path: path})
			for i := 50; i < 150; i++ {
				check(t, s, ids[i], all[i])
			}
			text := logged.String()
			if n := strings.Count(text, "writing failed"); n != 1 {
				t.Errorf("the failure was logged %d times, want once:\n%s", n, text)
			}
			if !strings.Contains(text, "messages are written again") || !strings.Contains(text, "lost=50") {
				t.Errorf("want a line that says it works again and 50 are lost:\n%s", text)
			}
		})
	}
}

func TestCloseWhileFailing(t *testing.T) {
	s := open(t, Options{})
	if _, err := s.db.w.Exec("PRAGMA query_only = on"); err != nil {
		t.Fatal(err)
	}
	put(t, s, groupMessage(t, 1, 1))
	s.waitFailure(true)
	if err := s.Close(); err == nil || !strings.Contains(err.Error(), "1 messages not written") {
		t.Errorf("Close gives %v, want the number of messages not written", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("a second Close gives %v", err)
	}
}

func TestClosed(t *testing.T) {
	s := open(t, Options{})
	m := groupMessage(t, 1, 1)
	id := put(t, s, m)
	closeStore(t, s)
	if got, err := s.Put(m); got != id || !errors.Is(err, ErrClosed) {
		t.Errorf("Put gives %d, %v, want %d, ErrClosed", got, err, id)
	}
	if _, err := s.Get(id); !errors.Is(err, ErrClosed) {
		t.Errorf("Get gives %v", err)
	}
	if _, err := s.ID(m.Chat, 1); !errors.Is(err, ErrClosed) {
		t.Errorf("ID gives %v", err)
	}
	if _, err := s.Through(1); !errors.Is(err, ErrClosed) {
		t.Errorf("Through gives %v", err)
	}
	if _, err := s.FindFriend(1, 2, 3); !errors.Is(err, ErrClosed) {
		t.Errorf("FindFriend gives %v", err)
	}
}

func TestFullQueueWaits(t *testing.T) {
	s := open(t, Options{pending: 4, gather: time.Nanosecond})
	for i := range uint64(500) {
		put(t, s, groupMessage(t, 1, i+1))
	}
	closeStore(t, s)

	// A Put that waits for room ends with the store.
	s = open(t, Options{pending: 1, gather: time.Hour})
	put(t, s, groupMessage(t, 1, 1))
	result := make(chan error)
	go func() {
		_, err := s.Put(groupMessage(t, 1, 2))
		result <- err
	}()
	closeStore(t, s)
	if err := <-result; !errors.Is(err, ErrClosed) {
		t.Errorf("a waiting Put gives %v, want ErrClosed", err)
	}
}

func TestDamagedMessage(t *testing.T) {
	s := open(t, Options{})
	m := groupMessage(t, 1, 1)
	m.Raw = []byte{0xff}
	id := put(t, s, m)
	flush(t, s)
	if got, err := s.Get(id); err == nil || !strings.Contains(err.Error(), "group:1:1") {
		t.Errorf("Get of an undecodable message gives %v, %v, want an error naming it", got, err)
	}
	good := groupMessage(t, 1, 1)
	if again := put(t, s, good); again != id {
		t.Errorf("storing it again gives %d, want %d", again, id)
	}
	flush(t, s)
	check(t, s, id, good)

	bare := groupMessage(t, 1, 2)
	bare.Raw, bare.Content = nil, nil
	id = put(t, s, bare)
	flush(t, s)
	got, err := s.Get(id)
	if err != nil || got == nil || got.Sequence != 2 {
		t.Errorf("Get of a message without Raw gives %v, %v", got, err)
	}
}

func TestFilter(t *testing.T) {
	f := newFilter(0)
	f.complete = true
	const n = 300_000 // several layers
	for i := range int32(n) {
		f.add(i * 7919)
	}
	if len(f.layers) < 2 {
		t.Fatalf("got %d layers", len(f.layers))
	}
	wrong := 0
	for i := range int32(n) {
		if !f.mayHave(i * 7919) {
			t.Fatalf("id %d is missing", i*7919)
		}
		if f.mayHave(-1 - i*3) {
			wrong++
		}
	}
	if wrong > n/10 {
		t.Errorf("%d of %d answers are wrong", wrong, n)
	}
	if got := len(newFilter(1 << 20).layers[0].bits) * 8; got < 2<<20 || got > 4<<20 {
		t.Errorf("a filter for a million ids takes %d bytes", got)
	}
}

func FuzzPeople(f *testing.F) {
	f.Add("u_a 1\nu_b 2\n", "u_a")
	f.Add("u_a\n\n 5\nu_a 99999999999999999999", "")
	f.Fuzz(func(t *testing.T, list, uid string) {
		nameUINs(message.Content{&message.AtSegment{UID: message.UID(uid)}}, list)
		in := message.Content{&message.AtSegment{UID: message.UID(uid), UIN: 7}}
		out := message.Content{&message.AtSegment{UID: message.UID(uid)}}
		encoded := people(in)
		nameUINs(out, encoded)
		if got := out[0].(*message.AtSegment).UIN; encoded != "" && got != 7 {
			t.Errorf("uid %q went out as %q and came back as %d", uid, encoded, got)
		}
	})
}

func FuzzKeyText(f *testing.F) {
	f.Add(uint8(1), uint64(5), "", uint64(6), uint8(2), uint64(5), "u_a", uint64(6))
	f.Fuzz(func(t *testing.T, k1 uint8, p1 uint64, u1 string, s1 uint64, k2 uint8, p2 uint64, u2 string, s2 uint64) {
		a, err1 := keyOf(message.Chat{Kind: message.ChatKind(k1), Group: message.GroupCode(p1), Peer: message.UIN(p1), PeerUID: message.UID(u1)}, s1)
		b, err2 := keyOf(message.Chat{Kind: message.ChatKind(k2), Group: message.GroupCode(p2), Peer: message.UIN(p2), PeerUID: message.UID(u2)}, s2)
		if err1 != nil || err2 != nil {
			return
		}
		if ta, tb := string(a.appendText(nil)), string(b.appendText(nil)); (ta == tb) != (a == b) {
			t.Errorf("keys %v and %v have the texts %q and %q", a, b, ta, tb)
		}
	})
}

// TestFullDisk: callers see a full disk as the system has it, although SQLite noticed it.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("sqlite", "file:full?mode=memory")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	_, err = db.ExecContext(t.Context(), "PRAGMA max_page_count = 1; CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob(65536))")
	if err = explain("copy", "x", err); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("%v is no full disk", err)
	}
	if err := explain("copy", "x", fs.ErrNotExist); errors.Is(err, syscall.ENOSPC) {
		t.Errorf("%v is a full disk", err)
	}
}
