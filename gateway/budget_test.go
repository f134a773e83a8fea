package gateway

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestBudget(t *testing.T) {
	b := NewBudget()
	picture, err := b.Take(t.Context(), MaxRequest, false)
	if err != nil {
		t.Fatal(err)
	}
	other, err := b.Take(t.Context(), largeTotal-MaxRequest, false)
	if err != nil {
		t.Fatal(err)
	}
	soon, stop := context.WithTimeout(t.Context(), time.Millisecond)
	defer stop()
	if _, err := b.Take(soon, SmallRequest+1, false); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("more than the large share: got %v", err)
	}
	small, err := b.Take(t.Context(), SmallRequest, false)
	if err != nil {
		t.Errorf("a small request beside pictures: got %v", err)
	}
	picture.Shrink(1 << 20)
	picture.Shrink(2 << 20)
	again, err := b.Take(t.Context(), MaxRequest-1<<20, false)
	if err != nil {
		t.Errorf("what was given back: got %v", err)
	}
	for _, h := range []*Hold{&picture, &other, &small, &again} {
		h.Release()
		h.Release()
	}
	if b.used.Load() != 0 {
		t.Errorf("%d bytes are never given back", b.used.Load())
	}
}

// TestBudgetLeavesRoom: connections with many requests under way leave room for the
// others, also when some of them wait.
func TestBudgetLeavesRoom(t *testing.T) {
	b := NewBudget()
	var all []Hold
	for {
		h, ok := b.TryTake(100, true)
		if !ok {
			break
		}
		all = append(all, h)
	}
	ctx, cancel := context.WithCancel(t.Context())
	waited := make(chan error, 1)
	go func() {
		_, err := b.Take(ctx, SmallRequest, true)
		waited <- err
	}()
	for range 1000 {
		h, ok := b.TryTake(100, false)
		if !ok {
			t.Fatalf("no room beside %d requests of others", len(all))
		}
		all = append(all, h)
	}
	cancel()
	if err := <-waited; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	for i := range all {
		all[i].Release()
	}
	if h, ok := b.TryTake(SmallRequest, true); !ok || b.used.Load() != h.n {
		t.Errorf("%d bytes are never given back", b.used.Load())
	}
}
