package message

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
)

// uidMark is the high byte of the message uid of every chat message; the low 32
// bits are the sender's random (docs/protocol/messages.md 3).
const uidMark = 1 << 56

// MsgUID is the message uid that belongs to a message's random.
func MsgUID(random uint32) uint64 { return uidMark | uint64(random) }

// uidRandom takes the random out of a message uid, or gives 0 where the number
// is none: some clients write a sequence there.
func uidRandom(uid uint64) uint32 {
	if uid>>32 != uidMark>>32 {
		return 0
	}
	return uint32(uid)
}

// maxQuoteDepth bounds quotes inside quotes: deeper ones keep no content. Real
// messages have one level.
const maxQuoteDepth = 3

// reply reads a quote; nil when it names no message.
func (d *decoder) reply(m *messagepb.SourceMsg, depth int) *Reply {
	if len(m.GetOrigSeqs()) == 0 {
		return nil
	}
	r := &Reply{SenderUIN: UIN(m.GetSenderUin()), Time: int64(m.GetTime())}
	var reserve messagepb.SourceMsgReserve
	if pb.Unmarshal(m.GetPbReserve(), &reserve) == nil {
		r.SenderUID = UID(reserve.GetSenderUid())
		r.Random = uidRandom(reserve.GetMsgUid())
	}
	if d.group {
		r.Sequence = m.OrigSeqs[0]
	} else {
		r.ClientSequence = m.OrigSeqs[0]
		r.Sequence = reserve.GetNtMsgSeq()
	}
	if depth < maxQuoteDepth && d.left > 0 {
		r.Content = d.quoted(m, depth+1)
	}
	return r
}

// quoted prefers the whole message, which quotes in forwarded messages carry, over
// the element list.
func (d *decoder) quoted(m *messagepb.SourceMsg, depth int) Content {
	if raw := m.GetSrcMsg(); len(raw) > 0 {
		var cm messagepb.CommonMessage
		if pb.Unmarshal(raw, &cm) == nil && len(cm.GetBody().GetRichText().GetElems()) > 0 {
			return d.elems(cm.GetBody().GetRichText().GetElems(), depth)
		}
	}
	if len(m.GetElems()) > d.left {
		return nil
	}
	elems := make([]*messagepb.Elem, 0, len(m.GetElems()))
	for _, raw := range m.GetElems() {
		e := new(messagepb.Elem)
		if pb.Unmarshal(raw, e) == nil {
			elems = append(elems, e)
		}
	}
	return d.elems(elems, depth)
}

// encodeReply has two forms (docs/protocol/messages.md 6): with the quoted
// message's random known the current one, which carries its message uid; without
// it the form that needs only sequence, sender and time.
func encodeReply(r *Reply, group bool) (*messagepb.Elem, error) {
	seq := r.Sequence
	if !group && r.ClientSequence != 0 {
		seq = r.ClientSequence
	}
	if seq == 0 {
		return nil, fmt.Errorf("encode reply: the quoted message has no sequence")
	}
	elems, err := encodeQuoted(r.Content)
	if err != nil {
		return nil, fmt.Errorf("encode reply: %w", err)
	}
	m := &messagepb.SourceMsg{OrigSeqs: []uint64{seq}, Time: proto.Uint32(uint32(r.Time)), Elems: elems}
	reserve := &messagepb.SourceMsgReserve{}
	if uid := pb.Text(r.SenderUID); r.Random != 0 {
		m.Flag = proto.Uint32(0)
		reserve.OrigMsgType = proto.Uint32(2)
		reserve.MsgUid = proto.Uint64(MsgUID(r.Random))
		if uid == "" {
			m.SenderUin = uint64(r.SenderUIN)
		} else {
			reserve.SenderUid = proto.String(uid)
		}
	} else {
		m.SenderUin = uint64(r.SenderUIN)
		m.ToUin = proto.Uint64(0)
		reserve.MsgUid = proto.Uint64(seq)
		if uid != "" {
			reserve.ReceiverUid = proto.String(uid)
		}
	}
	if !group && r.ClientSequence != 0 && r.Sequence != 0 {
		reserve.NtMsgSeq = proto.Uint64(r.Sequence)
	}
	if m.PbReserve, err = pb.Marshal(reserve); err != nil {
		return nil, fmt.Errorf("encode reply: %w", err)
	}
	return &messagepb.Elem{SrcMsg: m}, nil
}

// encodeQuoted encodes the quoted content. What cannot be quoted is left out:
// quotes inside the quote, which would let a chain of replies grow without end,
// and content that is not made of elements.
func encodeQuoted(c Content) ([][]byte, error) {
	var out [][]byte
	for _, seg := range c {
		switch s := seg.(type) {
		case *Reply:
			continue
		case *Unknown:
			if !s.isElement() {
				continue
			}
		}
		e, err := encodeSegment(seg)
		if err != nil {
			return nil, err
		}
		raw, err := pb.Marshal(e)
		if err != nil {
			return nil, err
		}
		out = append(out, raw)
	}
	return out, nil
}
