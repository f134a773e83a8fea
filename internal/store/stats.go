package store

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// Stats are figures of a Store at one moment.
type Stats struct {
	Backlog int    // messages that wait to be written
	Failed  uint64 // tries to write that failed, since Open
	Lost    uint64 // messages given up unwritten because too many waited, since Open

	Events        int    // events that wait to be written
	EventsWritten uint64 // since Open
	EventsLost    uint64 // events given up unwritten because too many waited, since Open
}

// Stats returns the figures.
func (s *Store) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Stats{
		Backlog: len(s.queue), Failed: s.refused, Lost: s.gone,
		Events: s.journal.unwritten, EventsWritten: s.journal.written, EventsLost: s.journal.gone,
	}
}

// ErrDamaged: the file has errors that SQLite's own check found.
var ErrDamaged = errors.New("the database is damaged")

// Check reads the whole file at path without changing it, also while a program
// uses it, and reports the first damage. Errors are of type *Error; a missing file
// is one too.
func Check(ctx context.Context, path string) error {
	if _, err := os.Stat(path); err != nil {
		return explain("check", path, err)
	}
	db, err := openDB(path, 1, readerCache, "query_only(on)")
	if err != nil {
		return explain("check", path, err)
	}
	var verdict string
	err = db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict)
	if err == nil && verdict != "ok" {
		err = fmt.Errorf("%w: %s", ErrDamaged, verdict)
	}
	return explain("check", path, errors.Join(err, db.Close()))
}
