package message

import (
	"errors"
	"fmt"
	"strconv"

	"libration/internal/pb/messagepb"
)

// ErrEmpty: the content has no segment.
var ErrEmpty = errors.New("the message is empty")

// SegmentError is a segment that cannot be sent to the chat.
type SegmentError struct {
	Index   int // of the segment in the content
	Segment Segment
	Err     error
}

func (e *SegmentError) Error() string { return fmt.Sprintf("segment %d: %v", e.Index, e.Err) }
func (e *SegmentError) Unwrap() error { return e.Err }

// EncodeOptions say where the content goes. The zero value is a private chat.
type EncodeOptions struct {
	// Group is true for group chats: quotes name their message differently there.
	Group bool
	// MentionQuoted adds, in groups, the mention of the quoted sender that official
	// clients put after a quote, unless it is already there or the sender is not
	// known. Not for messages inside a forward.
	MentionQuoted bool
	// QuotedName is the name shown by that mention, without "@"; empty means the
	// quoted sender's uin.
	QuotedName string
}

// Encode builds the elements of a message. A quote goes first wherever it stands;
// a second one is an error, as is a mention of nobody, an *Unknown that is no
// element, and empty content (ErrEmpty). Invalid UTF-8 is replaced by U+FFFD.
// Several layouts have more than one legal form: Encode picks by what the
// segment knows (docs/protocol/messages.md 5.2, 5.3, 6). What is wrong with one segment
// is a *SegmentError.
func Encode(c Content, o EncodeOptions) ([]*messagepb.Elem, error) {
	if len(c) == 0 {
		return nil, ErrEmpty
	}
	at := -1
	for i, seg := range c {
		if _, ok := seg.(*Reply); !ok {
			continue
		}
		if at >= 0 {
			return nil, errors.New("a message can quote only one other")
		}
		at = i
	}
	elems := make([]*messagepb.Elem, 0, len(c)+1)
	if at >= 0 {
		rest := make(Content, 0, len(c)-1)
		rest = append(append(rest, c[:at]...), c[at+1:]...)
		head, err := encodeQuote(c[at].(*Reply), rest, o)
		if err != nil {
			return nil, &SegmentError{at, c[at], err}
		}
		elems = append(elems, head...)
	}
	for i, seg := range c {
		if i == at {
			continue
		}
		e, err := encodeSegment(seg)
		if err != nil {
			return nil, &SegmentError{i, seg, err}
		}
		elems = append(elems, e)
	}
	return elems, nil
}

// encodeQuote encodes the quote and, where asked for, the mention after it.
func encodeQuote(r *Reply, rest Content, o EncodeOptions) ([]*messagepb.Elem, error) {
	e, err := encodeReply(r, o.Group)
	if err != nil {
		return nil, err
	}
	elems := []*messagepb.Elem{e}
	if !o.Group || !o.MentionQuoted || r.SenderUIN == 0 && r.SenderUID == "" {
		return elems, nil
	}
	if len(rest) > 0 && mentionsSender(rest[0], r) {
		return elems, nil
	}
	name := o.QuotedName
	if name == "" {
		name = strconv.FormatUint(uint64(r.SenderUIN), 10)
	}
	mention, err := encodeAt(&At{UIN: r.SenderUIN, UID: r.SenderUID, Display: "@" + name})
	if err != nil {
		return nil, err
	}
	return append(elems, mention), nil
}

// encodeSegment encodes a segment other than a quote.
func encodeSegment(seg Segment) (*messagepb.Elem, error) {
	switch s := seg.(type) {
	case *Text:
		return encodeText(s.Text), nil
	case *At:
		return encodeAt(s)
	case *Face:
		return encodeFace(s)
	case *Unknown:
		return s.elem()
	}
	return nil, fmt.Errorf("cannot encode a segment of type %T", seg)
}
