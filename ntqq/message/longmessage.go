package message

// LongMessageSegment stands for a text that was too long for a message and lies at the
// service as a long message (docs/protocol/messages.md 5.9). The client's
// Messages().Forward returns it as the one node of a forward.
type LongMessageSegment struct {
	ID string // resource id at the service
}

// Name implements Segment.
func (*LongMessageSegment) Name() string { return "long_message" }
func (l *LongMessageSegment) size() int  { return len(l.ID) }
