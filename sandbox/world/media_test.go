package world

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"
)

func newMedia(t *testing.T) (*World, Media) {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	w := New(1)
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
		if w.media.bytes != 0 || w.media.order.Len() != 0 || w.media.reading != 0 {
			t.Errorf("closed: %d bytes, %d media, %d readers are left", w.media.bytes, w.media.order.Len(), w.media.reading)
		}
		left, err := os.ReadDir(os.Getenv("TMPDIR"))
		if err != nil || len(left) != 0 {
			t.Errorf("left on the disk: %v, %v", left, err)
		}
	})
	return w, w.Media()
}

func readMedium(t *testing.T, m Media, b Blob) []byte {
	t.Helper()
	r, got, err := m.Open(b.SHA1)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil || got != b {
		t.Fatalf("read %+v, want %+v: %v", got, b, err)
	}
	return data
}

func TestMediaAreKeptOnce(t *testing.T) {
	_, m := newMedia(t)
	first, err := m.Put(strings.NewReader("a picture"))
	if err != nil {
		t.Fatal(err)
	}
	if want := (Blob{md5.Sum([]byte("a picture")), sha1.Sum([]byte("a picture")), 9}); first != want {
		t.Errorf("put: %+v, want %+v", first, want)
	}
	if again, err := m.Put(strings.NewReader("a picture")); err != nil || again != first {
		t.Errorf("put again: %+v, %v", again, err)
	}
	if files, err := os.ReadDir(m.folder.Path()); err != nil || len(files) != 2 || // with the lock
		m.bytes != 9 {
		t.Errorf("%d files with %d bytes, want 2 with 9: %v", len(files), m.bytes, err)
	}
	if b, ok := m.Find(first.MD5, first.SHA1, 9); !ok || b != first {
		t.Errorf("find: %+v, %v", b, ok)
	}
	if b, ok := m.FindMD5(first.MD5); !ok || b != first {
		t.Errorf("find by MD5: %+v, %v", b, ok)
	}
	if _, ok := m.Find(first.MD5, first.SHA1, 8); ok {
		t.Error("found with another size")
	}
	if got := readMedium(t, m, first); string(got) != "a picture" {
		t.Errorf("read %q", got)
	}
}

func TestUploadInPieces(t *testing.T) {
	_, m := newMedia(t)
	want := bytes.Repeat([]byte("0123456789"), 1000)
	u, err := m.Begin(uint64(len(want)))
	if err != nil {
		t.Fatal(err)
	}
	for _, from := range []int{9000, 0, 3000, 6000} { // in any order, 1,000 of them twice
		if _, err := u.WriteAt(want[from:min(from+4000, len(want))], int64(from)); err != nil {
			t.Fatal(err)
		}
	}
	for _, at := range []int64{-1, 9999, 1 << 40} {
		if _, err := u.WriteAt(make([]byte, 2), at); reasonOf(err) != BadRequest {
			t.Errorf("2 bytes at %d: %v", at, err)
		}
	}
	b, err := u.Finish(md5.Sum(want), sha1.Sum(want))
	if err != nil {
		t.Fatal(err)
	}
	u.Drop() // does nothing
	if got := readMedium(t, m, b); !bytes.Equal(got, want) {
		t.Errorf("read %d other bytes", len(got))
	}
	if _, err := u.Finish(md5.Sum(want), sha1.Sum(want)); err == nil {
		t.Error("an upload ended twice")
	}
}

func TestUploadWithOtherHashes(t *testing.T) {
	_, m := newMedia(t)
	for name, hashes := range map[string]Blob{
		"md5":  {MD5: md5.Sum([]byte("y"))},
		"sha1": {SHA1: sha1.Sum([]byte("y"))},
	} {
		u, err := m.Begin(1)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := u.WriteAt([]byte("x"), 0); err != nil {
			t.Fatal(err)
		}
		if _, err := u.Finish(hashes.MD5, hashes.SHA1); reasonOf(err) != BadRequest {
			t.Errorf("%s: %v", name, err)
		}
	}
	u, err := m.Begin(1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := u.Finish([16]byte{}, [20]byte{}); err != nil {
		t.Errorf("hashes that nobody knows: %v", err)
	}
}

func TestMediaAreBounded(t *testing.T) {
	_, m := newMedia(t)
	if _, err := m.Begin(maxMedium + 1); reasonOf(err) != TooLarge {
		t.Errorf("a large medium: %v", err)
	}
	oldest, err := m.Put(strings.NewReader("oldest"))
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := m.Open(oldest.SHA1)
	if err != nil {
		t.Fatal(err)
	}
	newer, err := m.Put(strings.NewReader("newer"))
	if err != nil {
		t.Fatal(err)
	}
	var running []*Upload
	for left := uint64(mediaBytes - newer.Size); left > 0; {
		u, err := m.Begin(min(left, maxMedium)) // sparse: it takes no room on the disk
		if err != nil {
			t.Fatal(err)
		}
		running = append(running, u)
		left -= u.size
	}
	if _, _, err := m.Open(oldest.SHA1); reasonOf(err) != NotFound {
		t.Errorf("the oldest: %v", err)
	}
	if data, err := io.ReadAll(r); err != nil || string(data) != "oldest" {
		t.Errorf("the reader of a dropped medium: %q, %v", data, err)
	}
	r.Close()
	readMedium(t, m, newer)
	if _, err := m.Begin(newer.Size + 1); reasonOf(err) != Quota {
		t.Errorf("no room: %v", err)
	}
	if _, err := m.Put(strings.NewReader("sixsix")); reasonOf(err) != Quota {
		t.Errorf("no room: %v", err)
	}
	for _, u := range running {
		u.Drop()
		u.Drop() // does nothing
		if _, err := u.WriteAt([]byte{1}, 0); reasonOf(err) != BadRequest {
			t.Errorf("a piece afterwards: %v", err)
		}
	}
	if _, err := m.Put(strings.NewReader("sixsix")); err != nil {
		t.Errorf("room again: %v", err)
	}
	broken := errors.New("broken")
	if _, err := m.Put(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("a source that breaks: %v", err)
	}
	if m.bytes != 6 {
		t.Errorf("%d bytes are taken, want 6", m.bytes)
	}
}

func TestClosedWhileRead(t *testing.T) {
	w, m := newMedia(t)
	b, err := m.Put(strings.NewReader("a voice"))
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := m.Open(b.SHA1)
	if err != nil {
		t.Fatal(err)
	}
	u, err := m.Begin(1)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if data, err := io.ReadAll(r); err != nil || string(data) != "a voice" {
		t.Errorf("read %q, %v", data, err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if err := r.Close(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("closed twice: %v", err)
	}
	if _, err := u.Finish([16]byte{}, [20]byte{}); reasonOf(err) != NotFound {
		t.Errorf("finished after the end: %v", err)
	}
	if _, err := m.Put(strings.NewReader("x")); reasonOf(err) != NotFound {
		t.Errorf("put after the end: %v", err)
	}
}

// reasonOf is why the world refused, 0 for another error or none.
func reasonOf(err error) Reason {
	var refused *Refusal
	errors.As(err, &refused)
	if refused == nil {
		return 0
	}
	return refused.Reason
}
