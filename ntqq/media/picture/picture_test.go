package picture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"

	"libration/internal/pb"
	"libration/internal/pb/mediapb"
	"libration/internal/vectors"
)

func encoded(tb testing.TB, encode func(io.Writer, image.Image) error, width, height int) string {
	tb.Helper()
	var b bytes.Buffer
	if err := encode(&b, image.NewPaletted(image.Rect(0, 0, width, height), color.Palette{color.Black, color.White})); err != nil {
		tb.Fatal(err)
	}
	return b.String()
}

func encodeJPEG(w io.Writer, m image.Image) error { return jpeg.Encode(w, m, nil) }
func encodeTIFF(w io.Writer, m image.Image) error { return tiff.Encode(w, m, nil) }

func animation(tb testing.TB, frames int) string {
	tb.Helper()
	g := &gif.GIF{}
	for range frames {
		g.Image, g.Delay = append(g.Image, image.NewPaletted(image.Rect(0, 0, 7, 5), color.Palette{color.Black, color.White})), append(g.Delay, 1)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, g); err != nil {
		tb.Fatal(err)
	}
	return b.String()
}

func u16(order binary.ByteOrder, values ...uint16) string {
	var b bytes.Buffer
	for _, v := range values {
		_ = binary.Write(&b, order, v)
	}
	return b.String()
}

func u32(order binary.ByteOrder, values ...uint32) string {
	var b bytes.Buffer
	for _, v := range values {
		_ = binary.Write(&b, order, v)
	}
	return b.String()
}

// segmentOf is a segment of a JPEG.
func segmentOf(marker byte, data string) string {
	return "\xff" + string([]byte{marker}) + u16(big, uint16(len(data)+2)) + data
}

func box(kind, data string) string { return u32(big, uint32(len(data)+8)) + kind + data }

const jp2Signature = "\x00\x00\x00\x0cjP  \r\n\x87\n"

// withChunk puts a PNG together again, with one more chunk behind the header.
func withChunk(whole, kind, data string) string {
	const header = 8 + 25
	return whole[:header] + u32(big, uint32(len(data))) + kind + data + "sum!" + whole[header:]
}

type sample struct {
	name, data string
	want       Info
}

