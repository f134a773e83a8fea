package sound

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// isKnown tells whether the error is one that the package promises for input.
func isKnown(err error) bool {
	var format *FormatError
	var decode *DecodeError
	return err == nil || errors.Is(err, ErrTooLong) || errors.Is(err, ErrEmpty) || errors.As(err, &format) || errors.As(err, &decode)
}

// sums corrects the checksums of the pages of Ogg, so that what is in them gets further.
func sums(b []byte) {
	for at := 0; at+27 <= len(b) && string(b[at:at+4]) == "OggS"; {
		size := 27 + int(b[at+26])
		for _, n := range b[min(at+27, len(b)):min(at+size, len(b))] {
			size += int(n)
		}
		page := b[at:min(at+size, len(b))]
		binary.LittleEndian.PutUint32(page[22:], 0)
		binary.LittleEndian.PutUint32(page[22:], oggSum(page))
		at += size
	}
}

func fixtures(t testing.TB) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("testdata/tone*")
	if err != nil || len(paths) == 0 {
		t.Fatal("no fixtures", err)
	}
	files := map[string][]byte{
		"wav":   wave(wavPCM, 8000, 1, 16, tone(8000)[:100]),
		"float": wave(wavFloat, 22050, 2, 32, tone(22050)[:100]),
		"24":    wave(wavExtensible, 96000, 2, 24, tone(96000)[:100]),
	}
	for _, path := range paths {
		if files[filepath.Base(path)], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func FuzzOpen(f *testing.F) {
	for _, file := range fixtures(f) {
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		in = bytes.Clone(in)
		sums(in)
		r, err := Open(bytes.NewReader(in))
		if err == nil {
			r.Longest = time.Second
			_, err = io.Copy(io.Discard, r)
		}
		if !isKnown(err) {
			t.Fatal(err)
		}
		if err != nil && strings.Contains(err.Error(), "did nothing") {
			t.Fatal(err)
		}
	})
}

func FuzzAMRDuration(f *testing.F) {
	f.Add([]byte("#!AMR\n\x3c12345678901234567890123456789012\x04"))
	f.Add([]byte("#!AMR-WB\n\x04"))
	f.Fuzz(func(t *testing.T, in []byte) {
		if _, err := AMRDuration(bytes.NewReader(in)); !isKnown(err) {
			t.Fatal(err)
		}
	})
}

// mostCPU is what a MiB of anything may take of a core: 2 s of one that does nothing else
// (docs/protocol/codecs.md 2), and three times that on slower machines and beside others.
const mostCPU = 6 * time.Second

// A MiB of anything costs at most 64 MiB at a time and 2 s of a core, and ends.
func TestHostile(t *testing.T) {
	const size = 1 << 20
	r := rand.New(rand.NewPCG(7, 8))
	noise := make([]byte, size)
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	files := map[string][]byte{
		"noise as MP3":       append([]byte("\xff\xfb\x90\x00"), noise...),
		"frames of MP3":      bytes.Repeat(append([]byte("\xff\xf3\x14\xc0"), make([]byte, 20)...), size/24),
		"an ID3 tag":         append([]byte("ID3\x04\x00\x00\x00\x7f\x7f\x7f"), noise...),
		"chunks of WAV":      append([]byte("RIFF....WAVE"), make([]byte, size)...),
		"pages of Ogg":       bytes.Repeat([]byte("OggS\x00\x02........................\x01vorbis"), size/40),
		"noise as FLAC":      append([]byte("fLaC\x80\x00\x00\x22\x10\x00\x10\x00\x00\x00\x00\x00\x00\x00\x0a\xc4\x42\xf0\x00\x00\x00\x00"), noise...),
		"codebooks":          vorbisOf("\x05vorbis\xffBCV\x01\x00\xff\xff\xff" + string(noise[:60000])),
		"large codebooks":    vorbisOf("\x05vorbis\xffBCV\xff\xff\xff\xff\x00" + strings.Repeat("\xff", 60000)),
		"endless codebooks":  vorbisOf("\x05vorbis\x00BCV\x00\x00\x02\x00\x00"),
		"incomplete codes":   vorbisOf("\x05vorbis\x00BCV\x01\x00\x04\x00\x00" + strings.Repeat("\x08", 100)),
		"comments of Vorbis": vorbisOf("\x05vorbis"),
	}
	if longHostile && !testing.Short() {
		// Five minutes each: the shortest frames, the best voice with music above, the longest.
		files["Opus of 2.5 ms"] = opusOf(0xE4, 7, noise)
		files["Opus of 20 ms"] = opusOf(0x7C, 66, noise)
		files["Opus of 60 ms"] = opusOf(0x5C, 200, noise)
	}
	for name, file := range fixtures(t) {
		files[name+", again and again"] = bytes.Repeat(file, size/len(file))
		if head := len(file) / 4; file[0] == 'O' {
			files[name+", then noise"] = append(bytes.Clone(file[:head]), noise...)
			damaged := bytes.Clone(file)
			for i := range 40 {
				damaged[head+i*head/20] ^= byte(1 << (i % 8))
			}
			sums(damaged)
			files[name+", damaged"] = damaged
		}
	}
	for name, file := range files {
		begin, used := time.Now(), cpu()
		biggest, err := consume(file)
		used = cpu() - used
		if !isKnown(err) {
			t.Errorf("%s: %v", name, err)
		}
		if biggest > 64<<20 {
			t.Errorf("%s: %d bytes were allocated at once, the limit is 64 MiB", name, biggest)
		}
		if !testing.Short() && (used > mostCPU || time.Since(begin) > time.Minute) { // for machines that do much else
			t.Errorf("%s: it took %v, and %v of a core", name, time.Since(begin), used)
		}
		t.Logf("%s: %.1f MiB, %v, %v of a core, %v", name, float64(biggest)/(1<<20), time.Since(begin), used, err)
	}
}

