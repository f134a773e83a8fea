package store

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"time"
)

// Keep says how much stays in the file. Zero fields set no limit.
type Keep struct {
	// Messages and Events are how old they may become.
	Messages, Events time.Duration
	// Size is how large the file may become, in bytes. The oldest messages and
	// events go first. The ids of removed messages come on top, and the -wal file.
	Size int64
}

// A trimming transaction takes this many rows, or bytes, so that the writer waits
// for milliseconds only; then it pauses.
const (
	trimRows  = 128
	trimBytes = 1 << 20
	trimPages = 64
	trimPause = 20 * time.Millisecond
)

// stubSize is about what a row of the table trimmed takes up. These rows stay for
// ever, so a size that counted them would in the end leave no room for messages.
const stubSize = 20

const addTrimmedSQL = `INSERT OR IGNORE INTO trimmed (id, key) VALUES (?, ?)`

// removed counts what a run took away.
type removed struct{ messages, events int }

// trim removes what is too old or too much, with one log line.
func (s *Store) trim(ctx context.Context) {
	if s.o.Keep == (Keep{}) || s.Err() != nil { // then the writer tells, and tries again
		return
	}
	var n removed
	err := errors.Join(s.trimOld(ctx, &n), s.trimSize(ctx, &n), s.vacuum(ctx))
	if n != (removed{}) {
		s.log.Info("old messages removed", "path", s.o.Path, "messages", n.messages, "events", n.events, "size", s.Stats().Bytes)
	}
	if err != nil && ctx.Err() == nil && !errors.Is(err, ErrClosed) {
		s.suspect(err)
		s.log.Warn("old messages not removed, trying again later", "err", explain("trim", s.o.Path, err))
	}
}

// trimOld removes what is older than Keep says.
func (s *Store) trimOld(ctx context.Context, n *removed) error {
	k := &s.o.Keep
	now := time.Now()
	for more := k.Messages > 0; more; {
		count, err := s.trimMessages(ctx, now.Add(-k.Messages).Unix())
		if err != nil {
			return err
		}
		n.messages += count
		more = count > 0
	}
	for more := k.Events > 0; more; {
		count, err := s.trimEvents(ctx, now.Add(-k.Events).UnixMilli())
		if err != nil {
			return err
		}
		n.events += count
		more = count > 0
	}
	return nil
}

// always is later than any message or event.
const always = int64(1) << 62

// trimSize removes the oldest when the file has grown too large, and some more, so
// that it is not due again at once.
func (s *Store) trimSize(ctx context.Context, n *removed) error {
	limit := s.o.Keep.Size
	if limit == 0 {
		return nil
	}
	used, free, err := s.size(ctx)
	if err != nil || used+free <= limit {
		return err
	}
	for used > limit-limit/16 {
		var message, event sql.NullInt64 // times
		db, err := s.database()
		if err != nil {
			return err
		}
		err = db.r.QueryRowContext(ctx, `SELECT (SELECT time FROM messages ORDER BY position LIMIT 1),
			(SELECT time/1000 FROM events ORDER BY id LIMIT 1)`).Scan(&message, &event)
		if err != nil {
			return err
		}
		var count int
		switch {
		case message.Valid && (!event.Valid || message.Int64 <= event.Int64):
			count, err = s.trimMessages(ctx, always)
			n.messages += count
		case event.Valid:
			count, err = s.trimEvents(ctx, always)
			n.events += count
		default:
			return nil // nothing is left
		}
		if err != nil {
			return err
		}
		if used, _, err = s.size(ctx); err != nil {
			return err
		}
	}
	return nil
}

// size returns the bytes of the file that are in use, without those of removed
// messages, and those that are not.
func (s *Store) size(ctx context.Context) (used, free int64, err error) {
	db, err := s.database()
	if err != nil {
		return 0, 0, err
	}
	var page int64
	err = db.r.QueryRowContext(ctx, "SELECT page_count, freelist_count, page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size").
		Scan(&used, &free, &page)
	s.mu.Lock()
	stubs := s.stubs * stubSize
	s.mu.Unlock()
	return max(0, (used-free)*page-stubs), free * page, err
}

