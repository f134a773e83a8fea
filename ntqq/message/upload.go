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

// MediumKind is a kind of medium that the service stores.
type MediumKind uint8

// The kinds of medium (docs/protocol/media.md 1).
const (
	MediumPicture MediumKind = iota + 1
	MediumRecord             // a voice message
	MediumVideo
)

// Medium is what a segment brings along.
type Medium struct {
	Kind   MediumKind
	Source Source
}

// Stored says where a medium is.
type Stored struct {
	Info   []byte // the encoded protobuf MsgInfo, which goes into the message as it is
	Compat []byte // what older clients read in its place; may be empty
}

// Uploader stores media for those who read one chat (docs/protocol/media.md 2). A call
// may take minutes, and ends with ctx.
type Uploader interface {
	Upload(ctx context.Context, m Medium) (Stored, error)
}

// Upload makes content ready for [Encode]. It uploads what the segments bring along, one
// after the other, and returns content that says where it is. Content without such
// segments is returned as it is. Upload does not change c. up may be nil where nothing
// can be uploaded: the error for a segment with a medium is then ErrNoUploader. Every
// error is a *SegmentError.
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
