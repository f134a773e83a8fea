package control

import (
	"fmt"
	"testing"

	"libration/ntqq/message"
	"libration/sandbox/scenario"
	"libration/sandbox/world"
)

// The people and groups of the default scenario.
const (
	bot   = message.UIN(10001)
	alice = message.UIN(20001)
	bob   = message.UIN(20002)
	carol = message.UIN(20003)
	mall  = message.GroupCode(730000001) // owner Alice, admin Bob
	small = message.GroupCode(730000002) // owner the bot, without Carol
)

func defaultWorld(t testing.TB) *world.World {
	t.Helper()
	w, err := scenario.Default().Build(7)
	if err != nil {
		t.Fatalf("build default scenario: %v", err)
	}
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (*fakeServer) SetDevice(message.UIN, string, bool) error { return nil }

func (f *fakeServer) AddToAlbum(group message.GroupCode, by message.UIN, album string, p world.AlbumPicture) (world.AlbumPicture, error) {
	return f.real.AddToAlbum(group, by, album, p)
}

func (f *fakeServer) SendPrivateFile(from, to message.UIN, name string, b world.Blob) (*world.Message, error) {
	f.calls = append(f.calls, fmt.Sprintf("file %d %d %s %d", from, to, name, b.Size))
	return f.real.SendPrivateFile(from, to, name, b)
}
