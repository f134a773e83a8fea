package server

import (
	"sync"
	"time"

	"libration/internal/crypto"
	"libration/internal/wire"
)

// maxQueued is how many frames may wait for a client before it is cut off,
// maxQueuedBytes how much memory they may take.
const (
	maxQueued      = 65536
	maxQueuedBytes = 64 << 20
)

// outFrame is one packet on its way to a client; the writer encodes it.
type outFrame struct {
	response wire.Response
	key      crypto.Key // for flag 1
	push     bool       // the writer numbers it
}

// size is about how much memory the frame keeps.
func (f *outFrame) size() int {
	r := &f.response
	return 256 + len(r.Body) + len(r.Extra) + len(r.Command) + len(r.UIN)
}

// outbox is the queue between everybody who has something for a client and the
// connection's writer. It grows with need.
type outbox struct {
	wake chan struct{} // 1 when there is something new

	mu     sync.Mutex
	frames []outFrame
	bytes  int  // of them
	closed bool // takes nothing more; what is queued is still written
	timers map[*time.Timer]struct{}
}

// put queues a frame and reports whether there was room. After finish it takes
// the frame and forgets it.
func (o *outbox) put(f outFrame) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return true
	}
	if len(o.frames) >= maxQueued || o.bytes > maxQueuedBytes {
		o.closed = true
		o.frames = nil
		return false
	}
	o.frames = append(o.frames, f)
	o.bytes += f.size()
	o.notify()
	return true
}

// later runs f after d, unless the outbox is finished before. It is for faults.
func (o *outbox) later(d time.Duration, f func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return
	}
	if o.timers == nil {
		o.timers = map[*time.Timer]struct{}{}
	}
	var timer *time.Timer // written before it can fire: mu is held
	timer = time.AfterFunc(d, func() {
		o.mu.Lock()
		_, due := o.timers[timer]
		delete(o.timers, timer)
		o.mu.Unlock()
		if due {
			f()
		}
	})
	o.timers[timer] = struct{}{}
}

// finish lets the writer end after what is queued.
func (o *outbox) finish() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	for timer := range o.timers {
		timer.Stop()
	}
	o.timers = nil
	o.notify()
}

func (o *outbox) notify() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// take exchanges what is queued for spare, which becomes the empty queue. last
// means that nothing will follow.
func (o *outbox) take(spare []outFrame) (frames []outFrame, last bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	frames, o.frames, o.bytes = o.frames, spare[:0], 0
	return frames, o.closed
}
