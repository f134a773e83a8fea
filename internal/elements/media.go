package elements

import (
	"libration/internal/pb"
	"libration/internal/pb/mediapb"
	"libration/internal/pb/messagepb"
)

// The business types of media (docs/protocol/messages.md 7.1).
const (
	serviceMedia = 48

	businessImagePrivate = 10
	businessImageGroup   = 20
	businessVideoPrivate = 11
	businessVideoGroup   = 21
	businessVoicePrivate = 12
	businessVoiceGroup   = 22
)

// saysNothing tells of media elements that must not become a segment: those without a
// medium, and the old form of a video that is there in the new form
// (docs/protocol/messages.md 7).
func (d *decoder) saysNothing(e *messagepb.Elem) bool {
	switch fieldOf(e) {
	case fieldCustomFace:
		return len(e.CustomFace.GetMd5()) == 0
	case fieldNotOnlineImage:
		return len(e.NotOnlineImage.GetPicMd5()) == 0
	case fieldVideoFile:
		return d.hasVideo()
	case fieldCommonElem:
		if e.CommonElem.GetServiceType() == serviceMedia {
			var info mediapb.MsgInfo
			return pb.Unmarshal(e.CommonElem.GetPbElem(), &info) != nil || len(info.GetBody()) == 0
		}
	}
	return false
}

// hasVideo looks for a video in the new form, once for each list.
func (d *decoder) hasVideo() bool {
	if d.video == notLooked {
		d.video = absent
		for _, e := range d.elems {
			if isMedia(e, businessVideoPrivate, businessVideoGroup) {
				d.video = present
				break
			}
		}
	}
	return d.video == present
}

func isMedia(e *messagepb.Elem, private, group uint32) bool {
	c := e.GetCommonElem()
	return c.GetServiceType() == serviceMedia && (c.GetBusinessType() == private || c.GetBusinessType() == group)
}

// pttCounts decides about a voice in the old form (docs/protocol/messages.md 7.3).
// Groups have it with a file id only. Private chats have it also as the companion of a
// voice in the new form, and then it does not count.
func pttCounts(ptt *messagepb.Ptt, elems []*messagepb.Elem, group bool) bool {
	if group {
		return ptt.GetFileId() != 0
	}
	for _, e := range elems {
		if !isMedia(e, businessVoicePrivate, businessVoiceGroup) {
			continue
		}
		var info mediapb.MsgInfo
		if pb.Unmarshal(e.CommonElem.GetPbElem(), &info) == nil && len(info.GetBody()) > 0 &&
			info.GetBody()[0].GetIndex().GetInfo().GetFileName() == ptt.GetFileName() {
			return false
		}
	}
	return true
}
