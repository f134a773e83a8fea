package store

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"time"
)

// When the file is trimmed: soon after the start, as some programs run only
// briefly, and then rarely, as it costs a log line.
const (
	firstTrim = time.Minute
	trimEvery = 30 * time.Minute
)

// maintain does the upkeep of the file until the store closes.
func (s *Store) maintain(ctx context.Context) {
	s.fillFilters(ctx)
	if s.checkLater {
		s.checkInBackground(ctx)
	}
	t := time.NewTimer(firstTrim)
	defer t.Stop()
	for {
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
		s.fillFilters(ctx) // does nothing but after an error
		s.trim(ctx)
		if s.o.Clock.Trusted() {
			t.Reset(trimEvery)
		} else { // soon it may be
			t.Reset(firstTrim)
		}
	}
}

// loadFilter makes the filter; its ids are read later, by fillFilters.
func (s *Store) loadFilter(ctx context.Context) error {
	var last sql.NullInt64
	var trimmed bool
	var size int64
	err := s.db.w.QueryRowContext(ctx, `SELECT (SELECT max(position) FROM messages), EXISTS (SELECT 1 FROM trimmed),
		(SELECT page_count * page_size FROM pragma_page_count, pragma_page_size)`).Scan(&last, &trimmed, &size)
	// A wrong position must not cost gigabytes; few messages take less than 200 bytes.
	s.filter = newFilter(min(last.Int64, size/200))
	s.filter.complete = !last.Valid && !trimmed
	return err
}

// fillFilters reads the ids in use, and counts the events, unless that is done.
func (s *Store) fillFilters(ctx context.Context) {
	s.mu.Lock()
	upTo, messages, events := s.journal.found, s.filter.complete, s.journal.announced.complete
	s.mu.Unlock()
	var stubs, kept int64
	add := func(ids []int64) {
		for _, id := range ids {
			s.filter.add(int32(id))
		}
	}
	var err error
	if !messages {
		// A message goes from the first to the second, never the other way round.
		err = errors.Join(
			s.readIDs(ctx, "SELECT id, id FROM messages WHERE id > ? AND id <= ? ORDER BY id LIMIT ?", math.MaxInt64, add),
			s.readIDs(ctx, "SELECT id, id FROM trimmed WHERE id > ? AND id <= ? ORDER BY id LIMIT ?", math.MaxInt64, func(ids []int64) {
				add(ids)
				stubs += int64(len(ids))
			}),
		)
	}
	var errEvents error
	if !events {
		for _, table := range eventTables {
			errEvents = errors.Join(errEvents, s.readIDs(ctx, "SELECT id, message_id FROM "+table+" WHERE id > ? AND id <= ? ORDER BY id LIMIT ?", upTo, func(ids []int64) {
				for _, id := range ids {
					s.journal.announced.add(int32(id))
				}
				kept += int64(len(ids))
			}))
		}
	}
	s.mu.Lock()
	if !messages && err == nil {
		s.filter.complete = true
		s.stubs = stubs
	}
	if !events && errEvents == nil {
		s.journal.announced.complete = true
		if !s.journal.counted {
			s.journal.kept, s.journal.counted = s.journal.kept+kept, true
		}
	}
	s.mu.Unlock()
	if err = errors.Join(err, errEvents); err != nil && ctx.Err() == nil && !errors.Is(err, ErrClosed) {
		s.log.Warn("message ids not read; storing stays slower", "err", s.readError(err))
	}
}

// readIDs hands the second column of a query to add, which is called with mu held;
// the first one is the place to go on from, up to upTo. It reads in pieces, so that
// no read transaction holds up checkpoints for long.
func (s *Store) readIDs(ctx context.Context, query string, upTo int64, add func([]int64)) error {
	const piece = 4096
	ids := make([]int64, 0, piece)
	last := int64(math.MinInt64)
	for {
		ids = ids[:0]
		db, err := s.database()
		if err != nil {
			return err
		}
		rows, err := db.r.QueryContext(ctx, query, last, upTo, piece)
		if err != nil {
			return err
		}
		for rows.Next() && err == nil {
			var id int64
			err = rows.Scan(&last, &id)
			ids = append(ids, id)
		}
		if err = errors.Join(err, rows.Err(), rows.Close()); err != nil {
			return err
		}
		s.mu.Lock()
		add(ids)
		s.mu.Unlock()
		if len(ids) < piece {
			return nil
		}
	}
}
