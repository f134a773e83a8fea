//go:build unix

package place

import (
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestPipe: a pipe in place of the record is none, and holds up nobody.
func TestPipe(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(folder, Name), 0o600); err != nil {
		t.Skip(err)
	}
	done := make(chan error, 1)
	go func() { done <- Check(folder) }()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Error("it waits for somebody to write")
	}
}
