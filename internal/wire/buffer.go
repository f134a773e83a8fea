package wire

import (
	"encoding/binary"
	"fmt"
)

// reader takes big-endian fields off the front of a byte slice. The first read past the end sets err to an error wrapping
// ErrTruncated; from then on every read returns zero values, so that a parser can check err once at the end.
// Byte results alias the input.
type reader struct {
	b   []byte
	err error
}

// fail records the first error.
func (r *reader) fail(what string, want int) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s of %d bytes, %d left", ErrTruncated, what, want, len(r.b))
	}
	r.b = nil
}

// remaining returns the number of unread bytes.
func (r *reader) remaining() int { return len(r.b) }

// rest takes everything that is left.
func (r *reader) rest() []byte {
	b := r.b
	r.b = nil
	return b
}

// bytes takes n bytes; a negative n is an error too.
func (r *reader) bytes(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.fail("field", n)
		return nil
	}
	b := r.b[:n:n]
	r.b = r.b[n:]
	return b
}

func (r *reader) u8() uint8 {
	if len(r.b) < 1 {
		r.fail("integer", 1)
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

func (r *reader) u16() uint16 {
	if len(r.b) < 2 {
		r.fail("integer", 2)
		return 0
	}
	v := binary.BigEndian.Uint16(r.b)
	r.b = r.b[2:]
	return v
}

func (r *reader) u32() uint32 {
	if len(r.b) < 4 {
		r.fail("integer", 4)
		return 0
	}
	v := binary.BigEndian.Uint32(r.b)
	r.b = r.b[4:]
	return v
}

func (r *reader) u64() uint64 {
	if len(r.b) < 8 {
		r.fail("integer", 8)
		return 0
	}
	v := binary.BigEndian.Uint64(r.b)
	r.b = r.b[8:]
	return v
}

// l1 and l2 take a field behind a u8 or u16 length that does not count itself.
func (r *reader) l1() []byte { return r.bytes(int(r.u8())) }

func (r *reader) l2() []byte { return r.bytes(int(r.u16())) }

// p2 and p4 take a field behind a u16 or u32 length that counts itself.
func (r *reader) p2() []byte {
	n := r.u16()
	if r.err == nil && n < 2 {
		r.fail("self-counting length", int(n))
		return nil
	}
	return r.sized(int64(n) - 2)
}

func (r *reader) p4() []byte {
	n := r.u32()
	if r.err == nil && n < 4 {
		r.fail("self-counting length", int(n))
		return nil
	}
	return r.sized(int64(n) - 4)
}

// sized is bytes for a length that may not fit an int on every platform, and for one that was not read at all.
func (r *reader) sized(n int64) []byte {
	if r.err != nil {
		return nil
	}
	if n > int64(len(r.b)) {
		r.fail("field", int(min(n, 1<<31-1)))
		return nil
	}
	return r.bytes(int(n))
}

// bytesOrString is what the append functions take, so that a text needs no conversion.
type bytesOrString interface{ ~[]byte | ~string }

// appendL1 and appendL2 write x behind a length that does not count itself. The caller has bounded x:
// a longer one would be cut off by the length word.
func appendL1[T bytesOrString](dst []byte, x T) []byte {
	return append(append(dst, byte(len(x))), x...)
}

func appendL2[T bytesOrString](dst []byte, x T) []byte {
	return append(binary.BigEndian.AppendUint16(dst, uint16(len(x))), x...)
}

// appendP2 and appendP4 write x behind a length that counts itself. The caller has bounded x.
func appendP2[T bytesOrString](dst []byte, x T) []byte {
	return append(binary.BigEndian.AppendUint16(dst, uint16(len(x)+2)), x...)
}

func appendP4[T bytesOrString](dst []byte, x T) []byte {
	return append(binary.BigEndian.AppendUint32(dst, uint32(len(x)+4)), x...)
}

// beginP4 leaves room for a self-counting u32 length and endP4 fills it in: dst = beginP4(dst); ...; endP4(dst, at)
// where at is the length of dst before beginP4.
func beginP4(dst []byte) []byte { return append(dst, 0, 0, 0, 0) }

func endP4(dst []byte, at int) { binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at)) }
