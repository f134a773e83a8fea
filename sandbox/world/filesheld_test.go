package world

import (
	"strings"
	"testing"
)

// TestFilesHoldTheirBytes: as long as a file is in a group, or a picture in an album, its
// bytes stay, and no longer.
func TestFilesHoldTheirBytes(t *testing.T) {
	w, m := newMedia(t)
	owner := func(w *World) error {
		_, err := w.Users().Add(User{UIN: 1})
		return err
	}
	w.beginning.build = owner
	if err := owner(w); err != nil {
		t.Fatal(err)
	}
	found := func() *group {
		t.Helper()
		if _, err := w.Groups().Add(Group{Code: 5, Name: "G", Owner: 1}); err != nil {
			t.Fatal(err)
		}
		return w.groups[5]
	}
	bytes, err := m.Put(strings.NewReader("bytes"))
	if err != nil {
		t.Fatal(err)
	}
	add := func() GroupFile {
		t.Helper()
		f, err := w.Files().Add(5, 1, NewFile{Name: "a", Blob: bytes})
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	holders := func(want int) {
		t.Helper()
		if got := w.media.bySHA1[bytes.SHA1].holders; got != want {
			t.Errorf("%d hold the bytes, want %d", got, want)
		}
	}
	picture := func() string {
		t.Helper()
		a, err := w.Albums().Add(5, 1, "a", "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Albums().Upload(5, 1, a.ID, AlbumPicture{Blob: bytes}); err != nil {
			t.Fatal(err)
		}
		return a.ID
	}
	found()
	album := picture()
	holders(1)
	picture()
	holders(2)
	if err := w.Albums().Remove(5, 1, album); err != nil {
		t.Fatal(err)
	}
	holders(1)
	if err := w.Groups().Remove(5); err != nil {
		t.Fatal(err)
	}
	holders(0)
	found()
	picture()
	holders(1)
	if err := w.Reset(); err != nil {
		t.Fatal(err)
	}
	holders(0)
	found()
	first := add()
	add()
	holders(2)
	if err := w.Files().Delete(5, 1, first.ID); err != nil {
		t.Fatal(err)
	}
	holders(1)
	if err := w.Groups().Remove(5); err != nil {
		t.Fatal(err)
	}
	holders(0)
	found()
	add()
	holders(1)
	if err := w.Reset(); err != nil {
		t.Fatal(err)
	}
	holders(0)
}
