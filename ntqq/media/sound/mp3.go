package sound

import (
	"bufio"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"runtime"

	"libration/ntqq/media/internal/wasm"
)

// mp3.wasm is minimp3 and wasm/mp3.c; genwasm builds it (ntqq/media/silk/instance.go).
//
//go:embed mp3.wasm
var mp3Program []byte

var mp3Machine = wasm.Lazy(mp3Program)

const (
	mp3Input   = 16384        // bytes, as in wasm/mp3.c: some frames, by which it knows the first one
	mp3Samples = 1152 * 2 * 2 // bytes of the samples of a frame
)

// An mp3Decoder decodes MPEG audio of all versions and layers. What is no frame is passed
// over.
type mp3Decoder struct {
	*wasm.Instance
	run                 *wasm.Function
	input, output, info []byte // buffers of the program

	r     io.Reader
	have  int // bytes in input
	ended bool
}

func newMP3Decoder(r io.Reader) (*mp3Decoder, error) {
	m, err := mp3Machine()
	if err != nil {
		return nil, err
	}
	i, err := m.Instantiate()
	if err != nil {
		return nil, err
	}
	d := &mp3Decoder{Instance: i, run: i.Function("decode"), r: r}
	runtime.AddCleanup(d, (*wasm.Instance).Close, i) // a Reader is not closed
	for _, b := range []struct {
		name string
		size uint32
		to   *[]byte
	}{{"input", mp3Input, &d.input}, {"output", mp3Samples, &d.output}, {"info", 6 * 4, &d.info}} {
		if *b.to, err = i.Buffer(b.name, b.size); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// next returns the samples of the next frame, of all channels in turn, or io.EOF.
func (d *mp3Decoder) next() (samples []byte, rate, channels int, err error) {
	for {
		if !d.ended {
			n, err := io.ReadFull(d.r, d.input[d.have:])
			d.have += n
			if d.ended = errors.Is(ended(err), io.EOF); err != nil && !d.ended {
				return nil, 0, 0, err
			}
		}
		n, err := d.run.Call(d.have)
		if err != nil {
			return nil, 0, 0, err
		}
		done := int(le.Uint32(d.info))
		if done <= 0 || done > d.have { // the rest is no frame
			return nil, 0, 0, io.EOF
		}
		d.have = copy(d.input, d.input[done:d.have])
		if n > 0 {
			channels, rate = int(le.Uint32(d.info[8:])), int(le.Uint32(d.info[12:]))
			return d.output[:2*n*channels], rate, channels, nil
		}
	}
}

func openMP3(r *bufio.Reader) (stream, error) {
	d, err := newMP3Decoder(r)
	if err != nil {
		return stream{}, err
	}
	first, rate, channels, err := d.next()
	if err != nil {
		return stream{}, err
	}
	var out []float32
	return stream{rate, channels, func() ([]float32, error) {
		frame, r, c := first, rate, channels
		if first = nil; frame == nil {
			if frame, r, c, err = d.next(); err != nil {
				return nil, err
			}
		}
		if r != rate {
			return nil, fmt.Errorf("its rate changes from %d to %d Hz", rate, r)
		}
		out = out[:0]
		for i := 0; i < len(frame); i += 2 {
			out = append(out, float32(int16(le.Uint16(frame[i:])))/(1<<15))
		}
		return mean(out, c), nil
	}}, nil
}
