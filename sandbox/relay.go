package sandbox

import (
	"encoding/binary"
	"fmt"
	"slices"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

// The kinds of mention, as TextReserve.at_type tells them.
const (
	atEveryone = 1
	atMember   = 2
)

// relay returns the elements as receivers get them (docs/protocol/messages.md
// 11.1), with room for extra more. Elements that change are copied first.
func (w *World) relay(elems []*messagepb.Elem, extra int) []*messagepb.Elem {
	out := make([]*messagepb.Elem, len(elems), len(elems)+extra)
	for i, e := range elems {
		out[i] = w.relayOne(e)
	}
	return out
}

func (w *World) relayOne(e *messagepb.Elem) *messagepb.Elem {
	switch {
	case e == nil:
		return &messagepb.Elem{}
	case e.Text != nil:
		return w.relayMention(e)
	case e.Face != nil && len(e.Face.Old) == 0:
		face := proto.CloneOf(e)
		face.Face.Old = binary.BigEndian.AppendUint16(nil, uint16(0x1441+e.Face.GetIndex()))
		return face
	case e.LightApp != nil:
		if card := forwardCard(e.LightApp.Data); card != nil {
			return card
		}
	case e.CommonElem.GetServiceType() == message.ServiceLargeFace:
		return w.relayLargeFace(e)
	}
	return e
}

// mention is who an element mentions; kind 0 is nobody.
type mention struct {
	kind uint32
	uin  message.UIN
	uid  message.UID
}

func mentionIn(t *messagepb.Text) mention {
	if b := t.GetAttr6Buf(); len(b) >= 11 {
		if b[6] == 1 {
			return mention{kind: atEveryone}
		}
		return mention{kind: atMember, uin: message.UIN(binary.BigEndian.Uint32(b[7:]))}
	}
	if len(t.GetPbReserve()) == 0 {
		return mention{}
	}
	reserve := &messagepb.TextReserve{}
	if pb.Unmarshal(t.PbReserve, reserve) != nil {
		return mention{}
	}
	switch kind := reserve.GetAtType(); kind {
	case atEveryone, atMember:
		return mention{kind: kind, uin: message.UIN(reserve.GetAtMemberUin()), uid: message.UID(reserve.GetAtMemberUid())}
	}
	return mention{} // the fallback text of another element
}

func mentionsAll(elems []*messagepb.Elem) bool {
	return slices.ContainsFunc(elems, func(e *messagepb.Elem) bool {
		return mentionIn(e.GetText()).kind == atEveryone
	})
}

// relayMention gives a mention both of its forms, so that clients of any age read
// it.
func (w *World) relayMention(e *messagepb.Elem) *messagepb.Elem {
	hasAttr, hasReserve := len(e.Text.Attr6Buf) > 0, len(e.Text.PbReserve) > 0
	if hasAttr == hasReserve {
		return e
	}
	m := mentionIn(e.Text)
	if m.kind == 0 {
		return e
	}
	if m.uin == 0 {
		m.uin = w.byUID[m.uid]
	}
	e = proto.CloneOf(e)
	if hasReserve {
		e.Text.Attr6Buf = mentionAttr(e.Text.GetStr(), m)
		return e
	}
	if m.kind == atMember {
		m.uid = message.UID(w.uidOf(m.uin))
	}
	e.Text.PbReserve = encode(&messagepb.TextReserve{
		AtType: proto.Uint32(m.kind), AtMemberUin: proto.Uint64(uint64(m.uin)),
		AtMemberTinyId: proto.Uint64(0), AtMemberUid: proto.String(string(m.uid)),
	})
	return e
}

// mentionAttr is the 13-byte layout of docs/protocol/messages.md 5.2.
func mentionAttr(display string, m mention) []byte {
	b := make([]byte, 13)
	b[1] = 1
	binary.BigEndian.PutUint16(b[4:], uint16(utf8.RuneCountInString(display)))
	if m.kind == atEveryone {
		b[6] = 1
		return b
	}
	binary.BigEndian.PutUint32(b[7:], uint32(m.uin))
	return b
}

// relayLargeFace throws the dice: senders may leave the result to the server.
func (w *World) relayLargeFace(e *messagepb.Elem) *messagepb.Elem {
	face := &messagepb.LargeFaceElem{}
	if pb.Unmarshal(e.CommonElem.PbElem, face) != nil || face.GetResultId() != "" {
		return e
	}
	var sides int
	switch face.GetFaceId() {
	case message.FaceDice:
		sides = 6
	case message.FaceRPS:
		sides = 3
	default:
		return e
	}
	face.ResultId = proto.String(fmt.Sprint(1 + w.rng.IntN(sides)))
	e = proto.CloneOf(e)
	e.CommonElem.PbElem = encode(face)
	return e
}
