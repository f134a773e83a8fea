package sound

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// Format tags of WAV.
const (
	wavPCM        = 1
	wavFloat      = 3
	wavExtensible = 0xfffe
)

// sampleReaders read one sample, by format tag and bits.
var sampleReaders = map[[2]uint16]func(b []byte) float32{
	{wavPCM, 8}:  func(b []byte) float32 { return float32(int(b[0])-128) / (1 << 7) },
	{wavPCM, 16}: func(b []byte) float32 { return float32(int16(le.Uint16(b))) / (1 << 15) },
	{wavPCM, 24}: func(b []byte) float32 {
		return float32(int32(uint32(b[0])<<8|uint32(b[1])<<16|uint32(b[2])<<24)) / (1 << 31)
	},
	{wavPCM, 32}:   func(b []byte) float32 { return float32(int32(le.Uint32(b))) / (1 << 31) },
	{wavFloat, 32}: func(b []byte) float32 { return math.Float32frombits(le.Uint32(b)) },
	{wavFloat, 64}: func(b []byte) float32 { return float32(math.Float64frombits(le.Uint64(b))) },
}

var le = binary.LittleEndian

func openWAV(r *bufio.Reader) (stream, error) {
	if _, err := r.Discard(12); err != nil { // RIFF, size, WAVE
		return stream{}, err
	}
	var format []byte
	var head [8]byte
	for {
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return stream{}, err
		}
		size := int64(le.Uint32(head[4:]))
		switch name := string(head[:4]); {
		case name == "fmt " && size >= 16 && size <= 1024:
			format = make([]byte, size)
			if _, err := io.ReadFull(r, format); err != nil {
				return stream{}, err
			}
			size %= 2 // the byte that makes it even
		case name == "data" && format != nil:
			if size == 0 || size == math.MaxUint32 { // written to a pipe
				size = math.MaxInt64
			}
			return wavSamples(format, io.LimitReader(r, size))
		case name == "data":
			return stream{}, fmt.Errorf("there is no format before its samples")
		default:
			size += size % 2
		}
		if _, err := r.Discard(int(size)); err != nil {
			return stream{}, err
		}
	}
}

func wavSamples(format []byte, r io.Reader) (stream, error) {
	tag, channels, bits := le.Uint16(format), int(le.Uint16(format[2:])), le.Uint16(format[14:])
	if tag == wavExtensible && len(format) >= 26 {
		tag = le.Uint16(format[24:])
	}
	sample := sampleReaders[[2]uint16{tag, bits}]
	if sample == nil {
		return stream{}, &FormatError{WAV, fmt.Sprintf("codec %d, %d bits", tag, bits)}
	}
	width := int(bits / 8)
	if channels < 1 || channels > maxChannels || int(le.Uint16(format[12:])) != width*channels {
		return stream{}, fmt.Errorf("it has %d channels of %d bits in blocks of %d bytes", channels, bits, le.Uint16(format[12:]))
	}
	buf, out := make([]byte, 1024*width*channels), make([]float32, 1024*channels)
	return stream{int(le.Uint32(format[4:])), channels, func() ([]float32, error) {
		n, err := io.ReadFull(r, buf)
		n -= n % (width * channels) // a last one that is cut off
		if n == 0 {
			return nil, ended(err)
		}
		for i := range n / width {
			out[i] = sample(buf[i*width:])
		}
		return mean(out[:n/width], channels), nil
	}}, nil
}

// ended makes the error of io.ReadFull at the end, where something may be missing, io.EOF.
func ended(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return io.EOF
	}
	return err
}

// WAVHead returns the head of a WAV file with size bytes of samples, 16 bits each and mono.
// At most 4 GiB fit in a file.
func WAVHead(rate int, size uint32) []byte {
	b := append(make([]byte, 0, 44), "RIFF"...)
	b = le.AppendUint32(b, size+36)
	b = append(b, "WAVEfmt "...)
	b = le.AppendUint32(b, 16)
	b = le.AppendUint16(b, wavPCM)
	b = le.AppendUint16(b, 1)
	b = le.AppendUint32(b, uint32(rate))
	b = le.AppendUint32(b, uint32(2*rate))
	b = le.AppendUint16(b, 2)
	b = le.AppendUint16(b, 16)
	b = append(b, "data"...)
	return le.AppendUint32(b, size)
}

// WriteWAV writes a WAV file to w, which stands at its beginning: the samples are those that
// write gives to its writer, 16 bits each, little-endian and mono. The head is written again
// when their number is known. The errors are those of write and of w.
func WriteWAV(w io.WriteSeeker, rate int, write func(pcm io.Writer) error) error {
	if _, err := w.Write(WAVHead(rate, 0)); err != nil {
		return err
	}
	count := &counter{w: w}
	if err := write(count); err != nil {
		return err
	}
	if count.n > math.MaxUint32-36 {
		return fmt.Errorf("a WAV file has no room for %d bytes", count.n)
	}
	if _, err := w.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if _, err := w.Write(WAVHead(rate, uint32(count.n))); err != nil {
		return err
	}
	_, err := w.Seek(0, io.SeekEnd)
	return err
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}
