package wire

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
)

// How the body of a response is packed (docs/protocol/wire.md 4).
const (
	CompressionNone  uint32 = 0
	CompressionZlib  uint32 = 1
	CompressionPlain uint32 = 4 // another number for none; received only
	CompressionSkip  uint32 = 8 // none behind four bytes without a meaning; received only
)

// skipped is how many bytes stand in front of a body with CompressionSkip.
const skipped = 4

// The scratch memory of a pooled inflater doubles from firstInflated to maxKept. What is longer is inflated in pieces of maxKept.
const (
	firstInflated = 8 << 10
	maxKept       = 1 << 20
)

// inflaters and deflaters keep the zlib states, which are large and slow to make. Both pools are safe for concurrent use.
var (
	inflaters = sync.Pool{New: func() any { return new(inflater) }}
	deflaters = sync.Pool{New: func() any { return new(deflater) }}
)

// inflater is a zlib reader with its source and the scratch memory that it inflates into.
type inflater struct {
	source  bytes.Reader
	stream  io.ReadCloser // nil before the first use
	scratch []byte
}

// appendCompressed appends body, packed, to dst.
func appendCompressed(dst, body []byte, compression uint32) ([]byte, error) {
	switch compression {
	case CompressionNone, CompressionPlain:
		return append(dst, body...), nil
	case CompressionSkip:
		return append(append(dst, make([]byte, skipped)...), body...), nil
	case CompressionZlib:
		if len(body) > MaxInflated {
			return dst, fmt.Errorf("%w: body of %d bytes", ErrCompression, len(body))
		}
		d := deflaters.Get().(*deflater)
		defer deflaters.Put(d)
		return d.deflate(dst, body)
	}
	return dst, fmt.Errorf("%w: number %d", ErrCompression, compression)
}

// decompress returns the unpacked body, which aliases b unless it had to be inflated. An empty body is empty with every compression.
func decompress(b []byte, compression uint32) ([]byte, error) {
	switch compression {
	case CompressionNone, CompressionPlain:
		return b, nil
	case CompressionSkip:
		return b[min(skipped, len(b)):], nil
	case CompressionZlib:
		if len(b) == 0 {
			return b, nil
		}
		z := inflaters.Get().(*inflater)
		defer inflaters.Put(z)
		return z.inflate(b, MaxInflated)
	}
	return nil, fmt.Errorf("%w: number %d", ErrCompression, compression)
}

// inflate returns the content of a zlib stream of at most limit bytes. The checksum is checked; what follows the stream is ignored.
func (z *inflater) inflate(b []byte, limit int) ([]byte, error) {
	z.source.Reset(b)
	var err error
	if z.stream == nil {
		z.stream, err = zlib.NewReader(&z.source)
	} else {
		err = z.stream.(zlib.Resetter).Reset(&z.source, nil)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %d bytes are no zlib stream: %w", ErrCompression, len(b), err)
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
		return nil, fmt.Errorf("%w: zlib stream of %d bytes inflates over %d", ErrCompression, len(b), limit)
	}
	if !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: zlib stream of %d bytes: %w", ErrCompression, len(b), err)
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

func (d *deflater) deflate(dst, body []byte) ([]byte, error) {
	d.out = dst
	if d.stream == nil {
		d.stream = zlib.NewWriter(d)
	} else {
		d.stream.Reset(d)
	}
	_, err := d.stream.Write(body)
	if err == nil {
		err = d.stream.Close()
	}
	out := d.out
	d.out = nil
	if err != nil {
		return dst, fmt.Errorf("%w: deflate: %w", ErrCompression, err)
	}
	return out, nil
}
