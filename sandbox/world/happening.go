package world

import "libration/ntqq/message"

// Happening is one change of the world. There is one Go type for each kind. It carries
// all that a listener needs, as it was when it happened. Slices and messages in it are
// shared: read-only.
type Happening interface {
	// Activity returns the happening as the watchers of [World.Watch] see it.
	Activity() Activity
}

// InGroup is part of each happening in a group.
type InGroup struct {
	Group message.GroupCode
	// Members are the members of the group after the change, ascending. Of a dissolved
	// group they are its last members.
	Members []message.UIN
}

// report is a happening that waits to be reported.
type report struct {
	happening Happening
	first     func() // runs before anybody hears of it; may be nil
}

// Listen sets the one listener of the world. It is called once for each happening, in
// order, after the world has changed and before the operation returns. It may ask the
// world, but must not start an operation. Call Listen before the world is used.
func (w *World) Listen(listener func(Happening)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.listener = listener
}

// happened notes a happening of the operation that goes on; mu is held.
func (w *state) happened(h Happening) { w.happenedAfter(h, nil) }

// happenedAfter is happened with something to be done before it is reported.
func (w *state) happenedAfter(h Happening, first func()) {
	if w.listener != nil || first != nil || len(w.watchers) > 0 {
		w.waiting = append(w.waiting, report{h, first})
	}
}

// done ends an operation: it unlocks mu and reports what happened. When it returns,
// all happenings of this operation have been reported, though perhaps by another
// goroutine.
func (w *state) done() {
	quiet := len(w.waiting) == 0
	w.mu.Unlock()
	if quiet {
		return
	}
	w.reporting.Lock()
	defer w.reporting.Unlock()
	var batch []report
	for {
		w.mu.Lock()
		w.show(batch)
		clear(batch)
		batch = w.waiting
		w.waiting, w.spare = w.spare[:0], batch
		listener := w.listener
		w.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		for _, t := range batch {
			if t.first != nil {
				t.first()
			}
			if listener != nil {
				listener(t.happening)
			}
		}
	}
}
