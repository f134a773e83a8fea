package store

import (
	"context"
	"errors"
	"time"

	"libration/internal/text"
	"libration/ntqq/message"
)

// Event is one event kept for clients that were away.
type Event struct {
	// ID rises and is never used twice. The caller makes it: the larger one of
	// LastEvent()+1 and the time in microseconds, say.
	ID int64
	// Time of the event, kept to the millisecond; the zero Time when it is not known.
	Time time.Time
	// MessageID is the message that it announces, 0 for other events.
	MessageID int32
	// Self: it is about a message of the account itself.
	Self bool
	// Kind, Version and Body are what happened, encoded by the caller. Body is shared and
	// read-only. They are empty for a message, which is in the messages.
	Kind    string
	Version int
	Body    []byte
	// Message is the one with MessageID; nil when it is not stored, or cannot be read.
	Message *message.Message
	// Array and String are what an earlier version of the program wrote instead: OneBot's
	// JSON in its two message formats; nil: not kept in that form. Append does not take
	// them.
	Array, String []byte
}

// Known tells whether Time can be true, which says how old the event is. Its id is about
// the same in microseconds, unless an earlier id was higher. Then one of the two has the
// time of a wrong clock: this one, if ids are not in the future.
func (e *Event) Known(now time.Time) bool {
	now = now.Add(future)
	id := time.UnixMicro(e.ID)
	return !e.Time.IsZero() && !e.Time.After(now) && (!id.After(e.Time.Add(future)) || id.After(now))
}

// journal is what a Store knows of events. The store's mu guards it.
type journal struct {
	found   int64         // newest id in the file at Open
	last    int64         // newest id, written or not
	old     int64         // newest id in the table events; 0: it is empty
	head    int64         // newest id that may be read
	changed chan struct{} // closed when head rises; nil while nobody waits

	// tail has the newest events; the last of them, unwritten many, wait to be
	// written. Events up to base are not in it: they are in the file, or were
	// given up.
	tail           tail
	base           int64
	unwritten      int
	unwrittenBytes int
	announced      *filter // of message ids

	cursors map[string]int64
	dirty   map[string]int64 // those that are not written yet

	kept    int64  // events in the file
	counted bool   // false while only those written since Open are
	written uint64 // events written, since Open
	trimmed uint64 // events that retention took away, since Open
	lost    uint64 // events given up since writing failed
	gone    uint64 // events given up, since Open
}

const (
	eventColumns = `id, time, message_id, self, kind, version, body`
	oldColumns   = `id, time, message_id, self, same, array, string`

	// A repair may have given another event a wrong id; that one gives way.
	insertEventSQL = `INSERT OR REPLACE INTO journal (` + eventColumns + `) VALUES ` + eventValues
	eventValues    = `(?, ?, ?, ?, ?, ?, ?)`
	// manyEvents are written by one statement where there are so many.
	manyEvents   = 16
	putCursorSQL = `INSERT INTO cursors (name, event) VALUES (?, ?)
		ON CONFLICT (name) DO UPDATE SET event = excluded.event`
	eventsSQL = `SELECT ` + eventColumns + ` FROM journal WHERE id > ? AND id <= ? ORDER BY id LIMIT ?`
	// The messages of the events up to one, in their order.
	eventMessagesSQL = `SELECT event, ` + columns + ` FROM
		(SELECT id AS event, message_id AS announced FROM journal WHERE id > ? AND id <= ? AND message_id <> 0)
		CROSS JOIN messages ON messages.id = announced ORDER BY event`
	// Of the table events, which an earlier version wrote, nothing new is made.
	oldEventsSQL   = `SELECT ` + oldColumns + ` FROM events WHERE id > ? AND id <= ? ORDER BY id LIMIT ?`
	countEventsSQL = `SELECT (SELECT count(*) FROM journal WHERE id > ?1 AND id <= ?2 AND self <= ?3)
		+ (SELECT count(*) FROM events WHERE id > ?1 AND id <= ?2 AND self <= ?3)`
	// The second term lets SQLite use the partial index. The table journal has none: it is
	// read from its end, as whoever asks mostly does so about the newest.
	announcedSQL = `SELECT EXISTS (SELECT 1 FROM events WHERE message_id = ?1 AND message_id <> 0)
		OR EXISTS (SELECT 1 FROM journal WHERE message_id = ?1 ORDER BY id DESC)`
	// keepLastSQL remembers the largest id when rows are removed.
	keepLastSQL = `UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'journal'`
	newLastSQL  = `INSERT INTO sqlite_sequence (name, seq) SELECT 'journal', 0
		WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'journal')`
)

