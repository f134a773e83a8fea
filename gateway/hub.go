package gateway

import (
	"errors"
	"slices"
	"sync"
	"time"
)

// Reasons why a subscription has ended, from Subscription.Take.
var (
	// ErrSlow: the subscriber took events too slowly while many were waiting.
	ErrSlow = errors.New("subscriber is too slow: too many events wait for it")
	// ErrClosed: the subscriber closed the subscription.
	ErrClosed = errors.New("subscription is closed")
)

// Bounds of what waits for subscribers.
const (
	// DefaultBuffer is how many bytes of events may wait.
	DefaultBuffer = 32 << 20
	// takeBytes is how much a subscriber takes at once, or one event.
	takeBytes = 64 << 10
	// eventCost is what an event takes besides its bytes.
	eventCost = 192
	// While too much waits, the slowest subscriber must take leastTaken bytes in each
	// patience. Until then new events wait for it.
	patience   = time.Second
	leastTaken = 256 << 10
)

// Subscription is a position in the queue of events. Its methods are safe for
// concurrent use.
type Subscription struct {
	hub   *hub
	form  Selection
	ready chan struct{} // has a token while there is something to take; closed at the end
	next  uint64        // the event to take next; guarded by hub.mu
	err   error         // guarded by hub.mu
}

// Ready is ready when Take has something: events, or the reason of the end.
func (s *Subscription) Ready() <-chan struct{} { return s.ready }

// Take appends the frames of the next events to dst: of at most most events, and about
// takeBytes. The bytes are shared with other subscribers and must not be changed. An
// error says why the subscription has ended: ErrSlow or ErrClosed. Events that were
// not taken before are lost then.
func (s *Subscription) Take(dst [][]byte, most int) ([][]byte, error) {
	h := s.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if s.err != nil {
		return dst, s.err
	}
	oldest := s.next == h.first
	for bytes := 0; most > 0 && bytes < takeBytes && s.next < h.end(); s.next++ {
		if frames := h.at(s.next).wantedBy(s.form); frames != nil {
			dst = append(dst, frames...)
			bytes += sizeOf(frames)
			most--
		}
	}
	if s.next < h.end() {
		s.signal()
	}
	if oldest {
		h.trim()
	}
	return dst, nil
}

// Ended tells whether the subscription has ended: Take returns the reason.
func (s *Subscription) Ended() bool {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	return s.err != nil
}

// signal makes Ready ready. The caller holds hub.mu.
func (s *Subscription) signal() {
	select {
	case s.ready <- struct{}{}:
	default: // it is
	}
}

// Close ends the subscription. Closing twice does nothing.
func (s *Subscription) Close() {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	if s.err == nil {
		s.hub.remove(s, ErrClosed)
		s.hub.trim()
	}
}

// Subscribe starts a subscription to the events that Handle and HandleState get
// from now on; with a journal, to those that are in it from now on, in its order.
// The caller must Close it, and must take the events: while Options.Buffer bytes wait,
// new ones wait for the slowest subscriber. One that does not go on is cut off.
func (g *Gateway) Subscribe(what Selection) *Subscription {
	h := &g.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	sub := &Subscription{hub: h, form: what, ready: make(chan struct{}, 1), next: h.end()}
	h.subs = append(h.subs, sub)
	h.count(what, 1)
	return sub
}

// queued is an event in the queue.
type queued struct {
	written
	passed []passed
	self   bool
	cost   int64
}

// passed is an event in a form as it passed a filter.
type passed struct {
	what   Selection
	frames [][]byte
}

// wantedBy returns the event as somebody takes it; nil when it is not for them.
func (q *queued) wantedBy(what Selection) [][]byte {
	if q.self && !what.ReportSelf {
		return nil
	}
	if what.Filter == nil {
		return q.written[what.Form]
	}
	for i := range q.passed {
		if p := &q.passed[i]; p.what.Form == what.Form && p.what.Filter == what.Filter {
			return p.frames
		}
	}
	return nil
}

// hub hands events to subscriptions. All share one queue, so that an event takes
// memory once; what all have taken leaves it.
type hub struct {
	size    int64    // bytes that may wait
	writers []Writer // of the forms

	mu   sync.Mutex
	subs []*Subscription
	// all and self count who takes events in a form, and who own messages.
	all, self [maxForms]int

	queue []queued // queue[gone:] wait
	gone  int
	first uint64 // the number of queue[gone]
	bytes int64
	freed int64         // bytes that have left the queue, ever
	moved chan struct{} // closed when some leave it; nil while nobody waits for that
	full  window

	published, cutOff, waited uint64
}

// window is a time in which the slowest subscription must have moved on.
type window struct {
	open  bool
	began time.Time
	freed int64 // as of then
}

func (h *hub) count(what Selection, n int) {
	h.all[what.Form] += n
	if what.ReportSelf {
		h.self[what.Form] += n
	}
}

