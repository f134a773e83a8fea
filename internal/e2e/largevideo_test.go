//go:build endurance

package e2e

import (
	"crypto/md5"
	"crypto/sha1"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"libration/ntqq"
	"libration/ntqq/media"
	"libration/ntqq/message"
)

// TestLargeVideo uploads a video of 100 MiB from a file to a sandbox in the same process:
// the memory of both does not depend on its size.
func TestLargeVideo(t *testing.T) {
	const size = 100 << 20
	path := filepath.Join(t.TempDir(), "video.mp4")
	head := append([]byte{0, 0, 0, 16}, "ftypisom\x00\x00\x00\x01"...)
	head = append(head, 0x06, 0x3F, 0xFF, 0xF0) // mdat to the end
	head = append(head, "mdat"...)
	if err := os.WriteFile(path, head, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	md5Sum, sha1Sum := md5.New(), sha1.New()
	if _, err := io.Copy(io.MultiWriter(md5Sum, sha1Sum), f); err != nil {
		t.Fatal(err)
	}
	box, client := onSockets(t, func(*ntqq.Options) {})

	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	most, stop := uint64(0), make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				var now runtime.MemStats
				runtime.ReadMemStats(&now)
				most = max(most, now.HeapInuse)
			case <-stop:
				return
			}
		}
	})
	began := time.Now()
	_, err = client.Media().Upload(t.Context(), message.Chat{Kind: message.Group, Group: group}, message.Video(media.Path(path)))
	took := time.Since(began)
	close(stop)
	watching.Wait()
	if err != nil {
		t.Fatal(err)
	}
	if _, there := box.World().Media().Find([16]byte(md5Sum.Sum(nil)), [20]byte(sha1Sum.Sum(nil)), size); !there {
		t.Error("the sandbox does not have it")
	}
	more := int64(most) - int64(before.HeapInuse)
	t.Logf("%.1f MiB more at most, %v, %.0f MB/s", float64(more)/(1<<20), took, float64(size)/1e6/took.Seconds())
	if more > 48<<20 {
		t.Errorf("took %d bytes, want at most 48 MiB", more)
	}
}
