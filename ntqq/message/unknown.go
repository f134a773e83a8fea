package message

import (
	"fmt"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
)

// UnknownSegment is an element for which there is no segment type, kept whole. It can be sent
// again as it came.
type UnknownSegment struct {
	// Element names the element: the member of the protobuf message Elem
	// ("custom_face", "rich_msg"), for a common element with its service and business
	// type ("common_elem 48/20"), "field N" for one outside the schema, or one of the
	// Element constants.
	Element string
	// Raw is the encoded protobuf Elem.
	Raw []byte
}

// The Element names of content that stands outside the element list. Such an
// Unknown cannot be sent.
const (
	// ElementPtt is a voice message in the old form. Raw is the encoded protobuf Ptt.
	ElementPtt = "ptt"
	// ElementFileContent is a private file. Raw is the encoded protobuf FileContent, as
	// MessageBody.msg_content carries it.
	ElementFileContent = "file_content"
)

// Name implements Segment.
func (*UnknownSegment) Name() string { return "unknown" }
func (u *UnknownSegment) size() int  { return len(u.Element) + len(u.Raw) }

// serviceFlashPicture is CommonElem.service_type of a flash picture, which has a fallback
// text behind it (docs/protocol/messages.md 7.2).
const serviceFlashPicture = 3

// decodeUnknown keeps an element whole, unless it says nothing.
func decodeUnknown(d *decoder, e *messagepb.Elem) {
	switch fieldOf(e) {
	case fieldElemFlags2, fieldExtraInfo: // flags
		return
	case fieldCommonElem:
		if e.CommonElem.GetServiceType() == serviceFlashPicture {
			d.follow = followText
		}
	}
	if !d.saysNothing(e) {
		d.addUnknown(e)
	}
}

// addUnknown keeps an element whole, unless it is empty.
func (d *decoder) addUnknown(e *messagepb.Elem) {
	name := elementName(e)
	if name == "" {
		return
	}
	if raw, err := pb.Marshal(e); err == nil {
		d.add(&UnknownSegment{Element: name, Raw: raw})
	}
}

// isElement tells whether Raw is an encoded Elem.
func isElement(u *UnknownSegment) bool {
	return u.Element != ElementPtt && u.Element != ElementFileContent
}

// unknown gives the element back as it came.
func (w *encoder) unknown(u *UnknownSegment) error {
	if !isElement(u) {
		return fmt.Errorf("encode %s: it is not an element", u.Element)
	}
	e := new(messagepb.Elem)
	if err := pb.Unmarshal(u.Raw, e); err != nil {
		return fmt.Errorf("encode %s: %w", u.Element, err)
	}
	if elementName(e) == "" {
		return fmt.Errorf("encode %s: the raw element is empty", u.Element)
	}
	w.add(e)
	return nil
}
