package highway

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
)

// Limits of a frame, in bytes.
const (
	MaxHead = 100 << 10
	MaxBody = 16 << 20
)

// First and Last are the first and the last byte of each frame.
const (
	First byte = 0x28
	Last  byte = 0x29
)

// startSize is what stands before the head: First and the two lengths.
const startSize = 9

// Commands of a frame's head.
const (
	CommandData = "PicUp.DataUp"
	CommandEcho = "PicUp.Echo"
)

// FrameError reports bytes that are no frame. There is no way to find the next one: the
// connection is to be closed.
type FrameError struct{ Reason string }

func (e *FrameError) Error() string { return "highway frame: " + e.Reason }

// AppendStart appends a frame up to its body, which is to follow with so many bytes, and
// after it Last. The error means that the head or the body is too long.
func AppendStart(dst []byte, head proto.Message, body int) ([]byte, error) {
	encoded, err := pb.Marshal(head)
	if err != nil {
		return dst, fmt.Errorf("encode highway head: %w", err)
	}
	if err := checkLengths(len(encoded), body); err != nil {
		return dst, err
	}
	dst = append(dst, First)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(encoded)))
	dst = binary.BigEndian.AppendUint32(dst, uint32(body))
	return append(dst, encoded...), nil
}

// Append appends a whole frame. The error is that of [AppendStart].
func Append(dst []byte, head proto.Message, body []byte) ([]byte, error) {
	dst, err := AppendStart(dst, head, len(body))
	if err != nil {
		return dst, err
	}
	return append(append(dst, body...), Last), nil
}

func checkLengths(head, body int) error {
	switch {
	case head > MaxHead:
		return &FrameError{fmt.Sprintf("a head of over %d bytes", MaxHead)}
	case body > MaxBody:
		return &FrameError{fmt.Sprintf("a body of over %d bytes", MaxBody)}
	}
	return nil
}

// Reader reads the frames of a stream: [Reader.Next] the head, then Read the body, whose
// memory is the caller's. It is not safe for concurrent use.
type Reader struct {
	r      io.Reader
	head   bytes.Buffer
	left   int64 // of the body
	inside bool  // the frame has not ended
}

// NewReader returns a reader of the frames of r. It reads no byte of r beyond the frames.
// Small reads are made: r should be buffered.
func NewReader(r io.Reader) *Reader { return &Reader{r: r} }

// Next skips what is left of a frame and decodes the head of the next one into head. It
// returns the length of the body. At a clean end of the stream the error is io.EOF, inside
// a frame io.ErrUnexpectedEOF, for what is no frame *FrameError, else that of the stream.
// The frame of a head that cannot be decoded may be skipped by another Next; the error is
// a *HeadError.
func (r *Reader) Next(head proto.Message) (body int, err error) {
	if r.inside {
		if _, err := io.Copy(io.Discard, r); err != nil {
			return 0, err
		}
	}
	var start [startSize]byte
	if _, err := io.ReadFull(r.r, start[:]); err != nil {
		return 0, err
	}
	if start[0] != First {
		return 0, &FrameError{fmt.Sprintf("it begins with 0x%02x", start[0])}
	}
	headLen, bodyLen := int(binary.BigEndian.Uint32(start[1:])), int(binary.BigEndian.Uint32(start[5:]))
	if err := checkLengths(headLen, bodyLen); err != nil {
		return 0, err
	}
	r.head.Reset() // it grows as the bytes come
	if _, err := io.CopyN(&r.head, r.r, int64(headLen)); err != nil {
		return 0, endInside(err)
	}
	r.left, r.inside = int64(bodyLen), true
	if err := pb.Unmarshal(r.head.Bytes(), head); err != nil {
		return 0, &HeadError{err}
	}
	return bodyLen, nil
}

// HeadError reports a head that cannot be decoded, in a frame that is one.
type HeadError struct{ Err error }

func (e *HeadError) Error() string { return "highway head: " + e.Err.Error() }

// Unwrap returns Err.
func (e *HeadError) Unwrap() error { return e.Err }

// Read reads the body. At its end, after the end of the frame was checked, it returns
// io.EOF; the other errors are those of Next.
func (r *Reader) Read(p []byte) (int, error) {
	if r.left > 0 {
		if int64(len(p)) > r.left {
			p = p[:r.left]
		}
		n, err := r.r.Read(p)
		r.left -= int64(n)
		return n, endInside(err)
	}
	if !r.inside {
		return 0, io.EOF
	}
	var last [1]byte
	if _, err := io.ReadFull(r.r, last[:]); err != nil {
		return 0, endInside(err)
	}
	if last[0] != Last {
		return 0, &FrameError{fmt.Sprintf("it ends with 0x%02x", last[0])}
	}
	r.inside = false
	return 0, io.EOF
}

// endInside turns an end of the stream into the one inside a frame.
func endInside(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
