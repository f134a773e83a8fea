package elements

import (
	"fmt"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

// decodeUnknown keeps an element whole, unless it says nothing.
func decodeUnknown(d *decoder, e *messagepb.Elem) {
	switch fieldOf(e) {
	case fieldElemFlags2, fieldExtraInfo: // flags
		return
	}
	d.addUnknown(e)
}

// addUnknown keeps an element whole, unless it is empty.
func (d *decoder) addUnknown(e *messagepb.Elem) {
	name := elementName(e)
	if name == "" {
		return
	}
	if raw, err := pb.Marshal(e); err == nil {
		d.add(&message.UnknownSegment{Element: name, Raw: raw})
	}
}

// isElement tells whether Raw is an encoded Elem.
func isElement(u *message.UnknownSegment) bool {
	return u.Element != message.ElementPtt && u.Element != message.ElementFileContent
}

// unknown gives the element back as it came.
func (w *encoder) unknown(u *message.UnknownSegment) error {
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
