package store

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"

	"libration/ntqq/message"
)

// idWorld is a store, and what was promised of its ids.
type idWorld struct {
	dir  string
	o    Options
	s    *Store
	file int

	given map[int32]key // every id that is on the disk, also of messages that are gone
	ids   map[key]int32 // as far as they must stay
	fresh map[key]int64 // keys in the WAL, and how long that was with them
	rows  map[key]*message.Message
}

// weak makes everything collide: blocks have 31 slots, and an earlier version's ids lie in
// them.
func weak(o *Options) {
	o.slot = func(b block, n int) uint32 { return b.nth(n) % 32 }
	o.hash = func(b []byte) uint32 { return crc(b) % (32 * places) }
	o.piece = 7
}

var idChats = []message.Chat{
	{Kind: message.Group, Group: 1}, {Kind: message.Group, Group: 2},
	{Kind: message.Friend, Peer: 1, PeerUID: "u_1"}, {Kind: message.Friend, PeerUID: "u_2"},
}

func (w *idWorld) draw(t *rapid.T) *message.Message {
	chat := rapid.SampledFrom(idChats).Draw(t, "chat")
	number := rapid.Uint64Range(0, 2).Draw(t, "block")
	return &message.Message{Chat: chat, Sequence: number*places + rapid.Uint64Range(1, 9).Draw(t, "place"), Time: 1}
}

func (w *idWorld) open(t *rapid.T) {
	s, err := Open(context.Background(), w.o)
	if err != nil {
		t.Fatal(err)
	}
	w.s = s
	if _, err := s.db.w.Exec("PRAGMA wal_checkpoint(truncate)"); err != nil {
		t.Fatal(err)
	}
	clear(w.fresh)
}

func (w *idWorld) close(t *rapid.T) {
	if err := w.s.Close(); err != nil {
		t.Fatal(err)
	}
}

func (w *idWorld) wal() int64 {
	info, err := os.Stat(w.o.Path + "-wal")
	if err != nil {
		return 0
	}
	return info.Size()
}

// put stores a message, whose id must be what was promised, and nobody else's.
func (w *idWorld) put(t *rapid.T, m *message.Message) {
	before, errBefore := w.s.ID(m.Chat, m.Sequence)
	id, err := w.s.Put(m)
	if err != nil {
		if errBefore == nil || before != 0 {
			t.Fatalf("Put gives %v, ID gave %d, %v", err, before, errBefore)
		}
		return // all slots are taken
	}
	if before != id {
		t.Fatalf("the id was %d, and is %d", before, id)
	}
	w.promise(t, keyFor(m), id)
	if err := w.s.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	w.rows[keyFor(m)] = m
	if _, ok := w.ids[keyFor(m)]; !ok {
		w.fresh[keyFor(m)] = w.wal()
	}
	w.given[id], w.ids[keyFor(m)] = keyFor(m), id
}

func (w *idWorld) promise(t *rapid.T, k key, id int32) {
	if owner, ok := w.given[id]; ok && owner != k {
		t.Fatalf("the id %d of %v was given to %v", id, owner, k)
	}
	if had, ok := w.ids[k]; ok && had != id {
		t.Fatalf("%v had the id %d, and has %d", k, had, id)
	}
}

// check asks for all ids.
func (w *idWorld) check(t *rapid.T) {
	for k, want := range w.ids {
		c := message.Chat{Kind: k.scene.kind(), Peer: message.UIN(k.peer), PeerUID: k.uid}
		if k.scene == sceneGroup {
			c = message.Chat{Kind: message.Group, Group: message.GroupCode(k.peer)}
		}
		if id, err := w.s.ID(c, k.sequence); id != want || err != nil {
			t.Fatalf("%v has the id %d, %v, want %d", k, id, err, want)
		}
	}
}

