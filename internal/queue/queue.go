// Package queue passes items from many goroutines to one. A queue is bounded in items
// and in bytes: while it is full, those who add to it wait.
package queue

import (
	"context"

	"golang.org/x/sync/semaphore"
)

// itemBytes is what an item costs besides its content.
const itemBytes = 1 << 10

// Queue is safe for concurrent use.
type Queue[T any] struct {
	items chan Item[T]
	room  *semaphore.Weighted
	bytes int64
}

// Item is an entry of a queue. [Queue.Take] opens it.
type Item[T any] struct {
	item  T
	bytes int64
}

// New returns an empty queue for at most so many items and so many bytes.
func New[T any](items int, bytes int64) *Queue[T] {
	return &Queue[T]{items: make(chan Item[T], items), room: semaphore.NewWeighted(bytes), bytes: bytes}
}

// sized is an item with what it counts for. One above the bound counts as much as
// the bound: it waits until it is alone.
func (q *Queue[T]) sized(item T, bytes int) Item[T] {
	return Item[T]{item, min(int64(bytes)+itemBytes, q.bytes)}
}

// TryPut adds an item of this size in bytes. It returns false when there is no room.
func (q *Queue[T]) TryPut(item T, bytes int) bool {
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

// Put adds an item of this size in bytes. It waits until there is room, or returns the
// error of ctx.
func (q *Queue[T]) Put(ctx context.Context, item T, bytes int) error {
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

// Items is the channel to receive from. Each item must go through [Queue.Take].
func (q *Queue[T]) Items() <-chan Item[T] { return q.items }

// Take returns what a received item holds, and gives its bytes back to the queue.
func (q *Queue[T]) Take(out Item[T]) T {
	q.room.Release(out.bytes)
	return out.item
}

// Len returns the number of items in the queue.
func (q *Queue[T]) Len() int { return len(q.items) }
