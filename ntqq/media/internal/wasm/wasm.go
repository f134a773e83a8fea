// Package wasm runs codecs that were written in C and compiled to WebAssembly, by wazero:
// there is no cgo, and what hostile bytes do to a codec stays within its memory. The programs
// import nothing, and export functions of whole numbers, some of which return the address of
// a buffer. tools/genwasm builds them.
//
// It knows nothing of this module.
package wasm

import (
	"context"
	"fmt"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

const maxMemory = 16 // pages of 64 KiB, of an instance

// A Machine is a compiled program. It is safe for concurrent use.
type Machine struct {
	runtime wazero.Runtime
	code    wazero.CompiledModule
}

// Lazy returns a function that compiles a program when it is called for the first time, and
// the same machine each time. It is never closed.
func Lazy(program []byte) func() (*Machine, error) {
	return sync.OnceValues(func() (*Machine, error) { return Compile(program, wazero.NewRuntimeConfig()) })
}

// Compile compiles a program. Contexts do not end what runs: wazero's checks for that within
// a program would make it five times slower.
func Compile(program []byte, config wazero.RuntimeConfig) (*Machine, error) {
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, config.WithMemoryLimitPages(maxMemory))
	code, err := r.CompileModule(ctx, program)
	if err != nil {
		return nil, fmt.Errorf("compile a codec: %w", err)
	}
	return &Machine{r, code}, nil
}

// Close frees the machine, when none of its instances is used any more.
func (m *Machine) Close() { m.runtime.Close(context.Background()) }

// An Instance is a program with memory of its own. It is for one goroutine at a time.
type Instance struct{ module api.Module }

// Instantiate makes an instance, which must be closed.
func (m *Machine) Instantiate() (*Instance, error) {
	module, err := m.runtime.InstantiateModule(context.Background(), m.code, wazero.NewModuleConfig().WithName(""))
	if err != nil {
		return nil, fmt.Errorf("start a codec: %w", err)
	}
	return &Instance{module}, nil
}

// Close frees the instance.
func (i *Instance) Close() { i.module.Close(context.Background()) }

// Buffer returns the buffer whose address the function returns: size bytes of the instance's
// memory.
func (i *Instance) Buffer(function string, size uint32) ([]byte, error) {
	at, err := i.Function(function).Call()
	if err != nil {
		return nil, err
	}
	b, ok := i.module.Memory().Read(uint32(at), size)
	if !ok {
		return nil, fmt.Errorf("the codec has no %d bytes at %d", size, at)
	}
	return b, nil
}

// Function returns a function that the program exports.
func (i *Instance) Function(name string) *Function {
	return &Function{f: i.module.ExportedFunction(name)}
}

// A Function is a function of an instance.
type Function struct {
	f     api.Function
	stack [4]uint64
}

// Call runs the function with up to 4 arguments, and returns its result if it has one. The
// error says that the program failed, and what it returned is of no use from then on.
func (f *Function) Call(args ...int) (int, error) {
	f.stack[0] = 0
	for i, arg := range args {
		f.stack[i] = uint64(uint32(arg))
	}
	if err := f.f.CallWithStack(context.Background(), f.stack[:]); err != nil {
		return 0, fmt.Errorf("the codec failed: %w", err)
	}
	return int(int32(f.stack[0])), nil
}
