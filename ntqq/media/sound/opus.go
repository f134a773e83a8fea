package sound

import (
	"bufio"
	"errors"
	"fmt"
	"math"

	"github.com/pion/opus"
)

// openOpus reads Opus in Ogg (RFC 7845).
func openOpus(r *bufio.Reader) (stream, error) {
	const rate, longest = 48000, 48000 * 120 / 1000 // a packet has 120 ms at most
	ogg := &oggReader{r: r}
	head, err := ogg.next(maxPacket)
	if err != nil {
		return stream{}, err
	}
	if len(head.data) < 19 || string(head.data[:8]) != "OpusHead" || head.data[8]&0xf0 != 0 {
		return stream{}, errors.New("it has no head")
	}
	channels := int(head.data[9])
	if channels < 1 || channels > 2 {
		return stream{}, &FormatError{Opus, fmt.Sprintf("%d channels", channels)}
	}
	gain := float32(math.Pow(10, float64(int16(le.Uint16(head.data[16:])))/256/20))
	if _, err := ogg.next(0); err != nil { // its comments
		return stream{}, err
	}
	// It mixes the channels where they are still coded together, which is less work.
	decoder, err := opus.NewDecoderWithOutput(rate, 1)
	if err != nil {
		return stream{}, err
	}
	part := span{skip: int64(le.Uint16(head.data[10:]))}
	out := make([]float32, longest)
	return stream{rate, channels, func() ([]float32, error) {
		p, err := ogg.next(maxPacket)
		if err != nil {
			return nil, err
		}
		n, err := decoder.DecodeToFloat32(p.data, out)
		if err != nil {
			return nil, err
		}
		from, to := part.cut(p, n)
		samples := out[from:to]
		for i := range samples {
			samples[i] *= gain
		}
		return samples, nil
	}}, nil
}
