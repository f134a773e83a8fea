package world_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"libration/sandbox/world"
)

// TestAlbumRules: who may do what with albums, and how many there may be.
func TestAlbumRules(t *testing.T) {
	w := defaultWorld(t)
	defer w.Close()
	albums := w.Albums()
	kept, err := w.Media().Put(strings.NewReader("picture"))
	must(t, err)
	hers, err := albums.Add(mall, carol, "hers", "")
	must(t, err)
	_, err = albums.Upload(mall, bot, hers.ID, world.AlbumPicture{Name: "p", Blob: kept})
	must(t, err)
	refused := func(what string, err error, want world.Reason) {
		t.Helper()
		if got, ok := errors.AsType[*world.Refusal](err); !ok || got.Reason != want {
			t.Errorf("%s: got %v, want reason %d", what, err, want)
		}
	}
	refused("another member deletes it", albums.Remove(mall, bot, hers.ID), world.NoPermission)
	refused("of another group", albums.Remove(small, bot, hers.ID), world.NotFound)
	_, err = albums.Add(small, carol, "x", "")
	refused("made by no member", err, world.NotMember)
	_, err = albums.Add(mall, carol, strings.Repeat("x", 128), "")
	refused("a long name", err, world.BadRequest)
	_, err = albums.Upload(mall, bot, hers.ID, world.AlbumPicture{Blob: world.Blob{SHA1: [20]byte{1}}})
	refused("bytes that nobody has", err, world.NotFound)
	for i := range 99 {
		_, err := albums.Add(mall, bot, fmt.Sprint(i), "")
		must(t, err)
	}
	_, err = albums.Add(mall, bot, "one more", "")
	refused("the 101st album", err, world.Quota)
	must(t, albums.Remove(mall, bob, hers.ID)) // an admin
	list, err := albums.List(mall, carol)
	if err != nil || len(list) != 99 || list[0].Name != "98" {
		t.Errorf("%d albums, %v", len(list), err)
	}
}
