package logfile

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

func open(t *testing.T, o Options) *File {
	t.Helper()
	f, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func write(t *testing.T, f *File, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if n, err := f.Write([]byte(line + "\n")); err != nil || n != len(line)+1 {
			t.Fatalf("write %q: got %d, %v", line, n, err)
		}
	}
}

// contents are the files beside path, "name:content".
func contents(t *testing.T, path string) string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(filepath.Dir(path), e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e.Name()+":"+strings.ReplaceAll(string(b), "\n", "/"))
	}
	return strings.Join(all, " ")
}

func TestRotation(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		keep  int
		lines string
		want  string
	}{
		{2, "aaaa", "x.log:aaaa/"},
		{2, "aaaa bbbb", "x.log:aaaa/bbbb/"},
		{2, "aaaa bbbb c", "x.log:c/ x.log.1:aaaa/bbbb/"},
		{2, "aaaaaaa bbbbbbb ccccccc", "x.log:ccccccc/ x.log.1:bbbbbbb/ x.log.2:aaaaaaa/"},
		{2, "aaaaaaa bbbbbbb ccccccc ddddddd", "x.log:ddddddd/ x.log.1:ccccccc/ x.log.2:bbbbbbb/"},
		{1, "aaaaaaa bbbbbbb ccccccc", "x.log:ccccccc/ x.log.1:bbbbbbb/"},
		{0, "aaaaaaa bbbbbbb", "x.log:bbbbbbb/"},
		{2, "longer-than-a-whole-file b", "x.log:b/ x.log.1:longer-than-a-whole-file/"},
	} {
		path := filepath.Join(t.TempDir(), "logs", "x.log")
		f := open(t, Options{Path: path, MaxSize: 10, Keep: tt.keep})
		write(t, f, strings.Fields(tt.lines)...)
		if got := contents(t, path); got != tt.want {
			t.Errorf("keep %d, lines %q: got %q, want %q", tt.keep, tt.lines, got, tt.want)
		}
	}
}

// TestReopen: the size of what is there already counts.
func TestReopen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.log")
	f := open(t, Options{Path: path, MaxSize: 10, Keep: 1})
	write(t, f, "aaaaaaa")
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte("x")); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("write after Close: got %v", err)
	}
	write(t, open(t, Options{Path: path, MaxSize: 10, Keep: 1}), "bbb")
	if got := contents(t, path); got != "x.log:bbb/ x.log.1:aaaaaaa/" {
		t.Errorf("got %q", got)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("got mode %v, error %v, want 0600", info.Mode(), err)
	}
}

// TestKeepLowered: old files that are too many now are removed, and no others.
func TestKeepLowered(t *testing.T) {
	t.Parallel()
	for keep, want := range map[int]string{
		0: "x.log:e/ x.log.6:other/ x.log.old:other/",
		2: "x.log:e/ x.log.1:d/ x.log.2:c/ x.log.6:other/ x.log.old:other/",
		4: "x.log:e/ x.log.1:d/ x.log.2:c/ x.log.3:b/ x.log.4:a/ x.log.6:other/ x.log.old:other/",
	} {
		path := filepath.Join(t.TempDir(), "x.log")
		f := open(t, Options{Path: path, MaxSize: 1, Keep: 4})
		write(t, f, "a", "b", "c", "d", "e")
		for _, name := range []string{".6", ".old"} {
			if err := os.WriteFile(path+name, []byte("other/"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		open(t, Options{Path: path, MaxSize: 1, Keep: keep})
		if got := contents(t, path); got != want {
			t.Errorf("keep %d: got %q, want %q", keep, got, want)
		}
	}
}

// TestRotationFails: the place of the old file is taken by a folder that is not
// empty. No line is lost.
func TestRotationFails(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.log")
	if err := os.MkdirAll(filepath.Join(path+".1", "full"), 0o700); err != nil {
		t.Fatal(err)
	}
	f := open(t, Options{Path: path, MaxSize: 10, Keep: 1})
	write(t, f, "aaaaaaa", "bbbbbbb", "c")
	if b, err := os.ReadFile(path); err != nil || string(b) != "aaaaaaa\nbbbbbbb\nc\n" {
		t.Errorf("got %q, error %v, want all lines in one file", b, err)
	}
}

func TestOpenFails(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Options{Path: filepath.Join(file, "x.log"), MaxSize: 1}); err == nil {
		t.Error("a log in a file: got no error")
	}
}

// TestConcurrent: lines of several writers stay whole.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.log")
	f := open(t, Options{Path: path, MaxSize: 1000, Keep: 100})
	var writers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			for i := range 100 {
				if _, err := fmt.Fprintf(f, "writer %d line %02d\n", w, i); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	files, err := filepath.Glob(path + "*")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(b) > 1000 {
			t.Errorf("%s has %d bytes, want at most 1000", name, len(b))
		}
		for line := range bytes.Lines(b) {
			if !bytes.HasPrefix(line, []byte("writer ")) || len(line) != 17 {
				t.Errorf("got line %q", line)
			}
			n++
		}
	}
	if n != 400 {
		t.Errorf("got %d lines, want 400", n)
	}
}

// TestRemoved: whoever removes or renames the file loses no later line.
func TestRemoved(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the system keeps open files where they are")
	}
	t.Parallel()
	for name, lose := range map[string]func(path string) error{
		"removed":  os.Remove,
		"renamed":  func(path string) error { return os.Rename(path, path+".mine") },
		"folder":   func(path string) error { return os.RemoveAll(filepath.Dir(path)) },
		"replaced": func(path string) error { return errors.Join(os.Remove(path), os.WriteFile(path, nil, 0o600)) },
	} {
		path := filepath.Join(t.TempDir(), "logs", "x.log")
		f := open(t, Options{Path: path, MaxSize: 100, Keep: 1})
		write(t, f, "a", "b")
		if err := lose(path); err != nil {
			t.Fatal(err)
		}
		write(t, f, "c", "d")
		if b, err := os.ReadFile(path); string(b) != "c\nd\n" || err != nil {
			t.Errorf("%s: the file has %q, %v", name, b, err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: the file is %v, %v", name, info, err)
		}
	}
}
