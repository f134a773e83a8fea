package media

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"libration/internal/text"
	"libration/ntqq/media/ffmpeg"
	"libration/ntqq/media/silk"
	"libration/ntqq/media/sound"
)

// wavOf is a tone of so many seconds, at 8000 Hz.
func wavOf(seconds float64) []byte {
	samples := int(seconds * 8000)
	b := sound.WAVHead(8000, uint32(2*samples))
	for i := range samples {
		b = binary.LittleEndian.AppendUint16(b, uint16(int16(8000*math.Sin(float64(i)/5))))
	}
	return b
}

func silkOf(t *testing.T, seconds float64) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := silk.Encode(t.Context(), bytes.NewReader(wavOf(seconds)[44:]), 8000, &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestVoice(t *testing.T) {
	t.Parallel()
	tencents := silkOf(t, 1.1)
	plain := append(tencents[1:len(tencents):len(tencents)], 0xff, 0xff)
	amr := append([]byte("#!AMR\n"), bytes.Repeat(append([]byte{0x3c}, make([]byte, 31)...), 70)...)
	for name, c := range map[string]struct {
		data []byte
		want []byte // nil: SILK, whatever its bytes
	}{
		"Tencent's SILK": {tencents, tencents}, "plain SILK": {plain, tencents}, "AMR": {amr, amr}, "WAV": {wavOf(1.1), nil},
	} {
		cache, err := OpenCache(filepath.Join(t.TempDir(), "cache"), 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		for _, tools := range []*Tools{{Folder: t.TempDir()}, {Folder: cache.Folder(), Cache: cache}, {Folder: cache.Folder(), Cache: cache}} {
			v, err := tools.Voice(t.Context(), Reader(bytes.NewReader(c.data)))
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			got, err := contentOf(t.Context(), v)
			if err != nil || c.want != nil && !bytes.Equal(got, c.want) || c.want == nil && !bytes.HasPrefix(got, []byte("\x02#!SILK_V3")) {
				t.Errorf("%s: got %d bytes, %.12q, %v", name, len(got), got, err)
			}
			if v.Seconds != 2 || v.Size != uint64(len(got)) || !strings.HasSuffix(v.Name, ".amr") {
				t.Errorf("%s: got %+v", name, v)
			}
			if err := v.Close(); err != nil {
				t.Errorf("%s: close: %v", name, err)
			}
			left, _ := filepath.Glob(filepath.Join(tools.Folder, "*.tmp"))
			if len(left) > 0 {
				t.Errorf("%s: left behind: %v", name, left)
			}
		}
		if kept := len(cache.entries); kept != map[bool]int{true: 1, false: 0}[c.want == nil || name == "plain SILK"] {
			t.Errorf("%s: %d in the cache", name, kept)
		}
	}
}

// A voice that was converted is not converted again: here it could not be.
func TestVoiceFromTheCache(t *testing.T) {
	t.Parallel()
	cache, err := OpenCache(t.TempDir(), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	tools := &Tools{Folder: cache.Folder(), Cache: cache}
	data := wavOf(0.5)
	first, err := tools.Voice(t.Context(), Bytes(data))
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	for range cap(conversions) {
		conversions <- struct{}{}
	}
	defer func() {
		for range cap(conversions) {
			<-conversions
		}
	}()
	second, err := tools.Voice(t.Context(), Bytes(data))
	if err != nil || second.MD5 != first.MD5 || second.Seconds != 1 {
		t.Errorf("got %+v, %v, want %x", second, err, first.MD5)
	}
	defer second.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond) // another one waits for its turn
	defer cancel()
	if _, err := tools.Voice(ctx, Bytes(wavOf(0.6))); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestVoicesThatAreNotSent(t *testing.T) {
	t.Parallel()
	spools := t.TempDir()
	tools := &Tools{Folder: spools, Limits: Limits{Voice: time.Second}}
	for name, c := range map[string]struct {
		data []byte
		step Step
		want string
	}{
		"long":         {wavOf(1.5), StepConvert, "longer than 1s (media.limits.voice)"},
		"long SILK":    {silkOf(t, 1.5), StepConvert, "longer than 1s"},
		"long AMR":     {append([]byte("#!AMR\n"), bytes.Repeat(append([]byte{0x3c}, make([]byte, 31)...), 70)...), StepConvert, "longer than 1s"},
		"silent":       {wavOf(0), StepConvert, "no sound"},
		"M4A":          {box("ftyp", []byte("M4A \x00\x00\x00\x00"), make([]byte, 64)), StepConvert, "the voice is M4A: install ffmpeg, or set media.ffmpeg"},
		"text":         {[]byte("hello, this is no voice at all"), StepConvert, "no voice of a known format"},
		"one byte":     {[]byte{2}, StepConvert, "no voice of a known format"},
		"damaged FLAC": {[]byte("fLaC, or not"), StepConvert, "cannot be read"},
		"empty":        {nil, StepFetch, "the voice is empty"},
	} {
		_, err := tools.Voice(t.Context(), Reader(bytes.NewReader(c.data)))
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

// TestWhatFFmpegCannotRead: the error says so in both languages, in one line, and is about
// the format.
func TestWhatFFmpegCannotRead(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("not tested here: the program is a script")
	}
	program := filepath.Join(t.TempDir(), "ffmpeg")
	script := "#!/bin/sh\necho '[png_pipe @ 0x55809fb8fa80] Format not on whitelist' >&2\necho 'Invalid argument' >&2\nexit 1\n"
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	tools := &Tools{Folder: t.TempDir(), FFmpeg: &ffmpeg.Tool{Path: program}}
	_, err := tools.Voice(t.Context(), Bytes([]byte("hello, this is no voice at all")))
	step, ok := errors.AsType[*StepError](err)
	if !ok || step.Step != StepConvert || !errors.Is(err, ErrFormat) {
		t.Fatalf("got %v, want ErrFormat", err)
	}
	want := text.T("there is no sound in it that can be read: ffmpeg failed: Format not on whitelist; Invalid argument",
		"其中没有可以读取的声音：ffmpeg failed: Format not on whitelist; Invalid argument")
	if said := text.Of(step.Err); said != want {
		t.Errorf("got %+v, want %+v", said, want)
	}
}

func TestLongVoicesAreLogged(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	tools := &Tools{Limits: Limits{LongVoice: time.Second}, Log: slog.New(slog.NewTextHandler(&log, nil))}
	for seconds, want := range map[float64]bool{0.9: false, 1.2: true} {
		log.Reset()
		v, err := tools.Voice(t.Context(), Bytes(wavOf(seconds)))
		if err != nil {
			t.Fatal(err)
		}
		v.Close()
		if strings.Contains(log.String(), "level=WARN") != want {
			t.Errorf("%v s: got %q", seconds, log.String())
		}
	}
}
