package gateway

import (
	"sync"

	"libration/ntqq/message"
)

// namedMost bounds the ids that are remembered: some megabytes.
const namedMost = 16384

// Named is a message by its numbers.
type Named struct {
	Chat message.Chat
	// Sequence is the number in the chat. It is 0 where only ClientSequence is known, the
	// number that the sender of a private message gave it.
	Sequence, ClientSequence uint64
	// Time is when it was sent, Unix seconds; 0 when that is not known.
	Time int64
}

// namedMessages are the messages whose ids were given out last.
type namedMessages struct {
	mu   sync.Mutex // guards what follows
	by   map[int32]Named
	ids  []int32 // of by, a ring
	next int     // the oldest of ids when there are namedMost
}

func (n *namedMessages) add(id int32, m Named) {
	if id == 0 {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	known, again := n.by[id]
	switch {
	case again && known == m:
		return
	case again:
	case n.by == nil:
		n.by = map[int32]Named{}
		fallthrough
	case len(n.ids) < namedMost:
		n.ids = append(n.ids, id)
	default:
		delete(n.by, n.ids[n.next])
		n.ids[n.next] = id
		n.next = (n.next + 1) % namedMost
	}
	n.by[id] = m
}

func (n *namedMessages) of(id int32) (m Named, ok bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	m, ok = n.by[id]
	return m, ok
}