func samples(tb testing.TB) []sample {
	tb.Helper()
	plain := encoded(tb, png.Encode, 300, 2)
	frame := "\x08" + u16(big, 480, 640) + "\x03"
	of := func(code uint32, width, height uint32, animated bool) Info {
		for _, f := range formats() {
			if f.code == code {
				return Info{code, width, height, f.extension, f.mime, animated}
			}
		}
		tb.Fatal(code)
		return Info{}
	}
	bitmap := func(header uint32, width, height int32) string {
		return "BM" + strings.Repeat("x", 12) + u32(little, header, uint32(width), uint32(height)) + strings.Repeat("x", 30)
	}
	directory := func(order binary.ByteOrder, at uint32, entries ...string) string {
		head := "II*\x00"
		if order == binary.ByteOrder(big) {
			head = "MM\x00*"
		}
		return head + u32(order, at) + strings.Repeat("x", int(at)-8) + u16(order, uint16(len(entries))) + strings.Join(entries, "")
	}
	short := func(order binary.ByteOrder, tag, value uint16) string { return u16(order, tag, 3, 0, 1, value, 0) }
	return []sample{
		{"png", plain, of(PNG, 300, 2, false)},
		{"apng", withChunk(withChunk(plain, "acTL", "12345678"), "tEXt", strings.Repeat("x", 9000)), of(PNG, 300, 2, true)},
		{"png cut behind its size", plain[:30], of(PNG, 300, 2, false)},
		{"jpeg", encoded(tb, encodeJPEG, 31, 17), of(JPEG, 31, 17, false)},
		{"jpeg with much before its size", "\xff\xd8" + segmentOf(0xe1, strings.Repeat("\xff\xc0", 30000)) + "\xff\xff\xff\x01" + segmentOf(0xc4, "x") + segmentOf(0xc2, frame), of(JPEG, 640, 480, false)},
		{"arithmetic jpeg", "\xff\xd8" + segmentOf(0xe0, "JFIF") + segmentOf(0xc9, frame), of(JPEG, 640, 480, false)},
		{"gif", encoded(tb, func(w io.Writer, m image.Image) error { return gif.Encode(w, m, nil) }, 7, 5), of(GIF, 7, 5, false)},
		{"gif of one frame", animation(tb, 1), of(GIF, 7, 5, false)},
		{"gif of two frames", animation(tb, 2), of(GIF, 7, 5, true)},
		{"old gif cut behind its size", "GIF87a" + u16(little, 3, 4) + "\x80\x00\x00", of(GIF, 3, 4, false)},
		{"lossy webp", "RIFF\x00\x00\x00\x00WEBPVP8 \x00\x00\x00\x00\x10\x00\x00\x9d\x01\x2a" + u16(little, 0x4000|320, 0x8000|240), of(WebP, 320, 240, false)},
		{"lossless webp", "RIFF\x00\x00\x00\x00WEBPVP8L\x00\x00\x00\x00\x2f" + u32(little, 0x10000000|99<<14|49), of(WebP, 50, 100, false)},
		{"webp with extras", "RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x10\x00\x00\x00\x7f\x02\x00\xdf\x01\x00", of(WebP, 640, 480, false)},
		{"animated webp", "RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x12\x00\x00\x00\x00\x00\x00\x01\x00\x00", of(WebP, 1, 2, true)},
		{"bmp", encoded(tb, bmp.Encode, 12, 9), of(BMP, 12, 9, false)},
		{"bmp from its top", bitmap(40, 12, -9), of(BMP, 12, 9, false)},
		{"old bmp", "BM" + strings.Repeat("x", 12) + u32(little, 12) + u16(little, 12, 9) + "xxxx", of(BMP, 12, 9, false)},
		{"tiff", encoded(tb, encodeTIFF, 12, 9), of(TIFF, 12, 9, false)},
		{"tiff of big ends", directory(big, 5000, short(big, 254, 0), short(big, 256, 12), u16(big, 257, 4, 0, 1)+u32(big, 9)), of(TIFF, 12, 9, false)},
		{"jpeg 2000", jp2Signature + box("ftyp", "jp2 \x00\x00\x00\x00jp2 ") + box("jp2h", box("ihdr", u32(big, 9, 12)+"\x00\x03\x07\x07\x00\x00")), of(JPEG2000, 12, 9, false)},
		{"jpeg 2000 with a long box", jp2Signature + u32(big, 1) + "uuid" + u32(big, 0, 20) + "xxxx" + box("jp2h", box("ihdr", u32(big, 9, 12)+"\x00\x03\x07\x07\x00\x00")), of(JPEG2000, 12, 9, false)},
	}
}

func TestRead(t *testing.T) {
	for _, tt := range samples(t) {
		for form, r := range map[string]io.Reader{"whole": strings.NewReader(tt.data), "byte by byte": iotest.OneByteReader(strings.NewReader(tt.data))} {
			got, err := Read(r)
			if err != nil || got != tt.want {
				t.Errorf("%s, %s: got %+v, %v, want %+v", tt.name, form, got, err, tt.want)
			}
		}
	}
}

