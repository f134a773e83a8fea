package media

import (
	"context"
	"errors"

	"libration/internal/text"
	"libration/ntqq/media/picture"
	"libration/ntqq/message"
)

// Picture reads a picture, which is sent as it is. Its errors are *[StepError].
func (t *Tools) Picture(ctx context.Context, s message.Source) (*Picture, error) {
	f, err := t.measure(ctx, s, kind{limit: t.limits().Image, name: text.T("picture", "图片"), key: " (media.limits.image)"})
	if err != nil {
		return nil, err
	}
	p, err := pictureOf(ctx, f)
	if err != nil {
		f.Close()
		return nil, at(StepConvert, err)
	}
	return p, nil
}

// pictureOf reads what a file says of itself.
func pictureOf(ctx context.Context, f File) (*Picture, error) {
	r, err := f.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	info, err := picture.Read(during{ctx, r})
	if err != nil {
		return nil, pictureError(err)
	}
	f.name(info.Extension)
	return &Picture{File: f, Format: info.Format, Width: info.Width, Height: info.Height}, nil
}

// pictureError says in both languages why a picture cannot be sent.
func pictureError(err error) error {
	if format, ok := errors.AsType[*picture.FormatError](err); ok {
		if format.Name == "" {
			return because(ErrFormat, text.Errorf("this is no picture of a known format: JPEG, PNG, GIF, WebP, BMP, TIFF and JPEG 2000 can be sent", "不是可识别的图片：可以发送 JPEG、PNG、GIF、WebP、BMP、TIFF 和 JPEG 2000"))
		}
		return because(ErrFormat, text.Errorf("%s cannot be sent as a picture: convert it to JPEG or PNG", "%s 不能作为图片发送：请先转换为 JPEG 或 PNG", format.Name))
	}
	if size, ok := errors.AsType[*picture.SizeError](err); ok {
		return because(ErrTooLarge, text.Errorf("the picture says that it has %d x %d pixels: each must be 1 to %d", "图片的大小为 %d x %d 像素：宽和高必须为 1 到 %d", size.Width, size.Height, picture.MaxSide))
	}
	if errors.Is(err, picture.ErrDamaged) {
		return because(ErrFormat, text.Errorf("the picture cannot be read: %v", "图片无法读取：%v", err))
	}
	return err
}
