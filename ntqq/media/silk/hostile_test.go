package silk

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"testing"
	"time"
)

// known are the errors of input. Any other error of a conversion is one of the codec.
var known = []error{nil, ErrNotSilk, ErrDamaged, ErrEmpty, ErrTooLong}

func isKnown(err error) bool {
	for _, k := range known {
		if errors.Is(err, k) {
			return true
		}
	}
	return false
}

func FuzzDecode(f *testing.F) {
	voice := encoded(f, speech(0.06, 24000), 24000)
	frames, err := os.ReadFile("testdata/frames5.silk")
	if err != nil {
		f.Fatal(err)
	}
	for i, seed := range [][]byte{voice, frames, append(voice[1:], 0xff, 0xff), []byte("\x02#!SILK_V3\x00\x00\x02\x00ab")} {
		f.Add(seed, uint(i))
	}
	f.Fuzz(func(t *testing.T, in []byte, rate uint) {
		c := Codec{Longest: 200 * time.Millisecond}
		var plain bytes.Buffer
		length, err := c.Rewrite(bytes.NewReader(in), &plain)
		if !isKnown(err) {
			t.Fatalf("Rewrite: %v", err)
		}
		if err == nil {
			var again bytes.Buffer
			if l, err := c.Rewrite(bytes.NewReader(plain.Bytes()), &again); err != nil || l != length || !bytes.Equal(again.Bytes(), plain.Bytes()) {
				t.Fatalf("rewritten twice: %v, error %v; want %v", l, err, length)
			}
		}
		decoded, derr := c.Decode(t.Context(), bytes.NewReader(in), rates[rate%uint(len(rates))], io.Discard)
		switch {
		case !isKnown(derr):
			t.Fatalf("Decode: %v", derr)
		case derr == nil && (err != nil || decoded < length):
			t.Fatalf("decoded %v of a voice of %v, error %v", decoded, length, err)
		}
	})
}

// Sound at its extremes is encoded, too.
func TestExtremes(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	for name, sample := range map[string]func(i int) int16{
		"silence": func(int) int16 { return 0 },
		"lowest":  func(int) int16 { return math.MinInt16 },
		"square":  func(i int) int16 { return int16(i/100%2*0xffff - 0x8000) },
		"finest":  func(i int) int16 { return int16(i%2*0xffff - 0x8000) },
		"noise":   func(int) int16 { return int16(r.Uint32()) },
		"clicks":  func(i int) int16 { return int16(i % 400 / 399 * math.MaxInt16) },
	} {
		for _, rate := range []int{8000, 48000} {
			var pcm []byte
			for i := range rate / 5 {
				pcm = binary.LittleEndian.AppendUint16(pcm, uint16(sample(i)))
			}
			if d, err := Decode(t.Context(), bytes.NewReader(encoded(t, pcm, rate)), rate, io.Discard); err != nil || d != 200*time.Millisecond {
				t.Errorf("%s at %d Hz: decoded %v, error %v; want 200ms", name, rate, d, err)
			}
		}
	}
}

// A MiB of anything costs at most 64 MiB, and ends.
func TestHostile(t *testing.T) {
	const size = 1 << 20
	r := rand.New(rand.NewPCG(3, 4))
	noise := make([]byte, size)
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	frames, err := os.ReadFile("testdata/frames5.silk")
	if err != nil {
		t.Fatal(err)
	}
	blocks := func(block func() []byte) []byte {
		in := []byte("\x02#!SILK_V3")
		for len(in) < size {
			b := block()
			in = append(binary.LittleEndian.AppendUint16(in, uint16(len(b))), b...)
		}
		return in
	}
	if _, err := instantiate(); err != nil { // what compiling takes is no matter of the input
		t.Fatal(err)
	}
	c := Codec{Longest: time.Minute} // what is too long takes five times as much by default
	for name, in := range map[string][]byte{
		"noise":          noise,
		"noise behind":   append([]byte("\x02#!SILK_V3"), noise...),
		"zeros":          append([]byte("#!SILK_V3"), make([]byte, size)...),
		"blocks of FF":   blocks(func() []byte { return bytes.Repeat([]byte{0xff}, 1024) }),
		"small blocks":   blocks(func() []byte { n := r.IntN(3); return noise[n : 2*n] }),
		"noisy blocks":   blocks(func() []byte { n := r.IntN(1024); return noise[n : n+r.IntN(1024)] }),
		"five at a time": blocks(func() []byte { return frames[12 : 12+binary.LittleEndian.Uint16(frames[10:])] }),
	} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // for machines that do much else
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, lengthErr := c.Duration(bytes.NewReader(in))
		_, err := c.Decode(ctx, bytes.NewReader(in), 48000, io.Discard)
		runtime.ReadMemStats(&after)
		cancel()
		if !isKnown(err) || !isKnown(lengthErr) {
			t.Errorf("%s: Duration: %v; Decode: %v", name, lengthErr, err)
		}
		took := after.TotalAlloc - before.TotalAlloc
		t.Logf("%s: %.1f MiB, %v", name, float64(took)/(1<<20), err)
		if took > 64<<20 {
			t.Errorf("%s: %d bytes were allocated, the limit is 64 MiB", name, took)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	pcm := speech(2, 24000)
	encoded(b, pcm[:960], 24000) // compiles
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Encode(b.Context(), bytes.NewReader(pcm), 24000, io.Discard); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(2*float64(b.N)/b.Elapsed().Seconds(), "x-realtime")
}

func BenchmarkDecode(b *testing.B) {
	voice := encoded(b, speech(2, 24000), 24000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(b.Context(), bytes.NewReader(voice), 24000, io.Discard); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(2*float64(b.N)/b.Elapsed().Seconds(), "x-realtime")
}
