package queue

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

func TestQueueIsBoundedInBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := New[int](8, 10<<10)
		for i := range 3 {
			if !q.TryPut(i, 2<<10) {
				t.Fatalf("no room for item %d of 9 KiB in 10", i)
			}
		}
		if q.TryPut(3, 1<<10) {
			t.Fatal("11 KiB in a queue of 10")
		}
		waited := make(chan error, 2)
		go func() { waited <- q.Put(t.Context(), 4, 1<<30) }() // larger than the queue: alone
		synctest.Wait()
		for i := range 3 {
			if got := q.Take(<-q.Items()); got != i || len(waited) != 0 {
				t.Fatalf("got item %d, want %d; the large one waits: %v", got, i, len(waited) == 0)
			}
		}
		synctest.Wait()
		if err := <-waited; err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		go func() { waited <- q.Put(ctx, 5, 0) }()
		synctest.Wait()
		cancel()
		if err := <-waited; !errors.Is(err, context.Canceled) {
			t.Errorf("put ended with %v, want its context's end", err)
		}
		if got := q.Take(<-q.Items()); got != 4 {
			t.Errorf("got item %d, want 4", got)
		}
		for i := range 8 {
			if !q.TryPut(i, 0) {
				t.Errorf("room was lost: none for item %d", i)
			}
		}
		if q.TryPut(8, 0) {
			t.Error("nine items in a queue of eight")
		}
		for range 8 {
			q.Take(<-q.Items())
		}
		if !q.room.TryAcquire(q.bytes) {
			t.Error("an empty queue has no room")
		}
	})
}
