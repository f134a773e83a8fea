// Package packed inflates and deflates zlib and gzip streams, whose inflated size is
// bounded. It keeps their states, which are large and slow to make. All functions are safe
// for concurrent use.
package packed

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
)

// Errors of [Inflate] and [Gunzip].
var (
	// ErrStream is returned for bytes that are no whole stream, and for a stream that
	// inflates to more than the limit.
	ErrStream = errors.New("packed stream")
	// ErrLimit is the ErrStream of a stream that inflates to more than the limit.
	ErrLimit = fmt.Errorf("%w inflates over the limit", ErrStream)
)

// MaxRatio is how many bytes one byte of a stream can inflate to, at most.
const MaxRatio = 1032

// The scratch memory of a pooled inflater doubles from firstInflated to maxKept. What is
// longer is inflated in pieces of maxKept.
const (
	firstInflated = 8 << 10
	maxKept       = 1 << 20
)

// Inflate returns the content of a zlib stream of at most limit bytes. The checksum is
// checked; what follows the stream is ignored. The result is the caller's.
func Inflate(b []byte, limit int) ([]byte, error) { return ofZlib.inflate(b, limit) }

// AppendDeflated appends body as a zlib stream to dst.
func AppendDeflated(dst, body []byte) []byte { return ofZlib.deflate(dst, body) }

// Gunzip is [Inflate] for a gzip stream.
func Gunzip(b []byte, limit int) ([]byte, error) { return ofGzip.inflate(b, limit) }

// AppendGzipped is [AppendDeflated] for a gzip stream.
func AppendGzipped(dst, body []byte) []byte { return ofGzip.deflate(dst, body) }

// format is a kind of stream.
type format struct{ inflaters, deflaters sync.Pool }

var (
	ofZlib = &format{
		inflaters: sync.Pool{New: func() any { return &inflater{open: openZlib} }},
		deflaters: sync.Pool{New: func() any { return &deflater{stream: zlib.NewWriter(nil)} }},
	}
	ofGzip = &format{
		inflaters: sync.Pool{New: func() any { return &inflater{open: openGzip} }},
		deflaters: sync.Pool{New: func() any { return &deflater{stream: gzip.NewWriter(nil)} }},
	}
)

func (f *format) inflate(b []byte, limit int) ([]byte, error) {
	z := f.inflaters.Get().(*inflater)
	defer f.inflaters.Put(z)
	return z.inflate(b, limit)
}

func (f *format) deflate(dst, body []byte) []byte {
	d := f.deflaters.Get().(*deflater)
	defer f.deflaters.Put(d)
	return d.deflate(dst, body)
}

// reader is a zlib or a gzip reader.
type reader interface {
	io.Reader
	// reset begins another stream.
	reset(source io.Reader) error
}

type zlibReader struct{ io.ReadCloser }

func openZlib(source io.Reader) (reader, error) {
	z, err := zlib.NewReader(source)
	if err != nil {
		return nil, err
	}
	return zlibReader{z}, nil
}

func (z zlibReader) reset(source io.Reader) error {
	return z.ReadCloser.(zlib.Resetter).Reset(source, nil)
}

type gzipReader struct{ gzip.Reader }

func openGzip(source io.Reader) (reader, error) {
	z := new(gzipReader)
	return z, z.reset(source)
}

func (z *gzipReader) reset(source io.Reader) error {
	err := z.Reset(source)
	z.Multistream(false)
	return err
}

// inflater is a reader with its source and the scratch memory that it inflates into.
type inflater struct {
	open    func(source io.Reader) (reader, error)
	source  bytes.Reader
	stream  reader // nil before the first use
	scratch []byte
}

func (z *inflater) inflate(b []byte, limit int) ([]byte, error) {
	z.source.Reset(b)
	var err error
	if z.stream == nil {
		z.stream, err = z.open(&z.source)
	} else {
		err = z.stream.reset(&z.source)
	}
	if err != nil {
		return nil, fmt.Errorf("%w of %d bytes: %w", ErrStream, len(b), err)
	}
	if z.scratch == nil {
		z.scratch = make([]byte, firstInflated)
	}
	var full []([]byte) // pieces that were inflated before the one in scratch
	done, n := 0, 0     // bytes in them, and in scratch
	for err == nil && done+n <= limit {
		if n == len(z.scratch) {
			if n < maxKept {
				z.scratch = append(z.scratch, make([]byte, n)...)
			} else {
				full, done, n = append(full, z.scratch), done+n, 0
				z.scratch = make([]byte, maxKept)
			}
		}
		var read int
		read, err = z.stream.Read(z.scratch[n:])
		n += read
	}
	z.source.Reset(nil)
	if done+n > limit {
		return nil, fmt.Errorf("%w: %d bytes, %d are allowed", ErrLimit, len(b), limit)
	}
	if !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w of %d bytes: %w", ErrStream, len(b), err)
	}
	if len(full) == 0 {
		return bytes.Clone(z.scratch[:n]), nil
	}
	return slices.Concat(append(full, z.scratch[:n])...), nil
}

// deflater is a zlib or gzip writer that appends to out.
type deflater struct {
	stream interface {
		io.WriteCloser
		Reset(w io.Writer)
	}
	out []byte
}

// Write is where the stream puts what it has packed.
func (d *deflater) Write(b []byte) (int, error) {
	d.out = append(d.out, b...)
	return len(b), nil
}

func (d *deflater) deflate(dst, body []byte) []byte {
	d.out = dst
	d.stream.Reset(d)
	d.stream.Write(body) // writing to memory cannot fail
	d.stream.Close()
	out := d.out
	d.out = nil
	return out
}
