package account

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"libration/internal/store"
	"libration/ntqq"
	"libration/ntqq/message"
)

// savedProgress is told when progress is saved.
type savedProgress func()

func (f savedProgress) Load() (*ntqq.Delivered, error) { return nil, nil }

func (f savedProgress) Save(*ntqq.Delivered) error {
	f()
	return nil
}

// TestProgressBehindStore: what was delivered is on disk before it is called so.
func TestProgressBehindStore(t *testing.T) {
	t.Parallel()
	messages, err := store.Open(t.Context(), store.Options{Path: filepath.Join(t.TempDir(), "m.db")})
	if err != nil {
		t.Fatal(err)
	}
	if err := messages.Append(&store.Event{ID: 1, Time: time.Now(), Kind: "some"}); err != nil {
		t.Fatal(err)
	}
	saved := 0
	ours := func() error { return nil }
	p := &settledProgress{Progress: savedProgress(func() {
		saved++
		if n, err := messages.CountEvents(t.Context(), 0, 10, true); n != 1 || err != nil {
			t.Errorf("%d events on disk when the progress is saved, %v, want 1", n, err)
		}
	}), sync: messages.Sync, ours: ours}
	if err := p.Save(&ntqq.Delivered{}); err != nil || saved != 1 {
		t.Errorf("saved %d times, %v", saved, err)
	}
	if err := messages.Close(); err != nil {
		t.Fatal(err)
	}

	full := errors.New("disk full")
	p.sync = func(context.Context) error { return full }
	if err := p.Save(&ntqq.Delivered{}); !errors.Is(err, full) || saved != 1 {
		t.Errorf("while the store cannot write: saved %d times, %v, want 1 and why", saved, err)
	}
}

// TestProgressDamaged: what was delivered is then known from the stored messages.
func TestProgressDamaged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	messages, err := store.Open(t.Context(), store.Options{Path: filepath.Join(dir, "m.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer messages.Close()
	file := ntqq.FileProgress(filepath.Join(dir, "progress.json"))
	p := &settledProgress{
		Progress: file, sync: messages.Sync, ours: func() error { return nil }, log: slog.New(slog.DiscardHandler),
		newest: func() (*ntqq.Delivered, error) { return deliveredOf(t.Context(), 10001, messages) },
	}
	if d, err := p.Load(); d != nil || err != nil {
		t.Errorf("neither a file nor messages: got %+v, %v, want nothing", d, err)
	}
	group := message.Chat{Kind: message.Group, Group: 7}
	friend := message.Chat{Kind: message.Friend, Peer: 20001, PeerUID: "u_alice"}
	for _, m := range []message.Message{
		{Chat: group, Sequence: 12, Time: 1200}, {Chat: group, Sequence: 11, Time: 1100},
		{Chat: friend, Sequence: 5, ClientSequence: 900, Time: 1300}, {Chat: friend, Sequence: 901, ClientSequence: 901, Time: 1400},
	} {
		if _, err := messages.Put(&m); err != nil {
			t.Fatal(err)
		}
	}
	if err := messages.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := &ntqq.Delivered{UIN: 10001, Chats: []ntqq.ChatDelivered{
		{Peer: 20001, PeerUID: "u_alice", Sequence: 5, Time: 1300}, {Group: 7, Sequence: 12, Time: 1200},
	}}
	for _, damaged := range []string{"missing", "", "{", `{"uin":10001,"chats":[{"gro`, "\x00\x00\x00\x00", "null", "{}", `{"uin":10001,"chats":[]}`} {
		if damaged == "missing" {
			_ = os.Remove(string(file))
		} else if err := os.WriteFile(string(file), []byte(damaged), 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := p.Load()
		if diff := cmp.Diff(want, d); diff != "" || err != nil {
			t.Errorf("%q: %v (-want +got):\n%s", damaged, err, diff)
		}
	}
}
