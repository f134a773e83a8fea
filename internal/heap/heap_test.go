package heap

import (
	"context"
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

func TestPace(t *testing.T) {
	t.Parallel()
	var p pace
	now := time.Unix(1_800_000_000, 0)
	for n, tt := range []struct {
		after time.Duration
		busy  bool
	}{
		{0, false}, {time.Second, false}, {time.Second, false}, {time.Second, false}, {time.Second, false}, {time.Second, false},
		{soon, false}, // not soon enough
		{time.Second, false}, {time.Second, false}, {time.Second, false}, {time.Second, false}, {time.Second, false}, {time.Second, true},
		{quiet - time.Second, true}, // fewer, as it was told
	} {
		now = now.Add(tt.after)
		if busy := p.collected(now); busy != tt.busy {
			t.Errorf("collection %d: busy %v, want %v", n, busy, tt.busy)
		}
	}
}

func TestPercentOf(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		live uint64
		want int
	}{
		{0, 2300}, {1 << 20, 2300}, {4 << 20, 500}, {8 << 20, 200}, {12 << 20, 100}, {busySize, 100}, {1 << 33, 100},
	} {
		if got := percentOf(tt.live); got != tt.want {
			t.Errorf("percentOf(%d): %d, want %d", tt.live, got, tt.want)
		}
	}
}

// TestWatch has the garbage collected often, and looks whether that is changed and changed
// back.
func TestWatch(t *testing.T) {
	t.Setenv("GOGC", "")
	before := debug.SetGCPercent(usual)
	defer debug.SetGCPercent(before)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		Watch(ctx)
	}()
	now := func() int { // without changing it for long
		p := debug.SetGCPercent(usual)
		debug.SetGCPercent(p)
		return p
	}
	for began := time.Now(); now() == usual; time.Sleep(time.Millisecond) {
		if time.Since(began) > 20*time.Second {
			t.Fatal("frequent collections changed nothing")
		}
		runtime.GC()
	}
	stop()
	<-ended
	if p := now(); p != usual {
		t.Errorf("at the end GOGC is %d, want %d", p, usual)
	}
}

// BenchmarkBusy allocates as events do, with and without Watch: collections for each 100 MB.
func BenchmarkBusy(b *testing.B) {
	for _, tt := range []struct {
		name  string
		watch bool
	}{{"as usual", false}, {"watched", true}} {
		b.Run(tt.name, func(b *testing.B) {
			b.Setenv("GOGC", "")
			defer debug.SetGCPercent(debug.SetGCPercent(usual))
			ctx, stop := context.WithCancel(b.Context())
			defer stop()
			if tt.watch {
				go Watch(ctx)
				for range 2 * often {
					runtime.GC()
					time.Sleep(time.Millisecond)
				}
			}
			kept := make([][]byte, 6<<10) // 6 MB live
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			n := 0
			for b.Loop() {
				kept[n%len(kept)] = make([]byte, 1<<10)
				n++
			}
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(after.NumGC-before.NumGC)*100e6/float64(after.TotalAlloc-before.TotalAlloc), "gcs/100MB")
		})
	}
}
