package control

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"libration/internal/mediatype"
	"libration/ntqq/media/picture"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// The most bytes of a medium.
const (
	maxImage  = 30 << 20
	maxRecord = 30 << 20
	maxVideo  = 100 << 20
)

// mediumView is message.Medium.
type mediumView struct {
	source
	// Name is the service's, which calls files by their MD5; it and what follows are given
	// only.
	Name    string `json:"name,omitempty"`
	Address string `json:"address,omitempty"` // at the control server
	Size    uint64 `json:"size,omitempty"`
	MD5     string `json:"md5,omitempty"`
}

func (h contents) medium(m *message.Medium) mediumView {
	v := mediumView{Name: m.Name, Size: m.Size, MD5: hex.EncodeToString(m.MD5)}
	if kept, ok := h.bytesOf(m); ok {
		v.ID = mediaID(kept)
		v.Address = uploadPath + "/" + v.ID
	}
	return v
}

// bytesOf finds what the sandbox has of a medium.
func (h contents) bytesOf(m *message.Medium) (world.Blob, bool) {
	if len(m.MD5) != 16 {
		return world.Blob{}, false
	}
	if len(m.SHA1) != 20 { // the old forms
		return h.world.Media().FindMD5([16]byte(m.MD5))
	}
	return h.world.Media().Find([16]byte(m.MD5), [20]byte(m.SHA1), m.Size)
}

// take keeps the bytes of a medium that is sent: at most limit, and of one of the media
// types, image, audio or video. Nothing else is read from files and addresses.
func (c *composing) take(from source, limit int64, accepted ...string) (m message.Medium, err error) {
	content, err := c.open(from)
	if err != nil {
		return m, err
	}
	defer content.Close()
	head, whole, err := mediatype.Peek(http.MaxBytesReader(nil, content, limit))
	if err != nil {
		return m, sourceFailure(err)
	}
	if sort, _, _ := strings.Cut(mediatype.Of(head), "/"); !slices.Contains(accepted, sort) {
		return m, fail(http.StatusBadRequest, "these bytes are no %s that can be sent", accepted[0])
	}
	kept, err := c.world.Media().Put(whole)
	if err != nil {
		return m, sourceFailure(err)
	}
	return message.Medium{
		Source: stored{c.world.Media(), kept.SHA1}, Size: kept.Size, MD5: kept.MD5[:], SHA1: kept.SHA1[:],
	}, nil
}

// sourceFailure says why bytes could not be read.
func sourceFailure(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return fail(http.StatusRequestEntityTooLarge, "larger than %d MiB", tooLarge.Limit>>20)
	}
	return err
}

// stored is the source of what the world keeps.
type stored struct {
	media world.Media
	sha1  [20]byte
}

// Open implements message.Source.
func (s stored) Open(context.Context) (io.ReadCloser, error) {
	content, _, err := s.media.Open(s.sha1)
	return content, err
}

// imageView is message.ImageSegment.
type imageView struct {
	typed
	mediumView
	Width   uint32 `json:"width,omitempty"`
	Height  uint32 `json:"height,omitempty"`
	SubType uint32 `json:"sub_type,omitempty"`
	Summary string `json:"summary,omitempty"`
	Flash   bool   `json:"flash,omitempty"`
}

func showImage(h contents, s *message.ImageSegment) imageView {
	return imageView{
		mediumView: h.medium(&s.Medium), Width: s.Width, Height: s.Height,
		SubType: s.SubType, Summary: s.Summary, Flash: s.Flash,
	}
}

func readImage(c *composing, v imageView) (message.Segment, error) {
	m, err := c.take(v.source, maxImage, "image")
	if err != nil {
		return nil, err
	}
	if v.Flash {
		return flashPicture(m)
	}
	return &message.ImageSegment{Medium: m, SubType: v.SubType, Summary: v.Summary}, nil
}

// flashPicture measures a flash picture, whose form has nothing of an upload: the service
// finds it by its MD5.
func flashPicture(m message.Medium) (message.Segment, error) {
	content, err := m.Source.Open(context.Background()) // it is ours
	if err != nil {
		return nil, err
	}
	defer content.Close()
	info, err := picture.Read(content)
	if err != nil {
		return nil, fail(http.StatusBadRequest, "%v", err)
	}
	name := fmt.Sprintf("%x.%s", m.MD5, info.Extension)
	return &message.ImageSegment{
		Medium: message.Medium{Name: name, Size: m.Size, MD5: m.MD5}, Width: info.Width, Height: info.Height, Format: info.Format,
		Summary: "[闪照]", Flash: true,
	}, nil
}

// recordView is message.RecordSegment.
type recordView struct {
	typed
	mediumView
	Seconds uint32 `json:"seconds,omitempty"` // given only
}

func showRecord(h contents, s *message.RecordSegment) recordView {
	return recordView{mediumView: h.medium(&s.Medium), Seconds: s.Seconds}
}

func readRecord(c *composing, v recordView) (message.Segment, error) {
	m, err := c.take(v.source, maxRecord, "audio", "video") // some containers have either
	if err != nil {
		return nil, err
	}
	return &message.RecordSegment{Medium: m}, nil
}

// videoView is message.VideoSegment. Without a cover it gets one.
type videoView struct {
	typed
	mediumView
	Cover   *mediumView `json:"cover,omitempty"`
	Seconds uint32      `json:"seconds,omitempty"` // it and what follows are given only
	Width   uint32      `json:"width,omitempty"`
	Height  uint32      `json:"height,omitempty"`
}

func showVideo(h contents, s *message.VideoSegment) videoView {
	v := videoView{mediumView: h.medium(&s.Medium), Seconds: s.Seconds, Width: s.Width, Height: s.Height}
	if len(s.Cover.MD5) != 0 {
		cover := h.medium(&s.Cover)
		v.Cover = &cover
	}
	return v
}

func readVideo(c *composing, v videoView) (message.Segment, error) {
	m, err := c.take(v.source, maxVideo, "video")
	if err != nil {
		return nil, err
	}
	s := &message.VideoSegment{Medium: m}
	if v.Cover != nil {
		if s.Cover, err = c.take(v.Cover.source, maxImage, "image"); err != nil {
			return nil, fail(statusOf(err), "cover: %v", err)
		}
	}
	return s, nil
}
