package transport

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"libration/gateway"
)

// Bounds of what waits for a client that polls, in bytes.
const (
	mostQueued = 16 << 20
	mostPolled = 4 << 20 // in one answer, and the event that goes beyond
	// queuedCost is what an event takes besides its bytes.
	queuedCost = 64
)

// pollQueue implements gateway.Queue for a connection. What is too much is dropped, the
// oldest first. It lasts as long as the connection is configured.
type pollQueue struct {
	most int // events
	log  *slog.Logger

	mu      sync.Mutex // guards what follows
	frames  [][]byte
	bytes   int
	beat    []byte        // the newest heartbeat; older ones mean nothing
	more    chan struct{} // closed when something comes; nil: nobody waits
	waiting chan struct{} // of the call that waits; closed when another takes its place
	dropped int           // not logged yet
	told    time.Time     // of the last log line about them
}

// gather puts the events of the account into the queue until ctx ends.
func (q *pollQueue) gather(ctx context.Context, d gateway.Teller, o feedOptions) error {
	select {
	case <-d.Gateway().Known():
	case <-ctx.Done():
		return nil
	}
	o.journal = JournalOptions{}
	f, err := openFeed(d, o, nil)
	if err != nil {
		return err
	}
	defer f.close()
	for {
		select {
		case <-f.ready():
			events, err := f.take(ctx, batchFrames)
			if err != nil {
				q.log.Warn("events dropped: too many came at once")
				f.sub = d.Gateway().Subscribe(o.form)
			}
			for i := range events {
				q.put(events[i].Data)
			}
			clear(events)
		case <-f.beats():
			if beat := f.beat(); beat != nil {
				q.mu.Lock()
				q.beat = beat
				q.wake()
				q.mu.Unlock()
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// put adds a frame.
func (q *pollQueue) put(frame []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.frames = append(q.frames, frame)
	q.bytes += len(frame) + queuedCost
	for len(q.frames) > q.most || q.bytes > mostQueued {
		q.remove()
		q.dropped++
	}
	if now := time.Now(); q.dropped > 0 && now.Sub(q.told) >= time.Minute {
		q.log.Warn("events dropped: nobody fetches them by polling", "count", q.dropped, "waiting", len(q.frames), "poll_queue", q.most)
		q.told, q.dropped = now, 0
	}
	q.wake()
}

// remove takes the oldest frame. The caller holds mu.
func (q *pollQueue) remove() []byte {
	frame := q.frames[0]
	q.frames[0] = nil
	q.frames = q.frames[1:]
	q.bytes -= len(frame) + queuedCost
	return frame
}

// wake has the call that waits look again. The caller holds mu.
func (q *pollQueue) wake() {
	if q.more != nil {
		close(q.more)
		q.more = nil
	}
}

// Next implements gateway.Queue.
func (q *pollQueue) Next(ctx context.Context, patience time.Duration, most int) ([][]byte, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waiting != nil {
		close(q.waiting)
	}
	own := make(chan struct{})
	q.waiting = own
	defer func() {
		if q.waiting == own {
			q.waiting = nil
		}
	}()
	var late <-chan time.Time
	if patience > 0 {
		t := time.NewTimer(patience)
		defer t.Stop()
		late = t.C
	}
	for {
		switch {
		case q.waiting != own:
			return nil, gateway.ErrOtherPoll
		case ctx.Err() != nil: // nobody is left to get them
			return nil, nil
		}
		if taken := q.take(most); len(taken) > 0 {
			return taken, nil
		}
		if q.more == nil {
			q.more = make(chan struct{})
		}
		more, over := q.more, false
		q.mu.Unlock()
		select {
		case <-more:
		case <-own:
		case <-late:
			over = true
		case <-ctx.Done():
		}
		q.mu.Lock()
		if over && q.waiting == own {
			return q.take(most), nil
		}
	}
}

// take removes what one answer has, the heartbeat last. The caller holds mu.
func (q *pollQueue) take(most int) (taken [][]byte) {
	bytes := 0
	for len(q.frames) > 0 && bytes < mostPolled && (most == 0 || len(taken) < most) {
		taken = append(taken, q.remove())
		bytes += len(taken[len(taken)-1])
	}
	if q.beat != nil && (most == 0 || len(taken) < most) {
		taken = append(taken, q.beat)
		q.beat = nil
	}
	return taken
}
