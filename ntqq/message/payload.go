package message

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
)

// Limits of a forward. They are ours: those of the service are not known
// (docs/protocol/messages.md 10).
const (
	MaxForwardBytes = 8 << 20 // of a payload that is inflated
)

// ErrBadForward is returned for the payload of a forward that cannot be read: no gzip, no
// protobuf, or nothing in it.
var ErrBadForward = errors.New("the forward cannot be read")

// ForwardLimitError is returned for a forward that is over one of the limits.
type ForwardLimitError struct {
	What  string // what there is too much of: "bytes"
	Limit int
}

func (e *ForwardLimitError) Error() string {
	return fmt.Sprintf("the forward is too large: more than %d %s", e.Limit, e.What)
}

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
	z, err := gzip.NewReader(bytes.NewReader(payload))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadForward, err)
	}
	raw, err := io.ReadAll(io.LimitReader(z, MaxForwardBytes+1))
	if len(raw) > MaxForwardBytes {
		return nil, &ForwardLimitError{"bytes", MaxForwardBytes}
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadForward, err)
	}
	transmit := &messagepb.MultiMsgTransmit{}
	if err := pb.Unmarshal(raw, transmit); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadForward, err)
	}
	return transmit, nil
}
