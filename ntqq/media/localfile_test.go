//go:build unix

package media

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestWhatIsNeverRead(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	secret := write(t, filepath.Join(top, "data", "10001", "keystore.json"), "secret")
	config := write(t, filepath.Join(top, "config.yaml"), "secret")
	fine := write(t, filepath.Join(top, "pictures", "a.png"), "fine")
	other := write(t, filepath.Join(top, "other", "a.png"), "fine")
	link := func(to, name string) string {
		path := filepath.Join(top, "pictures", name)
		if err := os.Symlink(to, path); err != nil {
			t.Skip(err)
		}
		return path
	}
	toFile, toFolder := link(secret, "file.png"), link(filepath.Join(top, "data"), "folder")
	hard := filepath.Join(top, "pictures", "hard.png")
	pipe := filepath.Join(top, "pictures", "pipe")
	if err := errors.Join(os.Link(config, hard), syscall.Mkfifo(pipe, 0o600)); err != nil {
		t.Fatal(err)
	}
	cache, err := OpenCache(filepath.Join(top, "data", "10001", "media"), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	cached := write(t, filepath.Join(cache.Folder(), "x.png"), "fine")
	o := FilesOptions{Cache: cache, Forbidden: []string{filepath.Join(top, "data"), config, filepath.Join(top, "not there")}}
	open, confined := newFiles(t, o), newFiles(t, FilesOptions{Cache: cache, Forbidden: o.Forbidden, Folders: []string{filepath.Join(top, "pictures"), filepath.Join(top, "data")}})
	for _, path := range []string{
		secret, config, toFile, filepath.Join(toFolder, "10001", "keystore.json"), hard, pipe,
		top + "/pictures/../data/10001/keystore.json", cache.Folder() + "/../keystore.json",
		"/proc/self/environ", "/proc/self/cwd/../../config.yaml", "/proc/self/root" + secret, "/sys/kernel/version", os.DevNull,
	} {
		for _, f := range []*Files{open, confined} {
			if got, err := resolved(t, f, path); err == nil {
				t.Errorf("%s: got %q", path, got)
			}
		}
	}
	toFine := link(fine, "fine.png")
	for _, path := range []string{fine, toFine, cached} {
		for _, f := range []*Files{open, confined} {
			if got, err := resolved(t, f, path); err != nil || got != "fine" {
				t.Errorf("%s: got %q, %v", path, got, err)
			}
		}
	}
	toOther := link(other, "other.png")
	for _, path := range []string{other, toOther} {
		if got, err := resolved(t, open, path); err != nil || got != "fine" {
			t.Errorf("%s: got %q, %v", path, got, err)
		}
		if got, err := resolved(t, confined, path); err == nil || !strings.Contains(err.Error(), "media.files.allow") {
			t.Errorf("%s: got %q, %v", path, got, err)
		}
	}
}

// A link that changes is checked again each time.
func TestLinkThatChanges(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	secret := write(t, filepath.Join(top, "data", "secret"), "secret")
	fine := write(t, filepath.Join(top, "fine"), "fine")
	link := filepath.Join(top, "link")
	if err := os.Symlink(fine, link); err != nil {
		t.Skip(err)
	}
	f := newFiles(t, FilesOptions{Forbidden: []string{filepath.Join(top, "data")}})
	s, err := f.Resolve(t.Context(), link, FetchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := contentOf(t.Context(), s); err != nil || string(got) != "fine" {
		t.Errorf("got %q, %v", got, err)
	}
	if err := errors.Join(os.Remove(link), os.Symlink(secret, link)); err != nil {
		t.Fatal(err)
	}
	if got, err := contentOf(t.Context(), s); err == nil {
		t.Errorf("got %q", got)
	}
}
