package store

import "sort"

// Limits of the written events that stay in memory.
const (
	maxTail      = 4096
	maxTailBytes = 4 << 20
)

// kept is an event in memory.
type kept struct {
	Event
	order uint64
	size  int // in bytes, about
	own   int // how many up to this one, of all ever pushed, are about own messages
}

// sizeOf is about how many bytes of memory an event keeps.
func sizeOf(e *Event) int {
	n := len(e.Body) + len(e.Array) + len(e.String) + 128
	if e.Message != nil {
		n += e.Message.Size()
	}
	return n
}

// tail is a queue of events with rising ids.
type tail struct {
	ring  []kept // its length is a power of two
	first int
	n     int
	bytes int
	own   int // of the newest one ever pushed
}

func (t *tail) at(i int) *kept { return &t.ring[(t.first+i)&(len(t.ring)-1)] }

func (t *tail) push(e kept) {
	if t.n == len(t.ring) {
		ring := make([]kept, max(64, 2*t.n))
		for i := range t.n {
			ring[i] = *t.at(i)
		}
		t.ring, t.first = ring, 0
	}
	if e.Self {
		t.own++
	}
	e.own = t.own
	t.n++
	*t.at(t.n - 1) = e
	t.bytes += e.size
}

func (t *tail) pop() kept {
	e := *t.at(0)
	*t.at(0) = kept{}
	t.first, t.n, t.bytes = (t.first+1)&(len(t.ring)-1), t.n-1, t.bytes-e.size
	return e
}

// after returns the place of the first event with a larger id.
func (t *tail) after(id int64) int {
	return sort.Search(t.n, func(i int) bool { return t.at(i).ID > id })
}

// count returns how many there are from place first to before end; those about messages
// of the account itself count with own only.
func (t *tail) count(first, end int, own bool) int {
	if first >= end {
		return 0
	}
	n := end - first
	if !own {
		n -= t.at(end-1).own - t.at(first).own
		if t.at(first).Self {
			n--
		}
	}
	return n
}
