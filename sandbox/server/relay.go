package server

import (
	"encoding/binary"

	"google.golang.org/protobuf/proto"

	"libration/internal/elements"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// relay returns an element as receivers get it (docs/protocol/messages.md 11.1). One
// that changes is copied first.
func relay(w *world.World, e *messagepb.Elem) *messagepb.Elem {
	switch {
	case e == nil:
		return &messagepb.Elem{}
	case e.Text != nil:
		return relayMention(w, e)
	case e.Face != nil && len(e.Face.Old) == 0:
		face := proto.CloneOf(e)
		face.Face.Old = binary.BigEndian.AppendUint16(nil, uint16(0x1441+e.Face.GetIndex()))
		return face
	case e.LightApp != nil:
		if card := elements.RelayForward(e); card != nil {
			return card
		}
	}
	return e
}

// relayMention gives a mention both of its forms, so that clients of any age read
// it.
func relayMention(w *world.World, e *messagepb.Elem) *messagepb.Elem {
	hasOld, hasReserve := len(e.Text.Attr6Buf) > 0, len(e.Text.PbReserve) > 0
	if hasOld == hasReserve {
		return e
	}
	at := mentionIn(e)
	if at == nil {
		return e
	}
	e = proto.CloneOf(e)
	if hasReserve {
		if !at.All && at.UIN == 0 {
			u, _ := w.Users().FindByUID(at.UID)
			at.UIN = u.UIN
		}
		e.Text.Attr6Buf = elements.OldMention(at)
		return e
	}
	kind := uint32(elements.MentionAll)
	if !at.All {
		kind = elements.MentionMember
		u, _ := w.Users().Find(at.UIN)
		at.UID = u.UID
	}
	e.Text.PbReserve = encode(&messagepb.TextReserve{
		AtType: proto.Uint32(kind), AtMemberUin: proto.Uint64(uint64(at.UIN)),
		AtMemberTinyId: proto.Uint64(0), AtMemberUid: proto.String(string(at.UID)),
	})
	return e
}

// mentionIn returns the mention that a text element is, nil for a plain text.
func mentionIn(e *messagepb.Elem) *message.AtSegment {
	for _, said := range elements.DecodeEach([]*messagepb.Elem{e}, true) {
		for _, seg := range said {
			if at, ok := seg.(*message.AtSegment); ok {
				return at
			}
		}
	}
	return nil
}
