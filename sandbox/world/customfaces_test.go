package world

import (
	"strings"
	"testing"

	"libration/ntqq/message"
)

// TestCustomFacesHoldTheirBytes: the picture of a face stays as long as the face is there,
// and no longer.
func TestCustomFacesHoldTheirBytes(t *testing.T) {
	w, m := newMedia(t)
	w.beginning.build = func(*World) error { return nil }
	picture, err := m.Put(strings.NewReader("a picture"))
	if err != nil {
		t.Fatal(err)
	}
	const owner message.UIN = 5
	for name, end := range map[string]func() error{
		"deleted": func() error {
			found, err := w.CustomFaces().Delete(owner, CustomFaceID(owner, picture.MD5))
			if !found {
				t.Error("there is no face to delete")
			}
			if found, err := w.CustomFaces().Delete(owner, "x"); err != nil || found {
				t.Errorf("of none: %t, %v", found, err)
			}
			return err
		},
		"removed": func() error { return w.Users().Remove(owner) },
		"reset":   func() error { return w.Reset() },
	} {
		if _, err := w.Users().Add(User{UIN: owner}); err != nil && w.users[owner] == nil {
			t.Fatal(err)
		}
		for range 2 { // the second time it is there
			if _, err := w.CustomFaces().Add(owner, picture); err != nil {
				t.Fatal(err)
			}
		}
		if got := m.bySHA1[picture.SHA1].holders; got != 1 {
			t.Errorf("%s: %d hold the bytes", name, got)
		}
		if err := end(); err != nil {
			t.Error(err)
		}
		if got := m.bySHA1[picture.SHA1].holders; got != 0 {
			t.Errorf("%s: %d still hold the bytes", name, got)
		}
	}
	if _, err := w.CustomFaces().Add(99, picture); reasonOf(err) != NotFound {
		t.Errorf("nobody's: %v", err)
	}
	if _, err := w.Users().Add(User{UIN: 99}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.CustomFaces().Add(99, Blob{Size: 1}); reasonOf(err) != NotFound {
		t.Errorf("a picture that is not there: %v", err)
	}
}
