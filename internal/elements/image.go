package elements

import (
	"context"
	"crypto/md5"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

const (
	// serviceFlashPicture is CommonElem.service_type of a flash picture, which has a
	// fallback text behind it (docs/protocol/messages.md 7.2).
	serviceFlashPicture = 3
	flashSummary        = "[闪照]"

	// The MD5 of the two old forms.
	fieldCustomFaceMD5     = 13
	fieldNotOnlineImageMD5 = 7

	subTypeSticker = 1
	oldSticker     = 0x36 // in CustomFace.old_data, at oldStickerAt
	oldStickerAt   = 4
)

func decodeImage(d *decoder, e *messagepb.Elem) {
	switch {
	case e.CustomFace != nil:
		d.oldImage(e, e.CustomFace.GetMd5(), imageOfFace(e.CustomFace))
	case e.NotOnlineImage != nil:
		d.oldImage(e, e.NotOnlineImage.GetPicMd5(), imageOfNotOnline(e.NotOnlineImage))
	case e.CommonElem.GetServiceType() == serviceFlashPicture:
		d.flash(e)
	default:
		d.newImage(e)
	}
}

func (d *decoder) newImage(e *messagepb.Elem) {
	info := d.newForm(e)
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

// oldImage adds a picture of an old form, unless it is beside its new form or says nothing.
func (d *decoder) oldImage(e *messagepb.Elem, sum []byte, s *message.ImageSegment) {
	switch {
	case len(sum) == 0:
	case s == nil:
		d.addUnknown(e)
	case !d.newer().images[[md5.Size]byte(sum)]:
		d.add(s)
	}
}

// imageOfFace reads the old form of groups; nil without an MD5.
func imageOfFace(f *messagepb.CustomFace) *message.ImageSegment {
	sum := hash(f.GetMd5())
	if sum == nil {
		return nil
	}
	s := &message.ImageSegment{
		Medium: message.Medium{Name: pb.Text(f.GetFilePath()), Size: uint64(f.GetSize()), MD5: sum},
		Width:  natural(f.GetWidth()), Height: natural(f.GetHeight()), Format: natural(f.GetImageType()),
	}
	s.URL, s.ID = oldURL(f.GetOrigUrl(), sum)
	var reserve messagepb.CustomFaceReserve
	if pb.Unmarshal(f.GetPbReserve(), &reserve) == nil {
		s.SubType, s.Summary = reserve.GetSubType(), reserve.GetSummary()
	}
	if old := f.GetOldData(); reserve.SubType == nil && len(old) > oldStickerAt && old[oldStickerAt] == oldSticker {
		s.SubType = subTypeSticker
	}
	return s
}

// imageOfNotOnline reads the old form of private chats; nil without an MD5.
func imageOfNotOnline(n *messagepb.NotOnlineImage) *message.ImageSegment {
	sum := hash(n.GetPicMd5())
	if sum == nil {
		return nil
	}
	s := &message.ImageSegment{
		Medium: message.Medium{Name: pb.Text(n.GetFilePath()), Size: uint64(n.GetFileLen()), MD5: sum},
		Width:  n.GetPicWidth(), Height: n.GetPicHeight(), Format: n.GetImgType(),
	}
	s.URL, s.ID = oldURL(n.GetOrigUrl(), sum)
	var reserve messagepb.NotOnlineImageReserve
	if pb.Unmarshal(n.GetPbReserve(), &reserve) == nil {
		s.SubType, s.Summary = reserve.GetSubType(), reserve.GetSummary()
	}
	if s.ID == "" && reserve.GetUrl() != "" {
		_, s.ID = oldURL(reserve.GetUrl(), sum)
	}
	return s
}

// flash reads a flash picture. Either of its fields may hold either old form.
func (d *decoder) flash(e *messagepb.Elem) {
	d.follow = followText
	var both messagepb.FlashPicElem
	if pb.Unmarshal(e.CommonElem.GetPbElem(), &both) != nil {
		d.addUnknown(e)
		return
	}
	raw := both.GetTroop()
	if len(raw) == 0 {
		raw = both.GetC2C()
	}
	s := flashImage(raw)
	if s == nil {
		d.addUnknown(e)
		return
	}
	s.Flash, s.Summary = true, flashSummary
	s.URL, s.ID = ImageURL(s.MD5), ""
	d.add(s)
}

// flashImage tells the old forms apart by where they have bytes for the MD5.
func flashImage(raw []byte) *message.ImageSegment {
	var face, notOnline bool
	each(raw, func(num protowire.Number, _ uint64, inside []byte) {
		face = face || num == fieldCustomFaceMD5 && len(inside) == md5.Size
		notOnline = notOnline || num == fieldNotOnlineImageMD5 && len(inside) == md5.Size
	})
	switch {
	case face:
		f := new(messagepb.CustomFace)
		if pb.Unmarshal(raw, f) == nil {
			return imageOfFace(f)
		}
	case notOnline:
		n := new(messagepb.NotOnlineImage)
		if pb.Unmarshal(raw, n) == nil {
			return imageOfNotOnline(n)
		}
	}
	return nil
}

// image writes a picture behind what older clients read in its place. Where the service gave
// nothing for them an empty element stands there, as other clients write it.
func (w *encoder) image(s *message.ImageSegment) error {
	if s.Flash {
		return fmt.Errorf("encode flash picture: %w", message.ErrReceivedOnly)
	}
	if len(s.Info) == 0 {
		return errNotUploaded
	}
	w.add(oldImageElem(s.Compat, storedForGroup(s.Info, w.Group)))
	return w.medium(&s.Medium, businessImagePrivate, businessImageGroup)
}

// oldImageElem is the element for older clients; one that cannot be read is left empty.
func oldImageElem(compat []byte, group bool) *messagepb.Elem {
	face, notOnline := new(messagepb.CustomFace), new(messagepb.NotOnlineImage)
	switch {
	case len(compat) == 0:
	case group:
		if pb.Unmarshal(compat, face) == nil {
			return &messagepb.Elem{CustomFace: face}
		}
	case pb.Unmarshal(compat, notOnline) == nil:
		return &messagepb.Elem{NotOnlineImage: notOnline}
	}
	return &messagepb.Elem{}
}

// uploadImage leaves a flash picture to the encoder, which refuses it.
func uploadImage(ctx context.Context, u *uploading, s *message.ImageSegment) (message.Segment, error) {
	if s.Flash {
		return s, nil
	}
	return uploadMedium(ctx, u, s)
}