func TestRefused(t *testing.T) {
	for _, tt := range []struct{ name, data, want string }{
		{"nothing", "", "not a picture of a known format"},
		{"text", "hello, this is a text", "not a picture of a known format"},
		{"text that begins with BM", "BMW makes cars, and this is about one of them", "not a picture of a known format"},
		{"heic", "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", "HEIC cannot be sent as a picture: convert it"},
		{"heic of another brand", "\x00\x00\x00\x18ftyphevc\x00\x00\x00\x00", "HEIC cannot"},
		{"avif", "\x00\x00\x00\x18ftypavif\x00\x00\x00\x00", "AVIF cannot"},
		{"one of the two", "\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00", "HEIC or AVIF cannot"},
		{"video", "\x00\x00\x00\x18ftypisom\x00\x00\x00\x00", "not a picture of a known format"},
		{"jpeg xl", "\xff\x0a", "JPEG XL cannot"},
		{"svg", "<svg xmlns=", "SVG cannot"},
		{"page", "<!doctype html><html>", "a web page cannot"},
		{"no width", "GIF89a" + u16(little, 0, 4) + "\x00\x00\x00;", "0 x 4 pixels"},
		{"no height, which its data would say", "\xff\xd8" + segmentOf(0xc0, "\x08"+u16(big, 0, 640)+"\x03"), "640 x 0 pixels"},
		{"wide", "\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR" + u32(big, 65536, 1) + "\x08\x00\x00\x00\x00sum!", "65536 x 1 pixels"},
		{"high", "BM" + strings.Repeat("x", 12) + u32(little, 40, 1, 0x80000000), "1 x 2147483648 pixels"},
		{"webp of the largest size", "RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x12\x00\x00\x00\xff\xff\xff\xff\xff\xff", "16777216 x 16777216"},
		{"tiff without a size", "II*\x00" + u32(little, 8) + u16(little, 1, 254, 3, 1, 0, 1, 0), "0 x 0 pixels"},
		{"cut jpeg", "\xff\xd8" + segmentOf(0xe0, "JFIF"), "damaged: it ends before"},
		{"jpeg of nothing but data", "\xff\xd8" + segmentOf(0xda, "x"), "damaged: its data come"},
		{"jpeg with a wrong length", "\xff\xd8\xff\xe0\x00\x01xxxxxxxxxx", "damaged: a segment is shorter"},
		{"jpeg without a marker", "\xff\xd8" + segmentOf(0xe0, "JFIF") + "x", "damaged: a segment is longer"},
		{"jpeg with a short frame", "\xff\xd8" + segmentOf(0xc0, "\x08"), "damaged: its frame header"},
		{"png without a header", "\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIDAT" + u32(big, 1, 1), "damaged: it does not begin"},
		{"cut png", "\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR", "damaged: it ends before"},
		{"cut gif", "GIF89a\x01\x00", "damaged: it ends before"},
		{"webp without a key frame", "RIFF\x00\x00\x00\x00WEBPVP8 " + strings.Repeat("x", 20), "damaged: it begins without"},
		{"webp without a signature", "RIFF\x00\x00\x00\x00WEBPVP8L" + strings.Repeat("x", 20), "damaged: its stream"},
		{"webp of something else", "RIFF\x00\x00\x00\x00WEBPICCP" + strings.Repeat("x", 20), "damaged: its first chunk"},
		{"cut webp", "RIFF\x00\x00\x00\x00WEBPVP8X", "damaged: it ends before"},
		{"tiff that goes back", "II*\x00" + u32(little, 4) + "xxxxxxxxxxxx", "damaged: its directory"},
		{"tiff that goes far", "MM\x00*" + u32(big, 0xffffffff) + "xxxxxxxxxxxx", "damaged: it ends before"},
		{"jpeg 2000 without a length", jp2Signature + u32(big, 0) + "mdat", "damaged: a box has"},
		{"jpeg 2000 of the greatest length", jp2Signature + u32(big, 1) + "mdat" + u32(big, 0xffffffff, 0xffffffff), "damaged: a box has"},
	} {
		got, err := Read(strings.NewReader(tt.data))
		if err == nil || !strings.Contains(err.Error(), tt.want) || got != (Info{}) {
			t.Errorf("%s: got %+v, %v, want %q", tt.name, got, err, tt.want)
		}
	}
}

// TestReadError: what the source says is no damage of the picture.
func TestReadError(t *testing.T) {
	for _, tt := range samples(t) {
		for _, n := range []int{0, 9, len(tt.data) - 1} {
			got, err := Read(io.MultiReader(strings.NewReader(tt.data[:n]), iotest.ErrReader(io.ErrClosedPipe)))
			if err != nil && !errors.Is(err, io.ErrClosedPipe) || err == nil && got != tt.want {
				t.Errorf("%s, %d bytes: got %+v, %v", tt.name, n, got, err)
			}
		}
	}
}

type counter struct {
	r io.Reader
	n int
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += n
	return n, err
}

// TestReadsLittle: the pixels are left alone.
func TestReadsLittle(t *testing.T) {
	for _, tt := range samples(t) {
		if tt.want.Format == GIF || strings.Contains(tt.name, "cut") { // the first frame has to be passed
			continue
		}
		c := &counter{r: io.MultiReader(strings.NewReader(tt.data), strings.NewReader(strings.Repeat("x", 1<<20)))}
		if _, err := Read(c); err == nil && c.n > len(tt.data)+5000 {
			t.Errorf("%s: read %d bytes of pixels", tt.name, c.n-len(tt.data))
		}
	}
}

