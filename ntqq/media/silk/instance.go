package silk

import (
	"context"
	_ "embed"
	"fmt"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

//go:generate go run -C ../../../tools ./gensilk ../ntqq/media/silk

//go:embed silk.wasm
var program []byte

// A machine is the codec's program, compiled.
type machine struct {
	runtime wazero.Runtime
	code    wazero.CompiledModule
}

const (
	maxMemory = 16          // pages of 64 KiB
	pcmSize   = 5 * 960 * 2 // bytes of 5 frames of 20 ms at 48 kHz, as in wasm/shim.c
	pktSize   = 1250        // bytes, as there
)

// compiled is the one machine of the process. It is never closed. That a context ends is
// looked for between blocks: wazero's own checks within calls would make all five times
// slower, and no block takes the codec more than a few milliseconds, whatever is in it.
var compiled = sync.OnceValues(func() (*machine, error) { return compile(wazero.NewRuntimeConfig()) })

func compile(config wazero.RuntimeConfig) (*machine, error) {
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, config.WithMemoryLimitPages(maxMemory))
	code, err := r.CompileModule(ctx, program)
	if err != nil {
		return nil, fmt.Errorf("compile the SILK codec: %w", err)
	}
	return &machine{r, code}, nil
}

// An instance is one running codec: an encoder and a decoder, for one conversion.
type instance struct {
	module           api.Module
	encoder, decoder api.Function
	pcm, pkt         []byte    // its buffers
	stack            [1]uint64 // argument and result
}

func instantiate(ctx context.Context) (*instance, error) {
	m, err := compiled()
	if err != nil {
		return nil, err
	}
	return m.instantiate(ctx)
}

func (m *machine) instantiate(ctx context.Context) (*instance, error) {
	module, err := m.runtime.InstantiateModule(ctx, m.code, wazero.NewModuleConfig().WithName(""))
	if err != nil {
		return nil, failed(err)
	}
	in := &instance{module: module, encoder: module.ExportedFunction("encode"), decoder: module.ExportedFunction("decode")}
	for _, b := range []struct {
		name string
		size uint32
		to   *[]byte
	}{{"pcm", pcmSize, &in.pcm}, {"pkt", pktSize, &in.pkt}} {
		at, err := module.ExportedFunction(b.name).Call(ctx)
		if err != nil {
			in.close()
			return nil, failed(err)
		}
		*b.to, _ = module.Memory().Read(uint32(at[0]), b.size)
	}
	return in, nil
}

func (in *instance) close() { in.module.Close(context.Background()) }

func (in *instance) startEncoder(ctx context.Context, rate, complexity int) error {
	return in.start(ctx, "encoder_init", uint64(rate), internalRate, bitrate, uint64(complexity))
}

func (in *instance) startDecoder(ctx context.Context, rate int) error {
	return in.start(ctx, "decoder_init", uint64(rate))
}

func (in *instance) start(ctx context.Context, name string, args ...uint64) error {
	result, err := in.module.ExportedFunction(name).Call(ctx, args...)
	if err == nil && int32(result[0]) != 0 {
		err = fmt.Errorf("%s returned %d", name, int32(result[0]))
	}
	return failed(err)
}

// encode makes a block of the n samples in pcm.
func (in *instance) encode(ctx context.Context, n int) ([]byte, error) {
	size, err := in.call(ctx, in.encoder, n)
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
	copy(in.pkt, block)
	n, err := in.call(ctx, in.decoder, len(block))
	if err != nil || n < 0 {
		return nil, n, err
	}
	return in.pcm[:2*n], 0, nil
}

func (in *instance) call(ctx context.Context, f api.Function, arg int) (int, error) {
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	in.stack[0] = uint64(arg)
	err := f.CallWithStack(ctx, in.stack[:])
	return int(int32(in.stack[0])), failed(err)
}

// failed is the error of a call that the codec did not return from.
func failed(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("the SILK codec failed: %w", err)
}
