package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Announced tells whether an event with this message id is kept, written or not.
func (s *Store) Announced(messageID int32) (bool, error) {
	s.mu.Lock()
	j := &s.journal
	known := messageID == 0 || !j.announced.mayHave(messageID)
	waits := false
	for i := j.tail.n - j.unwritten; i < j.tail.n && !known && !waits; i++ {
		waits = j.tail.at(i).MessageID == messageID
	}
	closed := s.closed
	s.mu.Unlock()
	switch {
	case closed:
		return false, ErrClosed
	case known:
		return false, nil
	case waits:
		return true, nil
	}
	db, err := s.database()
	if err != nil {
		return false, err
	}
	var announced bool
	err = db.announced.QueryRow(messageID).Scan(&announced)
	return announced, s.readError(err)
}

// mostRead is how many bytes of events are read at once, and the event that goes
// beyond.
const mostRead = 4 << 20

// Events returns events that may be read and have an id above after, the oldest
// first and at most max. Fewer than max may be returned although there are more;
// none means that there are none now. Recent ones come from memory.
func (s *Store) Events(ctx context.Context, after int64, max int) ([]Event, error) {
	for {
		events, base, err := s.recentEvents(after, max)
		if err != nil || base <= after {
			return events, err
		}
		events, err = s.oldEvents(ctx, after, base, max)
		if err != nil || len(events) > 0 {
			return events, err
		}
		after = base
	}
}

// recentEvents answers Events from memory, if base <= after.
func (s *Store) recentEvents(after int64, max int) (events []Event, base int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j := &s.journal
	if s.closed {
		return nil, 0, ErrClosed
	}
	if after >= j.head || max <= 0 {
		return nil, after, nil
	}
	if j.base > after {
		return nil, j.base, nil
	}
	first := j.tail.after(after)
	n := min(max, j.tail.after(j.head)-first)
	events = make([]Event, 0, n)
	for i, bytes := 0, 0; i < n && bytes < mostRead; i++ {
		e := j.tail.at(first + i)
		events = append(events, e.Event)
		bytes += e.size
	}
	return events, j.base, nil
}

// oldEvents reads from the file: first what an earlier version wrote.
func (s *Store) oldEvents(ctx context.Context, after, upTo int64, max int) (events []Event, err error) {
	db, err := s.database()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	old := s.journal.old
	s.mu.Unlock()
	if after < old {
		events, err = s.readEvents(ctx, db.oldEvents, after, upTo, max, scanOld)
	}
	if err != nil || len(events) > 0 {
		return events, err
	}
	events, err = s.readEvents(ctx, db.events, after, upTo, max, scanEvent)
	if err != nil || len(events) == 0 {
		return events, err
	}
	return s.withMessages(ctx, db, events)
}

// withMessages adds the messages to events that were read, until these have mostRead
// bytes, and returns the events up to there.
func (s *Store) withMessages(ctx context.Context, db *database, events []Event) ([]Event, error) {
	rows, err := db.eventMessages.QueryContext(ctx, events[0].ID-1, events[len(events)-1].ID)
	if err != nil {
		return nil, s.readError(err)
	}
	i, bytes := 0, 0
	for bytes < mostRead && err == nil && rows.Next() {
		var id int64
		var r *record
		if _, r, err = s.scan(rows, &id); err != nil {
			if errors.Is(err, ErrUnreadable) { // only this one
				err = nil
			}
			continue
		}
		for events[i].ID < id {
			i++
		}
		events[i].Message = &r.message
		bytes += r.message.Size()
	}
	if bytes >= mostRead {
		events = events[:i+1]
	}
	if err = errors.Join(err, rows.Err(), rows.Close()); err != nil {
		return nil, s.readError(err)
	}
	return events, nil
}

func (s *Store) readEvents(ctx context.Context, query *sql.Stmt, after, upTo int64, max int, scan func(*sql.Rows, *Event) (int64, error)) (events []Event, err error) {
	rows, err := query.QueryContext(ctx, after, upTo, max)
	if err != nil {
		return nil, s.readError(err)
	}
	bytes := 0
	for bytes < mostRead && err == nil && rows.Next() {
		var e Event
		var t int64
		t, err = scan(rows, &e)
		if t != 0 {
			e.Time = time.UnixMilli(t)
		}
		events = append(events, e)
		bytes += sizeOf(&e)
	}
	if err = errors.Join(err, rows.Err(), rows.Close()); err != nil {
		return nil, s.readError(err)
	}
	return events, nil
}

func scanEvent(rows *sql.Rows, e *Event) (t int64, err error) {
	err = rows.Scan(&e.ID, &t, &e.MessageID, &e.Self, &e.Kind, &e.Version, &e.Body)
	return t, err
}

func scanOld(rows *sql.Rows, e *Event) (t int64, err error) {
	var same bool
	err = rows.Scan(&e.ID, &t, &e.MessageID, &e.Self, &same, &e.Array, &e.String)
	if same {
		e.String = e.Array
	}
	return t, err
}

// CountEvents counts the events that may be read, with ids above after and up to
// to; those about messages of the account itself with own only.
func (s *Store) CountEvents(ctx context.Context, after, to int64, own bool) (int, error) {
	s.mu.Lock()
	j := &s.journal
	closed, base := s.closed, j.base
	to = min(to, j.head)
	n := j.tail.count(j.tail.after(after), j.tail.after(to), own)
	s.mu.Unlock()
	if closed {
		return 0, ErrClosed
	}
	if base <= after {
		return n, nil
	}
	db, err := s.database()
	if err != nil {
		return 0, err
	}
	var old int
	if err := db.countEvents.QueryRowContext(ctx, after, min(to, base), own).Scan(&old); err != nil {
		return 0, s.readError(err)
	}
	return n + old, nil
}

// Head returns the id of the newest event that may be read, 0 when there never was
// one, and a channel that is closed at the next one.
func (s *Store) Head() (id int64, changed <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j := &s.journal
	if j.changed == nil {
		j.changed = make(chan struct{})
	}
	return j.head, j.changed
}

// LastEvent returns the newest id that was ever given to Append, 0 for none. It
// outlives the events.
func (s *Store) LastEvent() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.journal.last
}