// trimMessages removes messages from the front, those from before that time (Unix
// seconds) and those without a time among them. None means that there are no more.
func (s *Store) trimMessages(ctx context.Context, before int64) (int, error) {
	type row struct {
		position, time int64
		id             int32
		key            key
	}
	count, stubs := 0, int64(0)
	err := s.inPiece(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, "SELECT position, id, time, scene, peer, peer_uid, sequence, length(raw) FROM messages ORDER BY position LIMIT ?", trimRows)
		if err != nil {
			return err
		}
		var piece []row
		old, bytes := 0, int64(0) // old: how many, up to the last one that is
		for err == nil && bytes < trimBytes && rows.Next() {
			var r row
			var sc scene
			var peer, sequence, size int64
			var uid string
			err = rows.Scan(&r.position, &r.id, &r.time, &sc, &peer, &uid, &sequence, &size)
			r.key = storedKey(sc, peer, uid, sequence)
			piece = append(piece, r)
			bytes += size
			if r.time > 0 && r.time < before {
				old = len(piece)
			}
		}
		if err = errors.Join(err, rows.Err(), rows.Close()); err != nil {
			return err
		}
		if before == always {
			old = len(piece)
		}
		for _, r := range piece[:old] {
			if r.time >= before {
				continue // a clock was wrong
			}
			res, err := tx.ExecContext(ctx, addTrimmedSQL, uint32(r.id), r.key.fingerprint())
			if err != nil {
				return err
			}
			if n, err := res.RowsAffected(); err == nil {
				stubs += n // none when it was removed before
			}
			if _, err := tx.ExecContext(ctx, "DELETE FROM messages WHERE position = ?", r.position); err != nil {
				return err
			}
			count++
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	s.mu.Lock()
	s.trimmed += uint64(count)
	s.stubs += stubs
	s.mu.Unlock()
	return count, nil
}

// trimEvents removes events from the front, up to the last one from before that
// time (Unix milliseconds). None means that there are no more.
func (s *Store) trimEvents(ctx context.Context, before int64) (int, error) {
	var last int64
	count := 0
	err := s.inPiece(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT id, time, coalesce(length(array), 0) + coalesce(length(string), 0)
			FROM events ORDER BY id LIMIT ?`, trimRows)
		if err != nil {
			return err
		}
		bytes := int64(0)
		for n := 1; err == nil && bytes < trimBytes && rows.Next(); n++ {
			var id, t, size int64
			err = rows.Scan(&id, &t, &size)
			bytes += size
			if t < before {
				last, count = id, n
			}
		}
		if err = errors.Join(err, rows.Err(), rows.Close()); err != nil || count == 0 {
			return err
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM events WHERE id <= ?", last)
		return err
	})
	if err != nil || count == 0 {
		return 0, err
	}
	s.mu.Lock()
	s.journal.trim(last, count)
	s.mu.Unlock()
	return count, nil
}

// vacuum gives unused pages back to the disk when there are many; few are soon
// used again.
func (s *Store) vacuum(ctx context.Context) error {
	used, free, err := s.size(ctx)
	if err != nil || free < (used+free)/16 || free < 1<<20 {
		return err
	}
	for before := free + 1; free > 1<<20 && free < before; {
		db, err := s.database()
		if err != nil {
			return err
		}
		// The pragma works row by row.
		rows, err := db.w.QueryContext(ctx, "PRAGMA incremental_vacuum("+strconv.Itoa(trimPages)+")")
		if err != nil {
			return err
		}
		for rows.Next() {
		}
		if err := errors.Join(rows.Err(), rows.Close(), wait(ctx, trimPause)); err != nil {
			return err
		}
		before = free
		if _, free, err = s.size(ctx); err != nil {
			return err
		}
	}
	// The file on the disk gets smaller at a checkpoint, and the next one may be far
	// away.
	db, err := s.database()
	if err == nil {
		_, err = db.w.ExecContext(ctx, "PRAGMA wal_checkpoint")
	}
	return err
}

// inPiece does a piece of work in one transaction, and then leaves the file to
// others for a while.
func (s *Store) inPiece(ctx context.Context, do func(*sql.Tx) error) error {
	db, err := s.database()
	if err != nil {
		return err
	}
	tx, err := db.w.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		_ = tx.Rollback() // the first error says more
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	return wait(ctx, trimPause)
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
