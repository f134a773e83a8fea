package gateway

import (
	"sort"
	"sync"
)

// Bounds of the written events that stay in memory.
const (
	maxNewest      = 4096
	maxNewestBytes = 4 << 20
)

// newest keeps the newest events of the journal as they were written, each form once.
type newest struct {
	mu    sync.Mutex
	all   []*once // with rising ids; guarded by mu
	bytes int     // of all
}

// once is one event, written in each form when that is wanted first.
type once struct {
	id    int64
	bytes int // guarded by newest.mu

	mu    sync.Mutex // guards what follows, and is held while the event is written
	has   formSet
	forms written
}

// add makes room for the next event.
func (n *newest) add(id int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, &once{id: id})
	n.shrink()
}

// shrink forgets the oldest when there is too much. The caller holds mu.
func (n *newest) shrink() {
	gone := 0
	for gone < len(n.all) && (len(n.all)-gone > maxNewest || n.bytes > maxNewestBytes) {
		n.bytes -= n.all[gone].bytes
		n.all[gone] = nil
		gone++
	}
	n.all = n.all[gone:]
}

// of returns the event with this id; nil when it is too old.
func (n *newest) of(id int64) *once {
	n.mu.Lock()
	defer n.mu.Unlock()
	i := sort.Search(len(n.all), func(i int) bool { return n.all[i].id >= id })
	if i == len(n.all) || n.all[i].id != id {
		return nil
	}
	return n.all[i]
}

// in returns the event in a form. write writes it, when that was not done before.
func (n *newest) in(id int64, f Form, write func() ([][]byte, error)) ([][]byte, error) {
	o := n.of(id)
	if o == nil {
		return write()
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.has.has(f) {
		return o.forms[f], nil
	}
	frames, err := write()
	if err != nil {
		return nil, err
	}
	o.has |= 1 << f
	o.forms[f] = frames
	n.mu.Lock()
	defer n.mu.Unlock()
	if o.id >= n.first() {
		size := sizeOf(frames)
		o.bytes += size
		n.bytes += size
		n.shrink()
	}
	return frames, nil
}

// first is the oldest id that is kept. The caller holds mu.
func (n *newest) first() int64 {
	if len(n.all) == 0 {
		return 1 << 62
	}
	return n.all[0].id
}

func sizeOf(frames [][]byte) (size int) {
	for _, b := range frames {
		size += len(b)
	}
	return size
}
