package video

import (
	"errors"
	"fmt"
	"io"
	"math"
)

// Info is what a video says of itself.
type Info struct {
	Seconds       float64 // 0 when it does not say it
	Width, Height uint32  // in pixels, as it is shown: rotated, if it says so; 0 when it does not say them
	// Container is "mp4", "mov", "webm", "matroska", "avi", "flv", "asf", "mpeg-ts" or
	// "mpeg-ps". Of those behind "matroska" nothing else is read.
	Container string
}

// FormatError is returned for bytes that are no video of a known container.
type FormatError struct {
	Name string // what they are, such as "sound (M4A)"; "" when that is not known
}

func (e *FormatError) Error() string {
	if e.Name == "" {
		return "not a video of a known format: send MP4"
	}
	return fmt.Sprintf("this is %s, not a video", e.Name)
}

// headSize is how many bytes tell the container.
const headSize = 12

// containers are known by how a file begins; '?' is any byte. More exact rows stand first.
func containers() []struct {
	magic, container string
	not              string // what it is, if it is no video
	read             func(*file, *Info) error
} {
	return []struct {
		magic, container string
		not              string
		read             func(*file, *Info) error
	}{
		{"????ftypM4A", "", "sound (M4A)", nil},
		{"????ftypM4B", "", "sound (M4B)", nil},
		{"????ftyphei", "", "a picture (HEIC)", nil},
		{"????ftypmif1", "", "a picture (HEIC or AVIF)", nil},
		{"????ftypavi", "", "a picture (AVIF)", nil},
		{"????ftypqt  ", "mov", "", (*file).mp4},
		{"????ftyp", "mp4", "", (*file).mp4},
		{"????moov", "mov", "", (*file).mp4}, // older than the box ftyp
		{"????mdat", "mov", "", (*file).mp4},
		{"????wide", "mov", "", (*file).mp4},
		{"\x1a\x45\xdf\xa3", "matroska", "", (*file).matroska},
		{"RIFF????AVI ", "avi", "", nil},
		{"FLV\x01", "flv", "", nil},
		{"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf", "", nil},
		{"\x00\x00\x01\xba", "mpeg-ps", "", nil},
		{"\x47????", "mpeg-ts", "", nil}, // see Read
	}
}

// tsPacket is the size of a packet of a transport stream; each begins with the same byte.
const tsPacket = 188

// Read reads what a video of size bytes is. What it does not say, or says in a damaged
// part, is 0: it can be sent all the same. The error is a [*FormatError], or is that of r.
func Read(r io.ReaderAt, size int64) (Info, error) {
	f := &file{r: r, size: size, left: maxBoxes}
	head, err := f.bytes(0, int(max(min(size, headSize), 0)))
	if err != nil {
		return Info{}, err
	}
	for _, c := range containers() {
		if !begins(head, c.magic) || c.container == "mpeg-ts" && !f.isStream() {
			continue
		}
		if c.not != "" {
			return Info{}, &FormatError{c.not}
		}
		info := Info{Container: c.container}
		if c.read == nil {
			return info, nil
		}
		if err := c.read(f, &info); err != nil && !errors.Is(err, errDamaged) {
			return Info{}, err
		}
		if !(info.Seconds > 0 && info.Seconds < math.MaxInt32) { // not a number, too
			info.Seconds = 0
		}
		return info, nil
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

// file reads what a video says of itself.
type file struct {
	r    io.ReaderAt
	size int64
	left int // boxes that may still be read
	buf  [128]byte
}

// maxBoxes is how many boxes or elements are read. A fragmented video of an hour has some
// thousands.
const maxBoxes = 50_000

// errDamaged ends the reading; what was found before it counts.
var errDamaged = errors.New("damaged video")

// bytes returns n bytes, at most 128; they are valid until the next call.
func (f *file) bytes(at int64, n int) ([]byte, error) {
	if at < 0 || at > f.size-int64(n) {
		return nil, errDamaged
	}
	got, err := f.r.ReadAt(f.buf[:n], at)
	if got == n {
		return f.buf[:n], nil
	}
	if err == nil || errors.Is(err, io.EOF) { // shorter than its size
		err = errDamaged
	}
	return nil, err
}

func (f *file) isStream() bool {
	for packet := range int64(4) {
		if b, err := f.bytes(packet*tsPacket, 1); err != nil || b[0] != 0x47 {
			return false
		}
	}
	return true
}
