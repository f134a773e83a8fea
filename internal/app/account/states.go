package account

import (
	"context"
	"sync"

	"libration/ntqq"
)

// maxStates is how many states may wait to be followed.
const maxStates = 256

// stateQueue hands the states of a session from its goroutine, which must not
// wait, to the one that acts on them.
type stateQueue struct {
	mu     sync.Mutex // guards states
	states []ntqq.State
	wake   chan struct{} // some states wait; capacity 1
}

func newStateQueue() *stateQueue { return &stateQueue{wake: make(chan struct{}, 1)} }

// put queues a state. When the queue is full the newest waiting one gives way:
// what counts is where the session is now.
func (q *stateQueue) put(s ntqq.State) {
	q.mu.Lock()
	if len(q.states) == maxStates {
		q.states = q.states[:maxStates-1]
	}
	q.states = append(q.states, s)
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default: // it is awake
	}
}

func (q *stateQueue) take() []ntqq.State {
	q.mu.Lock()
	defer q.mu.Unlock()
	states := q.states
	q.states = nil
	return states
}

// follow gives each state to act, in order, until ctx ends; what has been put
// before is still given. It returns nil.
func (q *stateQueue) follow(ctx context.Context, act func(ntqq.State)) error {
	for {
		ended := ctx.Err() != nil
		for _, s := range q.take() {
			act(s)
		}
		if ended {
			return nil
		}
		select {
		case <-q.wake:
		case <-ctx.Done():
		}
	}
}