// TestVectors compares with what other clients say of the same files when they upload them.
func TestVectors(t *testing.T) {
	checked := 0
	for _, v := range vectors.Read[struct {
		ID   string `json:"id"`
		Args struct {
			File struct {
				Bytes vectors.Hex `json:"bytes"`
			} `json:"file"`
		} `json:"args"`
		Request vectors.Hex `json:"rich_media_req"`
	}](t, "media.json") {
		if len(v.Args.File.Bytes) == 0 || !strings.Contains(v.ID, "image") || len(v.Request) == 0 {
			continue
		}
		checked++
		var req mediapb.RichMediaReq
		if err := pb.Unmarshal(v.Request, &req); err != nil {
			t.Fatal(err)
		}
		want := req.GetUpload().GetUploadInfo()[0].GetFileInfo()
		got, err := Read(bytes.NewReader(v.Args.File.Bytes))
		if err != nil || got.Width != want.GetWidth() || got.Height != want.GetHeight() || got.Format != want.GetType().GetPicFormat() ||
			!strings.HasSuffix(want.GetFileName(), "."+got.Extension) {
			t.Errorf("%s: got %+v, %v, want %v", v.ID, got, err, want)
		}
	}
	if checked == 0 {
		t.Error("no vector has a picture")
	}
}

// TestBounds: whatever a picture says, a megabyte takes little memory.
func TestBounds(t *testing.T) {
	const size = 1 << 20
	fill := func(head, unit string) string { return (head + strings.Repeat(unit, size/len(unit)))[:size] }
	random := make([]byte, size)
	r := rand.NewChaCha8([32]byte{1})
	_, _ = r.Read(random)
	heads := map[string]string{
		"jpeg segments":   fill("\xff\xd8", "\xff\xe0\x00\x02"),
		"jpeg fill":       fill("\xff\xd8", "\xff"),
		"png chunks":      fill("\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"+u32(big, 1, 1)+"\x08\x00\x00\x00\x00sum!", "\x00\x00\x00\x00tEXtsum!"),
		"gif blocks":      fill("GIF89a\x01\x00\x01\x00\x00\x00\x00\x21\xff", "\x01x"),
		"gif extensions":  fill("GIF89a\x01\x00\x01\x00\x00\x00\x00", "\x21\xff\x00"),
		"tiff entries":    fill("II*\x00\x08\x00\x00\x00\xff\xff", "x"),
		"jpeg 2000 boxes": fill(jp2Signature, "\x00\x00\x00\x08free"),
		"jpeg 2000 heads": fill(jp2Signature, "\x00\x00\x00\x00jp2h"),
	}
	for _, f := range formats() {
		heads["random "+f.mime] = f.magic + string(random[len(f.magic):])
	}
	for name, data := range heads {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _ = Read(strings.NewReader(data))
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 64<<10 {
			t.Errorf("%s: took %d bytes", name, n)
		}
	}
}

// FuzzRead also compares with the decoders of others: what they read has that size.
func FuzzRead(f *testing.F) {
	for _, tt := range samples(f) {
		f.Add([]byte(tt.data))
	}
	others := map[uint32]func(io.Reader) (image.Config, error){
		JPEG: jpeg.DecodeConfig, PNG: png.DecodeConfig, GIF: gif.DecodeConfig, WebP: webp.DecodeConfig, BMP: bmp.DecodeConfig, TIFF: tiff.DecodeConfig,
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Read(bytes.NewReader(data))
		if err != nil {
			if got != (Info{}) {
				t.Errorf("got %+v with %v", got, err)
			}
			return
		}
		if got.Width == 0 || got.Height == 0 || got.Width > MaxSide || got.Height > MaxSide || got.Extension == "" || got.MIME == "" {
			t.Errorf("got %+v", got)
		}
		if other := others[got.Format]; other != nil && len(data) < 1<<16 {
			if want, err := other(bytes.NewReader(data)); err == nil && want.Width > 0 && (want.Width != int(got.Width) || want.Height != int(got.Height)) {
				t.Errorf("got %+v, another decoder says %d x %d", got, want.Width, want.Height)
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	for _, tt := range samples(b) {
		b.Run(strings.ReplaceAll(tt.name, " ", "_"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Read(strings.NewReader(tt.data)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
