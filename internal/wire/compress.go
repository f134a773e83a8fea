package wire

import (
	"fmt"

	"libration/internal/packed"
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
		return packed.AppendDeflated(dst, body), nil
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
		out, err := packed.Inflate(b, MaxInflated)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrCompression, err)
		}
		return out, nil
	}
	return nil, fmt.Errorf("%w: number %d", ErrCompression, compression)
}
