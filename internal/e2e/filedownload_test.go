package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"libration/ntqq/message"
	"libration/sandbox/fault"
	"libration/sandbox/world"
)

// TestDownloadIsCut: a download goes on where it broke. One that always breaks leaves nothing
// on the disk.
func TestDownloadIsCut(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		s, b, _ := two(t)
		content := newPicture(300_000, 9)
		blob, err := s.World().Media().Put(bytes.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		added, err := s.World().Files().Add(group, alice, world.NewFile{Name: "a.bin", Blob: blob})
		if err != nil {
			t.Fatal(err)
		}
		file := &message.FileSegment{ID: added.ID, FileName: "a.bin", Size: blob.Size, MD5: blob.MD5[:], BusID: message.BusPermanent}
		chat, folder := message.Chat{Kind: message.Group, Group: group}, t.TempDir()
		cut := func(count int) {
			t.Helper()
			if _, err := s.Faults().Add(fault.Fault{Name: fault.DownloadCut, Count: count}); err != nil {
				t.Fatal(err)
			}
		}
		cut(2)
		path := filepath.Join(folder, "a")
		if err := b.Files().Save(t.Context(), chat, file, path); err != nil {
			t.Errorf("broken twice: %v", err)
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, content) {
			t.Errorf("got %d other bytes, %v", len(got), err)
		}
		if n := s.Faults().Struck(fault.DownloadCut); n != 2 {
			t.Errorf("it broke %d times, want 2", n)
		}
		cut(0)
		if err := b.Files().Save(t.Context(), chat, file, filepath.Join(folder, "b")); err == nil {
			t.Error("a download that always breaks has no error")
		}
		if left, err := os.ReadDir(folder); err != nil || len(left) != 1 {
			t.Errorf("left on the disk: %v, %v", left, err)
		}
	})
}
