package sound

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"time"
)

// amrFrames are how many bytes the frames of a kind of AMR have behind their first one, by
// its type; 0 for types that are none (RFC 4867 5.3, 3GPP TS 26.101 and 26.201).
var amrFrames = map[string][16]int{
	"#!AMR\n":    {12, 13, 15, 17, 19, 20, 26, 31, 5},
	"#!AMR-WB\n": {17, 23, 32, 36, 40, 46, 50, 58, 60, 5},
}

// AMRDuration returns how long AMR is: its frames are counted, of 20 ms each. A last one that
// is cut off counts. The errors are [*FormatError], [*DecodeError], [ErrEmpty] and those of
// the reader.
func AMRDuration(r io.Reader) (time.Duration, error) {
	in := bufio.NewReader(r)
	head, err := in.Peek(9)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	var sizes [16]int
	for magic, s := range amrFrames {
		if strings.HasPrefix(string(head), magic) {
			sizes = s
			if _, err := in.Discard(len(magic)); err != nil {
				return 0, err
			}
		}
	}
	if sizes[0] == 0 {
		return 0, &FormatError{Sniff(head), "not of one channel"}
	}
	frames := 0
	for {
		head, err := in.ReadByte()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, err
		}
		kind := head >> 3 & 15
		if sizes[kind] == 0 && kind < 14 {
			return 0, &DecodeError{AMR, errors.New("it has a frame of an unknown type")}
		}
		frames++
		if _, err := in.Discard(sizes[kind]); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return 0, err
		}
	}
	if frames == 0 {
		return 0, ErrEmpty
	}
	return time.Duration(frames) * 20 * time.Millisecond, nil
}
