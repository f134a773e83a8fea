package message

// RedPacketSegment is a red packet, money that others can take. It is only received
// (docs/protocol/messages.md 5.11).
type RedPacketSegment struct{ Title string }

// Name implements Segment.
func (*RedPacketSegment) Name() string { return "red_packet" }
func (r *RedPacketSegment) size() int  { return len(r.Title) }
