package store

import (
	"context"
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
	s.fillFilter(ctx)
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
		s.fillFilter(ctx) // does nothing but after an error
		s.trim(ctx)
		if s.o.Clock.Trusted() {
			t.Reset(trimEvery)
		} else { // soon it may be
			t.Reset(firstTrim)
		}
	}
}

// fillFilter reads which messages have events, and counts the events, unless that is done.
func (s *Store) fillFilter(ctx context.Context) {
	s.mu.Lock()
	upTo, complete := s.journal.found, s.journal.announced.complete
	s.mu.Unlock()
	if complete {
		return
	}
	var kept int64
	var err error
	for _, table := range eventTables {
		err = errors.Join(err, s.readIDs(ctx, "SELECT id, message_id FROM "+table+" WHERE id > ? AND id <= ? ORDER BY id LIMIT ?", upTo, func(ids []int64) {
			for _, id := range ids {
				s.journal.announced.add(int32(id))
			}
			kept += int64(len(ids))
		}))
	}
	s.mu.Lock()
	if err == nil {
		s.journal.announced.complete = true
		if !s.journal.counted {
			s.journal.kept, s.journal.counted = s.journal.kept+kept, true
		}
	}
	s.mu.Unlock()
	if err != nil && ctx.Err() == nil && !errors.Is(err, ErrClosed) {
		s.log.Warn("message ids of events not read; catching up stays slower", "err", s.readError(err))
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
