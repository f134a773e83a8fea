package sound

import "bytes"

// Format is a format of sound, as texts name it.
type Format string

// Formats. [Open] reads the first ones; the others it refuses with a [*FormatError].
const (
	WAV    Format = "WAV"
	MP3    Format = "MP3"
	MP2    Format = "MP2"
	Vorbis Format = "Ogg Vorbis"
	Opus   Format = "Ogg Opus"
	FLAC   Format = "FLAC"

	Silk    Format = "SILK"
	AMR     Format = "AMR"
	M4A     Format = "M4A"
	AAC     Format = "AAC"
	WMA     Format = "WMA"
	AIFF    Format = "AIFF"
	WebM    Format = "WebM"
	Ogg     Format = "Ogg" // with something else in it
	Unknown Format = ""
)

// SniffLen is how many bytes [Sniff] looks at.
const SniffLen = 64

var signatures = []struct {
	at     int
	bytes  string
	format Format
}{
	{0, "\x02#!SILK_V3", Silk},
	{0, "#!SILK_V3", Silk},
	{0, "#!AMR", AMR}, // AMR-WB, too
	{0, "ID3", MP3},
	{0, "fLaC", FLAC},
	{28, "\x01vorbis", Vorbis},
	{28, "OpusHead", Opus},
	{0, "OggS", Ogg},
	{8, "WAVE", WAV},
	{4, "ftyp", M4A}, // MP4 of any kind
	{8, "AIFF", AIFF},
	{8, "AIFC", AIFF},
	{0, "\x30\x26\xb2\x75\x8e\x66\xcf\x11", WMA}, // ASF
	{0, "\x1a\x45\xdf\xa3", WebM},                // Matroska
}

// Sniff returns the format of what begins with head, or Unknown. [SniffLen] bytes are
// enough; with fewer, some formats are not known.
func Sniff(head []byte) Format {
	for _, s := range signatures {
		if len(head) >= s.at && bytes.HasPrefix(head[s.at:], []byte(s.bytes)) && container(s.format, head) {
			return s.format
		}
	}
	if len(head) < 2 || head[0] != 0xff || head[1]&0xe0 != 0xe0 {
		return Unknown
	}
	switch layer := head[1] >> 1 & 3; {
	case layer == 0 && head[1]&0xf0 == 0xf0: // ADTS
		return AAC
	case layer == 1:
		return MP3
	case layer == 2 && head[1]&0x18 != 0x08:
		return MP2
	}
	return Unknown
}

// container tells whether the file around a signature in its middle is the right one.
func container(f Format, head []byte) bool {
	want := map[Format]string{WAV: "RIFF", AIFF: "FORM", Vorbis: "OggS", Opus: "OggS"}[f]
	return bytes.HasPrefix(head, []byte(want))
}

// A FormatError is returned for sound that only ffmpeg could decode, if anything can.
type FormatError struct {
	Format Format // Unknown for what is no known sound
	Detail string // what is special about it, or empty
}

func (e *FormatError) Error() string {
	name := string(e.Format)
	if e.Format == Unknown {
		name = "sound of an unknown format"
	}
	if e.Detail != "" {
		name += " (" + e.Detail + ")"
	}
	return "no decoder for " + name
}
