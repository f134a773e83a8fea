package message

// ContactSegment recommends an account or a group: one of the two is set. The service
// makes and signs the card when it is sent; it is received as a [LightAppSegment]
// (docs/protocol/messages.md 9.1). It stands alone in its message.
type ContactSegment struct {
	UIN   UIN
	Group GroupCode
}

// Name implements Segment.
func (*ContactSegment) Name() string { return "contact" }
func (*ContactSegment) size() int    { return 0 }
