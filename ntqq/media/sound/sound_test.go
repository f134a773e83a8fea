package sound

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// tone is the sound that the files in testdata have: half a second of two tones, which
// begin and end softly.
func tone(rate int) []float64 {
	out := make([]float64, rate/2)
	for i := range out {
		t := float64(i) / float64(rate)
		out[i] = (0.3*math.Sin(2*math.Pi*440*t) + 0.2*math.Sin(2*math.Pi*1130*t)) * math.Pow(math.Sin(2*math.Pi*t), 2)
	}
	return out
}

// wave is a WAV file of samples that are the same in all channels.
func wave(tag uint16, rate, channels, bits int, samples []float64) []byte {
	var data []byte
	for _, s := range samples {
		for range channels {
			switch {
			case tag == wavFloat && bits == 32:
				data = le.AppendUint32(data, math.Float32bits(float32(s)))
			case tag == wavFloat:
				data = le.AppendUint64(data, math.Float64bits(s))
			case bits == 8:
				data = append(data, byte(128+math.Round(s*127)))
			default:
				v := le.AppendUint32(nil, uint32(int32(math.Round(s*(1<<31-1)))))
				data = append(data, v[4-bits/8:]...)
			}
		}
	}
	b := append([]byte("RIFF\xff\xff\xff\xffWAVEjunk\x03\x00\x00\x00odd\x00"), "fmt "...)
	size := 16
	if tag == wavExtensible {
		size = 40
	}
	b = le.AppendUint32(b, uint32(size))
	b = le.AppendUint16(b, tag)
	b = le.AppendUint16(b, uint16(channels))
	b = le.AppendUint32(b, uint32(rate))
	b = le.AppendUint32(b, uint32(rate*channels*bits/8))
	b = le.AppendUint16(b, uint16(channels*bits/8))
	b = le.AppendUint16(b, uint16(bits))
	if tag == wavExtensible {
		b = append(b, 22, 0, byte(bits), 0, 3, 0, 0, 0, wavPCM, 0)
		b = append(b, "\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"...)
	}
	b = append(b, "data"...)
	b = le.AppendUint32(b, uint32(len(data)))
	return append(b, data...)
}

func read(t testing.TB, file []byte) (*Reader, []float64) {
	t.Helper()
	r, err := Open(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	pcm, err := io.ReadAll(iotest.OneByteReader(r))
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float64, len(pcm)/2)
	for i := range out {
		out[i] = float64(int16(binary.LittleEndian.Uint16(pcm[2*i:]))) / 32768
	}
	return r, out
}

// likeness is the signal-to-noise ratio, in dB, of got to want at the lag where it is best.
func likeness(got, want []float64, lags int) (best float64, lag int) {
	best = math.Inf(-1)
	for l := range lags + 1 {
		var signal, noise float64
		for i := 0; i < len(want); i += 13 {
			w := want[i]
			d := -w
			if i+l < len(got) {
				d = got[i+l] - w
			}
			signal, noise = signal+w*w, noise+d*d
		}
		if r := 10 * math.Log10(signal/noise); r > best {
			best, lag = r, l
		}
	}
	return best, lag
}

func TestWAV(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		tag                  uint16
		rate, channels, bits int
		want                 int     // rate
		like                 float64 // dB
	}{
		{wavPCM, 24000, 1, 16, 24000, 75},
		{wavPCM, 44100, 2, 16, 44100, 75},
		{wavPCM, 8000, 1, 8, 8000, 30},
		{wavPCM, 48000, 6, 24, 48000, 75},
		{wavPCM, 16000, 1, 32, 16000, 75},
		{wavFloat, 32000, 2, 32, 32000, 75},
		{wavFloat, 12000, 1, 64, 12000, 75},
		{wavExtensible, 48000, 2, 24, 48000, 75},
		// Rates that SILK does not take.
		{wavPCM, 11025, 1, 16, 44100, 50},
		{wavPCM, 22050, 2, 16, 44100, 50},
		{wavPCM, 88200, 1, 16, 44100, 50},
		{wavPCM, 96000, 1, 24, 48000, 50},
		{wavPCM, 64000, 1, 16, 32000, 50},
		{wavPCM, 192000, 1, 16, 48000, 50},
		{wavPCM, 37800, 1, 16, 44100, 50},
		{wavPCM, 47999, 1, 16, 48000, 50}, // no ratio of small numbers
		{wavPCM, 6000, 1, 16, 12000, 50},
	} {
		r, got := read(t, wave(c.tag, c.rate, c.channels, c.bits, tone(c.rate)))
		if r.Format != WAV || r.Rate != c.want || r.Channels != c.channels {
			t.Errorf("%+v: got %s of %d Hz, %d channels", c, r.Format, r.Rate, r.Channels)
		}
		want := tone(c.want)
		if n := len(got) - len(want); n < -3 || n > 8 {
			t.Errorf("%+v: got %d samples, want %d", c, len(got), len(want))
		}
		if l, lag := likeness(got, want, 50); l < c.like || lag != 0 {
			t.Errorf("%+v: it is like the original by %.1f dB with a lag of %d, want %.0f and 0", c, l, lag, c.like)
		}
	}
}

