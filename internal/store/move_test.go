package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pressly/goose/v3"

	"libration/ntqq/message"
)

// formerFile makes a file as an earlier version wrote it, with these messages, of which
// the first ones are removed already, and returns their ids.
func formerFile(t testing.TB, path string, hash func([]byte) uint32, all []*message.Message, removed int) (ids []int32) {
	t.Helper()
	if err := prepareFile(path, nil); err != nil {
		t.Fatal(err)
	}
	db, err := openDB(path, 1, writerCache, "auto_vacuum(incremental)", "journal_mode(wal)", "synchronous(off)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, dir, goose.WithDisableGlobalRegistry(true))
	if err == nil {
		_, err = p.UpTo(t.Context(), 6)
	}
	if err != nil {
		t.Fatal(err)
	}
	taken := make(map[int32]bool)
	for i, m := range all {
		k, err := keyOf(m.Chat, m.Sequence)
		if err != nil {
			t.Fatal(err)
		}
		id := k.candidate(0, hash)
		for n := 1; id == 0 || taken[id]; n++ {
			id = k.candidate(n, hash)
		}
		taken[id] = true
		ids = append(ids, id)
		if i < removed {
			_, err = db.Exec(addTrimmedSQL, uint32(id), k.fingerprint())
		} else {
			via := m.Chat.Group
			if m.Chat.Kind == message.Group {
				via = 0
			}
			rec := record{message: *m}
			_, err = db.Exec("INSERT INTO messages (id, "+oldMessageColumns+") VALUES ("+strings.Repeat("?, ", 19)+"?)",
				id, int64(k.scene), int64(k.peer), string(m.Chat.PeerUID), int64(via), int64(m.Sequence), int64(m.ClientSequence), int64(m.Random),
				m.Time, rec.bits(), int64(m.Sender.UIN), string(m.Sender.UID), m.Sender.Nickname, m.Sender.Card, m.Sender.Title,
				int64(m.Sender.Role), int64(m.Sender.Level), m.GroupName, people(m.Content), m.Raw)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return ids
}

// formerMessages are of every kind.
func formerMessages(t testing.TB) (all []*message.Message) {
	for i := range uint64(15) {
		temp := privateMessage(t, message.Temp, 40004, i+1, i+100, uint32(i+1))
		temp.Chat.Group = 777
		unknown := privateMessage(t, message.Friend, 0, i+1, 8, 7)
		unknown.Chat.PeerUID = "u_unknown"
		all = append(all, groupMessage(t, 1, 1000+i), groupMessage(t, 1<<64-1, 1<<64-20+i), temp, unknown)
	}
	return all
}

// dump is all of the file that the program can see.
func dump(t testing.TB, path string) (all []string) {
	t.Helper()
	db, err := openDB(path, 1, readerCache)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, query := range []string{
		"SELECT * FROM messages ORDER BY position", "SELECT * FROM messages ORDER BY id", "SELECT * FROM former", "SELECT * FROM blocks",
		"SELECT * FROM trimmed", "SELECT name, sql FROM sqlite_schema WHERE name LIKE '%messages%' ORDER BY name",
	} {
		rows, err := db.Query(query)
		if err != nil {
			t.Fatal(err)
		}
		columns, _ := rows.Columns()
		values := make([]any, len(columns))
		into := make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		for rows.Next() {
			if err := rows.Scan(into...); err != nil {
				t.Fatal(err)
			}
			all = append(all, fmt.Sprint(values...))
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func copyFile(t testing.TB, from, to string, most int64) {
	t.Helper()
	data, err := os.ReadFile(from)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err == nil {
		err = os.WriteFile(to, data[:min(most, int64(len(data)))], 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestMove: rows of an earlier version keep their ids, whenever the program was killed
// while they were moved.
func TestMove(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	former := filepath.Join(dir, "former.db")
	all := formerMessages(t)
	const removed = 6
	ids := formerFile(t, former, crc, all, removed)
	whole := filepath.Join(dir, "whole.db")
	copyFile(t, former, whole, always)
	closeStore(t, open(t, Options{Path: whole}))
	want := dump(t, whole)
	if n := len(all); len(want) < 2*(n-removed)+4+removed {
		t.Fatalf("only %d rows", len(want))
	}
	sound := func(t *testing.T, path string) {
		t.Helper()
		s := open(t, Options{Path: path})
		for i, m := range all {
			if id, err := s.ID(m.Chat, m.Sequence); id != ids[i] || err != nil {
				t.Errorf("message %d has the id %d, %v, want %d", i, id, err, ids[i])
			}
			if i >= removed {
				check(t, s, ids[i], m)
			} else if m, err := s.Get(ids[i]); m != nil || err != nil {
				t.Errorf("a removed message is %v, %v", m, err)
			}
			if id := put(t, s, m); id != ids[i] {
				t.Errorf("message %d gets the id %d, want %d", i, id, ids[i])
			}
		}
		for i := range uint64(3) {
			m := groupMessage(t, 1, 2000+i)
			if id := put(t, s, m); id != idIn(keyFor(m).block().nth(0), 2000+i) {
				t.Errorf("a new message has the id %d", id)
			}
		}
		closeStore(t, s)
	}
	sound(t, whole)

	stop := errors.New("killed")
	for n := 0; ; n++ {
		path := filepath.Join(dir, fmt.Sprintf("%d.db", n))
		copyFile(t, former, path, always)
		calls, ended := 0, false
		var cuts []string
		s, err := Open(context.Background(), Options{Path: path, piece: 7, moved: func() error {
			if calls++; calls <= n {
				return nil
			}
			// As it is on the disk, and with each part of what was written last.
			wal, err := os.Stat(path + "-wal")
			if err != nil {
				return err
			}
			const frame = 24 + 4096
			for size := wal.Size(); size >= 32 && len(cuts) < 12; size -= frame {
				cut := fmt.Sprintf("%s-%d", path, size)
				copyFile(t, path, cut, always)
				copyFile(t, path+"-wal", cut+"-wal", size)
				cuts = append(cuts, cut)
			}
			return stop
		}})
		if err == nil {
			ended = true
			closeStore(t, s)
		} else if !errors.Is(err, stop) {
			t.Fatal(err)
		}
		for _, path := range append(cuts, path) {
			closeStore(t, open(t, Options{Path: path, piece: 5}))
			if diff := cmp.Diff(want, dump(t, path)); diff != "" {
				t.Fatalf("killed in piece %d, %s: the file differs (-want +got):\n%s", n, filepath.Base(path), diff)
			}
		}
		if ended {
			if n < 7 {
				t.Errorf("there were only %d pieces", n)
			}
			break
		}
	}
}

func keyFor(m *message.Message) key {
	k, _ := keyOf(m.Chat, m.Sequence)
	return k
}

// TestMoveDamaged: a damaged file is repaired, also when only some of the rows were moved.
func TestMoveDamaged(t *testing.T) {
	t.Parallel()
	for _, pieces := range []int{0, 3} {
		path := filepath.Join(t.TempDir(), "messages.db")
		all := formerMessages(t)
		ids := formerFile(t, path, crc, all, 6)
		stop := errors.New("killed")
		_, err := Open(t.Context(), Options{Path: path, piece: 7, moved: func() error {
			if pieces--; pieces < 0 {
				return stop
			}
			return nil
		}})
		if !errors.Is(err, stop) {
			t.Fatal(err)
		}
		change(t, path, overwrite(0, 100))
		s := open(t, Options{Path: path})
		for i, m := range all {
			if id, err := s.ID(m.Chat, m.Sequence); id != ids[i] || err != nil {
				t.Errorf("message %d has the id %d, %v, want %d", i, id, err, ids[i])
			}
			if i >= 6 {
				check(t, s, ids[i], m)
			}
		}
		if s.Stats().Repaired != 1 {
			t.Error("it was not repaired")
		}
	}
}

// TestMoveAheadOfFormer: ids that an earlier version gave after the copy was made stay
// those of their messages.
func TestMoveAheadOfFormer(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "messages.db")
	all := []*message.Message{groupMessage(t, 1, 1), groupMessage(t, 1, 2), groupMessage(t, 1, 3)}
	formerFile(t, path, crc, all[:1], 0)
	if _, _, err := MoveAhead(t.Context(), path, Ahead{}); err != nil {
		t.Fatal(err)
	}
	s := open(t, Options{Path: path})
	for _, m := range slices.Backward(all) {
		if id := put(t, s, m); id != keyFor(m).candidate(0, crc) {
			t.Errorf("message %d has the id %d", m.Sequence, id)
		}
	}
	if m := groupMessage(t, 1, 5000); put(t, s, m) != idIn(keyFor(m).block().nth(0), 5000) {
		t.Error("a later message has an id of the earlier version")
	}
}