// consume reads a file, and returns how many bytes one step allocated at most.
func consume(file []byte) (biggest uint64, err error) {
	var r *Reader
	buf := make([]byte, 64<<10)
	for err == nil {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if r == nil {
			r, err = Open(bytes.NewReader(file))
		} else {
			_, err = r.Read(buf)
		}
		runtime.ReadMemStats(&after)
		biggest = max(biggest, after.TotalAlloc-before.TotalAlloc)
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return biggest, err
}

// opusOf is five minutes of stereo, or a MiB, in packets that begin with the byte toc.
func opusOf(toc byte, size int, noise []byte) []byte {
	page := func(n uint32, flag byte, packets ...[]byte) []byte {
		head := append([]byte("OggS\x00"), make([]byte, 22)...)
		head[5], head[26] = flag, byte(len(packets))
		binary.LittleEndian.PutUint64(head[6:], uint64(n)*960)
		binary.LittleEndian.PutUint32(head[18:], n)
		var body []byte
		for _, p := range packets {
			head = append(head, byte(len(p)))
			body = append(body, p...)
		}
		return append(head, body...)
	}
	file := page(0, 2, []byte("OpusHead\x01\x02\x00\x00\x80\xbb\x00\x00\x00\x00\x00"))
	file = append(file, page(1, 0, []byte("OpusTags\x00\x00\x00\x00\x00\x00\x00\x00"))...)
	for n := uint32(2); len(file) < 1<<20-255*(size+2); n++ {
		var packets [][]byte
		for range 255 {
			packets = append(packets, append([]byte{toc}, noise[:size]...))
			noise = append(noise[size:], noise[:size]...)
		}
		file = append(file, page(n, 0, packets...)...)
	}
	sums(file)
	return file
}

// vorbisOf is a file of Vorbis with the setup.
func vorbisOf(setup string) []byte {
	var file []byte
	for i, p := range []string{
		"\x01vorbis\x00\x00\x00\x00\x01\x44\xac\x00\x00" + strings.Repeat("\x00", 12) + "\xb8\x01",
		"\x03vorbis\xff\xff\xff\xff\xff\xff\xff\xff", setup,
	} {
		page := append([]byte("OggS\x00"), make([]byte, 22)...)
		page[5], page[18] = byte(2*min(1, 1-min(i, 1))), byte(i)
		n := len(p)
		page[26] = byte(n/255 + 1)
		page = append(page, bytes.Repeat([]byte{255}, n/255)...)
		page = append(append(page, byte(n%255)), p...)
		file = append(file, page...)
	}
	sums(file)
	return file
}

func BenchmarkOpen(b *testing.B) {
	for name, file := range fixtures(b) {
		if !strings.HasPrefix(name, "tone") {
			continue
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r, err := Open(bytes.NewReader(file))
				if err != nil {
					b.Fatal(err)
				}
				if _, err := io.Copy(io.Discard, r); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(0.5*float64(b.N)/b.Elapsed().Seconds(), "x-realtime")
		})
	}
}
