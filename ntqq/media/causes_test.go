package media

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"libration/internal/text"
	"libration/ntqq/media/ffmpeg"
	"libration/ntqq/media/picture"
	"libration/ntqq/media/silk"
	"libration/ntqq/media/sound"
	"libration/ntqq/media/video"
)

// TestFormatsHaveReasons: each error of the packages of formats becomes one in both
// languages, with a reason that callers tell apart.
func TestFormatsHaveReasons(t *testing.T) {
	voice := (&Tools{}).voiceError
	rows := map[string]struct {
		err  error
		want error // nil: no reason
	}{
		"silk.ErrNotSilk":     {voice(silk.ErrNotSilk), ErrFormat},
		"silk.ErrDamaged":     {voice(silk.ErrDamaged), ErrFormat},
		"silk.ErrEmpty":       {voice(silk.ErrEmpty), ErrFormat},
		"silk.ErrTooLong":     {voice(silk.ErrTooLong), ErrTooLarge},
		"silk.ErrRate":        {voice(silk.ErrRate), ErrFormat},
		"sound.ErrTooLong":    {voice(sound.ErrTooLong), ErrTooLarge},
		"sound.ErrEmpty":      {voice(sound.ErrEmpty), ErrFormat},
		"sound.DecodeError":   {voice(&sound.DecodeError{Format: sound.MP3, Err: errors.New("x")}), ErrFormat},
		"sound.FormatError":   {voice(&sound.FormatError{Format: sound.M4A}), ErrFormat},
		"ffmpeg.ErrTimeout":   {voice(ffmpeg.ErrTimeout), nil},
		"ffmpeg.ErrTooLarge":  {voice(ffmpeg.ErrTooLarge), ErrTooLarge},
		"ffmpeg.ErrFailed":    {voice(ffmpeg.ErrFailed), ErrFormat},
		"picture.FormatError": {pictureError(&picture.FormatError{Name: "HEIC"}), ErrFormat},
		"picture.SizeError":   {pictureError(&picture.SizeError{}), ErrTooLarge},
		"picture.ErrDamaged":  {pictureError(picture.ErrDamaged), ErrFormat},
		"video.FormatError":   {videoError(&video.FormatError{}), ErrFormat},
	}
	without := map[string]bool{
		"ffmpeg.ErrMissing": true, // said beforehand: there is no Tool then
		"ffmpeg.ErrFormat":  true, // Tools.Sound says which
	}
	declared := regexp.MustCompile(`(?m)^(?:\t|var )(Err[A-Z]\w*)(?: +error)? *=|^func \(\w+ \*?([A-Z]\w*)\) Error\(\) string`)
	for _, folder := range []string{"silk", "sound", "ffmpeg", "picture", "video"} {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", folder, len(files), err)
		}
		for _, file := range files {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range declared.FindAllSubmatch(source, -1) {
				name := folder + "." + string(m[1]) + string(m[2])
				if _, ok := rows[name]; !ok && !without[name] {
					t.Errorf("%s has no row", name)
				}
			}
		}
	}
	for name, row := range rows {
		if said := text.Of(row.err); said.EN == said.ZH {
			t.Errorf("%s is %q in both languages", name, said.EN)
		}
		if tooLarge, format := errors.Is(row.err, ErrTooLarge), errors.Is(row.err, ErrFormat); tooLarge != errors.Is(row.want, ErrTooLarge) || format != errors.Is(row.want, ErrFormat) {
			t.Errorf("%s: too large %t, format %t", name, tooLarge, format)
		}
	}
}
