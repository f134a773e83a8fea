package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"libration/ntqq/message"
)

// TestCopyWhileWriting: a copy has what was written before it, and of what comes meanwhile
// a beginning.
func TestCopyWhileWriting(t *testing.T) {
	t.Parallel()
	s := open(t, Options{})
	for i := range uint64(200) {
		put(t, s, groupMessage(t, 1, i+1))
	}
	flush(t, s)
	ctx, stop := context.WithCancel(t.Context())
	var writing sync.WaitGroup
	writing.Go(func() {
		for i := uint64(201); ctx.Err() == nil; i++ {
			if _, err := s.Put(groupMessage(t, 1, i)); err != nil {
				t.Error(err)
			}
		}
	})
	to := filepath.Join(t.TempDir(), "copy.db")
	err := Copy(t.Context(), s.o.Path, to)
	stop()
	writing.Wait()
	if err != nil {
		t.Fatal(err)
	}
	if err := Check(t.Context(), to); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(to); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("the copy: %v, %v", info, err)
	}
	c := open(t, Options{Path: to})
	newest, err := c.Newest(t.Context(), 2)
	if err != nil || len(newest) != 1 || newest[0].Sequence < 200 {
		t.Fatalf("newest of the copy: %+v, %v", newest, err)
	}
	for i := range newest[0].Sequence {
		m := groupMessage(t, 1, i+1)
		id, err := c.ID(m.Chat, m.Sequence)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := c.Get(id); err != nil || got == nil {
			t.Fatalf("message %d of %d: %v, %v", i+1, newest[0].Sequence, got, err)
		}
	}
}

// TestCopyFails: without a source, or room, no file is left.
func TestCopyFails(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	from, to := filepath.Join(folder, "messages.db"), filepath.Join(folder, "copy.db")
	if err := Copy(t.Context(), from, to); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if err := os.WriteFile(from+repairSuffix, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Copy(t.Context(), from, to); !errors.Is(err, errRepairing) {
		t.Errorf("half repaired: %v", err)
	}
	if err := os.WriteFile(from, []byte("this is no database, whatever its name says"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Copy(t.Context(), from, to); !isDamage(err) {
		t.Errorf("no database: %v", err)
	}
	if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file is left: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := open(t, Options{})
	put(t, s, groupMessage(t, 1, 1))
	flush(t, s)
	if err := Copy(ctx, s.o.Path, to); err == nil {
		t.Error("a copy that was stopped is no error")
	}
	if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file is left: %v", err)
	}
}

// TestMoveAhead: a copy gives no id to another message than the original gave it to, after
// the copy was made. Ids are few here, so that they collide.
func TestMoveAhead(t *testing.T) {
	t.Parallel()
	few := func(b block, n int) uint32 { return b.nth(n) % 64 }
	s := open(t, Options{slot: few})
	taken := time.Unix(groupMessage(t, 1, 1).Time, 0)
	for i := range uint64(100) {
		put(t, s, groupMessage(t, 1, 801+i))
	}
	put(t, s, privateMessage(t, message.Friend, 3, 1, 900, 7))
	if err := s.Append(&Event{ID: 1000, Kind: "x", Body: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	flush(t, s)
	to := filepath.Join(t.TempDir(), "copy.db")
	if err := Copy(t.Context(), s.o.Path, to); err != nil {
		t.Fatal(err)
	}

	since := make(map[int32]string) // by id, whose it is
	name := func(m *message.Message) string {
		return fmt.Sprintf("%v %d %d %d", m.Chat.Kind, m.Chat.Group, m.Chat.Peer, m.Sequence)
	}
	var gap []*message.Message
	for i := range uint64(400) { // more than leastReserved, as the chat is lively
		gap = append(gap, groupMessage(t, 1, 901+i))
	}
	for i := range uint64(100) {
		gap = append(gap, privateMessage(t, message.Friend, 3, 2+i, 901+i, 7), privateMessage(t, message.Friend, 4, 51+i, 1+i, 7))
	}
	for _, m := range gap {
		since[put(t, s, m)] = name(m)
	}

	a := Ahead{Taken: taken, Now: taken.Add(rateOver), Newest: []Newest{
		{Chat: message.Chat{Kind: message.Group, Group: 1}, Sequence: 900},
		{Chat: message.Chat{Kind: message.Friend, Peer: 4, PeerUID: "u_peer"}, Sequence: 50}, // no message of it is left
	}}
	reserved, all, err := moveAhead(t.Context(), to, a, Options{slot: few})
	if err != nil || !all || reserved < 500 {
		t.Fatalf("reserved %d, all %t, %v", reserved, all, err)
	}
	c := open(t, Options{Path: to, slot: few})
	if last := c.LastEvent(); last <= a.Now.UnixMicro() {
		t.Errorf("the newest event is %d, not beyond the present", last)
	}
	met := 0
	for i := range uint64(20000) {
		m := groupMessage(t, 2, i+1)
		m.Raw = nil
		if since[idIn(few(block{scene: sceneGroup, peer: 2, number: (i + 1) / places}, 0), i+1)] != "" {
			met++
		}
		if id := put(t, c, m); since[id] != "" {
			t.Errorf("the id %d of %q was given to %q", id, since[id], name(m))
		}
	}
	if met == 0 {
		t.Error("no message had one of these ids first: nothing was tried")
	}
	same := 0
	for _, m := range gap {
		switch id := put(t, c, m); since[id] {
		case name(m):
			same++
		case "":
		default:
			t.Errorf("the id of %q was given to %q", since[id], name(m))
		}
	}
	if same < len(gap)-5 {
		t.Errorf("%d of %d messages have the id that they had", same, len(gap))
	}
}

// TestMoveAheadKeepsIDs: what is in the file keeps its ids, also when it was removed since.
func TestMoveAheadKeepsIDs(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "messages.db")
	s := open(t, Options{Path: path})
	m := groupMessage(t, 5, 9)
	id := put(t, s, m)
	closeStore(t, s)
	now := time.Unix(m.Time, 0)
	// The confirmed position is behind what is stored, as it is saved later.
	newest := []Newest{{Chat: m.Chat, Sequence: 7}}
	for range 2 { // a second time it does no harm
		if _, _, err := MoveAhead(t.Context(), path, Ahead{Taken: now, Now: now, Newest: newest}); err != nil {
			t.Fatal(err)
		}
	}
	s = open(t, Options{Path: path})
	check(t, s, id, m)
	if got := put(t, s, m); got != id {
		t.Errorf("stored again it has id %d, not %d", got, id)
	}
}

// TestMoveAheadIsBounded: one chat with an absurd rate does not fill the disk, and it says
// that not all is reserved.
func TestMoveAheadIsBounded(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "messages.db")
	s := open(t, Options{Path: path})
	m := groupMessage(t, 5, 1<<64-3)
	put(t, s, m)
	for i := range uint64(50) {
		put(t, s, groupMessage(t, 6, i+1))
	}
	closeStore(t, s)
	now := time.Unix(m.Time, 0)
	reserved, all, err := MoveAhead(t.Context(), path, Ahead{Taken: now, Now: now.Add(10000 * rateOver)})
	if err != nil || all || reserved > maxReservedChat+maxReservedChat/2 {
		t.Errorf("reserved %d, all %t, %v", reserved, all, err)
	}
}
