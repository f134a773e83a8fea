package sound

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
)

// The decoder of Vorbis believes what the heads of a file say: of some it would take
// gigabytes, or never end. So they are read here before (Vorbis I specification, 3 and 4).

const (
	maxEntries = 16384   // of a codebook
	maxBooks   = 65536   // entries of all codebooks
	maxVectors = 4 << 20 // numbers in all codebooks
	maxLength  = 32      // bits of a codeword
)

func checkVorbisHead(b []byte) error {
	if len(b) < 30 || string(b[:7]) != "\x01vorbis" {
		return errors.New("it has no head")
	}
	channels, short, long := int(b[11]), b[28]&15, b[28]>>4
	if channels < 1 || channels > maxChannels || short < 6 || short > long || long > 13 {
		return fmt.Errorf("it has %d channels and blocks of 2^%d and 2^%d samples", channels, short, long)
	}
	return nil
}

func checkVorbisSetup(b []byte) error {
	if len(b) < 7 || string(b[:7]) != "\x05vorbis" {
		return errors.New("it has no setup")
	}
	r := &bitReader{data: b[7:]}
	entries, vectors := 0, 0
	for range r.read(8) + 1 {
		n, dimensions, err := checkCodebook(r)
		if err != nil {
			return err
		}
		entries, vectors = entries+n, vectors+n*dimensions
		if entries > maxBooks || vectors > maxVectors {
			return errors.New("its codebooks are too large")
		}
	}
	return nil
}

// checkCodebook reads a codebook, and returns how many entries and dimensions it has.
func checkCodebook(r *bitReader) (entries, dimensions int, err error) {
	if r.read(24) != 0x564342 {
		return 0, 0, errors.New("it has no codebook where one must be")
	}
	dimensions, entries = r.read(16), r.read(24)
	if dimensions == 0 || entries < 2 || entries > maxEntries || entries*dimensions > maxVectors {
		return 0, 0, fmt.Errorf("it has a codebook of %d entries in %d dimensions", entries, dimensions)
	}
	if err := checkCodewords(r, entries); err != nil {
		return 0, 0, err
	}
	switch lookup := r.read(4); lookup {
	case 0:
		return entries, dimensions, nil
	case 1, 2:
		r.skip(64)
		width := r.read(4) + 1
		r.skip(1)
		values := entries * dimensions
		if lookup == 1 {
			values = int(math.Pow(float64(entries), 1/float64(dimensions))) // as the decoder has it
		}
		r.skip(values * width)
	default:
		return 0, 0, fmt.Errorf("it has a codebook of type %d", lookup)
	}
	if r.beyond() {
		return 0, 0, errors.New("its setup is cut off")
	}
	return entries, dimensions, nil
}

// checkCodewords reads the lengths of codewords. All sequences of bits must begin with one
// of them: the decoder would look for the others for ever.
func checkCodewords(r *bitReader, entries int) error {
	taken := uint64(0) // of 1<<maxLength
	take := func(length, count int) error {
		if length > maxLength {
			return errors.New("it has a codeword that is too long")
		}
		taken += uint64(count) << (maxLength - length)
		return nil
	}
	if ordered := r.read(1) == 1; ordered {
		length := r.read(5) + 1
		for at := 0; at < entries; length++ {
			n := r.read(bits.Len(uint(entries - at)))
			if at += n; at > entries {
				return errors.New("it has more codewords than entries")
			}
			if err := take(length, n); err != nil {
				return err
			}
		}
	} else {
		sparse := r.read(1) == 1
		for range entries {
			if !sparse || r.read(1) == 1 {
				if err := take(r.read(5)+1, 1); err != nil {
					return err
				}
			}
		}
	}
	if taken != 1<<maxLength {
		return errors.New("it has a codebook that is not complete")
	}
	return nil
}

// A bitReader reads numbers, their low bits first. Behind the end there are zeros.
type bitReader struct {
	data []byte
	at   int // in bits
}

func (r *bitReader) read(n int) (v int) {
	for i := range n {
		if byteAt := r.at / 8; byteAt < len(r.data) {
			v |= int(r.data[byteAt]>>(r.at%8)&1) << i
		}
		r.at++
	}
	return v
}

func (r *bitReader) skip(n int) { r.at += n }

func (r *bitReader) beyond() bool { return r.at > 8*len(r.data) }
