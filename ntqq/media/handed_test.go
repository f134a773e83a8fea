package media

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"libration/ntqq/message"
)

// oneHanded is a single file that was handed over.
type oneHanded struct {
	path string
	gone bool
}

var errGone = errors.New("it is gone")

func (b *oneHanded) IDOf(path string) string {
	if path == b.path {
		return "id"
	}
	return ""
}

func (b *oneHanded) Look(id string) (path, name string, err error) {
	if id != "id" || b.gone {
		return "", "", errGone
	}
	return b.path, "its name.txt", nil
}

// What was handed over is read although its folder is forbidden, by id and by path.
func TestHandedOver(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	b := &oneHanded{path: write(t, filepath.Join(folder, "uploads", "id.txt"), "hello")}
	secret := write(t, filepath.Join(folder, "uploads", "secret"), "secret")
	f := newFiles(t, FilesOptions{Handed: b, Forbidden: []string{folder}})
	for _, written := range []string{"upload://id", "UPLOAD://id", b.path, "file://" + b.path, "file://" + folder + "/uploads/../uploads/id.txt"} {
		if got, err := resolved(t, f, written); err != nil || got != "hello" {
			t.Errorf("%q: got %q, %v", written, got, err)
		}
		s, err := f.Resolve(t.Context(), written, FetchOptions{})
		if err != nil || NameOf(s) != "its name.txt" {
			t.Errorf("%q: got the name %q, %v", written, NameOf(s), err)
		}
	}
	if got, err := resolved(t, f, secret); !errors.Is(err, ErrForbidden) {
		t.Errorf("beside it: got %q, %v", got, err)
	}
	if _, err := resolved(t, f, "upload:id"); err == nil || !strings.Contains(err.Error(), "names no medium") {
		t.Errorf("got %v", err)
	}
	s, err := f.Resolve(t.Context(), "upload://id", FetchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	b.gone = true
	if _, err := contentOf(t.Context(), s); !errors.Is(err, errGone) {
		t.Errorf("gone meanwhile: got %v", err)
	}
	for _, written := range []string{"upload://id", "upload://other", b.path} {
		if _, err := f.Resolve(t.Context(), written, FetchOptions{}); !errors.Is(err, errGone) {
			t.Errorf("%q: got %v", written, err)
		}
	}
	if _, err := newFiles(t, FilesOptions{}).Resolve(t.Context(), "upload://id", FetchOptions{}); err == nil || !strings.Contains(err.Error(), "handed over") {
		t.Errorf("got %v", err)
	}
}

func TestNameOf(t *testing.T) {
	t.Parallel()
	f := newFiles(t, FilesOptions{})
	for written, want := range map[string]string{
		"/a/b.txt": "b.txt", "file:///a/%E5%9B%BE.png": "图.png", "https://example.org/a/c.zip?x=1": "c.zip", "https://example.org/a/": "", "base64://aGVsbG8": "",
	} {
		s, err := f.Resolve(t.Context(), written, FetchOptions{})
		if err != nil || NameOf(s) != want {
			t.Errorf("%q: got %q, %v, want %q", written, NameOf(s), err, want)
		}
	}
	for source, want := range map[message.Source]string{Path("/a/b"): "b", Reader(nil): ""} {
		if got := NameOf(source); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
