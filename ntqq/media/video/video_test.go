package video

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
)

func u32(values ...uint32) string {
	b := []byte{}
	for _, v := range values {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return string(b)
}

func u64(values ...uint64) string {
	b := []byte{}
	for _, v := range values {
		b = binary.BigEndian.AppendUint64(b, v)
	}
	return string(b)
}

func boxOf(kind string, content ...string) string {
	data := strings.Join(content, "")
	return u32(uint32(len(data)+8)) + kind + data
}

// longBox has its length in 64 bits.
func longBox(kind string, data string) string {
	return u32(1) + kind + u64(uint64(len(data)+16)) + data
}

func mvhd(scale, duration uint32) string {
	return boxOf("mvhd", u32(0, 0, 0, scale, duration), strings.Repeat("\x00", 80))
}

func mvhd64(scale uint32, duration uint64) string {
	return boxOf("mvhd", u32(1<<24), u64(0, 0), u32(scale), u64(duration), strings.Repeat("\x00", 80))
}

var (
	straight = u32(1<<16, 0, 0, 0, 1<<16, 0, 0, 0, 1<<30)
	quarter  = u32(0, 1<<16, 0, 0xffff0000, 0, 0, 0, 0, 1<<30)
	half     = u32(0xffff0000, 0, 0, 0, 0xffff0000, 0, 0, 0, 1<<30)
)

func tkhd(id uint32, matrix string, width, height uint32) string {
	return boxOf("tkhd", u32(7, 0, 0, id, 0, 0, 0, 0, 0, 0), matrix, u32(width<<16, height<<16))
}

func tkhd64(id uint32, width, height uint32) string {
	return boxOf("tkhd", u32(1<<24), u64(0, 0), u32(id, 0), u64(0), u32(0, 0, 0, 0), straight, u32(width<<16, height<<16))
}

func mdia(handler string, scale uint32) string {
	return boxOf("mdia", boxOf("mdhd", u32(0, 0, 0, scale, 0, 0)), boxOf("hdlr", u32(0, 0), handler, u32(0, 0, 0)))
}

var (
	ftyp  = boxOf("ftyp", "isom", u32(0x200), "isomiso2avc1mp41")
	mdat  = boxOf("mdat", strings.Repeat("moov", 300))
	sound = boxOf("trak", tkhd(2, straight, 0, 0), mdia("soun", 44100))
	film  = boxOf("trak", tkhd(1, straight, 640, 360), mdia("vide", 12800))
)

func moof(parts ...string) string {
	return boxOf("moof", boxOf("mfhd", u32(0, 1)), boxOf("traf", parts...))
}

// fragmented begins a fragmented video.
func fragmented(mvex ...string) string {
	return ftyp + boxOf("moov", mvhd(1000, 0), sound, film, boxOf("mvex", mvex...))
}

var (
	trex     = boxOf("trex", u32(0, 1, 1, 512, 0, 0))
	timed    = moof(boxOf("tfhd", u32(0, 1)), boxOf("tfdt", u32(0, 12800)), boxOf("trun", u32(trunOffset|0x200, 25, 0), strings.Repeat("size", 25)))
	oneByOne = moof(boxOf("tfhd", u32(tfhdBase|tfhdDescription|tfhdDuration), u32(1), u64(0), u32(1, 1)), boxOf("tfdt", u32(1<<24), u64(25600)),
		boxOf("trun", u32(trunOffset|trunFirstFlags|trunDuration|0x200, 100, 0, 0), strings.Repeat(u32(256, 9), 100)))
)

func elementOf(id uint64, content ...string) string {
	data := strings.Join(content, "")
	return strings.TrimLeft(u64(id), "\x00") + u64(1<<56|uint64(len(data))) + data
}

func open(id uint64, content ...string) string {
	return strings.TrimLeft(u64(id), "\x00") + "\x01\xff\xff\xff\xff\xff\xff\xff" + strings.Join(content, "")
}

var (
	webmHead = elementOf(idHeader, elementOf(0x4286, "\x01"), elementOf(idDocType, "webm"))
	webmInfo = elementOf(idInfo, elementOf(idScale, "\x0f\x42\x40"), elementOf(idDuration, u64(math.Float64bits(12345))))
	webmFilm = elementOf(idTracks,
		elementOf(idTrack, elementOf(idKind, "\x02")),
		elementOf(idTrack, elementOf(idKind, "\x01"), elementOf(idVideo, elementOf(idWidth, "\x02\x80"), elementOf(idHeight, "\x01\x68"))))
	cluster = elementOf(0x1f43b675, strings.Repeat("x", 200))
)

type sample struct {
	name, data string
	want       Info
}

func samples() []sample {
	return []sample{
		{"mp4", ftyp + boxOf("moov", mvhd(600, 7530), sound, film) + mdat, Info{12.55, 640, 360, "mp4"}},
		{"mp4 with moov at its end", ftyp + boxOf("free") + mdat + boxOf("moov", mvhd(600, 7530), film), Info{12.55, 640, 360, "mp4"}},
		{"mp4 of 64 bits", ftyp + longBox("mdat", strings.Repeat("x", 99)) + longBox("moov", mvhd64(1000, 5_000_000)+boxOf("trak", tkhd64(1, 1920, 1080), mdia("vide", 1))), Info{5000, 1920, 1080, "mp4"}},
		{"mp4 to its end", ftyp + mdat + u32(0) + "moov" + mvhd(600, 600) + film, Info{1, 640, 360, "mp4"}},
		{"turned by a quarter", ftyp + boxOf("moov", mvhd(600, 600), boxOf("trak", tkhd(1, quarter, 640, 360))), Info{1, 360, 640, "mp4"}},
		{"upside down", ftyp + boxOf("moov", mvhd(600, 600), boxOf("trak", tkhd(1, half, 640, 360))), Info{1, 640, 360, "mp4"}},
		{"subtitles before the film", ftyp + boxOf("moov", mvhd(600, 600), boxOf("trak", tkhd(1, straight, 300, 20), mdia("sbtl", 1)), film), Info{1, 640, 360, "mp4"}},
		{"quicktime", boxOf("ftyp", "qt  ", u32(0)) + boxOf("moov", mvhd(600, 600), film), Info{1, 640, 360, "mov"}},
		{"quicktime of old", mdat + boxOf("moov", mvhd(600, 600), film), Info{1, 640, 360, "mov"}},
		{"unknown duration", ftyp + boxOf("moov", mvhd(600, math.MaxUint32), film), Info{0, 640, 360, "mp4"}},
		{"no time scale", ftyp + boxOf("moov", mvhd(0, 5), film), Info{0, 640, 360, "mp4"}},
		{"impossible duration", ftyp + boxOf("moov", mvhd64(1, 1<<60), film), Info{0, 640, 360, "mp4"}},
		{"no moov", ftyp + mdat, Info{Container: "mp4"}},
		{"fragments", fragmented(trex) + timed + mdat, Info{2, 640, 360, "mp4"}},
		{"fragments that say more", fragmented(trex) + timed + mdat + oneByOne + mdat, Info{4, 640, 360, "mp4"}},
		{"fragments without a time", fragmented(trex) + strings.Repeat(moof(boxOf("tfhd", u32(0, 1)), boxOf("trun", u32(0, 25))), 3), Info{3, 640, 360, "mp4"}},
		{"fragments with their sum", fragmented(boxOf("mehd", u32(0, 9000)), trex) + timed, Info{9, 640, 360, "mp4"}},
		{"fragments with a long sum", fragmented(boxOf("mehd", u32(1<<24), u64(9000)), trex) + timed, Info{9, 640, 360, "mp4"}},
		{"fragments of another track", fragmented(trex) + moof(boxOf("tfhd", u32(0, 9)), boxOf("tfdt", u32(0, 9)), boxOf("trun", u32(0, 25))), Info{0, 640, 360, "mp4"}},
		{"webm", webmHead + elementOf(idSegment, webmInfo, webmFilm, cluster), Info{12.345, 640, 360, "webm"}},
		{"webm as it is recorded", webmHead + open(idSegment, webmInfo, webmFilm, open(0x1f43b675, "x")), Info{12.345, 640, 360, "webm"}},
		{"webm without a duration", webmHead + open(idSegment, elementOf(idInfo), webmFilm, open(0x1f43b675, "x")), Info{0, 640, 360, "webm"}},
		{"matroska with its information at the end", strings.Replace(webmHead, "webm", "mkvx", 1) + elementOf(idSegment, cluster, webmFilm, cluster,
			elementOf(idInfo, elementOf(idDuration, u32(math.Float32bits(2500))))), Info{2.5, 640, 360, "matroska"}},
		{"webm of no length", webmHead + elementOf(idSegment, elementOf(idInfo, elementOf(idDuration, u64(math.Float64bits(math.NaN())))), webmFilm), Info{0, 640, 360, "webm"}},
		{"webm of a wrong number", webmHead + elementOf(idSegment, webmFilm, elementOf(idInfo, elementOf(idDuration, "123456789"))), Info{0, 640, 360, "webm"}},
		{"webm without a size", webmHead + elementOf(idSegment, webmInfo, elementOf(idTracks)), Info{12.345, 0, 0, "webm"}},
		{"avi", "RIFF\x00\x00\x00\x00AVI LIST", Info{Container: "avi"}},
		{"flv", "FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00", Info{Container: "flv"}},
		{"asf", "\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa", Info{Container: "asf"}},
		{"program stream", "\x00\x00\x01\xba xxxxxxxx", Info{Container: "mpeg-ps"}},
		{"transport stream", strings.Repeat("G"+strings.Repeat("x", tsPacket-1), 4), Info{Container: "mpeg-ts"}},
	}
}

func TestRead(t *testing.T) {
	for _, tt := range samples() {
		got, err := Read(strings.NewReader(tt.data), int64(len(tt.data)))
		if err != nil || got != tt.want {
			t.Errorf("%s: got %+v, %v, want %+v", tt.name, got, err, tt.want)
		}
	}
}

func TestNoVideo(t *testing.T) {
	for name, tt := range map[string]struct{ data, want string }{
		"nothing":      {"", "not a video of a known format"},
		"text":         {"hello, this is a text that goes on", "not a video of a known format"},
		"text of G":    {"G" + strings.Repeat("x", 1000), "not a video of a known format"},
		"sound":        {boxOf("ftyp", "M4A ", u32(0)), "this is sound (M4A), not a video"},
		"picture":      {boxOf("ftyp", "heic", u32(0)), "this is a picture (HEIC)"},
		"new picture":  {boxOf("ftyp", "avif", u32(0)), "this is a picture (AVIF)"},
		"no container": {"\x1a\x45\xdf", "not a video"},
	} {
		got, err := Read(strings.NewReader(tt.data), int64(len(tt.data)))
		var format *FormatError
		if !errors.As(err, &format) || !strings.Contains(err.Error(), tt.want) || got != (Info{}) {
			t.Errorf("%s: got %+v, %v, want %q", name, got, err, tt.want)
		}
	}
}

// TestDamaged: what stands before the damage counts.
func TestDamaged(t *testing.T) {
	whole := ftyp + boxOf("moov", mvhd(600, 7530), film, sound)
	for name, data := range map[string]string{
		"box beyond its parent":  ftyp + boxOf("moov", mvhd(600, 7530), film, u32(9)+"udta"),
		"box shorter than head":  ftyp + boxOf("moov", mvhd(600, 7530), film, u32(7)+"udta"),
		"long box of no length":  ftyp + boxOf("moov", mvhd(600, 7530), film, u32(1)+"udta"+u64(15)),
		"long box of any length": ftyp + boxOf("moov", mvhd(600, 7530), film, u32(1)+"udta"+u64(math.MaxUint64)),
		"cut track":              ftyp + boxOf("moov", mvhd(600, 7530), film, boxOf("trak", boxOf("tkhd", u32(0)))),
		"cut long box":           ftyp + boxOf("moov", mvhd(600, 7530), film, u32(1)+"udta"),
		"run of too many":        ftyp + boxOf("moov", mvhd(600, 7530), film, boxOf("mvex", trex)) + moof(boxOf("tfhd", u32(0, 1)), boxOf("trun", u32(trunDuration, math.MaxUint32))),
	} {
		got, err := Read(strings.NewReader(data), int64(len(data)))
		if want := (Info{12.55, 640, 360, "mp4"}); err != nil || got != want {
			t.Errorf("%s: got %+v, %v, want %+v", name, got, err, want)
		}
	}
	// Wherever it ends, there is neither an error nor a wrong size.
	for _, tt := range samples() {
		for n := headSize + 8; n < len(tt.data); n += 3 {
			got, err := Read(strings.NewReader(tt.data[:n]), int64(n))
			if tt.want.Container == "mpeg-ts" || tt.want.Container == "webm" || tt.want.Container == "matroska" {
				continue // the head says which, or is cut
			}
			if err != nil || got.Container != tt.want.Container || got.Width != 0 && got.Width != tt.want.Width && tt.name != "subtitles before the film" {
				t.Errorf("%s, %d bytes: got %+v, %v", tt.name, n, got, err)
			}
		}
	}
	// A reader that has less than it should.
	if got, err := Read(strings.NewReader(whole[:60]), int64(len(whole))); err != nil || got.Container != "mp4" {
		t.Errorf("short reader: got %+v, %v", got, err)
	}
}

type brokenReader struct{ after int64 }

func (b brokenReader) ReadAt(p []byte, at int64) (int, error) {
	data := ftyp + boxOf("moov", mvhd(600, 7530), film)
	if at >= b.after {
		return 0, errors.New("disk")
	}
	return strings.NewReader(data).ReadAt(p, at)
}

func TestReadError(t *testing.T) {
	for _, after := range []int64{0, 5, 40, 100} {
		if got, err := Read(brokenReader{after}, 1000); err == nil || err.Error() != "disk" || got != (Info{}) {
			t.Errorf("after %d bytes: got %+v, %v", after, got, err)
		}
	}
}

// hostile are files of a megabyte that take as much as they can.
func hostile() map[string]string {
	fill := func(head, unit string) string { return (head + strings.Repeat(unit, 1<<20/len(unit)+1))[:1<<20] }
	random := make([]byte, 1<<20)
	r := rand.NewChaCha8([32]byte{1})
	_, _ = r.Read(random)
	moov := u32(1<<20-uint32(len(ftyp))) + "moov"
	return map[string]string{
		"random mp4":     ftyp + string(random),
		"random webm":    webmHead + open(idSegment, string(random)),
		"small boxes":    fill(ftyp, u32(8)+"free"),
		"tracks":         fill(ftyp+moov, boxOf("trak", tkhd(1, straight, 1, 1))),
		"defaults":       fill(ftyp+moov+u32(1<<20-uint32(len(ftyp))-8)+"mvex", trex),
		"fragments":      fill(fragmented(trex), timed),
		"long run":       fragmented(trex) + moof(boxOf("tfhd", u32(0, 1)), boxOf("trun", u32(trunDuration, 250_000), strings.Repeat("time", 250_000))),
		"small elements": fill(webmHead+open(idSegment), "\xec\x80"),
		"elements open":  fill(webmHead, "\xec\xff"),
		"tracks of webm": fill(webmHead+open(idSegment)+u32(idTracks)+"\x01\x00\x00\x00\x00\x0f\x00\x00", "\xae\x80"),
	}
}

// TestBounds: whatever a video says, a megabyte takes little memory, and few reads.
func TestBounds(t *testing.T) {
	for name, data := range hostile() {
		c := &counting{r: strings.NewReader(data)}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _ = Read(c, int64(len(data)))
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 2<<20 {
			t.Errorf("%s: took %d bytes", name, n)
		}
		if c.reads > 4*maxBoxes {
			t.Errorf("%s: read %d times", name, c.reads)
		}
	}
}

type counting struct {
	r     *strings.Reader
	reads int
}

func (c *counting) ReadAt(p []byte, at int64) (int, error) {
	c.reads++
	return c.r.ReadAt(p, at)
}

// TestReadsLittle: what is shown is left alone.
func TestReadsLittle(t *testing.T) {
	for _, tt := range samples() {
		c := &counting{r: strings.NewReader(tt.data)}
		if _, err := Read(c, int64(len(tt.data))); err != nil || c.reads > 60 {
			t.Errorf("%s: %d reads, %v", tt.name, c.reads, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, tt := range samples() {
		f.Add([]byte(tt.data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Read(bytes.NewReader(data), int64(len(data)))
		if err != nil && got != (Info{}) || err == nil && got.Container == "" {
			t.Errorf("got %+v, %v", got, err)
		}
		if !(got.Seconds >= 0 && got.Seconds < math.MaxInt32) || got.Width > math.MaxUint16 || got.Height > math.MaxUint16 {
			t.Errorf("got %+v", got)
		}
	})
}

func TestPlaceholder(t *testing.T) {
	for _, tt := range []struct{ width, height, wantWidth, wantHeight int }{
		{0, 0, 480, 270}, {640, 0, 480, 270}, {1, 1, 1, 1}, {320, 240, 320, 240}, {1920, 1080, 640, 360}, {1080, 1920, 360, 640},
		{65535, 1, 640, 1}, {1, 65535, 1, 640}, {math.MaxUint32, math.MaxUint32, 640, 640}, {6, 7, 6, 7},
	} {
		got, err := Placeholder(uint32(tt.width), uint32(tt.height))
		if err != nil {
			t.Fatal(err)
		}
		m, err := jpeg.Decode(bytes.NewReader(got))
		if err != nil || m.Bounds().Dx() != tt.wantWidth || m.Bounds().Dy() != tt.wantHeight || len(got) > 32<<10 {
			t.Errorf("%d x %d: got %v, %d bytes, %v", tt.width, tt.height, m.Bounds(), len(got), err)
		}
		again, err := Placeholder(uint32(tt.width), uint32(tt.height))
		if err != nil || !bytes.Equal(got, again) {
			t.Errorf("%d x %d: drawn twice it differs, %v", tt.width, tt.height, err)
		}
	}
	cover, err := Placeholder(480, 270)
	if err != nil {
		t.Fatal(err)
	}
	m, _ := jpeg.Decode(bytes.NewReader(cover))
	for at, want := range map[[2]int]bool{{240, 135}: true, {0, 0}: false, {479, 269}: false, {150, 135}: false, {400, 135}: false} {
		r, _, _, _ := m.At(at[0], at[1]).RGBA()
		if bright := r > 0x8000; bright != want {
			t.Errorf("at %v: bright is %v", at, bright)
		}
	}
}

func BenchmarkPlaceholder(b *testing.B) {
	for b.Loop() {
		if _, err := Placeholder(1920, 1080); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	for _, tt := range samples()[:2] {
		b.Run(tt.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Read(strings.NewReader(tt.data), int64(len(tt.data))); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
