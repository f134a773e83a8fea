package silk

import (
	"context"
	_ "embed"
	"fmt"

	"libration/ntqq/media/internal/wasm"
)

//go:generate go run -C ../../../tools ./genwasm ..

//go:embed silk.wasm
var program []byte

// compiled is the one machine of the process.
var compiled = wasm.Lazy(program)

const (
	pcmSize = 5 * 960 * 2 // bytes of 5 frames of 20 ms at 48 kHz, as in wasm/shim.c
	pktSize = 1250        // bytes, as there
)

// An instance is one running codec: an encoder and a decoder, for one conversion. That a
// context ends is looked for between blocks: no block takes the codec more than a few
// milliseconds, whatever is in it.
type instance struct {
	*wasm.Instance
	encoder, decoder *wasm.Function
	pcm, pkt         []byte // its buffers
}

func instantiate() (*instance, error) {
	m, err := compiled()
	if err != nil {
		return nil, err
	}
	return newInstance(m)
}

func newInstance(m *wasm.Machine) (*instance, error) {
	i, err := m.Instantiate()
	if err != nil {
		return nil, err
	}
	in := &instance{Instance: i, encoder: i.Function("encode"), decoder: i.Function("decode")}
	if in.pcm, err = i.Buffer("pcm", pcmSize); err == nil {
		in.pkt, err = i.Buffer("pkt", pktSize)
	}
	if err != nil {
		i.Close()
		return nil, err
	}
	return in, nil
}

func (in *instance) startEncoder(rate, complexity int) error {
	return in.start("encoder_init", rate, internalRate, bitrate, complexity)
}

func (in *instance) startDecoder(rate int) error { return in.start("decoder_init", rate) }

func (in *instance) start(name string, args ...int) error {
	code, err := in.Function(name).Call(args...)
	if err == nil && code != 0 {
		err = fmt.Errorf("the SILK codec does not start: %s returned %d", name, code)
	}
	return err
}

// encode makes a block of the n samples in pcm.
func (in *instance) encode(ctx context.Context, n int) ([]byte, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	size, err := in.encoder.Call(n)
	if err == nil && (size < 0 || size > maxBlock) {
		err = fmt.Errorf("the SILK codec returned %d for a block", size)
	}
	if err != nil {
		return nil, err
	}
	return in.pkt[:size], nil
}

// decode makes samples of a block, or returns the negative code of the codec.
func (in *instance) decode(ctx context.Context, block []byte) (pcm []byte, code int, err error) {
	if ctx.Err() != nil {
		return nil, 0, context.Cause(ctx)
	}
	copy(in.pkt, block)
	n, err := in.decoder.Call(len(block))
	if err != nil || n < 0 {
		return nil, n, err
	}
	return in.pcm[:2*n], 0, nil
}
