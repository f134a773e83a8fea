package ntqq

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

func TestQueueIsBoundedInBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue[int](8, 10<<10)
		for i := range 3 {
			if !q.tryPut(i, 2<<10) {
				t.Fatalf("no room for item %d of 9 KiB in 10", i)
			}
		}
		if q.tryPut(3, 1<<10) {
			t.Fatal("11 KiB in a queue of 10")
		}
		waited := make(chan error, 2)
		go func() { waited <- q.put(t.Context(), 4, 1<<30) }() // larger than the queue: alone
		synctest.Wait()
		for i := range 3 {
			if got := q.take(<-q.items); got != i || len(waited) != 0 {
				t.Fatalf("got item %d, want %d; the large one waits: %v", got, i, len(waited) == 0)
			}
		}
		synctest.Wait()
		if err := <-waited; err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		go func() { waited <- q.put(ctx, 5, 0) }()
		synctest.Wait()
		cancel()
		if err := <-waited; !errors.Is(err, context.Canceled) {
			t.Errorf("put ended with %v, want its context's end", err)
		}
		if got := q.take(<-q.items); got != 4 {
			t.Errorf("got item %d, want 4", got)
		}
		for i := range 8 {
			if !q.tryPut(i, 0) {
				t.Errorf("room was lost: none for item %d", i)
			}
		}
		if q.tryPut(8, 0) {
			t.Error("nine items in a queue of eight")
		}
		for range 8 {
			q.take(<-q.items)
		}
		if !q.room.TryAcquire(q.bytes) {
			t.Error("an empty queue has no room")
		}
	})
}

// The reader waits when the pushes take much memory, however few they are.
func TestLargePushesMakeTheServerWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTestClient(t)
		k := pipeConn(t, c)
		queued := 0
		go func() {
			for k.queue(push{payload: make([]byte, 1<<20)}) {
				queued++
			}
		}()
		synctest.Wait()
		if want := pushBytes/(1<<20) - 1; queued != want || !k.held.Load() {
			t.Errorf("%d pushes of 1 MiB are queued, the reader waits: %v; want %d and true", queued, k.held.Load(), want)
		}
		c.pushes.take(<-c.pushes.items)
		synctest.Wait()
		if want := pushBytes / (1 << 20); queued != want {
			t.Errorf("%d pushes were queued after one was taken, want %d", queued, want)
		}
		k.fail(ErrConnectionLost)
		synctest.Wait()
	})
}
