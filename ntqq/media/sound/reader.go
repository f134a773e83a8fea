package sound

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"libration/ntqq/media/silk"
)

const (
	maxChannels = 8
	minRate     = 1000
	maxRate     = 192000
	maxSamples  = 64 << 20 / 2 // of all channels: 64 MiB of 16 bits each
	maxTag      = 32 << 20     // bytes of ID3; pictures are in it
	batch       = 4096         // samples that are decoded at once, at least
	patience    = 20 * time.Second
)

var (
	// ErrTooLong is returned by [Reader.Read] after [Reader.Longest], and after 64 MiB of
	// samples of all channels.
	ErrTooLong = silk.ErrTooLong
	// ErrEmpty is returned for a file without any sound.
	ErrEmpty = silk.ErrEmpty
)

// A DecodeError is returned for sound that is damaged, or has something in it that the
// decoder does not know.
type DecodeError struct {
	Format Format
	Err    error
}

func (e *DecodeError) Error() string {
	return fmt.Sprintf("the %s cannot be decoded: %v", e.Format, e.Err)
}
func (e *DecodeError) Unwrap() error { return e.Err }

// A stream is sound that is being decoded.
type stream struct {
	rate, channels int
	next           func() ([]float32, error) // some samples, the mean of all channels, or io.EOF
}

var decoders = map[Format]func(*bufio.Reader) (stream, error){
	WAV: openWAV, MP3: openMP3, MP2: openMP3, Vorbis: openVorbis, Opus: openOpus, FLAC: openFLAC,
}

// Decodes tells whether [Open] reads the format.
func Decodes(f Format) bool { return decoders[f] != nil }

// A Reader reads samples: 16 bits each, little-endian, mono. It is not safe for concurrent
// use. It needs no closing.
type Reader struct {
	Format   Format
	Rate     int // of what is read, in Hz: one that SILK takes
	Channels int // of the file; what is read is their mean
	// Longest is how long the sound may be. Open sets it to 5 minutes; it can be changed
	// before reading.
	Longest time.Duration

	stream    stream
	resampler *resampler // nil when the rate stays
	frames    int        // that were decoded
	pending   []byte
	err       error
}

// Open reads the head of sound from where r stands. The errors are [*FormatError],
// [*DecodeError], and those of r.
func Open(r io.ReadSeeker) (*Reader, error) {
	format, err := find(r)
	if err != nil {
		return nil, err
	}
	open := decoders[format]
	if open == nil {
		return nil, &FormatError{Format: format}
	}
	// A bufio.Reader, too, so that no module seeks.
	s, err := guarded(patience, func() (stream, error) { return open(bufio.NewReaderSize(r, 32<<10)) })
	if err == nil && (s.channels < 1 || s.channels > maxChannels || s.rate < minRate || s.rate > maxRate) {
		err = fmt.Errorf("it has %d channels and %d Hz", s.channels, s.rate)
	}
	if err != nil {
		return nil, decodeError(format, err)
	}
	out := &Reader{Format: format, Rate: target(s.rate), Channels: s.channels, Longest: 5 * time.Minute, stream: s}
	if out.Rate != s.rate {
		out.resampler = newResampler(s.rate, out.Rate)
	}
	return out, nil
}

// find returns the format of what r has, behind ID3 tags if there are any.
func find(r io.ReadSeeker) (Format, error) {
	for tagged := false; ; tagged = true {
		head := make([]byte, SniffLen)
		n, err := io.ReadFull(r, head)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return Unknown, err
		}
		head = head[:n]
		skip := id3(head)
		if _, err := r.Seek(int64(skip-n), io.SeekCurrent); err != nil {
			return Unknown, err
		}
		switch format := Sniff(head); {
		case skip > maxTag:
			return Unknown, &DecodeError{format, fmt.Errorf("its ID3 tag has %d bytes", skip)}
		case skip == 0 && tagged && format == Unknown:
			return MP3, nil // with something between tag and sound
		case skip == 0:
			return format, nil
		}
	}
}

// id3 returns the length of the ID3v2 tag that head begins with, or 0.
func id3(head []byte) int {
	if len(head) < 10 || string(head[:3]) != "ID3" {
		return 0
	}
	size := 0
	for _, b := range head[6:10] {
		size = size<<7 | int(b&0x7f)
	}
	if head[5]&0x10 != 0 { // a footer
		size += 10
	}
	return 10 + size
}

// Read implements io.Reader. The errors are [ErrTooLong], [ErrEmpty], [*DecodeError] and
// those of the reader of the file.
func (r *Reader) Read(p []byte) (int, error) {
	for len(r.pending) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		r.fill()
	}
	n := copy(p, r.pending)
	r.pending = r.pending[n:]
	return n, nil
}

// fill decodes a batch.
func (r *Reader) fill() {
	samples, err := guarded(patience, func() ([]float32, error) { return r.decode() })
	r.frames += len(samples)
	switch end := errors.Is(err, io.EOF); {
	case end && r.frames == 0:
		r.err = ErrEmpty
	case end:
		r.err = io.EOF
	case err != nil:
		r.err = decodeError(r.Format, err)
	case time.Duration(r.frames)*time.Second/time.Duration(r.stream.rate) > r.Longest:
		r.err = fmt.Errorf("%w: the limit is %v", ErrTooLong, r.Longest)
	case r.frames*r.Channels > maxSamples:
		r.err = fmt.Errorf("%w: the limit is 64 MiB of samples", ErrTooLong)
	}
	if r.resampler != nil {
		samples = r.resampler.next(samples, r.err != nil)
	}
	r.pending = r.pending[:0]
	for _, s := range samples {
		r.pending = binary.LittleEndian.AppendUint16(r.pending, uint16(toInt16(s)))
	}
}

func (r *Reader) decode() (samples []float32, err error) {
	for len(samples) < batch && err == nil {
		var more []float32
		more, err = r.stream.next()
		samples = append(samples, more...)
	}
	return samples, err
}

func toInt16(s float32) int16 {
	switch v := s * 32768; {
	case v >= 32767:
		return 32767
	case v <= -32768:
		return -32768
	case v < 0:
		return int16(v - 0.5)
	case v >= 0:
		return int16(v + 0.5)
	}
	return 0 // not a number
}

// guarded runs a part of a decoder. One that panics, and one that takes longer than the
// time, returns an error; the latter runs on until it ends by itself.
func guarded[T any](limit time.Duration, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		var r result
		defer func() {
			if p := recover(); p != nil {
				r.err = fmt.Errorf("the decoder failed: %v", p)
			}
			done <- r
		}()
		r.value, r.err = f()
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case r := <-done:
		return r.value, r.err
	case <-timer.C:
		return *new(T), fmt.Errorf("the decoder did nothing for %v", limit)
	}
}

// decodeError is the error of a decoder; those of its own kind stay.
func decodeError(f Format, err error) error {
	var format *FormatError
	if errors.As(err, &format) {
		return err
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return &DecodeError{f, err}
}

// mean mixes samples of all channels, one after the other, into the place of the first ones.
func mean(samples []float32, channels int) []float32 {
	if channels == 1 {
		return samples
	}
	out := samples[:0]
	for i := 0; i+channels <= len(samples); i += channels {
		var sum float32
		for _, s := range samples[i : i+channels] {
			sum += s
		}
		out = append(out, sum/float32(channels))
	}
	return out
}
