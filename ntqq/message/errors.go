package message

import (
	"errors"
	"fmt"
)

// MaxText is how many bytes of text and of shown mentions a message may have. It is ours:
// the limit of the service is not known (docs/protocol/messages.md 13). The texts in a
// forward, in quotes and in cards do not count.
const MaxText = 10_000

// TextLimitError is returned for content with more text than [MaxText]. It is
// an [ErrTooLarge]. A forward takes such a text: [Forward].
type TextLimitError struct {
	Bytes int // of text and shown mentions
}

func (e *TextLimitError) Error() string {
	return fmt.Sprintf("the message has %d bytes of text, the limit is %d", e.Bytes, MaxText)
}

// Is implements errors.Is.
func (e *TextLimitError) Is(target error) bool { return target == ErrTooLarge }

// ErrEmpty is returned for content without segments.
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

// ErrBadForward is returned for the payload of a forward that cannot be read: no gzip, no
// protobuf, or nothing in it.
var ErrBadForward = errors.New("the forward cannot be read")

// ErrTooLarge is what errors of content that is too large are.
var ErrTooLarge = errors.New("message is too large")

// ForwardLimitError is returned for a forward that is over one of the limits. It is an
// [ErrTooLarge].
type ForwardLimitError struct {
	What  ForwardPart // what there is too much of
	Limit int
}

// ForwardPart is what a forward can have too much of.
type ForwardPart string

// The parts of forwards that are limited.
const (
	ForwardNodes    ForwardPart = "nodes" // with those of forwards within it
	ForwardNesting  ForwardPart = "forwards within one another"
	ForwardBytes    ForwardPart = "bytes"         // of the inflated payload
	ForwardPayload  ForwardPart = "bytes as gzip" // of the payload
	ForwardElements ForwardPart = "elements"      // nodes and elements together
)

func (e *ForwardLimitError) Error() string {
	return fmt.Sprintf("the forward has more than %d %s", e.Limit, e.What)
}

// Is implements errors.Is.
func (e *ForwardLimitError) Is(target error) bool { return target == ErrTooLarge }
