// Package packed inflates and deflates zlib streams, whose inflated size is bounded. It
// keeps the zlib states, which are large and slow to make. All functions are safe for
// concurrent use.
package packed

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
)

// ErrStream is returned by [Inflate] for bytes that are no whole zlib stream, and for one
// that inflates to more than the limit.
var ErrStream = errors.New("zlib stream")

// MaxRatio is how many bytes one byte of a zlib stream can inflate to, at most.
const MaxRatio = 1032

// The scratch memory of a pooled inflater doubles from firstInflated to maxKept. What is
// longer is inflated in pieces of maxKept.
const (
	firstInflated = 8 << 10
	maxKept       = 1 << 20
)

var (
	inflaters = sync.Pool{New: func() any { return new(inflater) }}
	deflaters = sync.Pool{New: func() any { return new(deflater) }}
)

// Inflate returns the content of a zlib stream of at most limit bytes. The checksum is
// checked; what follows the stream is ignored. The result is the caller's.
func Inflate(b []byte, limit int) ([]byte, error) {
	z := inflaters.Get().(*inflater)
	defer inflaters.Put(z)
	return z.inflate(b, limit)
}

// AppendDeflated appends body as a zlib stream to dst.
func AppendDeflated(dst, body []byte) []byte {
	d := deflaters.Get().(*deflater)
	defer deflaters.Put(d)
	return d.deflate(dst, body)
}

// inflater is a zlib reader with its source and the scratch memory that it inflates into.
type inflater struct {
	source  bytes.Reader
	stream  io.ReadCloser // nil before the first use
	scratch []byte
}

func (z *inflater) inflate(b []byte, limit int) ([]byte, error) {
	z.source.Reset(b)
	var err error
	if z.stream == nil {
		z.stream, err = zlib.NewReader(&z.source)
	} else {
		err = z.stream.(zlib.Resetter).Reset(&z.source, nil)
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
		return nil, fmt.Errorf("%w of %d bytes inflates over %d", ErrStream, len(b), limit)
	}
	if !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w of %d bytes: %w", ErrStream, len(b), err)
	}
	if len(full) == 0 {
		return bytes.Clone(z.scratch[:n]), nil
	}
	return slices.Concat(append(full, z.scratch[:n])...), nil
}

// deflater is a zlib writer that appends to out.
type deflater struct {
	stream *zlib.Writer // nil before the first use
	out    []byte
}

// Write is where the stream puts what it has packed.
func (d *deflater) Write(b []byte) (int, error) {
	d.out = append(d.out, b...)
	return len(b), nil
}

func (d *deflater) deflate(dst, body []byte) []byte {
	d.out = dst
	if d.stream == nil {
		d.stream = zlib.NewWriter(d)
	} else {
		d.stream.Reset(d)
	}
	d.stream.Write(body) // writing to memory cannot fail
	d.stream.Close()
	out := d.out
	d.out = nil
	return out
}
