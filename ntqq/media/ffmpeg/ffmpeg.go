package ffmpeg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

var (
	// ErrMissing is returned by [Find] when there is no program.
	ErrMissing = errors.New("ffmpeg is not installed")
	// ErrTimeout is returned when the program takes longer than [Tool.Timeout].
	ErrTimeout = errors.New("ffmpeg took too long")
	// ErrTooLarge is returned when more than [Tool.MaxOutput] comes out.
	ErrTooLarge = errors.New("what ffmpeg made is too large")
	// ErrFormat is returned for a format that the program was built without.
	ErrFormat = errors.New("this ffmpeg cannot write the format")
	// ErrFailed is returned when the program fails; the error has what it says. Mostly it
	// cannot read the input.
	ErrFailed = errors.New("ffmpeg failed")
)

// A Tool is an installed ffmpeg. It is safe for concurrent use; each call runs a process.
type Tool struct {
	Path    string // of the program
	Version string // as it names itself
	// Timeout is how long a call may take. The default is 1 minute.
	Timeout time.Duration
	// MaxOutput is how many bytes may come out of a call. The default is 64 MiB.
	MaxOutput int64
}

// Find returns the program at the path, or the one that is found as programs are when path
// is empty, and asks it for its version. The error is an [ErrMissing], or why it cannot be
// run.
func Find(path string) (*Tool, error) {
	name := path
	if name == "" {
		name = "ffmpeg"
	}
	found, err := exec.LookPath(name)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMissing, err)
	}
	if found, err = filepath.Abs(found); err != nil { // calls run in other folders
		return nil, err
	}
	t := &Tool{Path: found, Timeout: 20 * time.Second, MaxOutput: 64 << 10}
	var out bytes.Buffer
	if err := t.run(context.Background(), "", &out, "-version"); err != nil {
		return nil, fmt.Errorf("%s: %w", found, err)
	}
	words := strings.Fields(out.String())
	if len(words) < 3 || words[0] != "ffmpeg" || words[1] != "version" {
		return nil, fmt.Errorf("%s is no ffmpeg", found)
	}
	return &Tool{Path: found, Version: words[2]}, nil
}

// demuxers are those that may read an input. Others open what a file names, such as the
// playlists of HLS.
const demuxers = "aac,aiff,amr,amrnb,amrwb,ape,asf,au,avi,caf,flac,flv,matroska,mov,mp3,mpeg,mpegts,ogg,w64,wav"

// arguments are those before the ones of an operation.
func arguments(in string) []string {
	return []string{
		"-nostdin", "-hide_banner", "-v", "error", "-max_alloc", "268435456",
		"-protocol_whitelist", "file,pipe", "-format_whitelist", demuxers,
		"-max_pixels", "67108864", "-i", "file:" + in,
	}
}

// PCM writes the sound of a file as samples of the rate, in Hz: 16 bits each, little-endian,
// mono. A longer sound than longest is cut off there.
func (t *Tool) PCM(ctx context.Context, in string, rate int, longest time.Duration, pcm io.Writer) error {
	return t.run(ctx, in, pcm, append(arguments(in),
		"-map", "0:a:0", "-t", fmt.Sprint(longest.Seconds()), "-ac", "1", "-ar", fmt.Sprint(rate), "-f", "s16le", "pipe:1")...)
}

// Frame returns the first frame of a video as JPEG.
func (t *Tool) Frame(ctx context.Context, in string) ([]byte, error) {
	var out bytes.Buffer
	err := t.run(ctx, in, &out, append(arguments(in),
		"-map", "0:v:0", "-frames:v", "1", "-c:v", "mjpeg", "-f", "image2pipe", "pipe:1")...)
	if err == nil && out.Len() == 0 {
		err = errors.New("ffmpeg found no frame")
	}
	return out.Bytes(), err
}

// outputs are the arguments for the formats of [Tool.Convert], by their names.
var outputs = map[string][]string{
	"mp3":  {"-f", "mp3"},
	"amr":  {"-ar", "8000", "-b:a", "12.2k", "-f", "amr"},
	"wma":  {"-c:a", "wmav2", "-f", "asf"},
	"m4a":  {"-c:a", "aac", "-f", "ipod"},
	"spx":  {"-ar", "16000", "-c:a", "libspeex", "-f", "ogg"},
	"ogg":  {"-c:a", "libvorbis", "-f", "ogg"},
	"wav":  {"-c:a", "pcm_s16le", "-f", "wav"},
	"flac": {"-f", "flac"},
}

// Formats returns the names of the formats that [Tool.Convert] writes.
func Formats() []string {
	var names []string
	for name := range outputs {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Convert writes the sound of a file, mono, to the file out, which is created or replaced, in
// a format of [Formats]. A file that it did not finish is removed. The program reads no SILK.
func (t *Tool) Convert(ctx context.Context, in, format, out string) error {
	args, ok := outputs[format]
	if !ok {
		return fmt.Errorf("%w %q: there are %s", ErrFormat, format, strings.Join(Formats(), ", "))
	}
	limit := t.maxOutput()
	args = slices.Concat(arguments(in), []string{"-map", "0:a:0", "-map_metadata", "-1", "-ac", "1"}, args,
		[]string{"-fs", fmt.Sprint(limit), "-y", "file:" + out})
	err := t.run(ctx, in, io.Discard, args...)
	if err == nil {
		var info os.FileInfo
		if info, err = os.Stat(out); err == nil && info.Size() >= limit {
			err = fmt.Errorf("%w: the limit is %d bytes", ErrTooLarge, limit)
		}
	}
	if err != nil {
		return errors.Join(err, remove(out))
	}
	return nil
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

func (t *Tool) maxOutput() int64 {
	if t.MaxOutput <= 0 {
		return 64 << 20
	}
	return t.MaxOutput
}
