package message

import (
	"errors"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
)

// MaxText is how many bytes of text and of shown mentions a message may have. It is ours:
// the limit of the service is not known (docs/protocol/messages.md 13). The texts in a
// forward, in quotes and in cards do not count.
const MaxText = 10_000

// TextLimitError is returned by [Encode] for content with more text than [MaxText]. It is
// an [ErrTooLarge]. A forward takes such a text: [Forward].
type TextLimitError struct {
	Bytes int // of text and shown mentions
}

func (e *TextLimitError) Error() string {
	return fmt.Sprintf("the message has %d bytes of text, the limit is %d", e.Bytes, MaxText)
}

// Is implements errors.Is.
func (e *TextLimitError) Is(target error) bool { return target == ErrTooLarge }

// ErrEmpty is returned by [Encode] for content without segments.
var ErrEmpty = errors.New("the message is empty")

// ErrReceivedOnly is the error for a segment that nobody but official clients can send,
// such as a red packet. A quote of a message with one leaves it out.
var ErrReceivedOnly = errors.New("it can only be received")

// SegmentError is returned when one segment cannot be sent.
type SegmentError struct {
	Index   int // of the segment in the content
	Segment Segment
	Err     error
}

func (e *SegmentError) Error() string { return fmt.Sprintf("segment %d: %v", e.Index, e.Err) }
func (e *SegmentError) Unwrap() error { return e.Err }

// NodeError is the reason of a SegmentError of a forward: one of its nodes cannot be sent.
type NodeError struct {
	Index int // of the node in the forward
	Err   error
}

func (e *NodeError) Error() string { return fmt.Sprintf("node %d: %v", e.Index, e.Err) }
func (e *NodeError) Unwrap() error { return e.Err }

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
// The error is ErrEmpty for empty content, a *TextLimitError for too much text, a
// *SegmentError for a segment that cannot be sent (a mention of nobody, an
// [UnknownSegment] that is no element), or says that there is a second quote.
func Encode(c Content, o EncodeOptions) (*messagepb.MessageBody, error) { return encode(known, c, o) }

func encode(t *table, c Content, o EncodeOptions) (*messagepb.MessageBody, error) {
	if len(c) == 0 {
		return nil, ErrEmpty
	}
	w := &encoder{EncodeOptions: o, table: t, content: c}
	if err := w.all(); err != nil {
		return nil, err
	}
	if w.said > MaxText {
		return nil, &TextLimitError{w.said}
	}
	return &w.body, nil
}

// encoder writes the body of one message. The body is a part of it, which saves
// allocations.
type encoder struct {
	EncodeOptions
	table    *table
	content  Content
	node     *Node // the node of a forward that the content is of; nil for a message
	said     int   // bytes of text and shown mentions that are written
	body     messagepb.MessageBody
	richText messagepb.RichText // of body
}

// all writes the content, a quote first. Of a node it leaves out what is only received, as
// one message that cannot be forwarded must not keep the others back.
func (w *encoder) all() error {
	isReply := func(seg Segment) bool { _, ok := seg.(*ReplySegment); return ok }
	first := slices.IndexFunc(w.content, isReply)
	if first >= 0 && slices.ContainsFunc(w.content[first+1:], isReply) {
		return errors.New("a message can quote only one other")
	}
	w.body.RichText = &w.richText
	w.richText.Elems = make([]*messagepb.Elem, 0, len(w.content)+1)
	if first >= 0 {
		if err := w.segment(w.content[first]); err != nil {
			return &SegmentError{first, w.content[first], err}
		}
	}
	for i, seg := range w.content {
		if i == first {
			continue
		}
		err := w.segment(seg)
		if err != nil && (w.node == nil || !errors.Is(err, ErrReceivedOnly)) {
			return &SegmentError{i, seg, err}
		}
	}
	return nil
}

// add appends elements.
func (w *encoder) add(e ...*messagepb.Elem) { w.richText.Elems = append(w.richText.Elems, e...) }

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

func (w *encoder) segment(seg Segment) error {
	if seg == nil {
		return errors.New("cannot encode a segment that is nil")
	}
	c := w.table.kinds[seg.Name()]
	if c == nil {
		return fmt.Errorf("cannot encode a segment of type %T", seg)
	}
	return c.encode(w, seg)
}
