package message

import (
	"fmt"
)

// Limits of a forward. They are ours: those of the service are not known
// (docs/protocol/messages.md 10).
const (
	MaxForwardDepth   = 10      // forwards within one another
	MaxForwardNodes   = 1000    // that are sent, those of forwards within it included
	MaxForwardBytes   = 8 << 20 // of a payload that is inflated
	MaxForwardPayload = 1 << 20 // of what is uploaded, as gzip
)

// ForwardSegment is a card that opens a list of messages, a forward. It stands alone in
// its message (docs/protocol/messages.md 10).
//
// To send one it needs Nodes, or the ID of one that exists. Where it has both, the nodes
// are sent, under a new ID. One that was received has an ID and what the card shows; the
// client's Messages().Forward returns its nodes.
type ForwardSegment struct {
	ID    string // resource id at the service; "" of one in a forward that holds it itself
	Nodes []Node
	// What the card shows. To send, each may be empty: it is made from the nodes.
	Prompt  string // in lists, "[聊天记录]"
	Source  string // heading, "群聊的聊天记录"
	Summary string // last line, "查看2条转发消息"
	Preview []string
	Count   int // messages in it, by the card
	// FileName is what the card and the item of a forward around it are found by. It is
	// made where it is empty.
	FileName string
}

// Node is one message of a forward. Who wrote it, and when, is what the forward says:
// nobody has checked it.
type Node struct {
	// UIN is the author; 0 to send: the account itself.
	UIN  UIN
	Name string // that is shown; "" to send: the member's card or nickname
	Time int64  // Unix seconds; 0 to send: now
	// Group is where the message was written; 0: in a private chat.
	Group  GroupCode
	Avatar string // URL of the picture; "" to send: the author's
	// Content is sent without what can only be received. With nothing left it is a text that
	// says that it cannot be shown.
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

// CheckLimits returns a *[ForwardLimitError] for a forward that is nested too deeply, or
// has too many nodes.
func (f *ForwardSegment) CheckLimits() error {
	nodes := 0
	return f.count(&nodes, 1)
}

func (f *ForwardSegment) count(nodes *int, depth int) error {
	if depth > MaxForwardDepth {
		return &ForwardLimitError{ForwardNesting, MaxForwardDepth}
	}
	if *nodes += len(f.Nodes); *nodes > MaxForwardNodes {
		return &ForwardLimitError{ForwardNodes, MaxForwardNodes}
	}
	for i := range f.Nodes {
		for _, seg := range f.Nodes[i].Content {
			if inner, ok := seg.(*ForwardSegment); ok {
				if err := inner.count(nodes, depth+1); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// shownNodes is how many nodes a card shows (docs/protocol/messages.md 10.4).
const shownNodes = 4

// Card returns a copy of the forward in which everything that the card shows is filled in,
// from the nodes where it was empty. It shows four lines at most.
func (f *ForwardSegment) Card() *ForwardSegment {
	card := *f
	if card.Prompt == "" {
		card.Prompt = Brief(Content{f})
	}
	if card.Source == "" {
		card.Source = "群聊的聊天记录"
	}
	if len(card.Preview) == 0 {
		for _, n := range f.Nodes[:min(len(f.Nodes), shownNodes)] {
			card.Preview = append(card.Preview, n.Name+": "+Brief(n.Content))
		}
	}
	card.Preview = card.Preview[:min(len(card.Preview), shownNodes)]
	if card.Count == 0 {
		card.Count = max(len(f.Nodes), len(card.Preview))
	}
	if card.Summary == "" {
		card.Summary = fmt.Sprintf("查看%d条转发消息", card.Count)
	}
	return &card
}
