package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Keep says how much stays in the file. Zero fields set no limit.
type Keep struct {
	// Messages and Events are how old they may become; forwards and media go with the
	// messages.
	// Nothing is removed for its age before Options.Clock is trusted.
	Messages, Events time.Duration
	// Size is how large the file may become, in bytes. The oldest messages, events,
	// forwards and media go first. The ids of removed messages come on top, and the -wal file.
	Size int64
	// Readers still have to get some events: these stay, with their messages, although
	// the file is too large or the messages are too old.
	Readers []Reader
}

// eventTables are in the order of the ids in them.
var eventTables = [...]string{"events", "journal"}

// A trimming transaction takes this many rows, or bytes, so that the writer waits
// for milliseconds only; then it pauses.
const (
	trimRows  = 128
	trimBytes = 1 << 20
	trimPages = 64
	trimPause = 20 * time.Millisecond
)

// stubSize is about what a row of the table trimmed or blocks takes up. These rows stay for
// ever, so a size that counted them would in the end leave no room for messages.
const stubSize = 20

const addTrimmedSQL = `INSERT OR IGNORE INTO trimmed (id, key) VALUES (?, ?)`

// removed counts what a run took away.
type removed struct{ messages, events, forwards, media int }

// blobs are the tables of blobs, with the counts of them.
func (n *removed) blobs() []struct {
	table string
	count *int
} {
	return []struct {
		table string
		count *int
	}{{"forwards", &n.forwards}, {"media", &n.media}}
}

// trim removes what is too old or too much, with one log line.
func (s *Store) trim(ctx context.Context) {
	if k := s.keep.Load(); k.Messages == 0 && k.Events == 0 && k.Size == 0 || s.Err() != nil { // then the writer tells, and tries again
		return
	}
	var n removed
	upTo, err := s.limits(ctx)
	if err == nil {
		err = errors.Join(s.trimOld(ctx, upTo, &n), s.trimSize(ctx, upTo, &n), s.vacuum(ctx))
	}
	if n != (removed{}) {
		s.log.Info("old messages removed", "path", s.o.Path, "messages", n.messages, "events", n.events, "forwards", n.forwards, "media", n.media, "size", s.Stats().Bytes)
	}
	if err != nil && ctx.Err() == nil && !errors.Is(err, ErrClosed) {
		s.suspect(err)
		s.log.Warn("old messages not removed, trying again later", "err", explain("trim", s.o.Path, err))
	}
}

// Times in the file may be those of a wrong clock, or of a server that was wrong. One
// that cannot be true is not known: a row without a known time goes together with a row
// behind it, which came later.
const (
	// A message has the server's time, a forward or medium that of a trusted clock.
	knownMessage = "time BETWEEN 1 AND %[1]d"
	// This is Event.Known.
	knownEvent = "time BETWEEN 1 AND %[1]d AND NOT (id/1000 > time + %[2]d AND id/1000 <= %[1]d)"

	// disorder is how many young messages may stand before an old one: those that were
	// missed come late.
	disorder = 128
	// future is how far a time may lie in the future, as clocks differ.
	future = time.Minute
)

// SetKeep changes what is kept from now on. Safe for concurrent use.
func (s *Store) SetKeep(k Keep) { s.keep.Store(&k) }

