package message

// What the parts of a message take in memory, about.
const (
	messageBytes = 512
	segmentBytes = 96
)

// Size is about how many bytes of memory the message keeps, for queues that are
// bounded in bytes.
func (m *Message) Size() int {
	s := &m.Sender
	return messageBytes + len(m.Raw) + m.Content.size() +
		len(s.UID) + len(s.Nickname) + len(s.Card) + len(s.Title) + len(m.GroupName) + len(m.Chat.PeerUID)
}

func (c Content) size() int {
	n := 0
	for _, seg := range c {
		n += segmentBytes
		switch s := seg.(type) {
		case *Text:
			n += len(s.Text)
		case *At:
			n += len(s.UID) + len(s.Display)
		case *Face:
			n += len(s.Text)
		case *Reply:
			n += len(s.SenderUID) + s.Content.size()
		case *Unknown:
			n += len(s.Element) + len(s.Raw)
		}
	}
	return n
}