// Files that ffmpeg made of the tone.
func TestFiles(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		format         Format
		rate, channels int
		like           float64
	}{
		"tone.mp3":         {MP3, 44100, 2, 25},
		"tone-mono.mp3":    {MP3, 24000, 1, 25},
		"tone-22050.mp3":   {MP3, 44100, 1, 25}, // padded frames of MPEG-2
		"tone-11025.mp3":   {MP3, 44100, 1, 20}, // MPEG-2.5
		"tone.mp2":         {MP2, 48000, 2, 20},
		"tone.ogg":         {Vorbis, 44100, 2, 25},
		"tone.opus":        {Opus, 48000, 2, 11},
		"tone-voice.opus":  {Opus, 48000, 1, 7},
		"tone.flac":        {FLAC, 44100, 2, 75},
		"tone-24-bit.flac": {FLAC, 48000, 1, 75},
	} {
		file, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		tagged := append([]byte("ID3\x04\x00\x00\x00\x00\x01\x00"), make([]byte, 128)...)
		for _, b := range [][]byte{file, append(tagged, file...)} {
			r, got := read(t, b)
			if r.Format != want.format || r.Rate != want.rate || r.Channels != want.channels {
				t.Errorf("%s: got %s, %d Hz, %d channels, want %+v", name, r.Format, r.Rate, r.Channels, want)
			}
			lags := 0
			if want.format == MP3 || want.format == MP2 { // it does not say where it begins and ends
				lags = 8000
			}
			if l, lag := likeness(got, tone(want.rate), lags); l < want.like {
				t.Errorf("%s: it is like the original by %.1f dB with a lag of %d, want %.0f", name, l, lag, want.like)
			}
			if n := len(got) - want.rate/2; lags == 0 && n != 0 {
				t.Errorf("%s: got %d samples too many", name, n)
			}
		}
	}
}

