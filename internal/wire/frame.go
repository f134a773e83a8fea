package wire

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
)

const (
	// MaxFrame is the size in bytes of the largest frame that is read, with its length word. A frame that is written stays below it.
	MaxFrame = 10 << 20
	// MaxInflated is the size in bytes up to which a compressed body may inflate.
	MaxInflated = 16 << 20

	lengthWord = 4
	// firstRead is how much is allocated on the word of the peer alone. Longer frames double it as their bytes arrive.
	firstRead = 64 << 10
)

// FrameError reports a length word below 4 or over MaxFrame. There is no way to find the next frame: the connection is to be closed.
type FrameError struct{ Length uint32 }

func (e *FrameError) Error() string {
	if peer := e.peer(); peer != "" {
		return fmt.Sprintf("%s answered instead of an NTQQ server (length word %d): check the address, and any proxy on the way", peer, e.Length)
	}
	return fmt.Sprintf("frame with a length word of %d", e.Length)
}

// peer names what speaks another protocol, by the bytes that it began with.
func (e *FrameError) peer() string {
	switch first := binary.BigEndian.AppendUint32(nil, e.Length); {
	case string(first) == "HTTP":
		return "an HTTP server or proxy"
	case string(first) == "SSH-":
		return "an SSH server"
	case first[0] == 0x15 && first[1] == 3: // an alert
		return "a TLS server"
	}
	return ""
}

// FrameReader splits a byte stream into frames (docs/protocol/wire.md 1). It is not safe for concurrent use.
type FrameReader struct {
	r     *bufio.Reader
	room  *Room // nil: its own frames only
	taken int64 // of room, by the last frame
}

// Room bounds the memory that the long frames of several readers take together. It is safe for concurrent use.
type Room struct{ left atomic.Int64 }

// NewRoom returns room for frames of so many bytes.
func NewRoom(bytes int64) *Room {
	r := new(Room)
	r.left.Store(bytes)
	return r
}

// Left returns how many bytes are free.
func (r *Room) Left() int64 { return r.left.Load() }

func (r *Room) take(n int64) bool {
	if r.left.Add(-n) >= 0 {
		return true
	}
	r.left.Add(n)
	return false
}

// NewFrameReader returns a reader of the frames of r. It may read further ahead in r than the frames that it has returned.
func NewFrameReader(r io.Reader) *FrameReader {
	return &FrameReader{r: bufio.NewReader(r)}
}

// Share makes the reader take the memory of frames over 64 KiB out of room. The last frame counts until the next call of Next, or Release.
func (r *FrameReader) Share(room *Room) { r.room = room }

// Release gives the room of the last frame back.
func (r *FrameReader) Release() {
	if r.room != nil {
		r.room.left.Add(r.taken)
		r.taken = 0
	}
}

// Next returns the next frame without its length word, in a new slice that the caller owns; an empty frame is not nil. At a clean end of
// the stream it returns io.EOF, inside a frame io.ErrUnexpectedEOF, on an impossible length *FrameError, without room ErrNoRoom, else the error of the stream.
func (r *FrameReader) Next() ([]byte, error) {
	r.Release()
	word, err := r.r.Peek(lengthWord)
	if err != nil {
		if len(word) > 0 {
			return nil, endInside(err)
		}
		return nil, err
	}
	length := binary.BigEndian.Uint32(word)
	if length < lengthWord || length > MaxFrame {
		return nil, &FrameError{length}
	}
	if _, err := r.r.Discard(lengthWord); err != nil {
		return nil, endInside(err)
	}
	size := int(length) - lengthWord
	frame := make([]byte, min(size, firstRead))
	for done := 0; ; {
		n, err := io.ReadFull(r.r, frame[done:])
		if err != nil {
			return nil, endInside(err)
		}
		done += n
		if done == size {
			return frame, nil
		}
		longest := min(size, 2*done)
		if r.room != nil {
			if !r.room.take(int64(longest - done)) {
				return nil, ErrNoRoom
			}
			r.taken += int64(longest - done)
		}
		longer := make([]byte, longest)
		copy(longer, frame)
		frame = longer
	}
}

// endInside turns an end of the stream into the one that tells that a frame was not complete.
func endInside(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// endFrame fills in the length word that stands at at, as endP4 does, unless the frame is too long.
func endFrame(dst []byte, at int) ([]byte, error) {
	if n := len(dst) - at; n >= MaxFrame {
		return dst[:at], &FrameError{uint32(min(uint64(n), 1<<32-1))}
	}
	endP4(dst, at)
	return dst, nil
}
