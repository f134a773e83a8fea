package message

// ReplySegment quotes an earlier message of the same chat. The client's Messages().Get
// fetches that message by its Sequence.
type ReplySegment struct {
	// Sequence is the quoted message's sequence: in a group that of the group, in a
	// private chat that of the conversation, or 0 when the quote has ClientSequence only.
	Sequence uint64
	// ClientSequence is the number that the quoted message's sender gave it. It is 0 in
	// groups.
	ClientSequence uint64
	// SenderUIN and SenderUID name who wrote the quoted message. One of them may be empty:
	// the quote has one, and the client fills in the number where it knows it.
	SenderUIN UIN
	SenderUID UID
	// Time is when the quoted message was sent, Unix seconds.
	Time int64
	// Random is that of the quoted message, or 0 when it is not known.
	Random uint32
	// Content is what the quote shows of the message; may be empty.
	Content Content
}

// Name implements Segment.
func (*ReplySegment) Name() string { return "reply" }
func (r *ReplySegment) size() int  { return len(r.SenderUID) + r.Content.size() }

// MentionedBy tells whether seg mentions the author of the quoted message.
func (r *ReplySegment) MentionedBy(seg Segment) bool {
	at, ok := seg.(*AtSegment)
	if !ok || at.All {
		return false
	}
	return at.UIN != 0 && at.UIN == r.SenderUIN || at.UID != "" && at.UID == r.SenderUID
}
