package elements

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/mediapb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

// The service type of media in the new form, with its business types
// (docs/protocol/messages.md 7.1).
const (
	serviceMedia = 48

	businessImagePrivate = 10
	businessImageGroup   = 20
	businessVideoPrivate = 11
	businessVideoGroup   = 21
	businessVoicePrivate = 12
	businessVoiceGroup   = 22
)

// maxFileID is how long a file uuid may be; those of the service have some hundred bytes.
const maxFileID = 1024

// errNotUploaded is why a medium cannot be encoded that the service does not have.
var errNotUploaded = errors.New("it has not been uploaded")

// readInfo reads the payload of a medium in the new form; nil for one that cannot be
// understood, or has no medium. Some forwards have such.
func readInfo(e *messagepb.Elem) *mediapb.MsgInfo {
	var info mediapb.MsgInfo
	if pb.Unmarshal(e.GetCommonElem().GetPbElem(), &info) != nil || len(info.GetBody()) == 0 {
		return nil
	}
	if m := mediumOf(info.GetBody()[0].GetIndex()); m.ID == "" && m.MD5 == nil {
		return nil
	}
	return &info
}

// newForm is readInfo for an element that becomes a segment. One without a medium gives
// none, one that cannot be understood is kept as it is.
func (d *decoder) newForm(e *messagepb.Elem) *mediapb.MsgInfo {
	info := readInfo(e)
	if info == nil && !isEmptyInfo(e.GetCommonElem().GetPbElem()) {
		d.addUnknown(e)
	}
	return info
}

// isEmptyInfo tells of a payload that it says nothing of any file.
func isEmptyInfo(payload []byte) bool {
	var info mediapb.MsgInfo
	return pb.Unmarshal(payload, &info) == nil && len(info.GetBody()) == 0
}

// mediumOf is what the service says of a file.
func mediumOf(n *mediapb.IndexNode) message.Medium {
	f := n.GetInfo()
	return message.Medium{
		Name: f.GetFileName(), Size: uint64(f.GetFileSize()), ID: fileID(n.GetFileUuid()),
		MD5: hexHash(f.GetFileMd5(), md5.Size), SHA1: hexHash(f.GetFileSha1(), sha1.Size),
	}
}

// hexHash reads a hash in hexadecimal digits; nil for what is none.
func hexHash(text string, size int) []byte {
	if len(text) != 2*size {
		return nil
	}
	b, err := hex.DecodeString(text)
	if err != nil {
		return nil
	}
	return b
}

// hash returns nil for what is no MD5.
func hash(b []byte) []byte {
	if len(b) != md5.Size {
		return nil
	}
	return b
}

// fileID returns "" for what is too long for a file uuid.
func fileID(text string) string {
	if len(text) > maxFileID {
		return ""
	}
	return text
}

// natural is a number of the old forms, which may be negative.
func natural(n int32) uint32 { return uint32(max(n, 0)) }

// newMedia is what of a list stands in the new form.
type newMedia struct {
	images map[[md5.Size]byte]bool // by their MD5
	video  bool
}

// newer looks for media of the new form, once for each list: the old form of the same
// medium beside them is for older clients (docs/protocol/media.md 2.6).
func (d *decoder) newer() *newMedia {
	if d.media != nil {
		return d.media
	}
	d.media = &newMedia{images: map[[md5.Size]byte]bool{}}
	for _, e := range d.elems {
		c := e.GetCommonElem()
		if c.GetServiceType() != serviceMedia {
			continue
		}
		switch c.GetBusinessType() {
		case businessImagePrivate, businessImageGroup:
			if sum := md5Of(e); sum != nil {
				d.media.images[[md5.Size]byte(sum)] = true
			}
		case businessVideoPrivate, businessVideoGroup:
			d.media.video = d.media.video || readInfo(e) != nil
		}
	}
	return d.media
}

// md5Of is the MD5 of a medium of the new form; nil when it does not say it.
func md5Of(e *messagepb.Elem) []byte {
	info := readInfo(e)
	if info == nil {
		return nil
	}
	return hexHash(info.GetBody()[0].GetIndex().GetInfo().GetFileMd5(), md5.Size)
}

// medium writes a medium in the new form.
func (w *encoder) medium(m *message.Medium, private, group uint32) error {
	if len(m.Info) == 0 {
		return errNotUploaded
	}
	business := private
	if storedForGroup(m.Info, w.Group) {
		business = group
	}
	w.add(&messagepb.Elem{CommonElem: &messagepb.CommonElem{
		ServiceType: serviceMedia, PbElem: m.Info, BusinessType: proto.Uint32(business),
	}})
	return nil
}

// uploadMedium returns a medium as the service describes it.
func uploadMedium[S message.Segment](ctx context.Context, u *uploading, s S) (message.Segment, error) {
	stored, err := u.to.Upload(ctx, s)
	ready, m := message.CopyMedium(s)
	m.Info, m.Compat = stored.Info, stored.Compat
	return ready, err
}

// storedForGroup tells where a medium was uploaded to. A node of a forward may claim
// another chat than the one that the forward is sent to. A medium that does not say it is
// one of the chat that it is sent to.
func storedForGroup(info []byte, sent bool) bool {
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

// The hosts of pictures of the new form and of the old one
// (docs/protocol/messages.md 7.2).
const (
	MediaHost    = "multimedia.nt.qq.com.cn"
	OldMediaHost = "gchat.qpic.cn"
)

const (
	keyOfURL   = "rkey"
	fileOfURL  = "fileid"
	maxOldPath = 2048
)

// oldURL returns where a picture of the old form is, and its file uuid where the path has
// one. A path without a key is of no use: the service is asked by the uuid. Senders write
// the path: one that would lead elsewhere is not taken.
func oldURL(path string, sum []byte) (address, id string) {
	u, err := url.Parse(path)
	if err != nil || len(path) > maxOldPath || !strings.HasPrefix(path, "/") || u.Host != "" || len(u.Path) == 0 {
		return "https" + strings.TrimPrefix(ImageURL(sum), "http"), ""
	}
	q := u.Query()
	id = q.Get(fileOfURL)
	switch {
	case q.Get(keyOfURL) != "":
		return "https://" + MediaHost + path, id
	case id != "":
		return "", id
	}
	return "http://" + OldMediaHost + path, ""
}

// ImageURL returns where a picture of the old form is, by its MD5.
func ImageURL(sum []byte) string {
	return fmt.Sprintf("http://"+OldMediaHost+"/gchatpic_new/0/0-0-%X/0", sum)
}
