package message

// ForwardSegment is a card that opens a list of messages, a forward. It stands alone in
// its message (docs/protocol/messages.md 10).
//
// To send one it needs Nodes, or the ID of one that exists. One that was received has an
// ID and what the card shows; the client's Messages().Forward returns its nodes.
type ForwardSegment struct {
	ID    string // resource id at the service; "" of one in a forward that holds it itself
	Nodes []Node
	// What the card shows. To send, each may be empty: it is made from the nodes.
	Prompt  string // in lists, "[聊天记录]"
	Source  string // heading, "群聊的聊天记录"
	Summary string // last line, "查看2条转发消息"
	Preview []string
	Count   int // messages in it, by the card
	// FileName is what the card and the item of a forward around it are found by; drawn
	// where it is empty.
	FileName string
}

// Node is one message of a forward. Who wrote it, and when, is what the forward says:
// nobody has checked it.
type Node struct {
	UIN     UIN
	Name    string // that is shown
	Time    int64  // Unix seconds; 0 to send: now
	Group   GroupCode
	Avatar  string // URL of the picture; "" to send: the account's
	Content Content
}

// Name implements Segment.
func (*ForwardSegment) Name() string { return "forward" }
func (f *ForwardSegment) size() int {
	n := len(f.ID) + len(f.Prompt) + len(f.Source) + len(f.Summary) + len(f.FileName)
	for _, line := range f.Preview {
		n += 16 + len(line)
	}
	for i := range f.Nodes {
		n += segmentBytes + len(f.Nodes[i].Name) + len(f.Nodes[i].Avatar) + f.Nodes[i].Content.size()
	}
	return n
}

// LongMessageSegment stands for a text that was too long for a message and lies at the
// service as a long message (docs/protocol/messages.md 5.9).
type LongMessageSegment struct{ ID string }

// Name implements Segment.
func (*LongMessageSegment) Name() string { return "long_message" }
func (l *LongMessageSegment) size() int  { return len(l.ID) }
