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

// TestRestoreByRootAnew: folders that are made belong to the user of the folder they are in.
func TestRestoreByRootAnew(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	archive, home := backedUp(t, installation(t)), t.TempDir()
	if err := os.Chown(home, 12345, 12346); err != nil {
		t.Fatal(err)
	}
	if err := Restore(t.Context(), RestoreOptions{Config: filepath.Join(home, "config.yaml"), Archive: archive, W: &bytes.Buffer{}}); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"config.yaml", "data", "data/10001", "data/10001/messages.db"} {
		info, err := os.Stat(filepath.Join(home, path))
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := info.Sys().(*syscall.Stat_t); !ok || s.Uid != 12345 || s.Gid != 12346 {
			t.Errorf("%s: %+v", path, info.Sys())
		}
	}
}