// loadJournal reads what the store has to know of the events in the file.
func (s *Store) loadJournal(ctx context.Context) error {
	j := &s.journal
	err := s.db.w.QueryRowContext(ctx, `SELECT max(coalesce((SELECT max(id) FROM journal), 0),
		coalesce((SELECT max(seq) FROM sqlite_sequence WHERE name IN ('events', 'journal')), 0)),
		coalesce((SELECT max(id) FROM events), 0)`).Scan(&j.last, &j.old)
	if err != nil {
		return err
	}
	j.found, j.head, j.base = j.last, j.last, j.last
	j.announced = newFilter(0)
	j.announced.complete = j.last == 0
	j.cursors, j.dirty = make(map[string]int64), make(map[string]int64)
	rows, err := s.db.w.QueryContext(ctx, "SELECT name, event FROM cursors")
	if err != nil {
		return err
	}
	for rows.Next() && err == nil {
		var name string
		var id int64
		err = rows.Scan(&name, &id)
		j.cursors[name] = id
	}
	return errors.Join(err, rows.Err(), rows.Close())
}

// Append queues an event; it may be read (Events, Head) once it is written, in the
// same transaction as every message that was Put before it, or a later one. While
// writing fails it may be read at once. Its bytes must not be changed afterwards.
//
// Append waits while thousands of events are waiting to be written, unless
// writing fails: then the oldest waiting ones are given up.
func (s *Store) Append(e *Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	j := &s.journal
	for {
		switch {
		case s.closed:
			return ErrClosed
		case e.ID <= j.last:
			return text.Errorf("event id %d is not above %d, the newest one", "事件 id %d 不大于最新的 %d", e.ID, j.last)
		case j.unwritten < s.o.pending && j.unwrittenBytes < maxPendingBytes:
			s.order++
			k := kept{Event: *e, order: s.order, size: sizeOf(e)}
			j.last = e.ID
			j.tail.push(k)
			j.unwritten++
			j.unwrittenBytes += k.size
			j.shrink()
			if e.MessageID != 0 {
				j.announced.add(e.MessageID)
			}
			if s.failure != nil {
				j.rise(j.last)
			}
			s.need(atOnce)
			return nil
		case s.failure != nil:
			j.giveUpOldest()
		default:
			s.room.Wait()
		}
	}
}

// rise lets events up to id be read.
func (j *journal) rise(id int64) {
	if id <= j.head {
		return
	}
	j.head = id
	if j.changed != nil {
		close(j.changed)
		j.changed = nil
	}
}

// settle takes note that events up to the order are written.
func (j *journal) settle(order uint64) {
	for j.unwritten > 0 {
		e := j.tail.at(j.tail.n - j.unwritten)
		if e.order > order {
			break
		}
		j.unwritten--
		j.unwrittenBytes -= e.size
		j.written++
		j.kept++
		j.rise(e.ID)
	}
	j.shrink()
}

// shrink takes written events out of memory when there are too many.
func (j *journal) shrink() {
	for written := j.tail.n - j.unwritten; written > 0 && (written > maxTail || j.tail.bytes-j.unwrittenBytes > maxTailBytes); written-- {
		e := j.tail.pop()
		j.base = e.ID
	}
}

// trim takes note that events up to this one are no longer in the file.
func (j *journal) trim(id int64, n int) {
	for j.tail.n > j.unwritten && j.tail.at(0).ID <= id {
		e := j.tail.pop()
		j.base = e.ID
	}
	j.kept -= int64(n)
	j.trimmed += uint64(n)
}

// giveUpOldest drops the oldest event that is not written, and what is written
// and in front of it from memory.
func (j *journal) giveUpOldest() {
	for j.tail.n >= j.unwritten {
		e := j.tail.pop()
		j.base = e.ID
		if j.tail.n < j.unwritten {
			j.unwritten--
			j.unwrittenBytes -= e.size
			break
		}
	}
	j.lost++
	j.gone++
}

// Cursor returns how far the connection with this name has received; false when
// that was never set.
func (s *Store) Cursor(name string) (id int64, ok bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, false, ErrClosed
	}
	id, ok = s.journal.cursors[name]
	return id, ok, nil
}

// SetCursor notes how far a connection has received. It never goes backwards. It
// is written with the next batch, at the latest after a second.
func (s *Store) SetCursor(name string, id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j := &s.journal
	if old, ok := j.cursors[name]; s.closed || ok && id <= old {
		return
	}
	s.order++
	j.cursors[name], j.dirty[name] = id, id
	s.need(lazily)
}
