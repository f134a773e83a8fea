package media

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"libration/ntqq/message"
)

// newFiles makes Files with a cache of 1 MiB.
func newFiles(t *testing.T, o FilesOptions) *Files {
	t.Helper()
	if o.Cache == nil {
		cache, err := OpenCache(filepath.Join(t.TempDir(), "cache"), 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		o.Cache = cache
	}
	return NewFiles(o)
}

func contentOf(ctx context.Context, s message.Source) ([]byte, error) {
	r, err := s.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// resolved returns the bytes that a text names.
func resolved(t *testing.T, f *Files, written string) (string, error) {
	t.Helper()
	s, err := f.Resolve(t.Context(), written, FetchOptions{})
	if err != nil {
		return "", err
	}
	b, err := contentOf(t.Context(), s)
	return string(b), err
}

func write(t *testing.T, path, content string) string {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(content), 0o600)); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestResolve(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write(t, filepath.Join(folder, "a b#?.png"), "hello")
	write(t, filepath.Join(folder, "100%.png"), "hello")
	write(t, filepath.Join(folder, "图.png"), "hello")
	f := newFiles(t, FilesOptions{})
	for _, written := range []string{
		folder + "/a b#?.png", "file://" + folder + "/a b#?.png", "file://" + folder + "/a%20b%23%3F.png", "FILE://localhost" + folder + "/a%20b%23%3F.png", "file:" + folder + "/a b#?.png",
		"file://" + folder + "/100%.png", "file://" + folder + "/%E5%9B%BE.png", " " + folder + "/./x/../图.png\n",
		"base64://aGVsbG8=", "base64://aGVsbG8", "BASE64://aGVs\r\n bG8=\t", "base64:// aGVsbG8 = ",
		"data:image/png;base64,aGVsbG8=", "data:;base64,aGVsbG8", "data:image/png;charset=x; BASE64,aGVsbG8%3D", "data:,hello", "data:text/plain,h%65llo",
	} {
		if got, err := resolved(t, f, written); err != nil || got != "hello" {
			t.Errorf("%q: got %q, %v", written, got, err)
		}
	}
	if got, err := resolved(t, f, "base64://-_-_"); err != nil || got != "\xfb\xff\xbf" {
		t.Errorf("the other alphabet: got %x, %v", got, err)
	}
	for written, want := range map[string]string{
		"":                         "names no medium",
		"a.png":                    "names no medium",
		"../a.png":                 "names no medium",
		"ftp://host/a":             "file:///path, an absolute path, http://, https:// or base64://",
		"base64:aGVsbG8=":          "names no medium",
		strings.Repeat("x", 1<<20): "names no medium",
		"base64://aGVs*G8=":        "base64 is damaged",
		"base64://aGVsbG8=aGVs":    "base64 is damaged",
		"base64://a":               "base64 is damaged",
		"data:image/png;base64":    "no comma",
		"data:,%zz":                "not encoded properly",
		"file://a.png":             "no absolute path",
		"file://server/share/a":    "no absolute path",
		"file:////server/share/a":  "another machine",
		`file://\\server\share\a`:  "another machine",
		"//server/share/a":         "another machine",
		"file:///a%00b":            "NUL",
		`C:\a.png`:                 "path of Windows",
		"C:/a.png":                 "path of Windows",
		"file:///C:/a.png":         "path of Windows",
		`file://C:\a.png`:          "path of Windows",
		folder + "/none.png":       "there is no file",
		folder:                     "only regular files",
		"http:///a":                "cannot be read",
		"http://\x7f/":             "cannot be read",
	} {
		if got, err := resolved(t, f, written); err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 1000 {
			t.Errorf("%q: got %q, %v, want %q", written[:min(len(written), 40)], got, err, want)
		}
	}
}

// Long base64 is not decoded into memory: it is written to disk while it is hashed.
func TestLongBase64(t *testing.T) {
	t.Parallel()
	f := newFiles(t, FilesOptions{})
	data := bytes.Repeat([]byte("0123456789"), 1<<19)
	s, err := f.Resolve(t.Context(), "base64://"+base64.StdEncoding.EncodeToString(data), FetchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := s.(encoded); !ok {
		t.Errorf("got a %T", s)
	}
	spools := t.TempDir()
	got, err := (&Tools{Folder: spools}).measure(t.Context(), s, kind{limit: 10 << 20})
	if err != nil || got.Size != uint64(len(data)) {
		t.Fatalf("got %d bytes, %v", got.Size, err)
	}
	if b, err := contentOf(t.Context(), got); err != nil || !bytes.Equal(b, data) {
		t.Errorf("got %d bytes, %v", len(b), err)
	}
	if err := got.Close(); err != nil {
		t.Error(err)
	}
}

// One MiB of anything takes little time and memory.
func TestHostileTexts(t *testing.T) {
	f := newFiles(t, FilesOptions{})
	for _, head := range []string{"", "data:", "data:,", "data:;base64,", "base64://", "file:///", "file://", "http://", "http://[", "/", `C:\`} {
		for _, part := range []string{"%", "%2", "%41", "=", "A", " ", "/", "../", ";", ",", "\\", "[", "图", "\x00"} {
			text := head + strings.Repeat(part, 1<<20/len(part))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			begun := time.Now()
			s, err := f.Resolve(t.Context(), text, FetchOptions{})
			if err == nil {
				if _, is := s.(*remote); !is {
					_, err = contentOf(t.Context(), s)
				}
			}
			runtime.ReadMemStats(&after)
			if err != nil && len(err.Error()) > 2*maxPath {
				t.Errorf("%s%s...: an error of %d bytes", head, part, len(err.Error()))
			}
			if took, bytes := time.Since(begun), after.TotalAlloc-before.TotalAlloc; took > 2*time.Second || bytes > 64<<20 {
				t.Errorf("%s%s...: %v, %d bytes, %v", head, part, took, bytes, err)
			}
		}
	}
}

func FuzzResolve(f *testing.F) {
	for _, s := range []string{"file:///a", "data:a;base64,aGVsbG8", "base64://aGVsbG8", "http://a/b", `C:\a`, "/a/../b", "file://%41", "data:,%", "base64://="} {
		f.Add(s)
	}
	cache, err := OpenCache(f.TempDir(), 1<<20)
	if err != nil {
		f.Fatal(err)
	}
	files := NewFiles(FilesOptions{Cache: cache})
	f.Fuzz(func(t *testing.T, written string) {
		s, err := files.Resolve(t.Context(), written, FetchOptions{})
		if (s == nil) == (err == nil) {
			t.Fatalf("got %v, %v", s, err)
		}
		switch s := s.(type) {
		case local:
			if !filepath.IsAbs(s.path) || s.path != filepath.Clean(s.path) {
				t.Errorf("got the path %q", s.path)
			}
		case inMemory:
			if len(s) > len(written) {
				t.Errorf("got %d bytes from %d", len(s), len(written))
			}
		case nil, *remote, encoded:
		default:
			t.Errorf("got a %T", s)
		}
	})
}
