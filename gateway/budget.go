package gateway

import (
	"context"
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/semaphore"
)

// Sizes of a Budget, in bytes.
const (
	// MaxRequest is the largest request: enough for a picture of 30 MiB as base64.
	MaxRequest = 64 << 20
	// SmallRequest is the largest one that counts as small.
	SmallRequest = 64 << 10
	// smallTotal and largeTotal may be in memory at once. Small requests have a share
	// of their own, so that pictures under way hold up nobody else.
	smallTotal = 32 << 20
	largeTotal = 80 << 20
	// severalTotal of the small ones are for connections that have several requests under
	// way. The rest is left for those with few: clients that ask and read no answers hold
	// up nobody else.
	severalTotal = 24 << 20
	// requestCost is what a request takes besides its bytes: a goroutine and its place
	// in a queue.
	requestCost = 4 << 10
)

// Budget bounds the bytes of all requests that are being read, wait or run: HTTP
// bodies, WebSocket messages, asynchronous calls and answers of webhooks. It is safe
// for concurrent use.
type Budget struct {
	small, large *semaphore.Weighted
	several      *semaphore.Weighted // a part of small
	used         atomic.Int64
	// came are the bytes of large requests since sweep collected those that had gone.
	came atomic.Int64
}

// NewBudget makes the budget of one account: whoever fills it holds up no other account.
func NewBudget() *Budget {
	return &Budget{small: semaphore.NewWeighted(smallTotal), large: semaphore.NewWeighted(largeTotal), several: semaphore.NewWeighted(severalTotal)}
}

// Take waits until a request of n bytes, MaxRequest at most, has room. several: its
// connection has others under way. The error is that of ctx.
func (b *Budget) Take(ctx context.Context, n int64, several bool) (Hold, error) {
	h := b.part(n, several)
	if h.several {
		if err := b.several.Acquire(ctx, h.n); err != nil {
			return Hold{}, err
		}
	}
	if err := h.share().Acquire(ctx, h.n); err != nil {
		if h.several {
			b.several.Release(h.n)
		}
		return Hold{}, err
	}
	b.used.Add(h.n)
	b.sweep(h)
	return h, nil
}

// TryTake is Take for who does not wait; ok is false when there is no room.
func (b *Budget) TryTake(n int64, several bool) (h Hold, ok bool) {
	h = b.part(n, several)
	if h.several && !b.several.TryAcquire(h.n) {
		return Hold{}, false
	}
	if !h.share().TryAcquire(h.n) {
		if h.several {
			b.several.Release(h.n)
		}
		return Hold{}, false
	}
	b.used.Add(h.n)
	b.sweep(h)
	return h, true
}

// sweep collects what gone requests have left in memory before much more of it comes. By
// itself the collector waits until twice as much is in use as when it ran last, which may
// have been in the midst of several large requests.
func (b *Budget) sweep(h Hold) {
	if h.large && b.came.Add(h.n) > largeTotal {
		b.came.Store(h.n)
		runtime.GC()
	}
}

// part is what a request of n bytes holds.
func (b *Budget) part(n int64, several bool) Hold {
	if n > SmallRequest {
		return Hold{budget: b, n: n, large: true}
	}
	return Hold{budget: b, n: n + requestCost, several: several}
}

// Hold is a part of a Budget. The zero value holds nothing. Release gives it back.
type Hold struct {
	budget  *Budget
	n       int64
	large   bool
	several bool // of Budget.several, too
}

func (h *Hold) share() *semaphore.Weighted {
	if h.large {
		return h.budget.large
	}
	return h.budget.small
}

// Shrink keeps n bytes and gives the rest back.
func (h *Hold) Shrink(n int64) {
	if rest := h.n - n; h.budget != nil && rest > 0 {
		h.share().Release(rest)
		if h.several {
			h.budget.several.Release(rest)
		}
		h.budget.used.Add(-rest)
		h.n = n
	}
}

// Release gives everything back. A second call does nothing.
func (h *Hold) Release() {
	h.Shrink(0)
	h.budget = nil
}
