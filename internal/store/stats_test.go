package store

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"libration/ntqq/message"
)

func TestCheck(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages.db")
	if err := Check(t.Context(), path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing file: got %v", err)
	}
	s, err := Open(t.Context(), Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 500 {
		m := &message.Message{Chat: message.Chat{Kind: message.Group, Group: 5}, Sequence: uint64(i + 1), Raw: bytes.Repeat([]byte{1}, 500)}
		if _, err := s.Put(m); err != nil {
			t.Fatal(err)
		}
	}
	if err := Check(t.Context(), path); err != nil {
		t.Errorf("file in use: got %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := s.Stats(); got.Backlog+got.Events != 0 || got.Failed+got.Lost != 0 || got.Bytes == 0 {
		t.Errorf("after Close: got %+v, want nothing waiting or lost", got)
	}
	if err := Check(t.Context(), path); err != nil {
		t.Errorf("sound file: got %v", err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	copy(data[len(data)/2:], bytes.Repeat([]byte{0xEE}, 40_000))
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	var e *Error
	if err := Check(t.Context(), path); !errors.As(err, &e) || e.Remedy == "" {
		t.Errorf("damaged file: got %v, want an error with a remedy", err)
	}
}