// trimOld removes what is older than Keep says.
func (s *Store) trimOld(ctx context.Context, upTo limits, n *removed) error {
	now := s.o.Clock.Now().Add(future)
	if cut, ok := s.o.Clock.Ago(s.keep.Load().Messages); ok && s.keep.Load().Messages > 0 {
		known := fmt.Sprintf(knownMessage, now.Unix())
		last, err := s.lastOld(ctx, "messages", "position", known, cut.Unix(), disorder)
		for more := err == nil && last > 0; more; {
			var count int
			count, err = s.trimMessages(ctx, min(last, upTo.message), cut.Unix(), now.Unix())
			n.messages += count
			more = count > 0 && err == nil
		}
		for _, of := range n.blobs() {
			if err == nil {
				last, err = s.lastOld(ctx, of.table, "position", known, cut.Unix(), 0)
			}
			for more := err == nil && last > 0; more; {
				var count int
				count, err = s.trimBlobs(ctx, of.table, last)
				*of.count += count
				more = count > 0 && err == nil
			}
		}
		if err != nil {
			return err
		}
	}
	cut, ok := s.o.Clock.Ago(s.keep.Load().Events)
	if !ok || s.keep.Load().Events == 0 {
		return nil
	}
	for _, table := range eventTables {
		last, err := s.lastOldEvent(ctx, table, cut)
		for more := err == nil && last > 0; more; {
			var count int
			count, err = s.trimEvents(ctx, min(last, upTo.event))
			n.events += count
			more = count > 0 && err == nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// lastOldEvent is lastOld for events.
func (s *Store) lastOldEvent(ctx context.Context, table string, before time.Time) (int64, error) {
	known := fmt.Sprintf(knownEvent, s.o.Clock.Now().Add(future).UnixMilli(), future.Milliseconds())
	return s.lastOld(ctx, table, "id", known, before.UnixMilli(), 0)
}

// lastOld returns the place of the last row from before that time, with at most so
// many younger ones before it; 0 for none.
func (s *Store) lastOld(ctx context.Context, table, place, known string, before int64, younger int) (last int64, err error) {
	db, err := s.database()
	if err != nil {
		return 0, err
	}
	query := fmt.Sprintf(`SELECT coalesce((
		SELECT %[2]s FROM %[1]s WHERE %[3]s AND time < ?1 AND %[2]s < coalesce((
			SELECT %[2]s FROM %[1]s WHERE %[3]s AND time >= ?1 ORDER BY %[2]s LIMIT 1 OFFSET ?2), ?3)
		ORDER BY %[2]s DESC LIMIT 1), 0)`, table, place, known)
	err = db.r.QueryRowContext(ctx, query, before, younger, always).Scan(&last)
	return last, err
}

// always is beyond any place and any time.
const always = int64(1) << 62

// trimSize removes the oldest when the file has grown too large, and some more, so
// that it is not due again at once.
func (s *Store) trimSize(ctx context.Context, upTo limits, n *removed) error {
	limit := s.keep.Load().Size
	if limit == 0 {
		return nil
	}
	used, free, err := s.size(ctx)
	if err != nil || used+free <= limit {
		return err
	}
	now := always
	if s.o.Clock.Trusted() {
		now = s.o.Clock.Now().Add(future).Unix()
	}
	for used > limit-limit/16 {
		order, err := s.oldestFirst(ctx, now)
		count := 0
		for i := 0; i < len(order) && count == 0 && err == nil; i++ { // none: what is left of these is needed
			switch order[i] {
			case ofMessages:
				count, err = s.trimMessages(ctx, upTo.message, 1, 0)
				n.messages += count
			case ofEvents:
				count, err = s.trimEvents(ctx, upTo.event)
				n.events += count
			case ofForwards:
				count, err = s.trimBlobs(ctx, "forwards", always)
				n.forwards += count
			case ofMedia:
				count, err = s.trimBlobs(ctx, "media", always)
				n.media += count
			}
		}
		if err != nil || count == 0 {
			return err
		}
		if used, _, err = s.size(ctx); err != nil {
			return err
		}
	}
	return nil
}

// The kinds of rows that are removed for the size of the file.
const (
	ofMessages = iota
	ofEvents
	ofForwards
	ofMedia
)

// oldestFirst returns the kinds of which there are rows, that with the oldest one first. A
// row without a known time, which is up to now, is older.
func (s *Store) oldestFirst(ctx context.Context, now int64) (order []int, err error) {
	db, err := s.database()
	if err != nil {
		return nil, err
	}
	var oldest [4]sql.NullInt64
	err = db.r.QueryRowContext(ctx, `SELECT
		coalesce((SELECT time FROM messages WHERE time BETWEEN 1 AND ?1 ORDER BY position LIMIT 1), (SELECT 0 FROM messages LIMIT 1)),
		coalesce((SELECT time/1000 FROM events WHERE time/1000 BETWEEN 1 AND ?1 ORDER BY id LIMIT 1), (SELECT 0 FROM events LIMIT 1),
			(SELECT time/1000 FROM journal WHERE time/1000 BETWEEN 1 AND ?1 ORDER BY id LIMIT 1), (SELECT 0 FROM journal LIMIT 1)),
		coalesce((SELECT time FROM forwards WHERE time BETWEEN 1 AND ?1 ORDER BY position LIMIT 1), (SELECT 0 FROM forwards LIMIT 1)),
		coalesce((SELECT time FROM media WHERE time BETWEEN 1 AND ?1 ORDER BY position LIMIT 1), (SELECT 0 FROM media LIMIT 1))`,
		now).Scan(&oldest[ofMessages], &oldest[ofEvents], &oldest[ofForwards], &oldest[ofMedia])
	for kind, time := range oldest {
		if time.Valid {
			order = append(order, kind)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(oldest[a].Int64, oldest[b].Int64) })
	return order, err
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
	if err != nil {
		return 0, 0, err
	}
	s.mu.Lock()
	stubs := s.stubs
	s.mu.Unlock()
	if stubs < 0 {
		if err := db.r.QueryRowContext(ctx, "SELECT (SELECT count(*) FROM trimmed) + (SELECT count(*) FROM blocks)").Scan(&stubs); err != nil {
			return 0, 0, err
		}
		s.mu.Lock()
		s.stubs = stubs
		s.mu.Unlock()
	}
	return max(0, (used-free)*page-stubs*stubSize), free * page, nil
}

// addStubs notes rows that stay for ever. The caller holds mu.
func (s *Store) addStubs(n int) {
	if s.stubs >= 0 {
		s.stubs += int64(n)
	}
}

// trimMessages removes a piece of the messages up to that position, the first ones,
// but for those with a time from youngFrom to youngTo (Unix seconds). None means that
// there are no more.
func (s *Store) trimMessages(ctx context.Context, upTo, youngFrom, youngTo int64) (int, error) {
	type row struct {
		position int64
		id       int32
		key      key
		own      bool // the id is its block's, and nobody else's anyway
	}
	count, stubs := 0, 0
	s.mu.Lock()
	former := s.former
	s.mu.Unlock()
	err := s.inPiece(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT position, id, scene, peer, peer_uid, sequence, length(raw), `+isOwnSQL+` FROM messages
			WHERE position <= ? AND time NOT BETWEEN ? AND ? ORDER BY position LIMIT ?`, upTo, youngFrom, youngTo, trimRows)
		if err != nil {
			return err
		}
		var piece []row
		bytes := int64(0)
		for err == nil && bytes < trimBytes && rows.Next() {
			var r row
			var sc scene
			var peer, sequence, size int64
			var uid string
			err = rows.Scan(&r.position, &r.id, &sc, &peer, &uid, &sequence, &size, &r.own)
			r.key = storedKey(sc, peer, uid, sequence)
			piece = append(piece, r)
			bytes += size
		}
		if err = errors.Join(err, rows.Err(), rows.Close()); err != nil {
			return err
		}
		for _, r := range piece {
			if !r.own || r.key.former() <= former[r.key.chat()] {
				if _, err := tx.ExecContext(ctx, addTrimmedSQL, uint32(r.id), r.key.fingerprint()); err != nil {
					return err
				}
				stubs++
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
	s.addStubs(stubs)
	s.mu.Unlock()
	return count, nil
}

// trimEvents removes a piece of the events up to that id, the first ones. None means
// that there are no more.
func (s *Store) trimEvents(ctx context.Context, upTo int64) (int, error) {
	count, err := s.trimTable(ctx, "events", "coalesce(length(array), 0) + coalesce(length(string), 0)", upTo)
	if count == 0 && err == nil {
		count, err = s.trimTable(ctx, "journal", "coalesce(length(body), 0)", upTo)
	}
	return count, err
}

// trimTable is trimEvents for one table. length is the SQL for the bytes of a row.
func (s *Store) trimTable(ctx context.Context, table, length string, upTo int64) (int, error) {
	last, count, err := s.trimPiece(ctx, table, "id", length, upTo, func(tx *sql.Tx, last int64) error {
		_, err := tx.ExecContext(ctx, newLastSQL)
		if err == nil {
			_, err = tx.ExecContext(ctx, keepLastSQL, last)
		}
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

// trimPiece removes a piece of the rows up to a place, the first ones, and returns the
// place of the last one. also is done in the same transaction, if there are any.
func (s *Store) trimPiece(ctx context.Context, table, place, length string, upTo int64, also func(tx *sql.Tx, last int64) error) (last int64, count int, err error) {
	err = s.inPiece(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, fmt.Sprintf("SELECT %[2]s, %[3]s FROM %[1]s WHERE %[2]s <= ? ORDER BY %[2]s LIMIT ?", table, place, length), upTo, trimRows)
		if err != nil {
			return err
		}
		for bytes := int64(0); err == nil && bytes < trimBytes && rows.Next(); count++ {
			var size int64
			err = rows.Scan(&last, &size)
			bytes += size
		}
		if err = errors.Join(err, rows.Err(), rows.Close()); err != nil || count == 0 {
			return err
		}
		if _, err = tx.ExecContext(ctx, "DELETE FROM "+table+" WHERE "+place+" <= ?", last); err != nil {
			return err
		}
		return also(tx, last)
	})
	if err != nil {
		return 0, 0, err
	}
	return last, count, nil
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
