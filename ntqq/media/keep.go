package media

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
)

// Keep writes bytes that are at no address to the cache, and returns them as [Files.Fetch]
// does. The same bytes are kept once. More than [DefaultDownload] are refused.
func (f *Files) Keep(r io.Reader) (*Cached, error) {
	return f.write("", func(w io.Writer) error {
		_, err := io.Copy(w, r)
		return err
	})
}

// Once returns what was written under a key before, or has it written now: something that
// has several addresses, or none. Who asks for the same at the same time waits until it is
// written. More than [DefaultDownload] bytes are refused.
func (f *Files) Once(ctx context.Context, key string, write func(ctx context.Context, w io.Writer) error) (*Cached, error) {
	key = idOf("once\n" + key)
	for {
		if file := f.o.Cache.get(key); file != nil {
			defer file.Close()
			return cachedFile(file)
		}
		f.mu.Lock()
		done := f.writing[key]
		if done == nil {
			done = make(chan struct{})
			f.writing[key] = done
			f.mu.Unlock()
			defer func() {
				f.mu.Lock()
				delete(f.writing, key)
				f.mu.Unlock()
				close(done)
			}()
			return f.write(key, func(w io.Writer) error { return write(ctx, w) })
		}
		f.mu.Unlock()
		select {
		case <-done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Kept returns what [Files.Once] has written under a key; nil when it is not in the cache.
func (f *Files) Kept(key string) *Cached {
	file := f.o.Cache.get(idOf("once\n" + key))
	if file == nil {
		return nil
	}
	defer file.Close()
	c, err := cachedFile(file)
	if err != nil {
		return nil
	}
	return c
}

// Clean empties the cache, but for what was used within the last minute. It returns how many
// files and bytes that were.
func (f *Files) Clean() (files int, bytes uint64) { return f.o.Cache.clean() }

// write writes a file of the cache, under its hash where it has no id.
func (f *Files) write(id string, write func(io.Writer) error) (*Cached, error) {
	file, err := f.o.Cache.create()
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	sum.Write([]byte("bytes\n")) // no bytes may be taken for those of an address
	if err := write(&bounded{w: io.MultiWriter(file, sum), left: DefaultDownload}); err != nil {
		return nil, errors.Join(err, file.Close(), os.Remove(file.Name()))
	}
	path, err := f.o.Cache.keep(file, cmp.Or(id, hex.EncodeToString(sum.Sum(nil)[:16])))
	if err != nil {
		return nil, err
	}
	kept, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer kept.Close()
	return cachedFile(kept)
}

// bounded fails when more is written than is left.
type bounded struct {
	w    io.Writer
	left int
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, tooLarge(DefaultDownload)
	}
	return b.w.Write(p)
}

// cachedFile describes an open file of the cache.
func cachedFile(file *os.File) (*Cached, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	return &Cached{Path: file.Name(), Name: filepath.Base(file.Name()), Size: uint64(info.Size()), MIME: sniff(file)}, nil
}
