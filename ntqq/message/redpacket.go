package message

import (
	"fmt"

	"libration/internal/pb/messagepb"
)

// RedPacketSegment is a red packet, money that others can take. It is only received
// (docs/protocol/messages.md 5.11).
type RedPacketSegment struct{ Title string }

// Name implements Segment.
func (*RedPacketSegment) Name() string { return "red_packet" }
func (r *RedPacketSegment) size() int  { return len(r.Title) }

func decodeRedPacket(d *decoder, e *messagepb.Elem) {
	d.add(&RedPacketSegment{Title: e.QqWalletMsg.GetBody().GetReceiver().GetTitle()})
}

func (*encoder) redPacket(*RedPacketSegment) error {
	return fmt.Errorf("encode red packet: %w", ErrReceivedOnly)
}
