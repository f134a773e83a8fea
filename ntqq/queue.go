package ntqq

import (
	"context"

	"golang.org/x/sync/semaphore"
)

const (
	pushQueue  = 8192     // packets waiting for the dispatcher; then the server waits
	pushBytes  = 32 << 20 // of these
	namedSize  = 64       // bytes of a sequence that waits there, about
	ownQueue   = 1024     // own messages waiting for the dispatcher; then they are not reported
	ownBytes   = 16 << 20
	writeQueue = 256 // frames waiting for the writer; then the callers wait
	writeBytes = 32 << 20

	// itemBytes is what an item costs besides its content.
	itemBytes = 1 << 10
)

// queue holds items on their way from many goroutines to one. It is bounded in
// items and in bytes.
type queue[T any] struct {
	items chan queued[T]
	room  *semaphore.Weighted
	bytes int64
}

type queued[T any] struct {
	item  T
	bytes int64
}

func newQueue[T any](items int, bytes int64) *queue[T] {
	return &queue[T]{items: make(chan queued[T], items), room: semaphore.NewWeighted(bytes), bytes: bytes}
}

// sized is an item with what it counts for. One above the bound counts as much as
// the bound: it waits until it is alone.
func (q *queue[T]) sized(item T, bytes int) queued[T] {
	return queued[T]{item, min(int64(bytes)+itemBytes, q.bytes)}
}

// tryPut adds an item that keeps so many bytes. It returns false when it has to wait.
func (q *queue[T]) tryPut(item T, bytes int) bool {
	in := q.sized(item, bytes)
	if !q.room.TryAcquire(in.bytes) {
		return false
	}
	select {
	case q.items <- in:
		return true
	default:
		q.room.Release(in.bytes)
		return false
	}
}

// put is tryPut that waits. The error is ctx's.
func (q *queue[T]) put(ctx context.Context, item T, bytes int) error {
	in := q.sized(item, bytes)
	if err := q.room.Acquire(ctx, in.bytes); err != nil {
		return err
	}
	select {
	case q.items <- in:
		return nil
	case <-ctx.Done():
		q.room.Release(in.bytes)
		return ctx.Err()
	}
}

// take makes the room of an item, received from items, free again.
func (q *queue[T]) take(out queued[T]) T {
	q.room.Release(out.bytes)
	return out.item
}
