package store

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"time"
)

const (
	// maxBatch bounds one transaction.
	maxBatch = 2048
	// After a batch of busyBatch the next one gathers busyFactor times as long: a page
	// that is changed twice in a transaction is written once.
	busyBatch  = 100
	busyFactor = 5
	// While events come faster than one in busyEvent, they gather for busyHold: a
	// transaction costs as much as some tens of them.
	busyEvent = time.Millisecond
	busyHold  = 5 * time.Millisecond
)

// insertSQL and what follows its rows change an existing row only when it belongs to the
// same key: an id is never handed on. After an error nothing of the transaction stays
// anyway; with FAIL, SQLite does not keep what a statement changes to take it back alone.
const (
	insertSQL    = `INSERT OR FAIL INTO messages (id, ` + columns + `) VALUES `
	insertValues = `(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	insertUpdate = ` ON CONFLICT (id) DO UPDATE SET
	 peer_uid = excluded.peer_uid, client_sequence = excluded.client_sequence, time = excluded.time,
	 self = excluded.self, meta = excluded.meta, raw = excluded.raw
	WHERE scene = excluded.scene AND peer = excluded.peer AND sequence = excluded.sequence
	 AND (peer <> 0 OR peer_uid = excluded.peer_uid)`
	// manyMessages are written by one statement where there are so many.
	manyMessages = 16
)

// urgency says how long the writer may wait for more.
type urgency int

const (
	nothing urgency = iota
	lazily          // lazyGather
	soon            // Options.gather
	atOnce
)

// lazyGather is how long cursors wait when nothing else is to be written.
const lazyGather = time.Second

// need wakes the writer. The caller holds mu.
func (s *Store) need(u urgency) {
	if u <= s.needed {
		return
	}
	s.needed = u
	select {
	case s.wake <- struct{}{}:
	default: // it will look at needed anyway
	}
}

const notStored = "message not stored: its id belongs to another message"

// batch is what one transaction writes.
type batch struct {
	number   uint64
	messages []*entry
	orders   []uint64 // of the messages: those of their first versions
	urgent   bool     // a message is in it that goes before others
	refused  int      // messages that are left out, as another block has their slot
	claims   []claim
	others   map[*run]block // of the claims: those of another block
	events   []Event
	cursors  map[string]int64
	forwards []*blob
	media    []*blob
	// All messages, all events, all blobs and everything up to these orders is in it.
	lastMessage, lastEvent, lastBlob, upTo uint64
}

func (b *batch) empty() bool {
	return b.refused+len(b.messages)+len(b.events)+len(b.cursors)+len(b.forwards)+len(b.media) == 0
}

// writeLoop writes what gathers until the store closes, then once more.
func (s *Store) writeLoop(ctx context.Context) {
	var b batch
	delay := s.o.retryMin
	gather := s.o.gather
	repaired := false // since something was written
	var hold time.Duration
	var written time.Time // when events were written last
	for {
		open := s.waitForWork(gather, hold)
		gather, hold = s.o.gather, 0
		for {
			err := s.mend(ctx)
			if err == nil {
				s.next(&b)
				if b.empty() {
					break
				}
				if err = s.write(&b); isDamage(err) {
					s.suspect(err)
					if !repaired {
						repaired = true
						continue
					}
				}
			}
			s.finish(&b, err, delay)
			if err == nil {
				repaired = false
				delay = s.o.retryMin
				if len(b.messages) >= busyBatch {
					gather = busyFactor * s.o.gather
				}
				last := written
				if len(b.events) > 0 {
					written = time.Now()
				}
				if n := time.Duration(len(b.events)); open && written.Sub(last) < n*busyEvent && s.fewLeft() {
					hold = busyHold
					break
				}
				continue
			}
			if !open || !s.pause(delay) {
				open = false
				break
			}
			delay = min(2*delay, s.o.retryMax)
		}
		// Or it would keep them in memory.
		clear(b.messages[:cap(b.messages)])
		clear(b.events[:cap(b.events)])
		b.forwards, b.media = nil, nil
		if !open {
			return
		}
	}
}

// fewLeft tells whether less than a good batch waits to be written; then that is asked
// for.
func (s *Store) fewLeft() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.queue) + s.journal.unwritten
	if n >= busyBatch {
		return false
	}
	if n+len(s.journal.dirty) > 0 {
		s.need(atOnce)
	}
	return true
}

// waitForWork returns when a batch has gathered; false when the store closes. hold is how
// long also those gather that are to be written at once.
func (s *Store) waitForWork(gather, hold time.Duration) bool {
	var due <-chan time.Time
	for {
		select {
		case <-s.wake:
			s.mu.Lock()
			needed := s.needed
			s.mu.Unlock()
			switch needed {
			case atOnce:
				if hold == 0 {
					return true
				}
				due = time.After(hold)
			case soon:
				due = time.After(gather)
			case lazily:
				due = time.After(lazyGather)
			}
		case <-due:
			return true
		case <-s.stop:
			return false
		}
	}
}

// pause waits; false when the store closes.
func (s *Store) pause(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-s.stop:
		return false
	}
}

// next collects the oldest messages and events, all cursors and all blobs. In place of a
// message the newest version of it is taken, and only that.
func (s *Store) next(b *batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.needed = nothing // the writer asks again until there is nothing
	*b = batch{number: b.number + 1, messages: b.messages[:0], orders: b.orders[:0], claims: b.claims[:0], events: b.events[:0], upTo: s.order}
	b.lastMessage = b.upTo
	add := func(e *entry, order uint64) {
		e.batch = b.number
		r := e.run
		if r != nil && r.written && r.owner != e.key.block() { // the file could not be read before
			e.written = true
			b.refused++
			s.log.Warn(notStored, "id", e.id)
			return
		}
		b.messages, b.orders = append(b.messages, e), append(b.orders, order)
		if r != nil && !r.written && r.batch != b.number {
			r.batch = b.number
			b.claims = append(b.claims, claim{r, r.owner})
		}
	}
	urgent := 0 // that are not added yet: they are in it wherever they stand, in their order
	for _, e := range s.urgent {
		if newest := s.pending[e.id]; newest != nil && newest.urgentIn != b.number && !newest.written {
			newest.urgentIn, b.urgent = b.number, true
			urgent++
		}
	}
	full := false
	for _, e := range s.queue {
		newest := s.pending[e.id]
		switch {
		case newest.batch == b.number || newest.written:
			continue
		case newest.urgentIn == b.number:
			urgent--
		case full:
			continue
		case len(b.messages)+urgent >= maxBatch:
			b.lastMessage, full = e.order-1, true
			continue
		}
		if add(newest, e.order); full && urgent == 0 {
			break
		}
	}
	// No event without the messages that came before it.
	s.nextEvents(b)
	b.cursors = maps.Clone(s.journal.dirty)
	b.forwards, b.media, b.lastBlob = slices.Clone(s.forwards.queue), slices.Clone(s.media.queue), s.order
}

// nextEvents collects the events up to the last message.
func (s *Store) nextEvents(b *batch) {
	b.events, b.lastEvent = b.events[:0], b.lastMessage
	j := &s.journal
	for i := j.tail.n - j.unwritten; i < j.tail.n; i++ {
		e := j.tail.at(i)
		if e.order > b.lastEvent || len(b.events) == maxBatch {
			b.lastEvent = e.order - 1
			break
		}
		b.events = append(b.events, e.Event)
	}
	b.upTo = min(b.lastMessage, b.lastEvent)
}

// cut ends the batch behind its first n messages when one has come meanwhile that goes
// before others, and tells whether it did.
func (s *Store) cut(b *batch, n int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b.urgent || len(s.urgent) == 0 || n >= len(b.messages) {
		return false
	}
	b.messages, b.lastMessage = b.messages[:n], b.orders[n]-1
	s.nextEvents(b)
	return true
}

// finish takes what was written out of the queues, or notes why it stays. Changes
// between working and failing are logged, once.
func (s *Store) finish(b *batch, err error, retry time.Duration) {
	s.mu.Lock()
	j := &s.journal
	old, lost, lostEvents, lostForwards := s.failure, s.lost, j.lost, s.forwards.lost
	s.failure = explain("write", s.o.Path, err)
	failure := s.failure
	if err != nil {
		s.refused++
		j.rise(j.last)
	} else {
		for _, e := range b.messages {
			e.written = true
			if at := s.runs.bySlot[slotOf(e.id)]; e.run == nil && at != nil {
				at.Value.(*run).taken.add(e.id)
			}
		}
		s.urgent = slices.DeleteFunc(s.urgent, func(e *entry) bool { return e.batch == b.number || s.pending[e.id] == nil || s.pending[e.id].written })
		for _, c := range b.claims {
			if owner, ok := b.others[c.run]; ok {
				c.run.owner = owner
			}
			c.run.written = true
			s.addStubs(1)
		}
		for len(s.queue) > 0 && s.queue[0].order <= b.lastMessage {
			s.dequeue()
		}
		if len(s.queue) == 0 && cap(s.queue) > 1024 {
			s.queue = nil // a burst's memory is given back
		}
		j.settle(b.lastEvent)
		s.forwards.settle(b.lastBlob)
		s.media.settle(b.lastBlob)
		for name, id := range b.cursors {
			if j.dirty[name] == id {
				delete(j.dirty, name)
			}
		}
		s.done = b.upTo
		s.commits++
		s.lost, j.lost, s.forwards.lost, s.media.lost = 0, 0, 0, 0
	}
	s.room.Broadcast()
	s.mu.Unlock()

	switch {
	case err != nil && (old == nil || resultCode(old) != resultCode(err)):
		s.log.Error("messages are kept in memory only: writing failed, trying again", "err", failure, "retry_in", retry)
	case err == nil && old != nil:
		s.log.Info("messages are written again", "path", s.o.Path, "lost", lost, "lost_events", lostEvents, "lost_forwards", lostForwards)
	}
}

// write stores a batch in one transaction.
func (s *Store) write(b *batch) error {
	tx, err := s.db.w.Begin()
	if err != nil {
		return err
	}
	ctx := context.Background()
	err = s.writeMessages(ctx, tx, b)
	if err == nil {
		err = s.writeEvents(ctx, tx, b.events)
	}
	if err == nil {
		err = s.writeCursors(ctx, tx, b.cursors)
	}
	if err == nil {
		err = s.writeForwards(ctx, tx, b.forwards)
	}
	if err == nil {
		err = s.writeMedia(ctx, tx, b.media)
	}
	if err != nil {
		_ = tx.Rollback() // the first error says more
		return err
	}
	return tx.Commit()
}

func (s *Store) writeMessages(ctx context.Context, tx *sql.Tx, b *batch) (err error) {
	if b.others, err = s.writeOwners(ctx, tx, b.claims); err != nil {
		return err
	}
	entries := b.messages
	if len(b.others) > 0 {
		entries = slices.DeleteFunc(slices.Clone(entries), func(e *entry) bool {
			_, refused := b.others[e.run]
			if refused {
				s.log.Warn(notStored, "id", e.id)
			}
			return refused
		})
	}
	one, many := tx.StmtContext(ctx, s.db.insert), tx.StmtContext(ctx, s.db.insertMany)
	for len(entries) > 0 {
		n, insert := 1, one
		if len(entries) >= manyMessages {
			n, insert = manyMessages, many
		}
		w := &s.rows
		w.args, w.meta = w.args[:0], w.meta[:0]
		for _, e := range entries[:n] {
			w.add(e)
		}
		res, err := insert.ExecContext(ctx, w.args...)
		if err != nil {
			return err
		}
		if written, err := res.RowsAffected(); err == nil && written < int64(n) {
			s.log.Warn("messages not stored: their ids belong to other messages", "of", n, "stored", written, "first_id", entries[0].id)
		}
		entries = entries[n:]
		if len(b.others) == 0 && s.cut(b, len(b.messages)-len(entries)) {
			break
		}
	}
	return nil
}

// rowWriter has the arguments of an insert. Only the writer uses it.
type rowWriter struct {
	args []any
	meta []byte
}

func (w *rowWriter) add(e *entry) {
	m := &e.message
	raw := m.Raw
	if raw == nil {
		raw = []byte{} // nil would be NULL
	}
	begin := len(w.meta)
	w.meta = e.appendMeta(w.meta)
	meta := w.meta[begin:len(w.meta):len(w.meta)]
	if len(meta) == 0 {
		meta = []byte{}
	}
	w.args = append(w.args, int64(e.id), int64(e.key.scene), int64(e.key.peer), string(m.Chat.PeerUID),
		int64(m.Sequence), int64(m.ClientSequence), m.Time, e.bits(), meta, raw)
}

func (s *Store) writeEvents(ctx context.Context, tx *sql.Tx, events []Event) error {
	one, many := tx.StmtContext(ctx, s.db.insertEvent), tx.StmtContext(ctx, s.db.insertEvents)
	var args []any
	for len(events) > 0 {
		n, insert := 1, one
		if len(events) >= manyEvents {
			n, insert = manyEvents, many
		}
		args = args[:0]
		for i := range events[:n] {
			e := &events[i]
			var written int64
			if !e.Time.IsZero() {
				written = e.Time.UnixMilli()
			}
			args = append(args, e.ID, written, e.MessageID, e.Self, e.Kind, e.Version, e.Body)
		}
		if _, err := insert.ExecContext(ctx, args...); err != nil {
			return err
		}
		events = events[n:]
	}
	return nil
}

func (s *Store) writeCursors(ctx context.Context, tx *sql.Tx, cursors map[string]int64) error {
	put := tx.StmtContext(ctx, s.db.putCursor)
	for name, id := range cursors {
		if _, err := put.ExecContext(ctx, name, id); err != nil {
			return err
		}
	}
	return nil
}
