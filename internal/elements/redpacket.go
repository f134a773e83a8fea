package elements

import (
	"fmt"

	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

func decodeRedPacket(d *decoder, e *messagepb.Elem) {
	d.add(&message.RedPacketSegment{Title: e.QqWalletMsg.GetBody().GetReceiver().GetTitle()})
}

func (*encoder) redPacket(*message.RedPacketSegment) error {
	return fmt.Errorf("encode red packet: %w", message.ErrReceivedOnly)
}
