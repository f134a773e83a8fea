package silk

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

var (
	// ErrNotSilk is returned for input that does not begin as SILK v3 does.
	ErrNotSilk = errors.New("this is not SILK v3")
	// ErrDamaged is returned for SILK that is cut off, or that the codec refuses.
	ErrDamaged = errors.New("the SILK is damaged")
	// ErrEmpty is returned for input without any sound.
	ErrEmpty = errors.New("there is no sound in it")
	// ErrTooLong is returned for a voice that is longer than [Codec.Longest].
	ErrTooLong = errors.New("the voice is too long")
	// ErrRate is returned for a rate that [Takes] does not take.
	ErrRate = errors.New("SILK does not take this rate")
)

const (
	magic     = "#!SILK_V3"
	tencent   = 0x02
	maxBlock  = 1024 // bytes
	blockTime = 20 * time.Millisecond
	blocks    = int(time.Second / blockTime) // a second
)

var rates = []int{8000, 12000, 16000, 24000, 32000, 44100, 48000}

// Takes tells whether sound of the rate, in Hz, can be encoded, and SILK be decoded to it:
// 8000, 12000, 16000, 24000, 32000, 44100 and 48000.
func Takes(rate int) bool { return slices.Contains(rates, rate) }

// A Codec converts voices. The zero value is ready for use, by many at once.
type Codec struct {
	// Longest is how long a voice may be. The default is 5 minutes.
	Longest time.Duration
}

func (c Codec) longest() time.Duration {
	if c.Longest <= 0 {
		return 5 * time.Minute
	}
	return c.Longest
}

// Duration returns how long a voice is, going by the number of its blocks: nothing is
// decoded. The errors are [ErrNotSilk], [ErrDamaged], [ErrEmpty], [ErrTooLong] and those of
// the reader.
func (c Codec) Duration(r io.Reader) (time.Duration, error) { return c.Rewrite(r, io.Discard) }

// Rewrite copies SILK of either form in Tencent's form, and returns how long it is. The
// errors are those of [Codec.Duration] and of the writer.
func (c Codec) Rewrite(r io.Reader, w io.Writer) (time.Duration, error) {
	in, err := newReader(r)
	if err != nil {
		return 0, err
	}
	out := newWriter(w)
	return c.each(func() (time.Duration, error) {
		block, err := in.next()
		if err == nil {
			err = out.write(block)
		}
		return blockTime, err
	}, out.Flush)
}

// each adds up how long the steps are, up to the one that returns io.EOF, and ends with done.
func (c Codec) each(step func() (time.Duration, error), done func() error) (total time.Duration, err error) {
	for {
		d, err := step()
		switch {
		case errors.Is(err, io.EOF) && total == 0:
			return 0, ErrEmpty
		case errors.Is(err, io.EOF):
			return total, done()
		case err != nil:
			return 0, err
		}
		if total += d; total > c.longest() {
			return 0, fmt.Errorf("%w: the limit is %v", ErrTooLong, c.longest())
		}
	}
}

// reader reads the blocks of SILK of either form.
type reader struct {
	*bufio.Reader
	count int
	block [maxBlock]byte
}

func newReader(r io.Reader) (*reader, error) {
	in := &reader{Reader: bufio.NewReader(r)}
	head, err := in.Peek(len(magic) + 1)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	size := len(magic)
	if len(head) > 0 && head[0] == tencent {
		head, size = head[1:], size+1
	}
	if len(head) < len(magic) || string(head[:len(magic)]) != magic {
		return nil, ErrNotSilk
	}
	_, err = in.Discard(size)
	return in, err
}

// next returns the next block, which may be of no bytes and is valid until the next call, or
// io.EOF.
func (r *reader) next() ([]byte, error) {
	r.count++
	var size [2]byte
	switch _, err := io.ReadFull(r, size[:]); {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, r.damaged("it is cut off")
	case err != nil:
		return nil, err
	}
	n := binary.LittleEndian.Uint16(size[:])
	switch {
	case n == 0xffff: // the end of plain SILK
		return nil, io.EOF
	case n > maxBlock:
		return nil, r.damaged(fmt.Sprintf("it has %d bytes", n))
	}
	switch _, err := io.ReadFull(r, r.block[:n]); {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, r.damaged("it is cut off")
	case err != nil:
		return nil, err
	}
	return r.block[:n], nil
}

func (r *reader) damaged(why string) error {
	return fmt.Errorf("%w: block %d: %s", ErrDamaged, r.count, why)
}

// writer writes blocks in Tencent's form.
type writer struct{ *bufio.Writer }

func newWriter(w io.Writer) writer {
	out := writer{bufio.NewWriter(w)}
	out.WriteByte(tencent) // an error comes again with Flush
	out.WriteString(magic)
	return out
}

func (w writer) write(block []byte) error {
	w.Write(binary.LittleEndian.AppendUint16(w.AvailableBuffer(), uint16(len(block))))
	_, err := w.Write(block)
	return err
}

// Duration is [Codec.Duration] with the default limit.
func Duration(r io.Reader) (time.Duration, error) { return Codec{}.Duration(r) }

// Rewrite is [Codec.Rewrite] with the default limit.
func Rewrite(r io.Reader, w io.Writer) (time.Duration, error) { return Codec{}.Rewrite(r, w) }
