package media

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"

	"libration/internal/text"
	"libration/ntqq/media/ffmpeg"
	"libration/ntqq/media/silk"
	"libration/ntqq/media/sound"
	"libration/ntqq/message"
)

// maxHeard is how long a voice may be that is decoded: longer than one that is sent, as
// others sent it.
const maxHeard = 10 * time.Minute

// soundNames are the formats that [Tools.Sound] writes, by their names.
var soundNames = map[string]sound.Format{
	"wav": sound.WAV, "mp3": sound.MP3, "amr": sound.AMR, "m4a": sound.M4A, "flac": sound.FLAC, "ogg": sound.Vorbis, "wma": sound.WMA, "spx": sound.Ogg,
}

// Sound writes a voice in another format: "wav", or with ffmpeg one of [ffmpeg.Formats]. One
// that has the format is copied. Its errors are *[StepError].
func (t *Tools) Sound(ctx context.Context, s message.Source, format string, w io.Writer) error {
	f, err := t.measure(ctx, s, kind{limit: maxVoice, name: text.T("voice", "语音")})
	if err != nil {
		return err
	}
	defer f.Close()
	leave, err := enter(ctx)
	if err != nil {
		return at(StepConvert, err)
	}
	defer leave()
	ctx, cancel := context.WithTimeoutCause(ctx, convertTime, errConvertLate)
	defer cancel()
	err = t.sound(ctx, f.Source.(*opened), format, w)
	if errors.Is(context.Cause(ctx), errConvertLate) {
		err = errConvertLate
	}
	return at(StepConvert, t.voiceError(err))
}

func (t *Tools) sound(ctx context.Context, o *opened, format string, w io.Writer) error {
	head, err := headOf(o)
	if err != nil {
		return err
	}
	have := sound.Sniff(head)
	switch {
	case have != sound.Unknown && soundNames[format] == have:
		_, err = io.Copy(w, during{ctx, o.reader()})
		return err
	case format != "wav" && t.FFmpeg == nil:
		return because(ErrFormat, text.Errorf("a voice can be had as wav; for other formats install ffmpeg, or set media.ffmpeg", "语音可以转换为 wav；转换为其他格式请安装 ffmpeg，或设置 media.ffmpeg"))
	case have == sound.Silk, format == "wav" && sound.Decodes(have):
		return t.throughWAV(ctx, o, have, format, w)
	case t.FFmpeg == nil:
		return &sound.FormatError{Format: have}
	}
	return t.onDisk(ctx, o, func(path string) error { return t.byFFmpeg(ctx, path, format, w) })
}

// throughWAV writes what is decoded here, by way of a WAV file.
func (t *Tools) throughWAV(ctx context.Context, o *opened, have sound.Format, format string, w io.Writer) error {
	f, err := os.CreateTemp(t.Folder, spooled+"*.tmp")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if err := decode(ctx, o, have, f); err != nil {
		return err
	}
	if format == "wav" {
		_, err = io.Copy(w, io.NewSectionReader(f, 0, 1<<32))
		return err
	}
	path, err := filepath.Abs(f.Name())
	if err != nil {
		return err
	}
	return t.byFFmpeg(ctx, path, format, w)
}

// decode writes a WAV file.
func decode(ctx context.Context, o *opened, have sound.Format, w io.WriteSeeker) error {
	if have == sound.Silk {
		return sound.WriteWAV(w, pcmRate, func(pcm io.Writer) error {
			_, err := silk.Codec{Longest: maxHeard}.Decode(ctx, o.reader(), pcmRate, pcm)
			return err
		})
	}
	r, err := sound.Open(o.reader())
	if err != nil {
		return err
	}
	r.Longest = maxHeard
	return sound.WriteWAV(w, r.Rate, func(pcm io.Writer) error {
		_, err := io.Copy(pcm, during{ctx, r})
		return err
	})
}

// byFFmpeg writes the sound of a file in a format that ffmpeg knows.
func (t *Tools) byFFmpeg(ctx context.Context, path, format string, w io.Writer) error {
	out, err := os.CreateTemp(t.Folder, spooled+"*.tmp")
	if err != nil {
		return err
	}
	defer os.Remove(out.Name())
	name, err := filepath.Abs(out.Name())
	if err := errors.Join(err, out.Close()); err != nil {
		return err
	}
	err = t.FFmpeg.Convert(ctx, path, format, name)
	if errors.Is(err, ffmpeg.ErrFormat) {
		return because(ErrFormat, text.Errorf("this ffmpeg cannot write %s: install one that can, or take another format", "当前的 ffmpeg 不能输出 %s：请安装支持的版本，或使用其他格式", format))
	}
	if err != nil {
		return err
	}
	f, err := openRegular(name)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(w, during{ctx, f})
	return err
}
