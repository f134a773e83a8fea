package picture

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// The service's codes of formats (docs/protocol/media.md 6.1).
const (
	JPEG     uint32 = 1000
	PNG      uint32 = 1001
	WebP     uint32 = 1002
	JPEG2000 uint32 = 1003
	BMP      uint32 = 1005
	TIFF     uint32 = 1006
	GIF      uint32 = 2000
)

// MaxSide is how wide and how high a picture may be, in pixels.
const MaxSide = 65535

// Info is what a picture says of itself.
type Info struct {
	Format        uint32 // one of the codes above
	Width, Height uint32 // in pixels, 1 to MaxSide; what the picture says of its rotation is not looked at
	Extension     string // of file names, without a dot: "jpg"
	MIME          string // "image/jpeg"
	Animated      bool   // it has more than one frame
}

// FormatError is returned for bytes that are not a picture of a format that the service
// knows.
type FormatError struct {
	Name string // what they are, such as "HEIC"; "" when that is not known either
}

func (e *FormatError) Error() string {
	if e.Name == "" {
		return "not a picture of a known format: JPEG, PNG, GIF, WebP, BMP, TIFF and JPEG 2000 can be sent"
	}
	return fmt.Sprintf("%s cannot be sent as a picture: convert it to JPEG or PNG", e.Name)
}

// SizeError is returned for a picture without an area, and for one that is larger than
// MaxSide.
type SizeError struct {
	Width, Height uint32 // in pixels
}

func (e *SizeError) Error() string {
	return fmt.Sprintf("the picture says that it has %d x %d pixels: each must be 1 to %d", e.Width, e.Height, MaxSide)
}

// ErrDamaged is wrapped when a picture of a known format does not say its size.
var ErrDamaged = errors.New("the picture is damaged")

// size is what a format's reader finds.
type size struct {
	width, height uint32
	animated      bool
}

// format is a row of formats.
type format struct {
	magic           string // how a file begins; '?' is any byte
	code            uint32
	extension, mime string
	// read gets the file from its first byte.
	read func(r *reader) (size, error)
}

func formats() []format {
	return []format{
		{"\xff\xd8\xff", JPEG, "jpg", "image/jpeg", (*reader).jpeg},
		{"\x89PNG\r\n\x1a\n", PNG, "png", "image/png", (*reader).png},
		{"GIF87a", GIF, "gif", "image/gif", (*reader).gif},
		{"GIF89a", GIF, "gif", "image/gif", (*reader).gif},
		{"RIFF????WEBP", WebP, "webp", "image/webp", (*reader).webp},
		{"II*\x00", TIFF, "tiff", "image/tiff", (*reader).tiff},
		{"MM\x00*", TIFF, "tiff", "image/tiff", (*reader).tiff},
		{"\x00\x00\x00\x0cjP  \r\n\x87\n", JPEG2000, "jp2", "image/jp2", (*reader).jpeg2000},
		{"BM????????????", BMP, "bmp", "image/bmp", (*reader).bmp},
	}
}

// Extension returns the extension of file names for a code of a format, without a dot; ""
// for an unknown code.
func Extension(code uint32) string {
	for _, f := range formats() {
		if f.code == code {
			return f.extension
		}
	}
	return ""
}

// refused are formats that are named, so that people know what to convert.
var refused = []struct{ magic, name string }{
	{"????ftyphei", "HEIC"}, {"????ftyphev", "HEIC"}, {"????ftypmif1", "HEIC or AVIF"}, {"????ftypmsf1", "HEIC or AVIF"},
	{"????ftypavif", "AVIF"}, {"????ftypavis", "AVIF"},
	{"\xff\x0a", "JPEG XL"}, {"\x00\x00\x00\x0cJXL \r\n\x87\n", "JPEG XL"},
	{"\xff\x4f\xff\x51", "a bare JPEG 2000 stream"},
	{"\x00\x00\x01\x00", "an icon (ICO)"}, {"8BPS", "a Photoshop file"}, {"%PDF-", "a PDF"},
	{"<svg", "SVG"}, {"<?xml", "XML or SVG"},
	{"<!DOCTYPE", "a web page"}, {"<!doctype", "a web page"}, {"<html", "a web page"},
}

// headSize is how many bytes tell the format.
const headSize = 16

// Read reads what a picture is, from its first byte. It reads up to the size, and of PNG,
// GIF and WebP so far that it knows whether there is a second frame. The error is a
// [*FormatError], a [*SizeError], wraps [ErrDamaged], or is that of r.
func Read(r io.Reader) (Info, error) {
	in := &reader{b: bufio.NewReaderSize(r, 4096)}
	head, err := in.b.Peek(headSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return Info{}, err
	}
	for _, f := range formats() {
		if !begins(head, f.magic) {
			continue
		}
		s, err := f.read(in)
		switch {
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
			return Info{}, fmt.Errorf("%w: it ends before it says its size", ErrDamaged)
		case err != nil:
			return Info{}, err
		case s.width == 0 || s.height == 0 || s.width > MaxSide || s.height > MaxSide:
			return Info{}, &SizeError{s.width, s.height}
		}
		return Info{Format: f.code, Width: s.width, Height: s.height, Extension: f.extension, MIME: f.mime, Animated: s.animated}, nil
	}
	for _, f := range refused {
		if begins(head, f.magic) {
			return Info{}, &FormatError{f.name}
		}
	}
	return Info{}, &FormatError{}
}

func begins(head []byte, magic string) bool {
	if len(head) < len(magic) {
		return false
	}
	for i := range len(magic) {
		if magic[i] != '?' && magic[i] != head[i] {
			return false
		}
	}
	return true
}

// reader reads forward.
type reader struct {
	b   *bufio.Reader
	buf [32]byte
}

// next returns the next n bytes, at most 32; they are valid until the next call.
func (r *reader) next(n int) ([]byte, error) {
	_, err := io.ReadFull(r.b, r.buf[:n])
	return r.buf[:n], err
}

func (r *reader) skip(n int64) error {
	for n > 0 {
		skipped, err := r.b.Discard(int(min(n, 1<<20)))
		if err != nil {
			return err
		}
		n -= int64(skipped)
	}
	return nil
}

// ended makes an end of the file no error, for what stands behind the size.
func ended(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

func damaged(why string) error { return fmt.Errorf("%w: %s", ErrDamaged, why) }
