package sound

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/mewkiz/flac"
)

// openFLAC reads FLAC. That its first block of metadata is the one that it must be is looked
// for here: of others, the module takes as many bytes of memory as they claim to have.
func openFLAC(in *bufio.Reader) (stream, error) {
	const streamInfo = "fLaC\x00\x00\x00\x22"
	head, err := in.Peek(len(streamInfo))
	if err != nil {
		return stream{}, err
	}
	if head = bytes.Clone(head); head[4] == 0x80 { // it is the last one, too
		head[4] = 0
	}
	if string(head) != streamInfo {
		return stream{}, errors.New("it does not begin with stream information")
	}
	f, err := flac.New(in)
	if err != nil {
		return stream{}, err
	}
	info, channels := f.Info, int(f.Info.NChannels)
	left := info.NSamples // 0: it is not known
	var out []float32
	return stream{int(info.SampleRate), channels, func() ([]float32, error) {
		if info.NSamples > 0 && left == 0 {
			return nil, io.EOF
		}
		frame, err := f.ParseNext()
		if errors.Is(err, io.EOF) && left > 0 {
			return nil, io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, err
		}
		if len(frame.Subframes) != channels {
			return nil, fmt.Errorf("a frame has %d channels, not %d", len(frame.Subframes), channels)
		}
		bits := frame.BitsPerSample
		if bits == 0 {
			bits = info.BitsPerSample
		}
		out = out[:0]
		for i := range frame.Subframes[0].Samples {
			var sum float32
			for _, s := range frame.Subframes {
				sum += float32(s.Samples[i])
			}
			out = append(out, sum/float32(channels)/float32(uint64(1)<<(bits-1)))
		}
		left -= min(left, uint64(len(out)))
		return out, nil
	}}, nil
}
