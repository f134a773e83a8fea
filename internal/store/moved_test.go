package store

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// waitRestored waits until the file has its name again.
func waitRestored(t testing.TB, s *Store) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); s.Moved() || s.Err() != nil; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("moved: %t, err: %v", s.Moved(), s.Err())
		}
	}
	flush(t, s)
}

// TestRestore: a file that was removed or moved while it was open is there again, with
// all messages, events, ids and cursors.
func TestRestore(t *testing.T) {
	for _, tt := range []struct {
		name string
		lose func(t *testing.T, dir string) // the file and more
	}{
		{"folder removed", func(t *testing.T, dir string) {
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
		}},
		{"folder renamed", func(t *testing.T, dir string) {
			if err := os.Rename(dir, dir+".old"); err != nil {
				t.Fatal(err)
			}
		}},
		{"only the file removed", func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, "messages.db")); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if runtime.GOOS == "windows" {
				t.Skip("the system keeps open files where they are")
			}
			path := filepath.Join(t.TempDir(), "data", "messages.db")
			o := Options{Path: path}
			s := open(t, o)
			var ids []int32
			add := func(n int) {
				t.Helper()
				for range n {
					i := len(ids)
					ids = append(ids, put(t, s, groupMessage(t, 1, uint64(i+1))))
					appendEvent(t, s, someEvent(int64(i+1), ids[i]))
				}
			}
			compare := func() {
				t.Helper()
				for i, id := range ids {
					check(t, s, id, groupMessage(t, 1, uint64(i+1)))
				}
				if events := readEvents(t, s, 0, 1000); len(events) != len(ids) {
					t.Errorf("%d events, want %d", len(events), len(ids))
				}
				if at, ok, err := s.Cursor("bot"); at != 7 || !ok || err != nil {
					t.Errorf("the cursor is at %d, %t, %v, want 7", at, ok, err)
				}
			}
			add(20)
			s.SetCursor("bot", 7)
			flush(t, s)
			if s.Moved() {
				t.Error("moved before it is")
			}
			tt.lose(t, filepath.Dir(path))
			if !s.Moved() {
				t.Fatal("nobody notices")
			}
			add(20)
			flush(t, s)
			compare()
			if err := s.Restore(t.Context()); err != nil || s.Moved() {
				t.Fatalf("not restored: %v, moved: %t", err, s.Moved())
			}
			add(20)
			flush(t, s)
			compare()
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("the file is %v, %v", info, err)
			}
			closeStore(t, s)
			if err := Check(t.Context(), path); err != nil {
				t.Error(err)
			}
			s = open(t, o)
			compare()
			closeStore(t, s)
			if left, err := filepath.Glob(path + "?*"); len(left) > 0 || err != nil {
				t.Errorf("left over: %q, %v", left, err)
			}
		})
	}
}

// TestRestoreOverAnother: a file that has taken the place is not overwritten.
func TestRestoreOverAnother(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the system keeps open files where they are")
	}
	path := filepath.Join(t.TempDir(), "messages.db")
	s := open(t, Options{Path: path, retryMin: time.Millisecond})
	id := put(t, s, groupMessage(t, 1, 1))
	flush(t, s)
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Restore(t.Context()); err == nil || !strings.Contains(err.Error(), "another file has taken its place") {
		t.Errorf("got %v", err)
	}
	check(t, s, id, groupMessage(t, 1, 1)) // it can still be read
	if b, err := os.ReadFile(path); string(b) != "mine" || err != nil {
		t.Errorf("the other file is %q, %v", b, err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	waitRestored(t, s)
	check(t, s, id, groupMessage(t, 1, 1))
	closeStore(t, s)
}
