package media

import (
	"context"
	"errors"
	"math"

	"libration/internal/text"
	"libration/ntqq/media/ffmpeg"
	"libration/ntqq/media/video"
	"libration/ntqq/message"
)

// Video reads a video, which is sent as it is. Without a cover it gets one. Its errors are
// *[StepError].
func (t *Tools) Video(ctx context.Context, s, cover message.Source) (*Video, error) {
	f, err := t.measure(ctx, s, kind{limit: t.limits().Video, name: text.T("video", "视频"), key: " (media.limits.video)", video: true})
	if err != nil {
		return nil, err
	}
	v, err := t.videoOf(ctx, f, cover)
	if err != nil {
		f.Close()
		return nil, err
	}
	return v, nil
}

func (t *Tools) videoOf(ctx context.Context, f File, cover message.Source) (*Video, error) {
	o := f.Source.(*opened)
	info, err := video.Read(o.at, o.size)
	if err != nil {
		return nil, at(StepConvert, videoError(err))
	}
	f.name("mp4")
	v := &Video{File: f, Seconds: seconds(info.Seconds)}
	if cover == nil {
		b, err := t.firstFrame(ctx, o)
		if err != nil {
			b, err = video.Placeholder(info.Width, info.Height)
		}
		if err != nil {
			return nil, at(StepConvert, err)
		}
		cover = Bytes(b)
	}
	p, err := t.Picture(ctx, cover)
	if err != nil {
		return nil, err
	}
	v.Cover = *p
	return v, nil
}

// firstFrame returns the first picture of a video, a JPEG.
func (t *Tools) firstFrame(ctx context.Context, o *opened) (frame []byte, err error) {
	if t.FFmpeg == nil {
		return nil, ffmpeg.ErrMissing
	}
	leave, err := enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	err = t.onDisk(ctx, o, func(path string) error {
		frame, err = t.FFmpeg.Frame(ctx, path)
		return err
	})
	if err != nil && t.Log != nil {
		t.Log.Info("no first picture of a video: its cover is drawn", "err", err)
	}
	return frame, err
}

// seconds rounds a duration. What is shorter than a second has one.
func seconds(s float64) uint32 {
	if s <= 0 {
		return 0
	}
	return uint32(max(math.Round(s), 1))
}

// videoError says in both languages why a video cannot be sent.
func videoError(err error) error {
	format, ok := errors.AsType[*video.FormatError](err)
	switch {
	case !ok:
		return err
	case format.Name == "":
		return because(ErrFormat, text.Errorf("this is no video of a known format: send MP4", "不是可识别的视频：请发送 MP4"))
	}
	return because(ErrFormat, text.Errorf("this is %s, not a video: send it as what it is", "这是 %s，不是视频：请按其实际类型发送", format.Name))
}
