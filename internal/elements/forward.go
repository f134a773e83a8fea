package elements

import (
	"errors"

	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

// forward writes the card. One within another forward may have no id: its messages are
// there, under its file name.
func (w *encoder) forward(f *message.ForwardSegment) error {
	if f.ID == "" && (w.node == nil || f.FileName == "") {
		return errors.New("the forward has no id: it has not been uploaded")
	}
	card := f.Card()
	if card.FileName == "" {
		card.FileName = fileNameOf([]byte(f.ID))
	}
	text, err := cardJSON(card)
	if err != nil {
		return err
	}
	data, err := cardData(text)
	if err != nil {
		return err
	}
	w.add(&messagepb.Elem{LightApp: &messagepb.LightApp{Data: data}})
	return nil
}
