package onebot

import (
	"errors"
	"sync"
)

// Format is how the message field of message events is written.
type Format uint8

// The formats.
const (
	FormatArray  Format = iota // an array of segments
	FormatString               // a string with CQ codes
	formats                    // how many there are
)

// Reasons why a subscription has ended, from Subscription.Err.
var (
	// ErrSlow: the subscriber took events too slowly and its queue was full.
	ErrSlow = errors.New("subscriber is too slow: its event queue is full")
	// ErrClosed: the subscriber closed the subscription.
	ErrClosed = errors.New("subscription is closed")
)

// DefaultBuffer is the length of a subscription's queue when none is given.
const DefaultBuffer = 4096

// EventForm says which events somebody takes, and how they are written.
type EventForm struct {
	Format Format
	// ReportSelf includes the account's own messages, as message_sent events.
	ReportSelf bool
}

// SubscribeOptions configure a subscription.
type SubscribeOptions struct {
	Format     Format
	ReportSelf bool // as in EventForm
	// Buffer is how many events may wait; default DefaultBuffer. One more cuts the
	// subscription off.
	Buffer int
}

// Subscription is a bounded queue of events. Its methods are safe for concurrent
// use.
type Subscription struct {
	hub    *hub
	form   EventForm
	events chan []byte
	err    error // guarded by hub.mu
}

// Events returns the queue: one JSON event each. The bytes are shared with other
// subscribers and must not be changed. The channel is closed when the subscription
// ends; what was queued before can still be read.
func (s *Subscription) Events() <-chan []byte { return s.events }

// Err tells why the subscription has ended: ErrSlow or ErrClosed; nil while it
// lasts.
func (s *Subscription) Err() error {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	return s.err
}

// Close ends the subscription. Closing twice does nothing.
func (s *Subscription) Close() {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	if s.err != nil {
		return
	}
	for i, other := range s.hub.subs {
		if other == s {
			s.hub.end(i, ErrClosed)
			return
		}
	}
}

// Subscribe starts a subscription to the events that Handle and HandleState get
// from now on; with a journal, to those that are in it from now on, in its order.
// The caller must Close it.
func (s *Service) Subscribe(o SubscribeOptions) *Subscription {
	if o.Buffer <= 0 {
		o.Buffer = DefaultBuffer
	}
	if o.Format >= formats {
		o.Format = FormatArray
	}
	sub := &Subscription{hub: &s.hub, form: EventForm{o.Format, o.ReportSelf}, events: make(chan []byte, o.Buffer)}
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	s.hub.subs = append(s.hub.subs, sub)
	s.hub.count(sub.form, 1)
	return sub
}

// encoded is one event in the formats somebody wants; the others are nil.
type encoded [formats][]byte

// hub hands events to subscriptions. It never waits for one.
type hub struct {
	mu   sync.Mutex
	subs []*Subscription
	// all and self count who wants events in a format, and who own messages:
	// subscriptions, and the journal.
	all, self [formats]int

	published, cutOff uint64
}

func (h *hub) count(f EventForm, n int) {
	h.all[f.Format] += n
	if f.ReportSelf {
		h.self[f.Format] += n
	}
}

// wanted tells which formats somebody wants, for own messages or for the rest.
func (h *hub) wanted(self bool) (want [formats]bool, some bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	counts := &h.all
	if self {
		counts = &h.self
	}
	for f, n := range counts {
		want[f] = n > 0
		some = some || n > 0
	}
	return want, some
}

// publish queues an event for everyone who wants it and returns how many
// subscriptions were cut off. A subscription that began after the event was
// encoded, and in a format that nobody wanted then, does not get it.
func (h *hub) publish(self bool, e *encoded) (cut int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.published++
	for i := 0; i < len(h.subs); {
		s := h.subs[i]
		if b := e[s.form.Format]; b != nil && (s.form.ReportSelf || !self) {
			select {
			case s.events <- b:
			default:
				h.end(i, ErrSlow)
				cut++
				continue // another one is at i now
			}
		}
		i++
	}
	h.cutOff += uint64(cut)
	return cut
}

// end closes the subscription at index i. The caller holds mu, so that nobody
// sends on the closed channel.
func (h *hub) end(i int, err error) {
	s := h.subs[i]
	last := len(h.subs) - 1
	h.subs[i] = h.subs[last]
	h.subs[last] = nil
	h.subs = h.subs[:last]
	h.count(s.form, -1)
	s.err = err
	close(s.events)
}

// publish hands an event on, by way of the journal when there is one. id is the
// event's, messageID that of the message that it announces.
func (s *Service) publish(id int64, messageID int32, self bool, e *encoded) {
	if s.journal != nil {
		s.journal.append(id, messageID, self, e)
		return
	}
	s.hand(self, e)
}

// hand gives an event to the subscriptions and logs who could not keep up.
func (s *Service) hand(self bool, e *encoded) {
	if cut := s.hub.publish(self, e); cut > 0 {
		s.log.Warn("event subscribers cut off, too slow", "count", cut)
	}
}
