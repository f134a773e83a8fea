package onebot

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"libration/internal/store"
)

// Journal keeps events in the order in which they happened. An event is readable
// when it is on disk, or when writing has failed. All methods are called from
// several goroutines at once, Append from one.
type Journal interface {
	// Append queues an event; it waits while the queue is full.
	Append(e *store.Event) error
	// Announced tells whether an event of this message was appended.
	Announced(messageID int32) (bool, error)
	// Events returns readable events with a greater id, at most max, oldest first.
	Events(ctx context.Context, after int64, max int) ([]store.Event, error)
	// CountEvents counts the readable events behind after, up to and with to; those about
	// messages of the account itself with own only.
	CountEvents(ctx context.Context, after, to int64, own bool) (int, error)
	// Head is the id of the newest readable event; changed is closed at the next.
	Head() (id int64, changed <-chan struct{})
	// LastEvent is the newest id that was ever appended; 0 for none.
	LastEvent() int64
	// Cursor is the position that was kept under a name.
	Cursor(name string) (id int64, ok bool, err error)
	// SetCursor keeps a position; it never goes backwards.
	SetCursor(name string, id int64)
}

// journal is a Journal and what the service adds to it.
type journal struct {
	Journal
	log   *slog.Logger
	clock Clock
	start int64 // the newest event when the program started
	last  int64 // for the goroutine that calls Handle

	replayed, expired atomic.Uint64
}

func newJournal(j Journal, log *slog.Logger, clock Clock) *journal {
	last := j.LastEvent()
	return &journal{Journal: j, log: log, clock: clock, start: last, last: last}
}

// eventID returns the id of the next event: the time in microseconds, which other
// languages' numbers can hold, and always more than the last; while the time is not
// known one more. It is 0 without a journal.
func (s *Service) eventID() int64 {
	if s.journal == nil {
		return 0
	}
	s.journal.last++
	if s.clock.Trusted() { // ids that a wrong clock raised would stay high
		s.journal.last = max(s.journal.last, s.clock.Now().UnixMicro())
	}
	return s.journal.last
}

// appendEventID appends the id to an event that is not closed yet.
func appendEventID(dst []byte, id int64) []byte {
	if id == 0 {
		return dst
	}
	return intField(dst, "event_id", id)
}

// append hands an event to the journal.
func (j *journal) append(id int64, messageID int32, self bool, e *encoded) {
	var now time.Time // not known
	if j.clock.Trusted() {
		now = j.clock.Now()
	}
	err := j.Append(&store.Event{
		ID: id, Time: now, MessageID: messageID, Self: self,
		Array: e[FormatArray], String: e[FormatString],
	})
	if err != nil {
		j.log.Error("event not kept in the journal: nobody gets it", "event_id", id, "err", err)
	}
}

// written is an event in a format, or in the other one when it was not kept in
// this: clients read both.
func written(e *store.Event, f Format) []byte {
	b, other := e.Array, e.String
	if f == FormatString {
		b, other = other, b
	}
	if b == nil {
		return other
	}
	return b
}

// piece is how many events are read at once to be skipped.
const piece = 1024

// counts tells whether an event is one of those counted: those about messages of the
// account itself are with own only.
func counts(e *store.Event, own bool) bool { return own || !e.Self }

// old finds the events that are older than age, among those behind after: the id of the
// last one, and how many count up to it. first are the first events behind after.
// Events are in the order in which they were written: one without a known time is as
// old as the next one that has one.
func (j *journal) old(ctx context.Context, after int64, first []store.Event, age time.Duration, own bool) (last int64, n int, err error) {
	last = after
	cut, ok := j.clock.Ago(age)
	if age == 0 || !ok {
		return last, 0, nil
	}
	now := j.clock.Now()
	seen, unknown := 0, 0 // unknown: those behind last
	for events := first; len(events) > 0 && err == nil && unknown <= piece; {
		for i := range events {
			e := &events[i]
			unknown++
			if counts(e, own) {
				seen++
			}
			switch {
			case !e.Known(now):
			case e.Time.Before(cut):
				last, n, unknown = e.ID, seen, 0
			default:
				return last, n, nil
			}
		}
		events, err = j.Events(ctx, events[len(events)-1].ID, piece)
	}
	return last, n, err
}

// skip returns the id of the n-th event behind after that counts.
func (j *journal) skip(ctx context.Context, after int64, n int, own bool) (int64, error) {
	for n > 0 {
		events, err := j.Events(ctx, after, min(n+64, piece)) // some may not count
		if err != nil {
			return after, err
		}
		if len(events) == 0 {
			break
		}
		for i := 0; i < len(events) && n > 0; i++ {
			after = events[i].ID
			if counts(&events[i], own) {
				n--
			}
		}
	}
	return after, nil
}

// relayTries is how often the relay reads again what cannot be read, so that a repair of
// the file costs nobody an event; then it goes on behind that.
const relayTries = 60

// relay hands the journal's events to the subscriptions as soon as they are
// readable, until ctx ends: who has no journal of its own sees the same events in
// the same order.
func (s *Service) relay(ctx context.Context) {
	const most = 256
	j, after := s.journal, s.journal.start
	for {
		head, changed := j.Head()
		for after < head && ctx.Err() == nil {
			events, err := j.Events(ctx, after, most)
			for try := 0; err != nil && ctx.Err() == nil && try < relayTries; try++ {
				pause(ctx, readAgain)
				events, err = j.Events(ctx, after, most)
			}
			if err != nil || len(events) == 0 {
				if err != nil && ctx.Err() == nil {
					s.log.Error("events not read from the journal: clients without a journal miss them", "after", after, "to", head, "err", err)
				}
				after = head
				break
			}
			for i := range events {
				e := &events[i]
				s.hand(e.Self, &encoded{FormatArray: written(e, FormatArray), FormatString: written(e, FormatString)})
			}
			after = events[len(events)-1].ID
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
