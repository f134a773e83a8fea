//go:build unix

package media

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"libration/ntqq/media/ffmpeg"
	"libration/ntqq/message"
)

// newFFmpeg is for tests that are not parallel: a fork elsewhere could hold the script open.
// It is a program that writes two seconds of silence, or a picture, and keeps a copy
// of what it was given. It fails with input that says so.
func newFFmpeg(t *testing.T) (tool *ffmpeg.Tool, given string) {
	t.Helper()
	folder := t.TempDir()
	given, frame := filepath.Join(folder, "given"), write(t, filepath.Join(folder, "frame.jpg"), string(jpegOf(t, 64, 48)))
	script := filepath.Join(folder, "ffmpeg")
	err := os.WriteFile(script, fmt.Appendf(nil, `#!/bin/sh
for a; do case "$last$a" in -ifile:*) cp "${a#file:}" %[1]q;; esac; last=$a; done
if grep -q broken %[1]q; then echo "it is broken" >&2; exit 1; fi
case "$*" in *" -fs "*) echo converted >"${last#file:}";; *s16le*) head -c 96000 /dev/zero;; *mjpeg*) cat %[2]q;; esac
`, given, frame), 0o700)
	if err != nil {
		t.Fatal(err)
	}
	return &ffmpeg.Tool{Path: script}, given
}

func TestVoicesByFFmpeg(t *testing.T) {
	tool, given := newFFmpeg(t)
	tools := &Tools{Folder: t.TempDir(), FFmpeg: tool}
	m4a := box("ftyp", []byte("M4A \x00\x00\x00\x00"), make([]byte, 64))
	path := write(t, filepath.Join(t.TempDir(), "voice.m4a"), string(m4a))
	for name, s := range map[string]message.Source{"bytes": Bytes(m4a), "reader": Reader(bytes.NewReader(m4a)), "path": Path(path), "unknown": Bytes([]byte("this is sound that nobody knows"))} {
		v, err := tools.Voice(t.Context(), s)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, err := contentOf(t.Context(), v); err != nil || v.Seconds != 2 || !bytes.HasPrefix(got, []byte("\x02#!SILK_V3")) {
			t.Errorf("%s: got %d s, %.12q, %v", name, v.Seconds, got, err)
		}
		if b, err := os.ReadFile(given); err != nil || name != "unknown" && !bytes.Equal(b, m4a) {
			t.Errorf("%s: ffmpeg got %d bytes, %v", name, len(b), err)
		}
		v.Close()
	}
	for want, c := range map[string]struct {
		limits Limits
		data   []byte
	}{
		"it is broken":   {Limits{}, []byte("this is broken sound")},
		"longer than 1s": {Limits{Voice: 1e9}, m4a},
	} {
		tools.Limits = c.limits
		_, err := tools.Voice(t.Context(), Bytes(c.data))
		if step, ok := errors.AsType[*StepError](err); !ok || step.Step != StepConvert || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if left, _ := os.ReadDir(tools.Folder); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestCoversByFFmpeg(t *testing.T) {
	tool, given := newFFmpeg(t)
	tools := &Tools{Folder: t.TempDir(), FFmpeg: tool}
	for name, c := range map[string]struct {
		data  []byte
		width uint32
	}{
		"a frame": {mp4Of(640, 480, 1000), 64}, "no frame: drawn": {append(mp4Of(320, 240, 1000), box("free", []byte("broken"))...), 320},
	} {
		v, err := tools.Video(t.Context(), Reader(bytes.NewReader(c.data)), nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if v.Cover.Width != c.width {
			t.Errorf("%s: got a cover of %d", name, v.Cover.Width)
		}
		if b, err := os.ReadFile(given); err != nil || !bytes.Equal(b, c.data) {
			t.Errorf("%s: ffmpeg got %d bytes, %v", name, len(b), err)
		}
		v.Close()
	}
	os.Remove(given)
	if v, err := tools.Video(t.Context(), Bytes(mp4Of(640, 480, 1000)), Bytes(jpegOf(t, 10, 10))); err != nil || v.Cover.Width != 10 {
		t.Errorf("with a cover of its own: %v", err)
	}
	if _, err := os.Stat(given); err == nil {
		t.Error("a frame was taken in vain")
	}
	if left, _ := os.ReadDir(tools.Folder); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestSoundByFFmpeg(t *testing.T) {
	tool, given := newFFmpeg(t)
	tools := &Tools{Folder: t.TempDir(), FFmpeg: tool}
	amr := append([]byte("#!AMR\n"), make([]byte, 32)...)
	for name, c := range map[string]struct {
		data         []byte
		format, want string
		given        string // how what ffmpeg gets begins
	}{
		"SILK to mp3": {silkOf(t, 0.5), "mp3", "converted\n", "RIFF"},
		"AMR to wav":  {amr, "wav", "converted\n", "#!AMR"},
		"AMR to amr":  {amr, "amr", string(amr), ""},
	} {
		os.Remove(given)
		var out bytes.Buffer
		if err := tools.Sound(t.Context(), Bytes(c.data), c.format, &out); err != nil || out.String() != c.want {
			t.Errorf("%s: got %.20q, %v", name, out.String(), err)
		}
		if b, err := os.ReadFile(given); (err == nil) != (c.given != "") || !strings.HasPrefix(string(b), c.given) {
			t.Errorf("%s: ffmpeg got %.10q, %v", name, b, err)
		}
	}
	if err := tools.Sound(t.Context(), Bytes(amr), "midi", &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "cannot write midi") {
		t.Errorf("got %v", err)
	}
	if left, _ := os.ReadDir(tools.Folder); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
