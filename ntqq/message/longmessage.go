package message

import (
	"errors"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
)

// LongMessageSegment stands for a text that was too long for a message and lies at the
// service as a long message (docs/protocol/messages.md 5.9). The client's
// Messages().Forward returns it as the one node of a forward.
type LongMessageSegment struct {
	ID string // resource id at the service
}

// Name implements Segment.
func (*LongMessageSegment) Name() string { return "long_message" }
func (l *LongMessageSegment) size() int  { return len(l.ID) }

// decodeLongMessage reads flags; those that name no long message say nothing.
func decodeLongMessage(d *decoder, e *messagepb.Elem) {
	if flags := e.GeneralFlags; flags.GetLongTextFlag() == 1 && flags.GetLongTextResId() != "" {
		d.add(&LongMessageSegment{ID: flags.GetLongTextResId()})
	}
}

func (w *encoder) longMessage(l *LongMessageSegment) error {
	if l.ID == "" {
		return errors.New("the long message has no id")
	}
	w.add(&messagepb.Elem{GeneralFlags: &messagepb.GeneralFlags{LongTextFlag: 1, LongTextResId: proto.String(pb.Text(l.ID))}})
	return nil
}
