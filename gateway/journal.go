package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
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

// journal is a Journal and what the gateway adds to it.
type journal struct {
	Journal
	gateway *Gateway
	log     *slog.Logger
	clock   Clock
	ownKept atomic.Bool
	start   int64 // the newest event when the program started
	last    int64 // for the goroutine that calls Handle
	newest  newest

	replayed, expired, unreadable atomic.Uint64
}

func newJournal(j Journal, g *Gateway, ownKept bool) *journal {
	last := j.LastEvent()
	made := &journal{Journal: j, gateway: g, log: g.log, clock: g.clock, start: last, last: last}
	made.ownKept.Store(ownKept)
	return made
}

// nextID returns the id of the next event: the time in microseconds, which other
// languages' numbers can hold, and always more than the last; while the time is not
// known, as much more as its frames need.
func (j *journal) nextID() int64 {
	j.last += MaxFrames
	if j.clock.Trusted() { // ids that a wrong clock raised would stay high
		j.last = max(j.last, j.clock.Now().UnixMicro())
	}
	return j.last
}

// append gives an event its id and keeps it.
func (j *journal) append(e *Event) {
	e.ID = j.nextID()
	kept, err := encode(e)
	if err == nil {
		if j.clock.Trusted() {
			kept.Time = j.clock.Now()
		}
		j.newest.add(e.ID)
		err = j.Append(kept)
	}
	if err != nil {
		j.log.Error("event not kept in the journal: nobody gets it", "event_id", e.ID, "err", err)
	}
}

// in returns a kept event in a form; nil when the dialect has no word for it, or it
// cannot be read. An error means that it may be read later.
func (j *journal) in(e *store.Event, f Form) ([][]byte, error) {
	return j.newest.in(e.ID, f, func() ([][]byte, error) {
		read, err := j.read(e)
		if err != nil || read == nil {
			return nil, err
		}
		return j.write(e, j.gateway.hub.writers[f], read), nil
	})
}

// write writes an event; nil when that panics, so that it does not hold up the others.
func (j *journal) write(e *store.Event, w Writer, read *Event) (frames [][]byte) {
	defer func() {
		if v := recover(); v != nil {
			j.log.Error("event panicked", "event_id", e.ID, "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
			j.skipped(e, errors.New("writing it panicked"))
		}
	}()
	return w.Write(read)
}

// read gives a kept event its meaning; nil when it has none for this version.
func (j *journal) read(e *store.Event) (read *Event, err error) {
	switch {
	case e.Array != nil || e.String != nil:
		return &Event{ID: e.ID, Self: e.Self, MessageID: e.MessageID, Array: e.Array, String: e.String}, nil
	case e.Kind != "":
		if read, err = decode(e); err != nil {
			j.skipped(e, err)
			return nil, nil
		}
		return read, nil
	}
	m := e.Message
	if m == nil {
		m, err = j.gateway.store.Get(e.MessageID)
		if errors.Is(err, store.ErrUnreadable) {
			j.skipped(e, err)
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
	}
	if m == nil {
		j.skipped(e, errors.New("its message is not in the store"))
		return nil, nil
	}
	return &Event{ID: e.ID, At: m.Time, Self: e.Self, MessageID: e.MessageID, Message: m}, nil
}

// skipped counts an event that cannot be read, with a log line for the first one.
func (j *journal) skipped(e *store.Event, why error) {
	if j.unreadable.Add(1) == 1 {
		j.log.Warn("an event of the journal cannot be read and is skipped; more are counted only", "event_id", e.ID, "err", why)
	}
}

// piece is how many events are read at once to be skipped.
const piece = 1024

// counts tells whether an event is one of those that somebody takes. An error means that it
// may be read later.
func (j *journal) counts(e *store.Event, what *Selection) (bool, error) {
	if e.Self && !what.ReportSelf {
		return false, nil
	}
	if what.Filter == nil {
		return true, nil
	}
	frames, err := j.in(e, what.Form)
	return slices.ContainsFunc(frames, what.Passes), err
}

// count counts the events behind after, up to and with to, that somebody takes. When there
// are no more than enough, those that a filter leaves out may be among them: they need not
// be looked at.
func (j *journal) count(ctx context.Context, after, to int64, what *Selection, enough int) (int, error) {
	n, err := j.CountEvents(ctx, after, to, what.ReportSelf)
	if err != nil || what.Filter == nil || n <= enough {
		return n, err
	}
	n = 0
	for {
		events, err := j.Events(ctx, after, piece)
		if err != nil {
			return n, err
		}
		for i := range events {
			e := &events[i]
			if e.ID > to {
				return n, nil
			}
			counts, err := j.counts(e, what)
			if err != nil {
				return n, err
			}
			if counts {
				n++
			}
			after = e.ID
		}
		if len(events) == 0 {
			return n, nil
		}
	}
}

// old finds the events that are older than age, among those behind after: the id of the
// last one, and how many count up to it. first are the first events behind after.
// Events are in the order in which they were written: one without a known time is as
// old as the next one that has one.
func (j *journal) old(ctx context.Context, after int64, first []store.Event, age time.Duration, what *Selection) (last int64, n int, err error) {
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
			if counts, err := j.counts(e, what); err != nil {
				return after, 0, err
			} else if counts {
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
func (j *journal) skip(ctx context.Context, after int64, n int, what *Selection) (int64, error) {
	for n > 0 {
		events, err := j.Events(ctx, after, min(n+64, piece)) // some may not count
		if err != nil {
			return after, err
		}
		if len(events) == 0 {
			break
		}
		for i := 0; i < len(events) && n > 0; i++ {
			counts, err := j.counts(&events[i], what)
			if err != nil {
				return after, err
			}
			after = events[i].ID
			if counts {
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
func (g *Gateway) relay(ctx context.Context) {
	j, after := g.journal, g.journal.start
	for {
		head, changed := j.Head()
		for after < head && ctx.Err() == nil {
			last, err := g.relaySome(ctx, after)
			for try := 0; err != nil && ctx.Err() == nil && try < relayTries; try++ {
				pause(ctx, readAgain)
				last, err = g.relaySome(ctx, last)
			}
			if err != nil && ctx.Err() == nil {
				g.log.Error("events not read from the journal: clients without a journal miss them", "after", last, "to", head, "err", err)
			}
			if err != nil || last == after { // or none is left
				last = head
			}
			after = last
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// relaySome hands some events behind after to the subscriptions and returns the id of
// the last one.
func (g *Gateway) relaySome(ctx context.Context, after int64) (last int64, err error) {
	const most = 256
	events, err := g.journal.Events(ctx, after, most)
	if err != nil {
		return after, err
	}
	for i := range events {
		e := &events[i]
		forms := g.hub.wanted(e.Self)
		var w written
		for f := range Form(len(g.hub.writers)) {
			if !forms.has(f) {
				continue
			}
			if w[f], err = g.journal.in(e, f); err != nil {
				return after, err
			}
		}
		g.hand(e.Self, &w)
		after = e.ID
	}
	return after, nil
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
