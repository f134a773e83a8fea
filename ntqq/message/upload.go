package message

import (
	"context"
	"errors"
	"io"
)

// ErrNoUploader is returned by [Upload] when a segment has to be uploaded and there is
// nowhere to upload it to.
var ErrNoUploader = errors.New("nothing can be uploaded here")

// Source is where the bytes of a medium come from. Open may be called several times:
// once to measure the bytes, and again to send them.
type Source interface {
	Open(ctx context.Context) (io.ReadCloser, error)
}

// Uploader stores media for those who read one chat. It may take minutes. It returns
// the encoded MsgInfo that goes into the message, and the element for older clients,
// which may be empty (docs/protocol/media.md 2.4).
type Uploader interface {
	Upload(ctx context.Context, s Source) (info, compat []byte, err error)
}

// Upload makes content ready for [Encode]. What its segments bring along is uploaded by
// up, one after the other, and the result says where it is. c itself is not changed.
// Without such segments the result is c. A nil up uploads nothing: a segment that needs
// it is then an ErrNoUploader. All errors are of type *SegmentError.
func Upload(ctx context.Context, up Uploader, c Content) (Content, error) {
	return (&uploading{up, known}).content(ctx, c)
}

// uploading is what codecs upload with.
type uploading struct {
	to    Uploader
	table *table
}

// content is Upload, also for content within a segment.
func (u *uploading) content(ctx context.Context, c Content) (Content, error) {
	out := c
	for i, seg := range c {
		if seg == nil {
			continue // Encode refuses it
		}
		codec := u.table.kinds[seg.Name()]
		if codec == nil || codec.upload == nil {
			continue
		}
		if u.to == nil {
			return nil, &SegmentError{i, seg, ErrNoUploader}
		}
		ready, err := codec.upload(ctx, u, seg)
		if err != nil {
			return nil, &SegmentError{i, seg, err}
		}
		if &out[0] == &c[0] {
			out = append(Content(nil), c...)
		}
		out[i] = ready
	}
	return out, nil
}
