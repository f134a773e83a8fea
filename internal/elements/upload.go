package elements

import (
	"context"
	"errors"

	"libration/ntqq/message"
)

// ErrNoUploader is returned by [Upload] when a segment has to be uploaded and there is
// nowhere to upload it to.
var ErrNoUploader = errors.New("nothing can be uploaded here")

// Stored says where a medium is.
type Stored struct {
	Info   []byte // the encoded protobuf MsgInfo, which goes into the message as it is
	Compat []byte // what older clients read in its place (docs/protocol/media.md 2.5); may be empty
}

// Uploader is the service as far as segments need it before they can be sent to one
// chat. A call may take minutes, and ends with ctx.
type Uploader interface {
	// Upload stores a picture, voice or video for those who read the chat
	// (docs/protocol/media.md 2): an *ImageSegment, *RecordSegment or *VideoSegment.
	Upload(ctx context.Context, medium message.Segment) (Stored, error)
	// UploadForward stores a long message, gzip of an encoded MultiMsgTransmit, and
	// returns its resource id (docs/protocol/messages.md 10.1).
	UploadForward(ctx context.Context, payload []byte) (id string, err error)
	// ContactCard returns the signed card of an account or a group, as JSON.
	ContactCard(ctx context.Context, c *message.ContactSegment) (json string, err error)
	// Scene says where the content goes.
	Scene() Scene
}

// Scene is where content goes.
type Scene struct {
	Group   message.GroupCode // 0: a private chat
	SelfUID message.UID       // who sends
}

// Upload makes content ready for [Encode]. It uploads what the segments bring along, one
// after the other, and returns content that says where it is. Content without such
// segments is returned as it is. Upload does not change c. up may be nil where nothing
// can be uploaded: the error for a segment with a medium is then ErrNoUploader. Every
// error is a [*message.SegmentError].
func Upload(ctx context.Context, up Uploader, c message.Content) (message.Content, error) {
	return (&uploading{up, known}).content(ctx, c)
}

// uploading is what codecs upload with.
type uploading struct {
	to    Uploader
	table *table
}

// content is Upload, also for content within a segment.
func (u *uploading) content(ctx context.Context, c message.Content) (message.Content, error) {
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
			return nil, &message.SegmentError{Index: i, Segment: seg, Err: ErrNoUploader}
		}
		ready, err := codec.upload(ctx, u, seg)
		if err != nil {
			return nil, &message.SegmentError{Index: i, Segment: seg, Err: err}
		}
		if &out[0] == &c[0] {
			out = append(message.Content(nil), c...)
		}
		out[i] = ready
	}
	return out, nil
}
