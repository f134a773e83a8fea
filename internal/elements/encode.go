package elements

import (
	"errors"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

// EncodeOptions say where the content goes. The zero value is a private chat.
type EncodeOptions struct {
	// Group is true for group chats: quotes name their message differently there.
	Group bool
	// MentionQuoted adds, in groups, the mention of the quoted sender that official
	// clients put after a quote, unless it is already there or the sender is not
	// known. It is not for messages inside a forward.
	MentionQuoted bool
	// QuotedName is the name that this mention shows, without "@". When it is empty, the
	// mention shows the number.
	QuotedName string
}

// Encode builds the body of a message. A quote goes first wherever it stands. Where the
// protocol has several forms of a segment, Encode picks one by what the segment says
// (docs/protocol/messages.md 5.2, 5.3, 6). Invalid UTF-8 is replaced by U+FFFD.
//
// The error is [message.ErrEmpty] for empty content, a [*message.TextLimitError] for too
// much text, a [*message.SegmentError] for a segment that cannot be sent: a mention of
// nobody, a second quote, a [message.UnknownSegment] that is no element.
func Encode(c message.Content, o EncodeOptions) (*messagepb.MessageBody, error) {
	return encode(known, c, o)
}

func encode(t *table, c message.Content, o EncodeOptions) (*messagepb.MessageBody, error) {
	if len(c) == 0 {
		return nil, message.ErrEmpty
	}
	w := &encoder{EncodeOptions: o, table: t, content: c}
	if err := w.all(); err != nil {
		return nil, err
	}
	if w.said > message.MaxText {
		return nil, &message.TextLimitError{Bytes: w.said}
	}
	return &w.body, nil
}

// encoder writes the body of one message. The body is a part of it, which saves
// allocations.
type encoder struct {
	EncodeOptions
	table    *table
	content  message.Content
	node     *message.Node   // the node of a forward that the content is of; nil for a message
	said     int             // bytes of text and shown mentions that are written
	fallback *messagepb.Elem // what goes before a text that is written next
	body     messagepb.MessageBody
	richText messagepb.RichText // of body
}

// all writes the content, a quote first. Of a node it leaves out what is only received, as
// one message that cannot be forwarded must not keep the others back.
func (w *encoder) all() error {
	isReply := func(seg message.Segment) bool { _, ok := seg.(*message.ReplySegment); return ok }
	first := slices.IndexFunc(w.content, isReply)
	if first >= 0 {
		if i := slices.IndexFunc(w.content[first+1:], isReply); i >= 0 {
			i += first + 1
			return &message.SegmentError{Index: i, Segment: w.content[i], Err: errors.New("a message can quote only one other")}
		}
	}
	w.body.RichText = &w.richText
	w.richText.Elems = make([]*messagepb.Elem, 0, len(w.content)+1)
	if first >= 0 {
		if err := w.segment(w.content[first]); err != nil {
			return &message.SegmentError{Index: first, Segment: w.content[first], Err: err}
		}
	}
	for i, seg := range w.content {
		if i == first {
			continue
		}
		err := w.segment(seg)
		if err != nil && (w.node == nil || !errors.Is(err, message.ErrReceivedOnly)) {
			return &message.SegmentError{Index: i, Segment: seg, Err: err}
		}
	}
	return nil
}

// add appends elements.
func (w *encoder) add(e ...*messagepb.Elem) {
	w.richText.Elems = append(w.richText.Elems, e...)
	w.fallback = nil
}

// common appends a common element.
func (w *encoder) common(service, business uint32, payload proto.Message) error {
	raw, err := pb.Marshal(payload)
	if err != nil {
		return err
	}
	w.add(&messagepb.Elem{CommonElem: &messagepb.CommonElem{
		ServiceType: service, PbElem: raw, BusinessType: proto.Uint32(business),
	}})
	return nil
}

func (w *encoder) segment(seg message.Segment) error {
	if seg == nil {
		return errors.New("cannot encode a segment that is nil")
	}
	c := w.table.kinds[seg.Name()]
	if c == nil {
		return fmt.Errorf("cannot encode a segment of type %T", seg)
	}
	return c.encode(w, seg)
}
