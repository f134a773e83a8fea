package server

import (
	"encoding/binary"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// The kinds of mention, as TextReserve.at_type has them.
const (
	atEveryone = 1
	atMember   = 2
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
		if card := forwardCard(e.LightApp.Data); card != nil {
			return card
		}
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

// relayMention gives a mention both of its forms, so that clients of any age read
// it.
func relayMention(w *world.World, e *messagepb.Elem) *messagepb.Elem {
	hasAttr, hasReserve := len(e.Text.Attr6Buf) > 0, len(e.Text.PbReserve) > 0
	if hasAttr == hasReserve {
		return e
	}
	m := mentionIn(e.Text)
	if m.kind == 0 {
		return e
	}
	if m.uin == 0 {
		u, _ := w.Users().FindByUID(m.uid)
		m.uin = u.UIN
	}
	e = proto.CloneOf(e)
	if hasReserve {
		e.Text.Attr6Buf = mentionAttr(e.Text.GetStr(), m)
		return e
	}
	if m.kind == atMember {
		u, _ := w.Users().Find(m.uin)
		m.uid = u.UID
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
