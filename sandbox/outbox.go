package sandbox

import (
	"sync"

	"libration/internal/crypto"
	"libration/internal/wire"
)

// maxQueued is how many frames may wait for a client before it is cut off.
const maxQueued = 65536

// outFrame is one packet on its way to a client; the writer encodes it.
type outFrame struct {
	response wire.Response
	key      crypto.Key // for flag 1
	push     bool       // the writer numbers it
}

// outbox is the queue between everybody who has something for a client and the
// connection's writer. It grows with need.
type outbox struct {
	wake chan struct{} // 1 when there is something new

	mu     sync.Mutex
	frames []outFrame
	closed bool // takes nothing more; what is queued is still written
}

// put queues a frame and reports whether there was room. After finish it takes
// the frame and forgets it.
func (o *outbox) put(f outFrame) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return true
	}
	if len(o.frames) >= maxQueued {
		o.closed = true
		o.frames = nil
		return false
	}
	o.frames = append(o.frames, f)
	o.notify()
	return true
}

// finish lets the writer end after what is queued.
func (o *outbox) finish() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
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
	frames, o.frames = o.frames, spare[:0]
	return frames, o.closed
}
