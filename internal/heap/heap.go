// Package heap has a busy program collect its garbage less often. A small heap is collected
// each time a few megabytes were allocated, at thousands of events a second several times a
// second, and events that come meanwhile are late by milliseconds. A program at rest, and one
// with a large heap, are left as they are.
package heap

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// busySize is how large the heap of a busy program may become before it is collected.
	busySize = 24 << 20
	// Collections are frequent when so many in a row come so soon after each other: about
	// 1 MB/s is allocated. A start has three or four.
	often = 6
	soon  = 5 * time.Second
	// quiet is how long there is no collection when the program is busy no longer. It is
	// more than busySize takes at that speed, or it would go to and fro.
	quiet = time.Minute

	usual = 100 // GOGC
	step  = 50  // smaller changes of GOGC are not worth stopping the program
)

// Watch watches the collections of this program until ctx ends. It does nothing when the
// environment says how often they are. One may run at a time.
func Watch(ctx context.Context) {
	if os.Getenv("GOGC") != "" {
		return
	}
	defer debug.SetGCPercent(debug.SetGCPercent(usual))
	collected := make(chan struct{}, 1)
	notify(ctx, collected)
	calm := time.NewTimer(quiet)
	calm.Stop()
	defer calm.Stop()
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	var p pace
	percent := usual
	for {
		select {
		case <-collected:
			if !p.collected(time.Now()) {
				continue
			}
			calm.Reset(quiet)
			metrics.Read(live)
			if next := percentOf(live[0].Value.Uint64()); next != percent {
				percent = next
				debug.SetGCPercent(percent)
			}
		case <-calm.C:
			p, percent = pace{}, usual
			debug.SetGCPercent(percent)
			debug.FreeOSMemory()
		case <-ctx.Done():
			return
		}
	}
}

// notify sends after each collection, until ctx ends.
func notify(ctx context.Context, collected chan<- struct{}) {
	type sentinel struct{ _ *byte } // has a pointer, so that it is not allocated with others
	runtime.SetFinalizer(&sentinel{}, func(*sentinel) {
		if ctx.Err() != nil {
			return
		}
		select {
		case collected <- struct{}{}:
		default:
		}
		notify(ctx, collected)
	})
}

// pace tells whether the program is busy.
type pace struct {
	last  time.Time // of the collections
	count int       // how many were soon after the one before
}

// collected takes a collection, and tells whether they are frequent, or were since the
// program was quiet last.
func (p *pace) collected(now time.Time) (busy bool) {
	switch {
	case p.count >= often:
	case now.Sub(p.last) < soon:
		p.count++
	default:
		p.count = 0
	}
	p.last = now
	return p.count >= often
}

// percentOf is the GOGC with which a heap of so many live bytes grows to busySize; usual
// when it does so anyway.
func percentOf(live uint64) int {
	live = max(live, 1<<20)
	if live >= busySize/2 {
		return usual
	}
	percent := int((busySize - live) * 100 / live)
	return max(usual, percent-percent%step)
}
