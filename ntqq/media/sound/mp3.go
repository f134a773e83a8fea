package sound

import (
	"errors"
	"io"

	"github.com/hajimehoshi/go-mp3"
)

// openMP3 reads MP3 without ID3 tags before it: for those, the module would take as many
// bytes of memory as they claim to have.
func openMP3(r io.Reader) (stream, error) {
	d, err := mp3.NewDecoder(r)
	if err != nil {
		return stream{}, err
	}
	const channels = 2 // always, as the module has it
	buf, out := make([]byte, 1152*channels*2), make([]float32, 1152*channels)
	return stream{d.SampleRate(), channels, func() ([]float32, error) {
		n, err := io.ReadFull(d, buf)
		if n == 0 {
			return nil, ended(err)
		}
		for i := range n / 2 {
			out[i] = float32(int16(le.Uint16(buf[2*i:]))) / (1 << 15)
		}
		if errors.Is(ended(err), io.EOF) {
			err = nil // it comes again
		}
		return mean(out[:n/2], channels), err
	}}, nil
}
