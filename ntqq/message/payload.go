package message

import (
	"errors"
	"fmt"

	"libration/internal/packed"
	"libration/internal/pb"
	"libration/internal/pb/messagepb"
)

// Limits of a forward. They are ours: those of the service are not known
// (docs/protocol/messages.md 10).
const (
	MaxForwardDepth   = 10      // forwards within one another
	MaxForwardNodes   = 1000    // that are sent, those of forwards within it included
	MaxForwardBytes   = 8 << 20 // of a payload that is inflated
	MaxForwardPayload = 1 << 20 // of what is uploaded, as gzip
)

// ErrBadForward is returned for the payload of a forward that cannot be read: no gzip, no
// protobuf, or nothing in it.
var ErrBadForward = errors.New("the forward cannot be read")

// ErrTooLarge is what errors of content that is too large are.
var ErrTooLarge = errors.New("message is too large")

// ForwardLimitError is returned for a forward that is over one of the limits. It is an
// [ErrTooLarge].
type ForwardLimitError struct {
	What  string // what there is too much of: "nodes", "bytes"
	Limit int
}

func (e *ForwardLimitError) Error() string {
	return fmt.Sprintf("the forward has more than %d %s", e.Limit, e.What)
}

// Is implements errors.Is.
func (e *ForwardLimitError) Is(target error) bool { return target == ErrTooLarge }

// rootItem is the name of the item that the card opens; the others are the forwards
// within it, under the file names of their cards.
const rootItem = "MultiMsg"

// CheckForward reports why a payload is not what is uploaded for a forward: its error is
// ErrBadForward or a *ForwardLimitError.
func CheckForward(payload []byte) error {
	transmit, err := inflateForward(payload)
	if err != nil {
		return err
	}
	for _, item := range transmit.GetItems() {
		if item.GetFileName() == rootItem {
			return nil
		}
	}
	return fmt.Errorf("%w: it has no item %s", ErrBadForward, rootItem)
}

// inflateForward reads the gzip of a MultiMsgTransmit.
func inflateForward(payload []byte) (*messagepb.MultiMsgTransmit, error) {
	raw, err := packed.Gunzip(payload, MaxForwardBytes)
	if errors.Is(err, packed.ErrLimit) {
		return nil, &ForwardLimitError{"bytes", MaxForwardBytes}
	}
	transmit := &messagepb.MultiMsgTransmit{}
	if err == nil {
		err = pb.Unmarshal(raw, transmit)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadForward, err)
	}
	return transmit, nil
}

// deflateForward is the reverse of inflateForward.
func deflateForward(transmit *messagepb.MultiMsgTransmit) ([]byte, error) {
	raw, err := pb.Marshal(transmit)
	if err != nil {
		return nil, err
	}
	if len(raw) > MaxForwardBytes {
		return nil, &ForwardLimitError{"bytes", MaxForwardBytes}
	}
	payload := packed.AppendGzipped(nil, raw)
	if len(payload) > MaxForwardPayload {
		return nil, &ForwardLimitError{"bytes as gzip", MaxForwardPayload}
	}
	return payload, nil
}
