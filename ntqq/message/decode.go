package message

import (
	"libration/internal/pb"
	"libration/internal/pb/mediapb"
	"libration/internal/pb/messagepb"
)

// The service and business types of common elements that the rules below look at
// (docs/protocol/messages.md 5.6, 5.7, 7.1, 7.2).
const (
	serviceFlashPicture = 3
	serviceBouncingFace = 23
	serviceMedia        = 48

	businessVideoPrivate = 11
	businessVideoGroup   = 21
	businessVoicePrivate = 12
	businessVoiceGroup   = 22
)

// Decode reads the elements of a message into segments, in the order in which
// they came, before the clean-up that Clean does. Elements it does not
// understand become *Unknown; elements without content (flags, empty ones) and
// payloads that do not parse give nothing. The result may be empty. Of a message
// with quotes 65,536 elements are read; a quote that has more keeps no content.
func Decode(rt *messagepb.RichText, group bool) Content {
	d := decoder{group: group, left: pb.MaxEntries}
	c := d.elems(rt.GetElems(), 0)
	if ptt := rt.GetPtt(); ptt != nil && pttCounts(ptt, rt.GetElems(), group) {
		if raw, err := pb.Marshal(ptt); err == nil {
			c = append(c, &Unknown{Element: ElementPtt, Raw: raw})
		}
	}
	return c
}

// decoder reads one message.
type decoder struct {
	group bool
	left  int // elements that may still be read
}

// elemList is the elements of a message or quote.
type elemList struct {
	elems         []*messagepb.Elem
	looked, video bool
}

// elems is Decode for a list at the given depth of quotes.
func (d *decoder) elems(elems []*messagepb.Elem, depth int) Content {
	if len(elems) == 0 || len(elems) > d.left {
		return nil
	}
	d.left -= len(elems)
	all := elemList{elems: elems}
	c := make(Content, 0, len(elems))
	follow := followNone
	for _, e := range elems {
		if e == nil {
			continue
		}
		before := follow
		follow = followOf(e)
		if e.Text != nil {
			seg, fallback := decodeText(e.Text)
			if _, plain := seg.(*Text); plain && (before == followText || before == followReserve && fallback) {
				continue
			}
			c = append(c, seg)
			continue
		}
		if seg := d.elem(e, &all, depth); seg != nil {
			c = append(c, seg)
		}
	}
	return c
}

// follow says what may follow an element as its fallback for older clients.
type follow uint8

const (
	followNone    follow = iota
	followText           // any plain text
	followReserve        // a text marked as fallback
)

func followOf(e *messagepb.Elem) follow {
	switch common := e.CommonElem; {
	case common.GetServiceType() == ServiceLargeFace, common.GetServiceType() == serviceFlashPicture:
		return followText
	case common.GetServiceType() == serviceBouncingFace, e.MarketFace != nil, e.LightApp != nil:
		return followReserve
	}
	return followNone
}

// elem reads an element other than a text; nil when it says nothing.
func (d *decoder) elem(e *messagepb.Elem, all *elemList, depth int) Segment {
	switch {
	case e.SrcMsg != nil:
		if r := d.reply(e.SrcMsg, depth); r != nil {
			return r
		}
		return nil
	case e.Face != nil:
		return decodeFace(e.Face)
	case e.CommonElem != nil:
		return decodeCommon(e)
	case e.ElemFlags2 != nil, e.GeneralFlags != nil, e.ExtraInfo != nil,
		e.CustomFace != nil && len(e.CustomFace.GetMd5()) == 0,
		e.NotOnlineImage != nil && len(e.NotOnlineImage.GetPicMd5()) == 0,
		e.VideoFile != nil && all.hasVideo():
		return nil
	}
	if u := unknownElem(e); u != nil {
		return u
	}
	return nil
}

func decodeCommon(e *messagepb.Elem) Segment {
	switch raw := e.CommonElem.GetPbElem(); e.CommonElem.GetServiceType() {
	case serviceSmallFace:
		if f := decodeSmallFace(raw); f != nil {
			return f
		}
		return nil
	case ServiceLargeFace:
		if f := decodeLargeFace(raw); f != nil {
			return f
		}
		return nil
	case serviceMedia:
		var info mediapb.MsgInfo
		if pb.Unmarshal(raw, &info) != nil || len(info.GetBody()) == 0 {
			return nil
		}
	}
	return unknownElem(e)
}

// hasVideo looks for a video in the new form, once.
func (l *elemList) hasVideo() bool {
	if !l.looked {
		l.looked, l.video = true, hasVideo(l.elems)
	}
	return l.video
}

func hasVideo(elems []*messagepb.Elem) bool {
	for _, e := range elems {
		if c := e.GetCommonElem(); c.GetServiceType() == serviceMedia &&
			(c.GetBusinessType() == businessVideoPrivate || c.GetBusinessType() == businessVideoGroup) {
			return true
		}
	}
	return false
}

// pttCounts decides about a voice in the old form (docs/protocol/messages.md
// 7.3): groups have it only with a file id, private chats also as the companion
// of a voice in the new form.
func pttCounts(ptt *messagepb.Ptt, elems []*messagepb.Elem, group bool) bool {
	if group {
		return ptt.GetFileId() != 0
	}
	for _, e := range elems {
		c := e.GetCommonElem()
		if c.GetServiceType() != serviceMedia ||
			c.GetBusinessType() != businessVoicePrivate && c.GetBusinessType() != businessVoiceGroup {
			continue
		}
		var info mediapb.MsgInfo
		if pb.Unmarshal(c.GetPbElem(), &info) == nil && len(info.GetBody()) > 0 &&
			info.GetBody()[0].GetIndex().GetInfo().GetFileName() == ptt.GetFileName() {
			return false
		}
	}
	return true
}
