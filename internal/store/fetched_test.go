package store

import (
	"context"
	"path/filepath"
	"testing"

	"libration/ntqq/message"
)

// TestPutFetched: what was fetched is found like everything else, and does not count as
// the newest of its chat before it has arrived.
func TestPutFetched(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages.db")
	s := open(t, Options{Path: path})
	newest := func(s *Store) uint64 {
		t.Helper()
		flush(t, s)
		all, err := s.Newest(context.Background(), 10)
		if err != nil || len(all) > 1 {
			t.Fatalf("got %v, %v", all, err)
		}
		if len(all) == 0 {
			return 0
		}
		return all[0].Sequence
	}
	fetched := func(m *message.Message) int32 {
		t.Helper()
		id, err := s.PutFetched(m)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	five, six, seven := groupMessage(t, 1, 5), groupMessage(t, 1, 6), groupMessage(t, 1, 7)
	seven.Self = true
	id := fetched(seven)
	check(t, s, id, seven)
	if got := newest(s); got != 0 {
		t.Errorf("after a fetched message the newest is %d, want none", got)
	}
	check(t, s, id, seven)
	put(t, s, five)
	if got := newest(s); got != 5 {
		t.Errorf("the newest is %d, want the one that arrived, 5", got)
	}
	fetched(five)
	if got := newest(s); got != 5 {
		t.Errorf("when it was fetched, too, the newest is %d, want 5", got)
	}
	fetched(six)
	put(t, s, six)
	if got := newest(s); got != 6 {
		t.Errorf("when a fetched one has arrived, the newest is %d, want 6", got)
	}
	if _, err := s.PutSent(seven); err != nil {
		t.Fatal(err)
	}
	if got := newest(s); got != 7 {
		t.Errorf("when a fetched one was sent here, the newest is %d, want 7", got)
	}

	// A repair keeps the difference.
	last := groupMessage(t, 1, 9)
	last.Self = true
	id = fetched(last)
	flush(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	n, err := s.copyRows(context.Background(), path, path+".copy")
	if err != nil || n.messages != 4 {
		t.Fatalf("copied %d messages, %v; want 4", n.messages, err)
	}
	s = open(t, Options{Path: path + ".copy"})
	check(t, s, id, last)
	if got := newest(s); got != 7 {
		t.Errorf("after a repair the newest is %d, want 7", got)
	}
}
