package store

import "sort"

// Limits of the written events that stay in memory.
const (
	maxTail      = 4096
	maxTailBytes = 8 << 20
)

// kept is an event in memory.
type kept struct {
	Event
	order uint64
}

func (e *kept) size() int { return len(e.Array) + len(e.String) + 128 }

// tail is a queue of events with rising ids.
type tail struct {
	ring  []kept // its length is a power of two
	first int
	n     int
	bytes int
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
	t.n++
	*t.at(t.n - 1) = e
	t.bytes += e.size()
}

func (t *tail) pop() kept {
	e := *t.at(0)
	*t.at(0) = kept{}
	t.first, t.n, t.bytes = (t.first+1)&(len(t.ring)-1), t.n-1, t.bytes-e.size()
	return e
}

// after returns the place of the first event with a larger id.
func (t *tail) after(id int64) int {
	return sort.Search(t.n, func(i int) bool { return t.at(i).ID > id })
}
