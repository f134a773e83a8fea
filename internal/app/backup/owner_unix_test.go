//go:build linux || darwin

package backup

import (
	"bytes"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestRestoreByRoot: what root restores belongs to the user of the data folder, the
// configuration too, though its folder is root's.
func TestRestoreByRoot(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	archive := backedUp(t, installation(t))
	config := installation(t)
	data := filepath.Join(filepath.Dir(config), "data")
	if err := os.Chown(data, 12345, 12346); err != nil {
		t.Fatal(err)
	}
	if err := Restore(t.Context(), RestoreOptions{Config: config, Archive: archive, WithConfig: true, Replace: true, W: &bytes.Buffer{}}); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{config, filepath.Join(data, "10001", keystoreName)} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := info.Sys().(*syscall.Stat_t); !ok || s.Uid != 12345 || s.Gid != 12346 {
			t.Errorf("%s: %+v", path, info.Sys())
		}
	}
}
