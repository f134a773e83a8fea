package elements

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"encoding/hex"
	"errors"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/mediapb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

// errNotUploaded is why a medium cannot be encoded that the service does not have.
var errNotUploaded = errors.New("it has not been uploaded")

// msgInfo reads the payload of a medium in the new form (docs/protocol/messages.md 7.1). It
// is nil when there is nothing to show; what cannot be understood stays unknown.
func (d *decoder) msgInfo(e *messagepb.Elem) *mediapb.MsgInfo {
	var info mediapb.MsgInfo
	if pb.Unmarshal(e.GetCommonElem().GetPbElem(), &info) != nil || len(info.GetBody()) == 0 {
		return nil
	}
	if n := info.GetBody()[0].GetIndex(); n.GetFileUuid() == "" && hexOf(n.GetInfo().GetFileMd5(), md5.Size) == nil {
		d.addUnknown(e)
		return nil
	}
	return &info
}

// mediumOf is what the service says of a file.
func mediumOf(n *mediapb.IndexNode) message.Medium {
	f := n.GetInfo()
	return message.Medium{
		Name: f.GetFileName(), Size: uint64(f.GetFileSize()),
		MD5: hexOf(f.GetFileMd5(), md5.Size), SHA1: hexOf(f.GetFileSha1(), sha1.Size), ID: n.GetFileUuid(),
	}
}

// hexOf reads a hash; nil for what is none.
func hexOf(text string, size int) []byte {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != size {
		return nil
	}
	return b
}

// medium writes a medium in the new form.
func (w *encoder) medium(m *message.Medium, private, group uint32) error {
	if len(m.Info) == 0 {
		return errNotUploaded
	}
	business := private
	if inGroup(m.Info, w.Group) {
		business = group
	}
	w.add(&messagepb.Elem{CommonElem: &messagepb.CommonElem{
		ServiceType: serviceMedia, PbElem: m.Info, BusinessType: proto.Uint32(business),
	}})
	return nil
}

// inGroup tells where a medium was uploaded to. A node of a forward may be of another chat
// than the one that the forward is sent to. Of a medium that does not say it, it is sent.
func inGroup(info []byte, sent bool) bool {
	var m mediapb.MsgInfo
	if pb.Unmarshal(info, &m) != nil || len(m.GetBody()) == 0 {
		return sent
	}
	switch from := m.GetBody()[0].GetSource(); {
	case from.GetTroop() != nil:
		return true
	case from.GetC2C() != nil:
		return false
	}
	return sent
}

func decodeImage(d *decoder, e *messagepb.Elem) {
	info := d.msgInfo(e)
	if info == nil {
		return
	}
	node, pic := info.GetBody()[0].GetIndex(), info.GetExtBizInfo().GetPic()
	s := &message.ImageSegment{
		Medium: mediumOf(node), Width: node.GetInfo().GetWidth(), Height: node.GetInfo().GetHeight(),
		Format: node.GetInfo().GetType().GetPicFormat(), SubType: pic.GetBizType(), Summary: pic.GetTextSummary(),
	}
	s.Info = e.CommonElem.GetPbElem()
	d.add(s)
}

func (w *encoder) image(s *message.ImageSegment) error {
	return w.medium(&s.Medium, businessImagePrivate, businessImageGroup)
}

func uploadImage(ctx context.Context, u *uploading, s *message.ImageSegment) (message.Segment, error) {
	stored, err := u.to.Upload(ctx, s)
	ready := *s
	ready.Info, ready.Compat = stored.Info, stored.Compat
	return &ready, err
}

func decodeRecord(d *decoder, e *messagepb.Elem) {
	info := d.msgInfo(e)
	if info == nil {
		return
	}
	node := info.GetBody()[0].GetIndex()
	s := &message.RecordSegment{Medium: mediumOf(node), Seconds: node.GetInfo().GetTime()}
	s.Info = e.CommonElem.GetPbElem()
	d.add(s)
}

func (w *encoder) record(s *message.RecordSegment) error {
	return w.medium(&s.Medium, businessVoicePrivate, businessVoiceGroup)
}

func uploadRecord(ctx context.Context, u *uploading, s *message.RecordSegment) (message.Segment, error) {
	stored, err := u.to.Upload(ctx, s)
	ready := *s
	ready.Info, ready.Compat = stored.Info, stored.Compat
	return &ready, err
}

func decodeVideo(d *decoder, e *messagepb.Elem) {
	info := d.msgInfo(e)
	if info == nil {
		return
	}
	node := info.GetBody()[0].GetIndex()
	s := &message.VideoSegment{Medium: mediumOf(node), Seconds: node.GetInfo().GetTime()}
	s.Info = e.CommonElem.GetPbElem()
	if len(info.GetBody()) > 1 {
		cover := info.GetBody()[1].GetIndex()
		s.Cover, s.Width, s.Height = mediumOf(cover), cover.GetInfo().GetWidth(), cover.GetInfo().GetHeight()
	}
	d.add(s)
}

func (w *encoder) video(s *message.VideoSegment) error {
	return w.medium(&s.Medium, businessVideoPrivate, businessVideoGroup)
}

func uploadVideo(ctx context.Context, u *uploading, s *message.VideoSegment) (message.Segment, error) {
	stored, err := u.to.Upload(ctx, s)
	ready := *s
	ready.Info, ready.Compat = stored.Info, stored.Compat
	return &ready, err
}
