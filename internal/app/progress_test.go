package app

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"libration/internal/store"
	"libration/ntqq"
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
	if err := messages.Append(&store.Event{ID: 1, Time: time.Now(), Array: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	saved := 0
	p := settledProgress{savedProgress(func() {
		saved++
		if n, err := messages.CountEvents(t.Context(), 0, 10); n != 1 || err != nil {
			t.Errorf("%d events on disk when the progress is saved, %v, want 1", n, err)
		}
	}), messages.Sync}
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
