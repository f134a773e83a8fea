package silk

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/tetratelabs/wazero"
	"go.uber.org/goleak"

	"libration/ntqq/media/internal/wasm"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// speech is sound with what speech has: a pitch that moves, formants, syllables, noise.
func speech(seconds float64, rate int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	var pcm []byte
	phase := 0.0
	for i := range int(seconds * float64(rate)) {
		t := float64(i) / float64(rate)
		phase += (130 + 30*math.Sin(2*math.Pi*t*0.7)) / float64(rate)
		var v float64
		for h := 1.0; h <= 20; h++ {
			f := h * 140
			v += math.Sin(2*math.Pi*h*phase) * (math.Exp(-(f-600)*(f-600)/9e4) + 0.4*math.Exp(-(f-1700)*(f-1700)/16e4))
		}
		v = v*math.Max(0, math.Sin(2*math.Pi*t*3)) + r.NormFloat64()*0.02
		pcm = binary.LittleEndian.AppendUint16(pcm, uint16(int16(5000*v)))
	}
	return pcm
}

// saw is sound that is the same on every machine: saw teeth, and noise behind them.
func saw(seconds, rate int) []byte {
	var pcm []byte
	noise := uint32(1)
	for i := range seconds * rate {
		noise = noise*1664525 + 1013904223
		v := i*150*20000/rate%20000 - 10000 + int(noise>>21) - 1024
		pcm = binary.LittleEndian.AppendUint16(pcm, uint16(int16(v)))
	}
	return pcm
}

func samplesOf(pcm []byte) []float64 {
	out := make([]float64, len(pcm)/2)
	for i := range out {
		out[i] = float64(int16(binary.LittleEndian.Uint16(pcm[2*i:])))
	}
	return out
}

// likeness is the signal-to-noise ratio, in dB, of got to want at the lag where it is best.
func likeness(got, want []float64) (best float64) {
	best = math.Inf(-1)
	for lag := range 300 {
		var signal, noise float64
		for i := 0; i+lag < len(got) && i < len(want); i++ {
			d := got[i+lag] - want[i]
			signal, noise = signal+want[i]*want[i], noise+d*d
		}
		best = max(best, 10*math.Log10(signal/noise))
	}
	return best
}