func TestSniff(t *testing.T) {
	t.Parallel()
	for head, want := range map[string]Format{
		"": Unknown, "\x02#!SILK_V3": Silk, "#!SILK_V3\x10": Silk, "#!AMR\nx": AMR, "#!AMR-WB\nx": AMR,
		"RIFF....WAVEfmt ": WAV, "RIFF....AVI LIST": Unknown, "RIFX....WAVE": Unknown, "ID3\x04": MP3,
		"\xff\xfb\x90": MP3, "\xff\xf3\x40": MP3, "\xff\xe3\x40": MP3, "\xff\xf1\x50": AAC, "\xff\xf9\x50": AAC,
		"\xff\xfd\x90": MP2, "\xff\xd8\xff\xe0": Unknown, "\xff\xfe<\x00": Unknown, "fLaC\x00": FLAC,
		"OggS\x00\x02..............................": Ogg, "OggS........................\x01vorbis": Vorbis,
		"OggS........................OpusHead": Opus, "....ftypM4A ": M4A, "FORM....AIFF": AIFF,
		"\x30\x26\xb2\x75\x8e\x66\xcf\x11": WMA, "\x1a\x45\xdf\xa3": WebM, "<html>": Unknown,
	} {
		if got := Sniff([]byte(head)); got != want {
			t.Errorf("%q: got %q, want %q", head, got, want)
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	pcm := wave(wavPCM, 24000, 1, 16, tone(24000))
	change := func(at int, to ...byte) []byte {
		b := bytes.Clone(pcm)
		copy(b[at:], to)
		return b
	}
	bad := errors.New("bad disk")
	const format = 32 // where the content of "fmt " begins
	for name, c := range map[string]struct {
		in   io.ReadSeeker
		want any
	}{
		"nothing":          {bytes.NewReader(nil), new(*FormatError)},
		"text":             {bytes.NewReader([]byte("hello, world")), new(*FormatError)},
		"silk":             {bytes.NewReader([]byte("\x02#!SILK_V3\x01\x00a")), new(*FormatError)},
		"m4a":              {bytes.NewReader([]byte("\x00\x00\x00\x18ftypM4A ")), new(*FormatError)},
		"adpcm":            {bytes.NewReader(change(format, 2)), new(*FormatError)},
		"no channels":      {bytes.NewReader(change(format+2, 0)), new(*DecodeError)},
		"many channels":    {bytes.NewReader(change(format+2, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 18)), new(*DecodeError)},
		"slow":             {bytes.NewReader(change(format+4, 1, 0)), new(*DecodeError)},
		"fast":             {bytes.NewReader(change(format+4, 0, 0, 0, 1)), new(*DecodeError)},
		"odd blocks":       {bytes.NewReader(change(format+12, 3)), new(*DecodeError)},
		"no format":        {bytes.NewReader(change(24, 'x')), new(*DecodeError)},
		"cut off":          {bytes.NewReader(pcm[:40]), new(*DecodeError)},
		"an ID3 tag only":  {bytes.NewReader([]byte("ID3\x04\x00\x00\x00\x00\x01\x00")), new(*DecodeError)},
		"a great ID3 tag":  {bytes.NewReader([]byte("ID3\x04\x00\x00\x7f\x7f\x7f\x7f")), new(*DecodeError)},
		"a bad disk":       {seeker{iotest.ErrReader(bad)}, &bad},
		"flac of pictures": {bytes.NewReader([]byte("fLaC\x06\xff\xff\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff")), new(*DecodeError)},
	} {
		_, err := Open(c.in)
		if want, ok := c.want.(*error); ok && !errors.Is(err, *want) || !ok && !errors.As(err, c.want) {
			t.Errorf("%s: got %v, want %T", name, err, c.want)
		}
	}
}

// What is wrong behind the head is found while reading.
func TestReadFails(t *testing.T) {
	t.Parallel()
	flac, err := os.ReadFile("testdata/tone.flac")
	if err != nil {
		t.Fatal(err)
	}
	damaged := bytes.Clone(flac)
	damaged[len(damaged)/2] ^= 0x10
	bad := errors.New("bad disk")
	long := wave(wavPCM, 8000, 1, 16, make([]float64, 8000*3))
	for name, c := range map[string]struct {
		in   io.ReadSeeker
		want error
	}{
		"damaged":  {bytes.NewReader(damaged), nil},
		"bad disk": {seeker{io.MultiReader(bytes.NewReader(long[:SniffLen]), bytes.NewReader(long[:9000]), iotest.ErrReader(bad))}, bad},
		"too long": {bytes.NewReader(long), ErrTooLong},
		"empty":    {bytes.NewReader(wave(wavPCM, 8000, 1, 16, nil)), ErrEmpty},
	} {
		r, err := Open(c.in)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		r.Longest = 2 * time.Second
		_, err = io.ReadAll(r)
		var decode *DecodeError
		if c.want == nil && !errors.As(err, &decode) || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
		if _, again := r.Read(make([]byte, 2)); !errors.Is(again, err) {
			t.Errorf("%s: reading again returned %v, want %v", name, again, err)
		}
	}
}

// seeker reads a head from its beginning, and again.
type seeker struct{ io.Reader }

func (seeker) Seek(int64, int) (int64, error) { return 0, nil }

// A decoder that panics, and one that hangs, are errors.
func TestGuarded(t *testing.T) {
	t.Parallel()
	if _, err := guarded(time.Hour, func() (int, error) { return []int{}[len(t.Name())], nil }); err == nil {
		t.Error("a panic is no error")
	}
	synctest.Test(t, func(t *testing.T) {
		end := make(chan int)
		defer func() { end <- 1 }()
		if _, err := guarded(time.Minute, func() (int, error) { return <-end, nil }); err == nil {
			t.Error("a decoder that hangs is no error")
		}
	})
}

func TestAMRDuration(t *testing.T) {
	t.Parallel()
	frame := func(kind byte, size int) string {
		return string(append([]byte{kind<<3 | 4}, make([]byte, size)...))
	}
	for name, c := range map[string]struct {
		in     string
		frames time.Duration // 0: an error
	}{
		"narrow":    {"#!AMR\n" + frame(7, 31) + frame(0, 12) + frame(8, 5) + frame(15, 0), 4},
		"wide":      {"#!AMR-WB\n" + frame(8, 60) + frame(0, 17), 2},
		"cut off":   {"#!AMR\n" + frame(7, 31) + frame(7, 3), 2},
		"empty":     {"#!AMR\n", 0},
		"reserved":  {"#!AMR\n" + frame(12, 0), 0},
		"channels":  {"#!AMR_MC1.0\n" + frame(7, 31), 0},
		"something": {"hello, world", 0},
		"nothing":   {"", 0},
	} {
		got, err := AMRDuration(bytes.NewReader([]byte(c.in)))
		if got != c.frames*20*time.Millisecond || (err != nil) != (c.frames == 0) {
			t.Errorf("%s: got %v, error %v; want %d frames", name, got, err, c.frames)
		}
	}
}

func TestWriteWAV(t *testing.T) {
	t.Parallel()
	f, err := os.Create(filepath.Join(t.TempDir(), "a.wav"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	pcm := bytes.Repeat([]byte{1, 2, 3, 4}, 1000)
	if err := WriteWAV(f, 24000, func(w io.Writer) error { _, err := w.Write(pcm); return err }); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	if want := append(WAVHead(24000, 4000), pcm...); !bytes.Equal(got, want) {
		t.Errorf("got %q", got[:60])
	}
	r, err := Open(bytes.NewReader(got))
	if err != nil {
		t.Fatal(err)
	}
	if back, err := io.ReadAll(r); err != nil || !bytes.Equal(back, pcm) {
		t.Errorf("read back: error %v", err)
	}
	bad := errors.New("bad")
	if err := WriteWAV(f, 24000, func(io.Writer) error { return bad }); !errors.Is(err, bad) {
		t.Errorf("got %v", err)
	}
}
