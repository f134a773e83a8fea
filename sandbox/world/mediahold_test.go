package world

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"io"
	"strings"
	"sync"
	"testing"
)

// TestHeldMedia: what is held stays when all room is needed, and goes like others afterwards.
func TestHeldMedia(t *testing.T) {
	_, m := newMedia(t)
	file, err := m.Put(strings.NewReader("a file"))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if !m.Hold(file.SHA1) {
			t.Fatal("what is kept cannot be held")
		}
	}
	if m.Hold([20]byte{1}) {
		t.Error("something else was held")
	}
	fill := func() error {
		t.Helper()
		var running []*Upload
		defer func() {
			for _, u := range running {
				u.Drop()
			}
		}()
		for left := mediaBytes - m.bytes + 6; left > 0; {
			u, err := m.Begin(min(left, maxMedium))
			if err != nil {
				return err
			}
			running = append(running, u)
			left -= u.size
		}
		return nil
	}
	if err := fill(); reasonOf(err) != Quota {
		t.Errorf("all room but that of a held file, and 6 bytes: got %v, want a refusal", err)
	}
	for _, e := range m.bySHA1 {
		if e.Blob != file {
			t.Errorf("kept: %+v", e.Blob)
		}
	}
	readMedium(t, m, file)
	m.Release(file.SHA1)
	if _, err := m.Put(strings.NewReader("a file")); err != nil { // it stays held
		t.Fatal(err)
	}
	m.Release(file.SHA1)
	m.Release(file.SHA1) // does nothing
	if m.order.Len() != 1 {
		t.Fatalf("%d media may go, want 1", m.order.Len())
	}
	u, err := m.Begin(maxMedium)
	if err != nil {
		t.Fatal(err)
	}
	defer u.Drop()
	other, err := m.Begin(mediaBytes - maxMedium)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Drop()
	if _, there := m.FindSHA1(file.SHA1); there {
		t.Error("a file that nobody holds stayed")
	}
}

// TestSealed: pieces are hashed while others come, and what was hashed does not change.
func TestSealed(t *testing.T) {
	_, m := newMedia(t)
	want := bytes.Repeat([]byte("0123456789abcdef"), 20_000)
	u, err := m.Begin(uint64(len(want)))
	if err != nil {
		t.Fatal(err)
	}
	const piece = 10_000
	var writing sync.WaitGroup
	for from := 0; from < len(want); from += piece {
		if _, err := u.WriteAt(want[from:min(from+piece, len(want))], int64(from)); err != nil {
			t.Fatal(err)
		}
		writing.Go(func() {
			if err := u.Seal(uint64(from + piece)); err != nil {
				t.Error(err)
			}
		})
	}
	writing.Wait()
	if u.hashed != uint64(len(want)) {
		t.Errorf("%d bytes are hashed before the end, want %d", u.hashed, len(want))
	}
	if n, err := u.WriteAt(bytes.Repeat([]byte("x"), 100), 50); n != 100 || err != nil {
		t.Errorf("a piece that came late: %d, %v", n, err)
	}
	b, err := u.Finish(md5.Sum(want), sha1.Sum(want))
	if err != nil {
		t.Fatal(err)
	}
	if got := readMedium(t, m, b); !bytes.Equal(got, want) {
		t.Error("a piece that came late has changed the bytes")
	}
	if _, err := u.WriteAt([]byte("x"), 0); err != nil { // is not written
		t.Errorf("after the end: %v", err)
	}
}

// TestPartlySealed: of a piece that reaches behind what is sealed only the rest is written.
func TestPartlySealed(t *testing.T) {
	_, m := newMedia(t)
	u, err := m.Begin(10)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := u.WriteAt([]byte("01234"), 0); err != nil {
		t.Fatal(err)
	}
	if err := u.Seal(5); err != nil {
		t.Fatal(err)
	}
	if n, err := u.WriteAt([]byte("xx56789"), 3); n != 7 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
	b, err := u.Finish([16]byte{}, [20]byte{})
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := m.Open(b.SHA1)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || string(got) != "0123456789" {
		t.Errorf("got %q, %v", got, err)
	}
}
