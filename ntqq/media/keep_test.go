package media

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

func kept(t *testing.T, c *Cached) string {
	t.Helper()
	b, err := os.ReadFile(c.Path)
	if err != nil || uint64(len(b)) != c.Size {
		t.Errorf("got %d bytes of %d, %v", len(b), c.Size, err)
	}
	return string(b)
}

func TestKeep(t *testing.T) {
	t.Parallel()
	f := newFiles(t, FilesOptions{})
	one, err := f.Keep(strings.NewReader("GIF89a"))
	if err != nil || kept(t, one) != "GIF89a" || one.MIME != "image/gif" || !strings.HasSuffix(one.Name, ".gif") {
		t.Fatalf("got %+v, %v", one, err)
	}
	if again, err := f.Keep(strings.NewReader("GIF89a")); err != nil || again.Path != one.Path {
		t.Errorf("again: got %+v, %v", again, err)
	}
	if other, err := f.Keep(strings.NewReader("other")); err != nil || other.Path == one.Path {
		t.Errorf("others: got %+v, %v", other, err)
	}
	if got, err := resolved(t, f, "file://"+one.Path); got != "GIF89a" || err != nil {
		t.Errorf("it is read as %q, %v", got, err)
	}
	broken := errors.New("broken")
	if c, err := f.Keep(io.MultiReader(strings.NewReader("x"), breaking{broken})); !errors.Is(err, broken) {
		t.Errorf("bytes that end: got %+v, %v", c, err)
	}
	if all, err := os.ReadDir(f.o.Cache.folder); err != nil || len(all) != 2 {
		t.Errorf("%d files are left, %v", len(all), err)
	}
	if _, err := (&bounded{w: io.Discard, left: 2}).Write([]byte("abc")); err == nil || !strings.Contains(err.Error(), "larger than 1024 MiB") {
		t.Errorf("too many: %v", err)
	}
	if path, _ := f.o.Cache.keep(tempFile(t, f), idOf("http://a/b\n")); path == "" {
		t.Fatal("not kept")
	}
	if c, err := f.Keep(strings.NewReader("http://a/b\n")); err != nil || kept(t, c) != "http://a/b\n" || f.o.Cache.entries[idOf("http://a/b\n")] == nil {
		t.Errorf("bytes that are an address took its place: %+v, %v", c, err)
	}
}

func tempFile(t *testing.T, f *Files) *os.File {
	t.Helper()
	file, err := f.o.Cache.create()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

type breaking struct{ err error }

func (f breaking) Read([]byte) (int, error) { return 0, f.err }

// TestOnce: many who ask for one thing have it written once; when the one who writes gives
// up, another one does it.
func TestOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFiles(t, FilesOptions{})
		var written atomic.Int32
		ask := func(ctx context.Context) (*Cached, error) {
			return f.Once(ctx, "key", func(ctx context.Context, w io.Writer) error {
				if written.Add(1) == 1 {
					<-ctx.Done()
					return ctx.Err()
				}
				_, err := io.WriteString(w, "bytes")
				return err
			})
		}
		impatient, giveUp := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := ask(impatient); !errors.Is(err, context.Canceled) {
				t.Errorf("who gave up got %v", err)
			}
		})
		synctest.Wait()
		waiting, stopWaiting := context.WithCancel(t.Context())
		all.Go(func() {
			if _, err := ask(waiting); !errors.Is(err, context.Canceled) {
				t.Errorf("who waited no longer got %v", err)
			}
		})
		for range 5 {
			all.Go(func() {
				if c, err := ask(t.Context()); err != nil || kept(t, c) != "bytes" {
					t.Errorf("got %+v, %v", c, err)
				}
			})
		}
		synctest.Wait()
		stopWaiting()
		synctest.Wait()
		giveUp()
		all.Wait()
		if c := f.Kept("key"); c == nil || kept(t, c) != "bytes" || f.Kept("other") != nil {
			t.Errorf("the cache has %+v", c)
		}
		if n := written.Load(); n != 2 || len(f.writing) != 0 {
			t.Errorf("written %d times, %d are being written", n, len(f.writing))
		}
	})
}