// take copies the file to a new name, with so much of the WAL.
func (w *idWorld) take(t *rapid.T, wal int64) (path string) {
	w.file++
	path = filepath.Join(w.dir, fmt.Sprintf("%d.db", w.file))
	for suffix, most := range map[string]int64{"": always, "-wal": wal} {
		data, err := os.ReadFile(w.o.Path + suffix)
		if err != nil && suffix == "" {
			t.Fatal(err)
		}
		if err := os.WriteFile(path+suffix, data[:min(most, int64(len(data)))], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// crash goes on with what is on the disk, but for some of what was written last.
func (w *idWorld) crash(t *rapid.T) {
	const frame = 24 + 4096
	frames := int(max(0, w.wal()-32)) / frame
	size := int64(32 + frame*rapid.IntRange(0, frames).Draw(t, "frames"))
	path := w.take(t, size)
	w.close(t)
	w.o.Path = path
	for k, with := range w.fresh {
		if with > size {
			delete(w.given, w.ids[k])
			delete(w.ids, k)
			delete(w.rows, k)
		}
	}
	w.open(t)
}

func (w *idWorld) damage(t *rapid.T) {
	w.close(t)
	f, err := os.OpenFile(w.o.Path, os.O_RDWR, 0)
	if err == nil {
		_, err = f.WriteAt(make([]byte, 100), 0)
		_ = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	w.open(t)
	if w.s.Stats().Repaired != 1 {
		t.Fatal("it was not repaired")
	}
}

// restore goes on with a copy, of before some messages came.
func (w *idWorld) restore(t *rapid.T) {
	path := w.take(t, always)
	newest := make(map[message.Chat]uint64)
	for _, m := range w.rows {
		newest[m.Chat] = max(newest[m.Chat], m.Sequence)
	}
	type kept struct {
		m  *message.Message
		id int32
	}
	var since []kept
	for chat, sequence := range newest {
		for i := range uint64(3) {
			m := &message.Message{Chat: chat, Sequence: sequence + 1 + i*70, Time: 1}
			if id, err := w.s.Put(m); err == nil {
				w.promise(t, keyFor(m), id)
				since = append(since, kept{m, id})
			}
		}
	}
	w.close(t)
	w.o.Path = path
	if _, _, err := moveAhead(context.Background(), path, Ahead{Taken: time.Unix(10, 0), Now: time.Unix(20, 0)}, w.o); err != nil {
		t.Fatal(err)
	}
	for _, k := range since {
		w.given[k.id] = keyFor(k.m)
		// Another one is possible where two blocks may have had it.
		delete(w.ids, keyFor(k.m))
	}
	w.open(t)
}

// TestIDsStay: an id is never given to two messages, and a message's id stays, whatever
// happens to the file.
func TestIDsStay(t *testing.T) {
	// Each sequence opens the file many times. More of them: -rapid.checks.
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		if err := f.Value.Set("15"); err != nil {
			t.Fatal(err)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			rt.Fatal(err)
		}
		w := &idWorld{dir: dir, given: make(map[int32]key), ids: make(map[key]int32), fresh: make(map[key]int64), rows: make(map[key]*message.Message)}
		w.o = Options{Path: filepath.Join(dir, "0.db"), gather: time.Microsecond}
		weak(&w.o)
		w.o.setDefaults()
		if rapid.Bool().Draw(rt, "former") {
			var all []*message.Message
			for range rapid.IntRange(0, 20).Draw(rt, "messages") {
				m := w.draw(rt)
				if w.rows[keyFor(m)] == nil {
					m.Raw = []byte{}
					w.rows[keyFor(m)] = m
					all = append(all, m)
				}
			}
			removed := rapid.IntRange(0, len(all)).Draw(rt, "removed")
			for i, id := range formerFile(t, w.o.Path, w.o.hash, all, removed) {
				k := keyFor(all[i])
				w.given[id], w.ids[k] = k, id
				if i < removed {
					delete(w.rows, k)
				}
			}
		}
		w.open(rt)
		defer func() { _ = w.s.Close() }()
		rt.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) { w.put(t, w.draw(t)) },
			"trim": func(t *rapid.T) {
				var last int64
				_ = w.s.db.r.QueryRow("SELECT coalesce(max(position), 0) FROM messages").Scan(&last)
				if _, err := w.s.trimMessages(context.Background(), rapid.Int64Range(0, last).Draw(t, "up to"), 1, 0); err != nil {
					t.Fatal(err)
				}
			},
			"crash":   w.crash,
			"reopen":  func(t *rapid.T) { w.close(t); w.open(t) },
			"damage":  w.damage,
			"restore": w.restore,
			"":        w.check,
		})
	})
}
