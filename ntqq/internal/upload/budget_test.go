package upload

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"libration/internal/pb/mediapb"
)

// TestBudget: uploads that run together share the memory of their blocks and each comes
// to its end.
func TestBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget()
		b.line.most = budgetBlocks // a fast line
		var now, most atomic.Int32
		on := func(int, *mediapb.HighwayReqHead) act {
			most.Store(max(now.Add(1), most.Load()))
			time.AfterFunc(time.Second-time.Millisecond, func() { now.Add(-1) })
			return act{wait: time.Second}
		}
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() {
				e := &edge{t: t, on: on}
				file := testFile(4*mib + 1)
				if err := e.send(t.Context(), file, Options{Budget: b}, nil); err != nil {
					t.Error(err)
				}
				e.has(file)
			})
		}
		all.Wait()
		if n := most.Load(); n != budgetBlocks {
			t.Errorf("got %d blocks at the same time, want %d", n, budgetBlocks)
		}
		if b.memory.taken != 0 || b.line.taken != 0 || b.buffers != nil {
			t.Errorf("afterwards: %+v", b)
		}
	})
}

// TestBudgetOfSlowLine: blocks over a line that several of them make late go one by one,
// and none is given up.
func TestBudgetOfSlowLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget()
		var mu sync.Mutex
		var free time.Time
		on := func(int, *mediapb.HighwayReqHead) act { // one block needs 9 s of the line
			mu.Lock()
			defer mu.Unlock()
			if now := time.Now(); free.Before(now) {
				free = now
			}
			free = free.Add(9 * time.Second)
			return act{wait: time.Until(free)}
		}
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				e := &edge{t: t, on: on}
				file := testFile(3 * mib)
				if err := e.send(t.Context(), file, Options{Budget: b, Attempts: 1}, nil); err != nil {
					t.Error(err)
				}
				e.has(file)
			})
		}
		all.Wait()
		if b.line.most != 1 {
			t.Errorf("the line takes %d blocks, want 1", b.line.most)
		}
		for range 2 * budgetBlocks {
			if err := b.depart(t.Context()); err != nil {
				t.Fatal(err)
			}
			b.arrived(time.Millisecond, time.Second)
		}
		if b.line.most != budgetBlocks {
			t.Errorf("a line that is fast again takes %d blocks, want %d", b.line.most, budgetBlocks)
		}
	})
}

// TestBudgetIsLeft: who gives up while waiting takes no place with him, and a cancelled
// upload gives all back.
func TestBudgetIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBudget()
		for range firstWindow {
			if err := b.depart(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		gone := errors.New("gone")
		ctx, cancel := context.WithCancelCause(t.Context())
		left := make(chan error)
		go func() { left <- b.depart(ctx) }()
		synctest.Wait()
		cancel(gone)
		if err := <-left; !errors.Is(err, gone) {
			t.Errorf("got %v", err)
		}
		for range firstWindow {
			b.arrived(notTaken, time.Second)
		}
		if b.line.taken != 0 || len(b.line.waiting) != 0 || b.line.most != firstWindow {
			t.Errorf("left: %+v", b.line)
		}

		ctx, cancel = context.WithCancelCause(t.Context())
		e := &edge{t: t, on: func(n int, _ *mediapb.HighwayReqHead) act {
			if n == 4 {
				cancel(gone)
				return act{hang: true}
			}
			return act{}
		}}
		if err := e.send(ctx, testFile(9*mib), Options{Budget: b}, nil); !errors.Is(err, gone) {
			t.Errorf("got %v", err)
		}
		refused := &edge{t: t, refuse: func(int) bool { return true }}
		if err := refused.send(t.Context(), testFile(9*mib), Options{Budget: b, Attempts: 1}, nil); err == nil {
			t.Error("no error")
		}
		if b.memory.taken != 0 || b.line.taken != 0 || b.buffers != nil {
			t.Errorf("afterwards: memory %+v, line %+v", b.memory, b.line)
		}
	})
}
