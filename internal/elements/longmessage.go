package elements

import (
	"errors"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

// decodeLongMessage reads flags; those that name no long message say nothing.
func decodeLongMessage(d *decoder, e *messagepb.Elem) {
	if flags := e.GeneralFlags; flags.GetLongTextFlag() == 1 && flags.GetLongTextResId() != "" {
		d.add(&message.LongMessageSegment{ID: flags.GetLongTextResId()})
	}
}

func (w *encoder) longMessage(l *message.LongMessageSegment) error {
	if l.ID == "" {
		return errors.New("the long message has no id")
	}
	w.add(&messagepb.Elem{GeneralFlags: &messagepb.GeneralFlags{LongTextFlag: 1, LongTextResId: proto.String(pb.Text(l.ID))}})
	return nil
}
