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

// maxKept bounds the scratch memory that a pooled inflater holds on to.
const maxKept = 1 << 20

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
	out := z.scratch[:0]
	for err == nil && len(out) <= limit {
		out = slices.Grow(out, 4<<10)
		var n int
		n, err = z.stream.Read(out[len(out):min(cap(out), limit+1)])
		out = out[:len(out)+n]
	}
	shared := cap(out) <= maxKept
	z.scratch = nil
	if shared {
		z.scratch = out
	}
	z.source.Reset(nil)
	if len(out) > limit {
		return nil, fmt.Errorf("%w: zlib stream of %d bytes inflates over %d", ErrCompression, len(b), limit)
	}
	if !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: zlib stream of %d bytes: %w", ErrCompression, len(b), err)
	}
	if !shared {
		return out, nil
	}
	return bytes.Clone(out), nil
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
