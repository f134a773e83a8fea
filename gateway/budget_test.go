package gateway

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestBudget(t *testing.T) {
	b := NewBudget()
	picture, err := b.Take(t.Context(), MaxRequest)
	if err != nil {
		t.Fatal(err)
	}
	other, err := b.Take(t.Context(), largeTotal-MaxRequest)
	if err != nil {
		t.Fatal(err)
	}
	soon, stop := context.WithTimeout(t.Context(), time.Millisecond)
	defer stop()
	if _, err := b.Take(soon, SmallRequest+1); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("more than the large share: got %v", err)
	}
	small, err := b.Take(t.Context(), SmallRequest)
	if err != nil {
		t.Errorf("a small request beside pictures: got %v", err)
	}
	picture.Shrink(1 << 20)
	picture.Shrink(2 << 20)
	again, err := b.Take(t.Context(), MaxRequest-1<<20)
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
