package store

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"libration/ntqq/message"
)

// unreadable has reading fail until the function is called.
func unreadable(s *Store) (readable func()) {
	s.mu.Lock()
	db := s.db
	s.db = nil
	s.mu.Unlock()
	return func() {
		s.mu.Lock()
		s.db = db
		s.mu.Unlock()
	}
}

// TestFormerIDsOfTwo: two keys with one id of the earlier version, while the file cannot be
// read.
func TestFormerIDsOfTwo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages.db")
	hash := func(b []byte) uint32 {
		if strings.Contains(string(b), "#1") {
			return 20000
		}
		return 10000
	}
	formerFile(t, path, hash, []*message.Message{groupMessage(t, 1, 50)}, 0)
	s := open(t, Options{Path: path, hash: hash, gather: time.Hour})
	readable := unreadable(s)
	a, b := put(t, s, groupMessage(t, 1, 10)), put(t, s, groupMessage(t, 1, 11))
	readable()
	if a == b {
		t.Errorf("both have the id %d", a)
	}
}

// TestSlotOfAnother: a message whose slot turns out to be another block's is not stored
// under it.
func TestSlotOfAnother(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages.db")
	slot := func(_ block, n int) uint32 { return uint32(5 + n) }
	s := open(t, Options{Path: path, slot: slot})
	put(t, s, groupMessage(t, 1, 1))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, Options{Path: path, slot: slot, gather: time.Hour})
	readable := unreadable(s)
	put(t, s, groupMessage(t, 2, 2))
	readable()
	if _, err := s.ID(groupMessage(t, 1, 3).Chat, 3); err != nil { // reads whose it is
		t.Fatal(err)
	}
	flush(t, s)
	again := put(t, s, groupMessage(t, 2, 2))
	flush(t, s)
	check(t, s, again, groupMessage(t, 2, 2))
	var rows int
	if err := s.db.w.QueryRow("SELECT count(*) FROM messages WHERE peer = 2").Scan(&rows); err != nil || rows != 1 {
		t.Errorf("%d rows, %v", rows, err)
	}
}

// TestPlaceOfAFormerID: what is written under an id of the earlier version has its place.
func TestPlaceOfAFormerID(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages.db")
	hash := func(b []byte) uint32 {
		if strings.HasSuffix(string(b), ":50") {
			return 5000
		}
		return 7*places + 10
	}
	slot := func(b block, n int) uint32 {
		if b.peer == 3 {
			return uint32(7 + n)
		}
		return uint32(100 + n)
	}
	formerFile(t, path, hash, []*message.Message{groupMessage(t, 1, 50)}, 0)
	s := open(t, Options{Path: path, hash: hash, slot: slot, gather: time.Hour})
	put(t, s, groupMessage(t, 3, 1)) // the slot is read
	readable := unreadable(s)
	a := put(t, s, groupMessage(t, 1, 10))
	readable()
	flush(t, s)
	check(t, s, a, groupMessage(t, 1, 10))
	if b := put(t, s, groupMessage(t, 3, 10)); a == b {
		t.Errorf("both have the id %d", a)
	}
}

// TestOldRowsOfDamage: an old file with a position of 0, or with an id twice as its index
// was damaged, is opened with all that makes sense.
func TestOldRowsOfDamage(t *testing.T) {
	for name, damage := range map[string][]string{
		"position 0": {"UPDATE messages SET position = 0 WHERE sequence = 50"},
		"twice": {"DROP INDEX messages_id", "CREATE INDEX messages_id ON messages (id)",
			"INSERT INTO messages (id, " + oldMessageColumns + ") SELECT id, " + oldMessageColumns + " FROM messages WHERE sequence = 50"},
	} {
		path := filepath.Join(t.TempDir(), "messages.db")
		formerFile(t, path, crc, []*message.Message{groupMessage(t, 1, 50), groupMessage(t, 1, 51)}, 0)
		db, err := openDB(path, 1, writerCache)
		if err != nil {
			t.Fatal(err)
		}
		for _, query := range damage {
			if _, err := db.Exec(query); err != nil {
				t.Fatalf("%s: %v", query, err)
			}
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		s := open(t, Options{Path: path, piece: 1})
		var rows int
		if err := s.db.w.QueryRow("SELECT count(*) FROM messages").Scan(&rows); err != nil || rows != 2 {
			t.Errorf("%s: %d rows, %v", name, rows, err)
		}
	}
}
