package elements

import (
	"errors"
	"fmt"

	"libration/internal/packed"
	"libration/internal/pb"
	"libration/ntqq/message"
)

// maxCards bounds the texts of all cards in one message with its quotes. Those behind
// stay unknown segments: a message of a few kilobytes must not take gigabytes of memory.
const maxCards = 2 << 20

// The first byte of a card, before its text (docs/protocol/messages.md 9.1).
const (
	cardPlain = 0
	cardZlib  = 1
)

// cardText reads the text of a card; ok is false for one that does not inflate or is too
// long. Invalid UTF-8 is replaced by U+FFFD.
func (d *decoder) cardText(data []byte) (text string, ok bool) {
	if len(data) == 0 || d.inflated >= maxCards {
		return "", false
	}
	form, data := data[0], data[1:]
	limit := min(message.MaxCard, maxCards-d.inflated)
	switch form {
	case cardPlain:
		if len(data) > limit {
			return "", false
		}
	case cardZlib:
		most := min(limit, packed.MaxRatio*len(data))
		var err error
		if data, err = packed.Inflate(data, limit); err != nil {
			d.inflated += most // that much work may have been done
			return "", false
		}
	default:
		return "", false
	}
	d.inflated += len(data)
	return pb.Text(data), true
}

// cardData writes the text of a card.
func cardData(text string) ([]byte, error) {
	text = pb.Text(text)
	switch {
	case text == "":
		return nil, errors.New("the card is empty")
	case len(text) > message.MaxCard:
		return nil, fmt.Errorf("%w: the card has %d bytes, %d are possible", message.ErrTooLarge, len(text), message.MaxCard)
	}
	return packed.AppendDeflated([]byte{cardZlib}, []byte(text)), nil
}
