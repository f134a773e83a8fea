package upload

import (
	"context"
	"slices"
	"sync"
	"time"

	"libration/internal/highway"
)

const (
	// budgetBlocks is how many blocks are in memory at most, over all uploads.
	budgetBlocks = 16
	// firstWindow is how many blocks are on their way at first. Over a line of 1 Mbit/s they
	// arrive within the time of a block, and the next ones go one by one.
	firstWindow = 3
)

// Budget is what all uploads of an account share: the memory of their blocks, 16 MiB at
// most, and how many blocks are on their way at the same time. That number follows the
// time that blocks take, so that several uploads over a slow line do not make each other
// late. Who waits is served in turn. It is safe for concurrent use.
type Budget struct {
	mu      sync.Mutex // guards what follows
	memory  queue
	line    queue
	buffers [][]byte // of blocks that are over, while others are in memory
}

// NewBudget returns the budget of uploads that have not begun.
func NewBudget() *Budget {
	return &Budget{memory: queue{most: budgetBlocks}, line: queue{most: firstWindow}}
}

// queue gives out places in the order in which they are asked for. Its Budget's mu guards
// it.
type queue struct {
	most, taken int
	waiting     []chan struct{}
}

// take waits for a place.
func (b *Budget) take(ctx context.Context, q *queue) error {
	b.mu.Lock()
	if q.taken < q.most && len(q.waiting) == 0 {
		q.taken++
		b.mu.Unlock()
		return nil
	}
	mine := make(chan struct{})
	q.waiting = append(q.waiting, mine)
	b.mu.Unlock()
	select {
	case <-mine:
		return nil
	case <-ctx.Done():
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.Index(q.waiting, mine); i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
	} else {
		q.give() // it was given at the same moment
	}
	return context.Cause(ctx)
}

// give returns a place.
func (q *queue) give() {
	q.taken--
	q.serve()
}

func (q *queue) serve() {
	for q.taken < q.most && len(q.waiting) > 0 {
		close(q.waiting[0])
		q.waiting = q.waiting[1:]
		q.taken++
	}
}

// buffer waits for the memory of a block of n bytes, which free returns.
func (b *Budget) buffer(ctx context.Context, n uint32) ([]byte, error) {
	if err := b.take(ctx, &b.memory); err != nil {
		return nil, err
	}
	if n < highway.BlockSize { // of a small file, or the last block
		return make([]byte, n), nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if last := len(b.buffers) - 1; last >= 0 {
		kept := b.buffers[last]
		b.buffers = b.buffers[:last]
		return kept, nil
	}
	return make([]byte, highway.BlockSize), nil
}

// free takes back what buffer returned. When no block is left, nothing is kept.
func (b *Budget) free(buf []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.memory.give()
	switch {
	case b.memory.taken == 0:
		b.buffers = nil
	case len(buf) == highway.BlockSize:
		b.buffers = append(b.buffers, buf)
	}
}

// notTaken is in the place of the time of a block that the service has not got.
const notTaken time.Duration = -1

// depart waits until a block may go; arrived follows it.
func (b *Budget) depart(ctx context.Context) error { return b.take(ctx, &b.line) }

// arrived ends an attempt. took is how long it took until the service had the block; of one
// that it has not got, which says nothing about the line, notTaken. limit is how long it may
// take.
func (b *Budget) arrived(took, limit time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case took > limit/4:
		b.line.most = max(1, b.line.most-1)
	case took >= 0 && took < limit/6:
		b.line.most = min(budgetBlocks, b.line.most+1)
	}
	b.line.give()
}
