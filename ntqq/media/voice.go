package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"time"

	"libration/internal/text"
	"libration/ntqq/media/ffmpeg"
	"libration/ntqq/media/silk"
	"libration/ntqq/media/sound"
	"libration/ntqq/message"
)

const (
	// maxVoice bounds the file that a voice is made of, in bytes: 10 minutes of wav.
	maxVoice = 128 << 20
	// convertTime bounds a conversion.
	convertTime = 3 * time.Minute
	// pcmRate is the rate of what ffmpeg decodes, in Hz.
	pcmRate = 24000
)

var errConvertLate = text.Errorf("the conversion took longer than %v", "转换超过 %v", convertTime)

// conversions are the places of the conversions that run, of all Tools together: each takes
// a processor.
var conversions = make(chan struct{}, runtime.GOMAXPROCS(0))

// enter waits for a place. leave gives it back.
func enter(ctx context.Context) (leave func(), err error) {
	select {
	case conversions <- struct{}{}:
		return func() { <-conversions }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Voice reads a voice. SILK and AMR are sent as they are; WAV, MP3, Ogg and FLAC are
// converted, and everything else by ffmpeg. Its errors are *[StepError].
func (t *Tools) Voice(ctx context.Context, s message.Source) (*Voice, error) {
	f, err := t.measure(ctx, s, kind{limit: maxVoice, name: text.T("voice", "语音")})
	if err != nil {
		return nil, err
	}
	v, err := t.voiceOf(ctx, f)
	if err != nil {
		f.Close()
		return nil, at(StepConvert, t.voiceError(err))
	}
	if long := t.limits().LongVoice; v.Seconds > uint32(long/time.Second) && t.Log != nil {
		t.Log.Warn("a long voice: the service may refuse it", "seconds", v.Seconds, "above", long)
	}
	return v, nil
}

// voiceOf returns what is sent of a file. It closes f when that is something else.
func (t *Tools) voiceOf(ctx context.Context, f File) (*Voice, error) {
	head, err := headOf(f.Source.(*opened))
	if err != nil {
		return nil, err
	}
	format := sound.Sniff(head)
	if format != sound.AMR && (format != sound.Silk || head[0] != tencent) {
		made, err := t.converted(ctx, f, format)
		if err != nil {
			return nil, err
		}
		if err := f.Close(); err != nil {
			made.Close()
			return nil, err
		}
		return t.ready(ctx, made, silk.Codec{Longest: t.limits().Voice}.Duration)
	}
	if format == sound.AMR {
		return t.ready(ctx, f, sound.AMRDuration)
	}
	return t.ready(ctx, f, silk.Codec{Longest: t.limits().Voice}.Duration)
}

// headOf returns what tells the format of sound.
func headOf(o *opened) ([]byte, error) {
	head := make([]byte, min(sound.SniffLen, o.size))
	if _, err := o.at.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return head, nil
}

// tencent is the first byte of Tencent's SILK (docs/protocol/codecs.md 1.1).
const tencent = 0x02

// ready measures a voice that is what the service takes.
func (t *Tools) ready(ctx context.Context, f File, measure func(io.Reader) (time.Duration, error)) (*Voice, error) {
	long, err := measure(during{ctx, f.Source.(*opened).reader()})
	if err == nil && long > t.limits().Voice {
		err = silk.ErrTooLong
	}
	if err != nil {
		return nil, err
	}
	f.name("amr")
	return &Voice{File: f, Seconds: uint32(math.Ceil(long.Seconds()))}, nil
}

// converted returns a voice in Tencent's SILK. What was converted before is in the cache.
func (t *Tools) converted(ctx context.Context, f File, format sound.Format) (File, error) {
	id := idOf(fmt.Sprintf("silk %x", f.SHA1))
	if t.Cache != nil {
		if file := t.Cache.get(id); file != nil {
			return hashed(ctx, file)
		}
	}
	leave, err := enter(ctx)
	if err != nil {
		return File{}, err
	}
	defer leave()
	bounded, cancel := context.WithTimeoutCause(ctx, convertTime, errConvertLate)
	defer cancel()
	made, err := t.make(ctx, id, func(w io.Writer) error {
		return t.encode(bounded, f.Source.(*opened), format, w)
	})
	if err != nil && errors.Is(context.Cause(bounded), errConvertLate) {
		err = errConvertLate
	}
	return made, err
}

// make writes a file, into the cache where there is one.
func (t *Tools) make(ctx context.Context, id string, write func(io.Writer) error) (File, error) {
	if t.Cache == nil {
		out, err := newSpool(t.Folder)
		if err != nil {
			return File{}, err
		}
		h := newHasher()
		if err := write(io.MultiWriter(h, out)); err != nil {
			return File{}, errors.Join(err, out.Close())
		}
		return h.file(&opened{out, int64(h.size), out.Close}, false), nil
	}
	out, err := t.Cache.create()
	if err != nil {
		return File{}, err
	}
	if err := write(out); err != nil {
		return File{}, errors.Join(err, out.Close(), os.Remove(out.Name()))
	}
	path, err := t.Cache.keep(out, id)
	if err != nil {
		return File{}, err
	}
	file, err := openRegular(path)
	if err != nil {
		return File{}, err
	}
	return hashed(ctx, file)
}

// hashed reads an open file.
func hashed(ctx context.Context, file *os.File) (File, error) {
	o, err := openedFile(file)
	if err != nil {
		return File{}, err
	}
	h := newHasher()
	if _, err := io.Copy(h, during{ctx, o.reader()}); err != nil {
		return File{}, errors.Join(err, o.Close())
	}
	return h.file(o, false), nil
}

// encode writes a voice of any format as Tencent's SILK.
func (t *Tools) encode(ctx context.Context, o *opened, format sound.Format, w io.Writer) error {
	codec := silk.Codec{Longest: t.limits().Voice}
	if format == sound.Silk {
		_, err := codec.Rewrite(during{ctx, o.reader()}, w)
		return err
	}
	r, err := sound.Open(o.reader())
	if err == nil {
		r.Longest = codec.Longest
		_, err = codec.Encode(ctx, during{ctx, r}, r.Rate, w)
		return err
	}
	if _, other := errors.AsType[*sound.FormatError](err); !other || t.FFmpeg == nil {
		return err
	}
	return t.onDisk(ctx, o, func(path string) error { return t.encodeByFFmpeg(ctx, codec, path, w) })
}

// encodeByFFmpeg has ffmpeg decode what is encoded meanwhile.
func (t *Tools) encodeByFFmpeg(ctx context.Context, codec silk.Codec, path string, w io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	in, out := io.Pipe()
	decoded := make(chan struct{})
	go func() {
		defer close(decoded)
		out.CloseWithError(t.FFmpeg.PCM(ctx, path, pcmRate, codec.Longest+time.Second, out))
	}()
	_, err := codec.Encode(ctx, in, pcmRate, w)
	cancel()
	in.CloseWithError(context.Canceled)
	<-decoded
	return err
}

// voiceError says in both languages why a voice cannot be sent.
func (t *Tools) voiceError(err error) error {
	format, unknown := errors.AsType[*sound.FormatError](err)
	_, damaged := errors.AsType[*sound.DecodeError](err)
	switch {
	case errors.Is(err, silk.ErrTooLong):
		return because(ErrTooLarge, text.Errorf("the voice is longer than %v (media.limits.voice)", "语音超过 %v（media.limits.voice）", t.limits().Voice))
	case errors.Is(err, silk.ErrEmpty):
		return because(ErrFormat, text.Errorf("there is no sound in the voice", "语音中没有声音"))
	case errors.Is(err, ffmpeg.ErrTooLarge):
		return because(ErrTooLarge, text.Errorf("the voice is too large when it is converted", "转换后的语音过大"))
	case errors.Is(err, ffmpeg.ErrTimeout):
		return errConvertLate
	case unknown && format.Format == sound.Unknown:
		return because(ErrFormat, text.Errorf("this is no voice of a known format: silk, amr, wav, mp3, ogg and flac can be sent; to convert others install ffmpeg, or set media.ffmpeg", "不是可识别的语音格式：可以发送 silk、amr、wav、mp3、ogg 和 flac；转换其他格式请安装 ffmpeg，或设置 media.ffmpeg"))
	case unknown:
		return because(ErrFormat, text.Errorf("the voice is %s: install ffmpeg, or set media.ffmpeg, to convert it; or send mp3, wav, ogg or flac", "语音格式为 %s：请安装 ffmpeg 或设置 media.ffmpeg 以便转换，或发送 mp3、wav、ogg、flac", format.Format))
	case errors.Is(err, ffmpeg.ErrFailed):
		return because(ErrFormat, text.Errorf("there is no sound in it that can be read: %v", "其中没有可以读取的声音：%v", err))
	case damaged, errors.Is(err, silk.ErrDamaged), errors.Is(err, silk.ErrNotSilk), errors.Is(err, silk.ErrRate):
		return because(ErrFormat, text.Errorf("the voice cannot be read: %v", "语音无法读取：%v", err))
	}
	return err
}
