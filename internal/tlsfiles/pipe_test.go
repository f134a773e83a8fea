//go:build unix

package tlsfiles_test

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"libration/internal/tlsfiles"
)

// TestPipe: a pipe that nobody writes to is refused, and not waited for.
func TestPipe(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := (tlsfiles.Files{CA: pipe}).Load(); err == nil || !strings.Contains(err.Error(), "tls.ca "+pipe+" is no file") {
		t.Errorf("got %v", err)
	}
}
