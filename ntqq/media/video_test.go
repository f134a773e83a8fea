package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"strings"
	"testing"

	"libration/internal/text"
	"libration/ntqq/media/picture"
)

// box is one of an MP4.
func box(name string, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(8+len(body))), name...), body...)
}

// mp4Of is a video without pictures, which says its size and its duration in milliseconds.
func mp4Of(width, height, milliseconds uint32) []byte {
	word := func(values ...uint32) (b []byte) {
		for _, v := range values {
			b = binary.BigEndian.AppendUint32(b, v)
		}
		return b
	}
	head := append(word(0, 0, 0, 1000, milliseconds), make([]byte, 80)...)
	track := append(word(7, 0, 0, 1, 0, milliseconds, 0, 0, 0, 0, 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000), word(width<<16, height<<16)...)
	return append(box("ftyp", []byte("isom\x00\x00\x00\x00")), box("moov", box("mvhd", head), box("trak", box("tkhd", track)))...)
}

func TestVideo(t *testing.T) {
	t.Parallel()
	data := mp4Of(1280, 720, 9600)
	v, err := (&Tools{}).Video(t.Context(), Bytes(data), nil)
	if err != nil {
		t.Fatal(err)
	}
	if v.Seconds != 10 || v.Size != uint64(len(data)) || len(v.States) != 1 || !strings.HasSuffix(v.Name, ".mp4") {
		t.Errorf("got %+v", v)
	}
	if c := v.Cover; c.Format != picture.JPEG || c.Width != 640 || c.Height != 360 || c.Size == 0 || c.States != nil {
		t.Errorf("got the cover %+v", c)
	}
	given := jpegOf(t, 100, 50)
	if v, err = (&Tools{}).Video(t.Context(), Bytes(data), Bytes(given)); err != nil || v.Cover.Width != 100 || v.Cover.Size != uint64(len(given)) {
		t.Errorf("with a cover: got %+v, %v", v, err)
	}
	if err := v.Close(); err != nil {
		t.Error(err)
	}
}

func TestVideosThatAreNotSent(t *testing.T) {
	t.Parallel()
	spools := t.TempDir()
	tools := &Tools{Folder: spools, Limits: Limits{Video: 1 << 20}}
	fine := mp4Of(1, 1, 1)
	for name, c := range map[string]struct {
		data, cover []byte
		step        Step
		want        string
	}{
		"text":            {[]byte("hello, this is no video"), nil, StepConvert, "no video of a known format"},
		"sound":           {box("ftyp", []byte("M4A \x00\x00\x00\x00")), nil, StepConvert, "sound (M4A), not a video"},
		"large":           {append(fine, make([]byte, 1<<20)...), nil, StepFetch, "the video is larger than 1 MiB (media.limits.video)"},
		"empty":           {nil, nil, StepFetch, "the video is empty"},
		"a cover of text": {fine, []byte("hello, this is no picture"), StepConvert, "no picture of a known format"},
	} {
		var err error
		if c.cover == nil {
			_, err = tools.Video(t.Context(), Reader(bytes.NewReader(c.data)), nil)
		} else {
			_, err = tools.Video(t.Context(), Reader(bytes.NewReader(c.data)), Reader(bytes.NewReader(c.cover)))
		}
		step, ok := errors.AsType[*StepError](err)
		if !ok || step.Step != c.step || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s: %s", name, err, c.step, c.want)
			continue
		}
		if said := text.Of(step.Err); said.EN == said.ZH {
			t.Errorf("%s: got %+v", name, said)
		}
	}
	if left, _ := os.ReadDir(spools); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
