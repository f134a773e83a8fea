package sound

import (
	"bufio"
	"errors"

	"github.com/jfreymuth/vorbis"
)

// openVorbis reads Vorbis in Ogg.
func openVorbis(r *bufio.Reader) (stream, error) {
	ogg := &oggReader{r: r}
	head, err := ogg.next(maxPacket)
	if err != nil {
		return stream{}, err
	}
	if err := checkVorbisHead(head.data); err != nil {
		return stream{}, err
	}
	if _, err := ogg.next(0); err != nil { // its comments
		return stream{}, err
	}
	setup, err := ogg.next(maxPacket)
	if err != nil {
		return stream{}, err
	}
	if err := checkVorbisSetup(setup.data); err != nil {
		return stream{}, err
	}
	var d vorbis.Decoder
	if err := errors.Join(d.ReadHeader(head.data), d.ReadHeader(setup.data)); err != nil {
		return stream{}, err
	}
	var part span
	buf, channels := make([]float32, d.BufferSize()), d.Channels()
	return stream{d.SampleRate(), channels, func() ([]float32, error) {
		p, err := ogg.next(maxPacket)
		if err != nil || len(p.data) == 0 {
			return nil, err
		}
		samples, err := d.DecodeInto(p.data, buf)
		if err != nil {
			return nil, err
		}
		from, to := part.cut(p, len(samples)/channels)
		return mean(samples[from*channels:to*channels], channels), nil
	}}, nil
}
