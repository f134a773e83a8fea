package elements

import (
	"errors"
	"fmt"

	"libration/internal/packed"
	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

// rootItem is the name of the item that the card opens; the others are the forwards
// within it, under the file names of their cards.
const rootItem = "MultiMsg"

// CheckForward reports why a payload is not what is uploaded for a forward: its error is
// [message.ErrBadForward] or a [*message.ForwardLimitError].
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
	return fmt.Errorf("%w: it has no item %s", message.ErrBadForward, rootItem)
}

// inflateForward reads the gzip of a MultiMsgTransmit.
func inflateForward(payload []byte) (*messagepb.MultiMsgTransmit, error) {
	raw, err := packed.Gunzip(payload, message.MaxForwardBytes)
	if errors.Is(err, packed.ErrLimit) {
		return nil, &message.ForwardLimitError{What: message.ForwardBytes, Limit: message.MaxForwardBytes}
	}
	transmit := &messagepb.MultiMsgTransmit{}
	if err == nil {
		err = pb.Unmarshal(raw, transmit)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", message.ErrBadForward, err)
	}
	return transmit, nil
}

// deflateForward is the reverse of inflateForward.
func deflateForward(transmit *messagepb.MultiMsgTransmit) ([]byte, error) {
	raw, err := pb.Marshal(transmit)
	if err != nil {
		return nil, err
	}
	if len(raw) > message.MaxForwardBytes {
		return nil, &message.ForwardLimitError{What: message.ForwardBytes, Limit: message.MaxForwardBytes}
	}
	payload := packed.AppendGzipped(nil, raw)
	if len(payload) > message.MaxForwardPayload {
		return nil, &message.ForwardLimitError{What: message.ForwardPayload, Limit: message.MaxForwardPayload}
	}
	return payload, nil
}
