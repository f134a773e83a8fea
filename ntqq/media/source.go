package media

import (
	"bytes"
	"context"
	"io"
	"os"
	"sync/atomic"
	"syscall"

	"libration/internal/text"
	"libration/ntqq/message"
)

// Path returns the bytes of a file on this machine. Nothing but a regular file is read.
// Texts from outside go through [Files.Resolve], which says what may be read.
func Path(path string) message.Source { return filePath(path) }

type filePath string

// Open implements message.Source.
func (p filePath) Open(ctx context.Context) (io.ReadCloser, error) { return open(ctx, p) }

func (p filePath) random(context.Context, uint64) (*opened, error) {
	f, err := openRegular(string(p))
	if err != nil {
		return nil, err
	}
	return openedFile(f)
}

// openRegular opens a file. It waits for nobody, as opening a named pipe would.
func openRegular(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, text.Errorf("%s is not a file: only regular files are read", "%s 不是文件：只能读取普通文件", path)
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if now, err := f.Stat(); err != nil || !os.SameFile(info, now) {
		f.Close()
		return nil, text.Errorf("%s was replaced while it was opened", "%s 在打开时被替换", path)
	}
	return f, nil
}

// Bytes returns bytes that are in memory. They must not be changed any more.
func Bytes(b []byte) message.Source { return inMemory(b) }

type inMemory []byte

// Open implements message.Source.
func (b inMemory) Open(ctx context.Context) (io.ReadCloser, error) { return open(ctx, b) }

func (b inMemory) random(context.Context, uint64) (*opened, error) {
	return &opened{at: bytes.NewReader(b), size: int64(len(b))}, nil
}

// Reader returns what r gives, which can be opened once. [Tools] write it to disk, as the
// hashes are known before the upload begins. r is closed where it can be.
func Reader(r io.Reader) message.Source { return &once{r: r} }

type once struct {
	r      io.Reader
	opened atomic.Bool
}

// Open implements message.Source.
func (o *once) Open(context.Context) (io.ReadCloser, error) {
	if o.opened.Swap(true) {
		return nil, text.Errorf("the bytes were read before, and cannot be read again", "内容已被读取过，无法再次读取")
	}
	if c, ok := o.r.(io.ReadCloser); ok {
		return c, nil
	}
	return io.NopCloser(o.r), nil
}

// randomSource is a source whose bytes can be read at any place, by several at a time. It
// need not give more bytes than limit.
type randomSource interface {
	random(context.Context, uint64) (*opened, error)
}

// open opens one to read it from its start.
func open(ctx context.Context, s randomSource) (io.ReadCloser, error) {
	o, err := s.random(ctx, DefaultDownload)
	if err != nil {
		return nil, err
	}
	return &reading{o.reader(), o.Close}, nil
}

// opened is bytes that are there, in memory or in an open file.
type opened struct {
	at    io.ReaderAt
	size  int64
	close func() error // nil where nothing needs to be closed
}

func openedFile(f *os.File) (*opened, error) {
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	return &opened{f, info.Size(), f.Close}, nil
}

// Open implements message.Source. Several readers may be used at a time.
func (o *opened) Open(context.Context) (io.ReadCloser, error) {
	return &reading{o.reader(), func() error { return nil }}, nil
}

func (o *opened) random(ctx context.Context, _ uint64) (*opened, error) {
	return &opened{at: o.at, size: o.size}, ctx.Err()
}

func (o *opened) reader() *io.SectionReader { return io.NewSectionReader(o.at, 0, o.size) }

// Close closes what was opened.
func (o *opened) Close() error {
	if o.close == nil {
		return nil
	}
	return o.close()
}

// reading reads opened bytes.
type reading struct {
	*io.SectionReader
	close func() error
}

// Close implements io.Closer.
func (r *reading) Close() error { return r.close() }
