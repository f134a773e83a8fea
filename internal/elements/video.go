package elements

import (
	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

func decodeVideo(d *decoder, e *messagepb.Elem) {
	if e.VideoFile != nil {
		d.oldVideo(e)
		return
	}
	info := d.newForm(e)
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

// oldVideo adds a video of the old form, unless there is one of the new form
// (docs/protocol/messages.md 7.4).
func (d *decoder) oldVideo(e *messagepb.Elem) {
	v := e.VideoFile
	sum, id := hash(v.GetFileMd5()), fileID(pb.Text(v.GetFileUuid()))
	switch {
	case d.newer().video:
		return
	case id == "" && sum == nil:
		d.addUnknown(e)
		return
	}
	d.add(&message.VideoSegment{
		Medium:  message.Medium{Name: pb.Text(v.GetFileName()), Size: uint64(natural(v.GetFileSize())), MD5: sum, ID: id},
		Cover:   message.Medium{Size: uint64(natural(v.GetThumbFileSize())), MD5: hash(v.GetThumbFileMd5())},
		Seconds: natural(v.GetFileTime()),
		Width:   natural(v.GetThumbWidth()), Height: natural(v.GetThumbHeight()),
	})
}

// video writes a video, and then what older clients read in its place.
func (w *encoder) video(s *message.VideoSegment) error {
	if err := w.medium(&s.Medium, businessVideoPrivate, businessVideoGroup); err != nil || len(s.Compat) == 0 {
		return err
	}
	compat := new(messagepb.VideoFile)
	if pb.Unmarshal(s.Compat, compat) == nil {
		w.add(&messagepb.Elem{VideoFile: compat})
	}
	return nil
}
