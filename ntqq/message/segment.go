package message

// Content is what a message says: segments in order.
type Content []Segment

// Segment is one part of a message: a pointer to one of the types that [All] lists.
type Segment interface {
	// Name returns the kind's name in snake_case. It never changes: programs may store
	// it.
	Name() string
	// size is about how many bytes of memory the segment takes beside segmentBytes.
	size() int
	// brief is what Brief shows of the segment; "" where that is nothing.
	brief() string
}

// All returns a new, empty segment of each kind, in a fixed order.
func All() []Segment {
	return []Segment{
		&TextSegment{}, &AtSegment{}, &FaceSegment{}, &ReplySegment{},
		&ImageSegment{}, &RecordSegment{}, &VideoSegment{}, &FileSegment{},
		&MarketFaceSegment{}, &PokeSegment{}, &RedPacketSegment{},
		&MarkdownSegment{}, &FlashFileSegment{}, &KeyboardSegment{},
		&LightAppSegment{}, &XMLSegment{}, &LocationSegment{}, &ContactSegment{},
		&ForwardSegment{}, &LongMessageSegment{},
		&UnknownSegment{},
	}
}

// What the parts of a message take in memory, about.
const (
	messageBytes = 512
	segmentBytes = 96
)

// Size returns about how many bytes of memory the message takes, for queues that are
// bounded in bytes.
func (m *Message) Size() int {
	s := &m.Sender
	return messageBytes + len(m.Raw) + m.Content.size() +
		len(s.UID) + len(s.Nickname) + len(s.Card) + len(s.Title) + len(m.GroupName) + len(m.Chat.PeerUID)
}

func (c Content) size() int {
	n := 0
	for _, seg := range c {
		if n += segmentBytes; seg != nil {
			n += seg.size()
		}
	}
	return n
}
