package gateway

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Limits of calls that are answered before they are carried out.
const (
	// laterWorkers run at once: many, as messages may have to wait for their turn.
	laterWorkers = 64
	laterQueue   = 256 // of each kind wait; more are refused
	// pacedPause is OneBot's default (docs/protocol/onebot11.md a.7).
	pacedPause = 500 * time.Millisecond
)

// FinishTime is how long running calls have to end when the program stops.
const FinishTime = 2500 * time.Millisecond

// Why Later refuses a call.
var (
	ErrStopping = errors.New("the program is stopping")
	ErrManyWait = errors.New("too many calls are waiting")
)

// Pace says how calls that were answered are carried out.
type Pace uint8

// The paces.
const (
	AtOnce Pace = iota // many side by side
	Paced              // one by one, with a pause after each
	paces
)

// task is a call that was answered and waits.
type task struct {
	run  func(context.Context)
	hold Hold
}

// do carries out a call that was answered.
func (t task) do(ctx context.Context) {
	defer t.hold.Release()
	t.run(ctx)
}

// later carries out calls that were answered.
type later struct {
	queues [paces]chan task

	accepting sync.Mutex // guards finishing, and putting into the queues
	finishing bool
	cut       chan struct{} // closed: finish does not wait any longer
	finished  chan struct{} // closed: none runs any more
}

func newLater() *later {
	l := &later{cut: make(chan struct{}), finished: make(chan struct{})}
	for p := range l.queues {
		l.queues[p] = make(chan task, laterQueue)
	}
	return l
}

// Later carries out a call that is answered before, as long as Run does, and after
// Finish for FinishTime. run must not panic. hold is given back when it has ended; with
// an error, which is ErrStopping or ErrManyWait, it stays the caller's.
func (g *Gateway) Later(p Pace, hold Hold, run func(context.Context)) error {
	l := g.later
	l.accepting.Lock()
	defer l.accepting.Unlock()
	if l.finishing {
		return ErrStopping
	}
	select {
	case l.queues[p] <- task{run, hold}:
		return nil
	default:
		return ErrManyWait
	}
}

// waiting is how many calls wait.
func (l *later) waiting() int { return len(l.queues[AtOnce]) + len(l.queues[Paced]) }

// run carries out calls until ctx ends, or they are finished. It returns how many were
// not.
func (l *later) run(ctx context.Context) int {
	calls, cancel := context.WithCancel(ctx)
	defer cancel()
	var watching, workers sync.WaitGroup
	defer watching.Wait()
	watching.Go(func() {
		select {
		case <-l.cut:
			cancel()
		case <-calls.Done():
		}
	})
	workers.Go(func() {
		slots := make(chan struct{}, laterWorkers)
		for {
			select {
			case slots <- struct{}{}:
			case <-calls.Done():
				return
			}
			t, ok := next(calls, l.queues[AtOnce])
			if !ok {
				return
			}
			workers.Go(func() {
				defer func() { <-slots }()
				t.do(calls)
			})
		}
	})
	workers.Go(func() { l.pace(calls) })
	workers.Wait()
	close(l.finished)
	cancel()
	return l.waiting()
}

// next takes the next call; false when no more comes, or ctx has ended.
func next(ctx context.Context, queue <-chan task) (t task, ok bool) {
	if ctx.Err() != nil {
		return t, false
	}
	select {
	case t, ok = <-queue:
	case <-ctx.Done():
	}
	return t, ok
}

// pace carries out calls one after the other with a pause.
func (l *later) pace(ctx context.Context) {
	rested := time.NewTimer(0)
	defer rested.Stop()
	for {
		select {
		case <-rested.C:
		case <-ctx.Done():
			return
		}
		t, ok := next(ctx, l.queues[Paced])
		if !ok {
			return
		}
		t.do(ctx)
		rested.Reset(pacedPause)
	}
}

// Finish takes no more calls that are answered before, and waits until those that were
// accepted have run, or ctx has ended: then they are cancelled. It may be called once,
// while Run runs.
func (g *Gateway) Finish(ctx context.Context) {
	l := g.later
	l.accepting.Lock()
	l.finishing = true
	for _, q := range l.queues {
		close(q)
	}
	l.accepting.Unlock()
	select {
	case <-l.finished:
	case <-ctx.Done():
		close(l.cut)
		<-l.finished
	}
}
