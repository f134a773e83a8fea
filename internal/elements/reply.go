package elements

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

// uidMark is the high byte of the message uid of every chat message; the low 32
// bits are the sender's random (docs/protocol/messages.md 3).
const uidMark = 1 << 56

// MsgUID returns the message uid (ContentHead.msg_uid) of a message with this random.
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

// decodeReply reads a quote; one that names no message gives nothing.
func decodeReply(d *decoder, e *messagepb.Elem) {
	m := e.SrcMsg
	if len(m.GetOrigSeqs()) == 0 {
		return
	}
	r := &message.ReplySegment{SenderUIN: message.UIN(m.GetSenderUin()), Time: int64(m.GetTime())}
	var reserve messagepb.SourceMsgReserve
	if pb.Unmarshal(m.GetPbReserve(), &reserve) == nil {
		r.SenderUID = message.UID(reserve.GetSenderUid())
		r.Random = uidRandom(reserve.GetMsgUid())
	}
	if d.group {
		r.Sequence = m.OrigSeqs[0]
	} else {
		r.ClientSequence = m.OrigSeqs[0]
		r.Sequence = reserve.GetNtMsgSeq()
	}
	if d.depth < maxQuoteDepth && d.left > 0 {
		r.Content = d.quoted(m, r)
	}
	d.add(r)
}

// quoted prefers the whole message, which quotes in forwarded messages carry, over
// the element list. It takes the sender from there, where r has none.
func (d *decoder) quoted(m *messagepb.SourceMsg, r *message.ReplySegment) message.Content {
	depth := d.depth + 1
	if raw := m.GetSrcMsg(); len(raw) > 0 {
		var cm messagepb.CommonMessage
		if pb.Unmarshal(raw, &cm) == nil && (len(cm.GetBody().GetRichText().GetElems()) > 0 || cm.GetBody().GetRichText().GetPtt() != nil) {
			if r.SenderUIN == 0 {
				r.SenderUIN = message.UIN(cm.GetRoutingHead().GetFromUin())
			}
			return d.richText(cm.GetBody().GetRichText(), depth)
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
	return d.read(elems, depth)
}

// reply writes a quote and, where it is wanted, the mention after it.
func (w *encoder) reply(r *message.ReplySegment) error {
	if err := w.quote(r); err != nil {
		return fmt.Errorf("encode reply: %w", err)
	}
	if !w.Group || !w.MentionQuoted || r.SenderUIN == 0 && r.SenderUID == "" || w.mentioned(r) {
		return nil
	}
	name := w.QuotedName
	if name == "" {
		name = strconv.FormatUint(uint64(r.SenderUIN), 10)
	}
	return w.at(&message.AtSegment{UIN: r.SenderUIN, UID: r.SenderUID, Display: "@" + name})
}

// mentioned tells whether the content behind the quote begins with that mention.
func (w *encoder) mentioned(r *message.ReplySegment) bool {
	for _, seg := range w.content {
		if seg != message.Segment(r) {
			return r.MentionedBy(seg)
		}
	}
	return false
}

// quote has two forms (docs/protocol/messages.md 6): with the quoted message's random
// known the current one, which carries its message uid; without it the form that needs
// only sequence, sender and time.
func (w *encoder) quote(r *message.ReplySegment) error {
	seq := r.Sequence
	if !w.Group && r.ClientSequence != 0 {
		seq = r.ClientSequence
	}
	if seq == 0 {
		return errors.New("the quoted message has no sequence")
	}
	quoted, err := w.quoted(r.Content)
	if err != nil {
		return err
	}
	m := &messagepb.SourceMsg{OrigSeqs: []uint64{seq}, Time: proto.Uint32(uint32(r.Time))}
	for _, e := range quoted {
		raw, err := pb.Marshal(e)
		if err != nil {
			return err
		}
		m.Elems = append(m.Elems, raw)
	}
	if w.node != nil {
		if m.SrcMsg, err = whole(r, seq, w.node.Group, quoted); err != nil {
			return err
		}
	}
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
	if !w.Group && r.ClientSequence != 0 && r.Sequence != 0 {
		reserve.NtMsgSeq = proto.Uint64(r.Sequence)
	}
	if m.PbReserve, err = pb.Marshal(reserve); err != nil {
		return err
	}
	w.add(&messagepb.Elem{SrcMsg: m})
	return nil
}

// quoted encodes the quoted content. What cannot be quoted is left out: quotes inside
// the quote, which would let a chain of replies grow without end, and content that is
// not made of elements.
func (w *encoder) quoted(c message.Content) ([]*messagepb.Elem, error) {
	inner := encoder{EncodeOptions: EncodeOptions{Group: w.Group}, table: w.table}
	for _, seg := range c {
		switch s := seg.(type) {
		case *message.ReplySegment:
			continue
		case *message.UnknownSegment:
			if !isElement(s) {
				continue
			}
		default:
			seg = quotable(seg)
		}
		if err := inner.segment(seg); err != nil && !errors.Is(err, message.ErrReceivedOnly) {
			return nil, err
		}
	}
	empty := func(e *messagepb.Elem) bool { return elementName(e) == "" }
	return slices.DeleteFunc(inner.richText.Elems, empty), nil
}

// quotable is a segment as quotes show it. A medium that the service does not describe, such
// as one of an old form or one that this account has sent, is shown by what lists show.
func quotable(seg message.Segment) message.Segment {
	shown := true
	switch s := seg.(type) {
	case *message.ImageSegment:
		shown = len(s.Info) > 0 && !s.Flash
	case *message.RecordSegment:
		shown = len(s.Info) > 0
	case *message.VideoSegment:
		shown = len(s.Info) > 0
	case *message.FileSegment: // private ones are no elements
		shown = s.ID != "" && s.OfGroup()
	}
	if shown {
		return seg
	}
	return message.Text(message.Brief(message.Content{seg}))
}

// whole is the quoted message as quotes in forwards carry it: the messages of a forward
// are in no chat where it could be looked up.
func whole(r *message.ReplySegment, sequence uint64, group message.GroupCode, elems []*messagepb.Elem) ([]byte, error) {
	route := &messagepb.RoutingHead{FromUin: uint64(r.SenderUIN), FromUid: proto.String(pb.Text(r.SenderUID))}
	head := &messagepb.ContentHead{
		Type: TypeFriend, Random: proto.Uint64(uint64(r.Random)), Sequence: proto.Uint64(sequence), Time: proto.Uint64(uint64(r.Time)),
	}
	if group != 0 {
		route.Group = &messagepb.RoutingGroup{GroupCode: uint64(group)}
		head.Type = TypeGroup
	}
	return pb.Marshal(&messagepb.CommonMessage{
		RoutingHead: route, ContentHead: head, Body: &messagepb.MessageBody{RichText: &messagepb.RichText{Elems: elems}},
	})
}