func encoded(t testing.TB, pcm []byte, rate int) []byte {
	t.Helper()
	var out bytes.Buffer
	if _, err := Encode(t.Context(), bytes.NewReader(pcm), rate, &out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestEachRate(t *testing.T) {
	t.Parallel()
	const want = 400 * time.Millisecond
	for _, rate := range rates {
		pcm := speech(0.395, rate) // the last block is filled up
		var voice, back bytes.Buffer
		d, err := Encode(t.Context(), iotest.OneByteReader(bytes.NewReader(pcm)), rate, &voice)
		if err != nil || d != want {
			t.Fatalf("%d Hz: encoded %v, error %v; want 400ms", rate, d, err)
		}
		if n := voice.Len(); n < 800 || n > 1600 {
			t.Errorf("%d Hz: 400 ms have %d bytes, want about 1200", rate, n)
		}
		if d, err := Duration(bytes.NewReader(voice.Bytes())); err != nil || d != want {
			t.Errorf("%d Hz: Duration is %v, error %v; want 400ms", rate, d, err)
		}
		d, err = Decode(t.Context(), iotest.OneByteReader(&voice), rate, &back)
		if err != nil || d != want || back.Len() != 2*rate*4/10 {
			t.Errorf("%d Hz: decoded %v, %d bytes, error %v; want 400ms", rate, d, back.Len(), err)
		}
		if l := likeness(samplesOf(back.Bytes()), samplesOf(pcm)); l < 8 {
			t.Errorf("%d Hz: what comes back is like what went in by %.1f dB, want 8", rate, l)
		}
	}
}

// The sums are those of the SDK as a native program, built by gcc: sources and shim that
// genwasm uses, and what the shim returned written one after the other.
func TestAsNative(t *testing.T) {
	t.Parallel()
	for rate, want := range map[int]struct{ voice, sound string }{
		24000: {"e2490e83882ec65b56af350be3df7f2c", "91fa7ffc65ba111fe2d4d99dcdfe5bc6"},
		44100: {"2ac28a3bed3a39a51162b7fd8cc4cead", "a204416db9b917356190468a98c1d4b3"},
	} {
		voice := encoded(t, saw(1, rate), rate)
		var sound bytes.Buffer
		if _, err := Decode(t.Context(), bytes.NewReader(voice), rate, &sound); err != nil {
			t.Fatal(err)
		}
		if got := sum(voice); got != want.voice {
			t.Errorf("%d Hz: the voice's MD5 is %s, want %s", rate, got, want.voice)
		}
		if got := sum(sound.Bytes()); got != want.sound {
			t.Errorf("%d Hz: the sound's MD5 is %s, want %s", rate, got, want.sound)
		}
	}
}

func sum(b []byte) string {
	s := md5.Sum(b)
	return hex.EncodeToString(s[:])
}

// Where wazero has no compiler, less work makes other bytes, which any decoder reads.
func TestInterpreted(t *testing.T) {
	t.Parallel()
	const rate = 24000
	pcm := speech(0.2, rate)
	m, err := wasm.Compile(program, wazero.NewRuntimeConfigInterpreter())
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	in, err := newInstance(m)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := in.startEncoder(rate, 0); err != nil {
		t.Fatal(err)
	}
	var voice, back bytes.Buffer
	if _, err := (Codec{}).encode(t.Context(), in, bytes.NewReader(pcm), rate, &voice); err != nil {
		t.Fatal(err)
	}
	if _, err := Decode(t.Context(), &voice, rate, &back); err != nil {
		t.Fatal(err)
	}
	if l := likeness(samplesOf(back.Bytes()), samplesOf(pcm)); l < 5 {
		t.Errorf("what comes back is like what went in by %.1f dB, want 5", l)
	}
}

// Blocks of several frames, of senders of old, and blocks that were lost.
func TestOtherBlocks(t *testing.T) {
	t.Parallel()
	var back bytes.Buffer
	voice := encoded(t, speech(0.1, 24000), 24000)
	lost := append(bytes.Clone(voice), 0, 0, 0, 0)
	if d, err := Decode(t.Context(), bytes.NewReader(lost), 24000, &back); err != nil || d != 140*time.Millisecond {
		t.Errorf("decoded %v, error %v; want 140ms", d, err)
	}
	frames, err := os.ReadFile("testdata/frames5.silk") // two blocks of five frames, of the native SDK
	if err != nil {
		t.Fatal(err)
	}
	if d, err := Decode(t.Context(), bytes.NewReader(frames), 48000, &back); err != nil || d != 200*time.Millisecond {
		t.Errorf("decoded %v, error %v; want 200ms", d, err)
	}
}

func TestForms(t *testing.T) {
	t.Parallel()
	tencent := []byte("\x02#!SILK_V3\x01\x00a\x02\x00bc")
	plain := []byte("#!SILK_V3\x01\x00a\x02\x00bc\xff\xff")
	for _, in := range [][]byte{tencent, plain, append(bytes.Clone(plain), "more"...), plain[:len(plain)-2]} {
		var out bytes.Buffer
		d, err := Rewrite(iotest.HalfReader(bytes.NewReader(in)), &out)
		if err != nil || d != 40*time.Millisecond || !bytes.Equal(out.Bytes(), tencent) {
			t.Errorf("%q: got %q, %v, error %v", in, out.Bytes(), d, err)
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	voice := encoded(t, speech(0.1, 24000), 24000)
	bad := errors.New("bad disk")
	for name, c := range map[string]struct {
		in   io.Reader
		want error
	}{
		"nothing":          {strings.NewReader(""), ErrNotSilk},
		"a mark":           {strings.NewReader("\x02"), ErrNotSilk},
		"other":            {strings.NewReader("\x02#!SILK_V2\x01\x00a"), ErrNotSilk},
		"amr":              {strings.NewReader("#!AMR\nxxxxxxxxxxx"), ErrNotSilk},
		"head only":        {strings.NewReader("\x02#!SILK_V3"), ErrEmpty},
		"head and end":     {strings.NewReader("#!SILK_V3\xff\xff"), ErrEmpty},
		"half a length":    {bytes.NewReader(append(bytes.Clone(voice), 1)), ErrDamaged},
		"no block":         {bytes.NewReader(append(bytes.Clone(voice), 1, 0)), ErrDamaged},
		"half a block":     {bytes.NewReader(voice[:len(voice)-1]), ErrDamaged},
		"a block too long": {strings.NewReader("\x02#!SILK_V3\x01\x04" + strings.Repeat("x", 1025)), ErrDamaged},
		"bad at once":      {iotest.ErrReader(bad), bad},
		"bad later":        {io.MultiReader(bytes.NewReader(voice), iotest.ErrReader(bad)), bad},
		"endless":          {io.MultiReader(strings.NewReader("\x02#!SILK_V3"), zeros{}), ErrTooLong},
	} {
		if d, err := Duration(c.in); !errors.Is(err, c.want) || d != 0 {
			t.Errorf("%s: Duration returned %v, %v; want %v", name, d, err, c.want)
		}
	}
	if _, err := Decode(t.Context(), strings.NewReader("\x02#!SILK_V3\x04\x00\xff\xff\xff\xff"), 24000, io.Discard); !errors.Is(err, ErrDamaged) {
		t.Errorf("a block of FF: got %v, want ErrDamaged", err)
	}
	if _, err := Decode(t.Context(), bytes.NewReader(voice), 22050, io.Discard); !errors.Is(err, ErrRate) {
		t.Errorf("22050 Hz: got %v, want ErrRate", err)
	}
	if _, err := Decode(t.Context(), bytes.NewReader(voice), 24000, failing{bad}); !errors.Is(err, bad) {
		t.Errorf("a writer that fails: got %v", err)
	}
}

func TestEncodeRefuses(t *testing.T) {
	t.Parallel()
	bad := errors.New("bad disk")
	for name, c := range map[string]struct {
		in   io.Reader
		rate int
		w    io.Writer
		want error
	}{
		"nothing":  {strings.NewReader(""), 24000, io.Discard, ErrEmpty},
		"rate":     {zeros{}, 22050, io.Discard, ErrRate},
		"reader":   {iotest.ErrReader(bad), 24000, io.Discard, bad},
		"writer":   {bytes.NewReader(saw(1, 24000)), 24000, failing{bad}, bad},
		"too long": {zeros{}, 8000, io.Discard, ErrTooLong},
	} {
		if _, err := (Codec{Longest: 2 * time.Second}).Encode(t.Context(), c.in, c.rate, c.w); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

// A context that ends, ends a conversion, whenever it does.
func TestCancelled(t *testing.T) {
	t.Parallel()
	for _, after := range []int{0, 1, 5} {
		ctx, cancel := context.WithCancel(t.Context())
		in := readFunc(func(b []byte) (int, error) {
			if after--; after < 0 {
				cancel()
			}
			return len(b), nil
		})
		if _, err := Encode(ctx, in, 24000, io.Discard); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
		if _, err := Decode(ctx, strings.NewReader("\x02#!SILK_V3\x00\x00"), 24000, io.Discard); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

type readFunc func([]byte) (int, error)

func (f readFunc) Read(b []byte) (int, error) { return f(b) }