// wanted tells in which forms somebody takes own messages, or the rest.
func (h *hub) wanted(self bool) (forms formSet) {
	h.mu.Lock()
	defer h.mu.Unlock()
	counts := &h.all
	if self {
		counts = &h.self
	}
	for f, n := range counts {
		if n > 0 {
			forms |= 1 << f
		}
	}
	return forms
}

// filtered returns what passes the filters that are in use.
func (h *hub) filtered(e *written) (all []passed) {
	h.mu.Lock()
	for _, s := range h.subs {
		same := func(p passed) bool { return p.what.Form == s.form.Form && p.what.Filter == s.form.Filter }
		if s.form.Filter != nil && !slices.ContainsFunc(all, same) {
			all = append(all, passed{what: s.form})
		}
	}
	h.mu.Unlock()
	for i := range all { // which may take time
		all[i].frames = all[i].what.passing(e[all[i].what.Form])
	}
	return all
}

// end is the number behind the newest event. The caller holds mu.
func (h *hub) end() uint64 { return h.first + uint64(len(h.queue)-h.gone) }

// at returns the event with a number. The caller holds mu.
func (h *hub) at(n uint64) *queued { return &h.queue[h.gone+int(n-h.first)] }

// publish queues an event for everyone who wants it and returns how many
// subscriptions were cut off. A subscription that began after the event was
// written, and in a form that nobody took then, does not get it. Only one
// goroutine may call it.
func (h *hub) publish(self bool, e *written) (cut int) {
	q := queued{written: *e, passed: h.filtered(e), self: self, cost: eventCost}
	for _, frames := range e {
		q.cost += int64(sizeOf(frames))
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.published++
	if !slices.ContainsFunc(h.subs, func(s *Subscription) bool { return q.wantedBy(s.form) != nil }) {
		return 0
	}
	if h.bytes+q.cost > h.size && h.bytes > 0 {
		h.waited++
		cut = h.makeRoom(q.cost)
	} else if h.bytes < h.size/2 {
		h.full.open = false
	}
	h.cutOff += uint64(cut)
	n := h.end()
	for _, s := range h.subs {
		if s.next < n {
			continue // it knows that there are some
		}
		if q.wantedBy(s.form) == nil {
			s.next++
		} else {
			s.signal()
		}
	}
	h.queue = append(h.queue, q)
	h.bytes += q.cost
	h.trim()
	return cut
}

// makeRoom waits until the slowest subscriptions have made room for an event, and
// cuts those off that do not. The caller holds mu.
func (h *hub) makeRoom(cost int64) (cut int) {
	for h.bytes+cost > h.size && h.bytes > 0 {
		now := time.Now()
		switch {
		case !h.full.open:
			h.full = window{true, now, h.freed}
		case now.Sub(h.full.began) < patience:
		case h.freed-h.full.freed >= leastTaken:
			h.full = window{true, now, h.freed}
		default:
			for i := len(h.subs) - 1; i >= 0; i-- {
				if s := h.subs[i]; s.next == h.first {
					h.remove(s, ErrSlow)
					cut++
				}
			}
			h.full.open = false
			h.trim()
			continue
		}
		moved := make(chan struct{})
		h.moved = moved
		h.mu.Unlock()
		late := time.NewTimer(h.full.began.Add(patience).Sub(now))
		select {
		case <-moved:
		case <-late.C:
		}
		late.Stop()
		h.mu.Lock()
	}
	h.moved = nil
	return cut
}

// trim removes what all have taken. The caller holds mu.
func (h *hub) trim() {
	oldest := h.end()
	for _, s := range h.subs {
		oldest = min(oldest, s.next)
	}
	if oldest == h.first {
		return
	}
	for ; h.first < oldest; h.first++ {
		cost := h.queue[h.gone].cost
		h.bytes -= cost
		h.freed += cost
		h.queue[h.gone] = queued{}
		h.gone++
	}
	if h.gone >= len(h.queue)-h.gone { // as many again were moved out, so this costs little
		n := copy(h.queue, h.queue[h.gone:])
		clear(h.queue[n:])
		h.queue, h.gone = h.queue[:n], 0
	}
	if h.moved != nil {
		close(h.moved)
		h.moved = nil
	}
}

// remove ends a subscription. The caller holds mu, so that nobody signals on the
// closed channel, and calls trim.
func (h *hub) remove(s *Subscription, err error) {
	i := slices.Index(h.subs, s)
	last := len(h.subs) - 1
	h.subs[i] = h.subs[last]
	h.subs[last] = nil
	h.subs = h.subs[:last]
	h.count(s.form, -1)
	s.err = err
	close(s.ready)
}

// hand gives an event to the subscriptions, in the forms that they take, and logs who
// could not keep up. It may wait for them.
func (g *Gateway) hand(self bool, e *written) {
	if cut := g.hub.publish(self, e); cut > 0 {
		g.log.Warn("event subscribers cut off, too slow", "count", cut)
	}
}
