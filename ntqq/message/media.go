package message

import (
	"context"
	"io"
)

// Source is where the bytes of a medium come from. It is used by one goroutine at a time.
// Package ntqq/media has those for files, addresses and bytes.
type Source interface {
	// Open returns the bytes from their start. It may be called again when the reader
	// before is closed; ctx bounds the opening and the reading.
	Open(ctx context.Context) (io.ReadCloser, error)
}

// Medium is what pictures, voices and videos have in common. One that is sent has a Source,
// or is one that was received: the service then gets it by its hashes or, when it does
// not have it any more, from its Source, if it has one, or its address.
type Medium struct {
	Source Source // may be nil for what was received
	// Name is the file name as the service has it, usually the MD5 and an extension. What is
	// sent with an empty one gets such a name.
	Name string
	Size uint64 // in bytes; 0 when it is not known
	// MD5 and SHA1 are the hashes of the bytes, 16 and 20 bytes long; nil when not known.
	MD5, SHA1 []byte
	// ID is the file uuid by which the service finds it (docs/protocol/media.md 2.4); ""
	// for most pictures of the old form.
	ID string
	// URL is where it can be downloaded now; "" when nobody has asked yet. Addresses die
	// after about an hour.
	URL string
	// Info is the service's own description, an encoded MsgInfo, with everything in it that
	// is not understood; nil for the old forms, and before it is uploaded.
	Info []byte
	// Compat is what the service gave at the upload for older clients
	// (docs/protocol/media.md 2.5). Received ones have none.
	Compat []byte
}

// MediumOf returns the Medium within a picture, voice or video; nil for another segment.
func MediumOf(s Segment) *Medium {
	switch s := s.(type) {
	case *ImageSegment:
		return &s.Medium
	case *RecordSegment:
		return &s.Medium
	case *VideoSegment:
		return &s.Medium
	}
	return nil
}

// CopyMedium returns a copy of a picture, voice or video, and the Medium within the copy.
// Both are nil for another segment.
func CopyMedium(s Segment) (Segment, *Medium) {
	switch s := s.(type) {
	case *ImageSegment:
		c := *s
		return &c, &c.Medium
	case *RecordSegment:
		c := *s
		return &c, &c.Medium
	case *VideoSegment:
		c := *s
		return &c, &c.Medium
	}
	return nil, nil
}

// mediumBytes is what a Medium takes without what it points to.
const mediumBytes = 168

func (m *Medium) size() int {
	return mediumBytes + len(m.Name) + len(m.MD5) + len(m.SHA1) + len(m.ID) + len(m.URL) + len(m.Info) + len(m.Compat)
}

// ImageSegment is a picture (docs/protocol/messages.md 7).
type ImageSegment struct {
	Medium
	Width, Height uint32 // in pixels
	Format        uint32 // the service's code, docs/protocol/media.md 6.1; 0: unknown
	SubType       uint32 // 0 picture, 1 sticker; others exist
	Summary       string // what lists of chats show; "" means "[图片]", of stickers "[动画表情]"
	// Flash is true for a picture that is shown once. How one is sent is not known:
	// that fails with ErrReceivedOnly.
	Flash bool
}

// Name implements Segment.
func (*ImageSegment) Name() string { return "image" }

func (s *ImageSegment) size() int { return s.Medium.size() + len(s.Summary) }
func (s *ImageSegment) brief() string {
	switch {
	case s.Summary != "":
		return s.Summary
	case s.SubType == 1:
		return "[动画表情]"
	}
	return briefPicture
}

// RecordSegment is a voice message. It stands alone in its message.
type RecordSegment struct {
	Medium
	Seconds uint32
}

// Name implements Segment.
func (*RecordSegment) Name() string    { return "record" }
func (s *RecordSegment) size() int     { return s.Medium.size() }
func (s *RecordSegment) brief() string { return briefVoice }

// VideoSegment is a video. It stands alone in its message.
type VideoSegment struct {
	Medium
	// Cover is the picture that stands for it. One that is sent without a Source gets one.
	Cover         Medium
	Seconds       uint32 // 0 when it is not known
	Width, Height uint32 // in pixels, of the cover; 0 when not known
}

// Name implements Segment.
func (*VideoSegment) Name() string    { return "video" }
func (s *VideoSegment) size() int     { return s.Medium.size() + s.Cover.size() }
func (s *VideoSegment) brief() string { return briefVideo }
