package store

import (
	"context"
	"errors"
	"os"

	"libration/internal/text"
)

// Stats are figures of a Store at one moment.
type Stats struct {
	Backlog int    // messages that wait to be written
	Failed  uint64 // tries to write that failed, since Open
	Lost    uint64 // messages given up unwritten because too many waited, since Open
	Trimmed uint64 // messages removed because of Options.Keep, since Open

	Events        int    // events that wait to be written
	EventsKept    int64  // events in the file; counting them takes a moment after Open
	EventsWritten uint64 // since Open
	EventsLost    uint64 // events given up unwritten because too many waited, since Open
	EventsTrimmed uint64 // events removed because of Options.Keep, since Open

	Repaired uint64 // how often a damaged file was repaired, since Open
	Bytes    int64  // size of the file and its -wal
}

// Stats returns the figures.
func (s *Store) Stats() Stats {
	var bytes int64
	for _, suffix := range []string{"", "-wal"} {
		if info, err := os.Stat(s.o.Path + suffix); err == nil {
			bytes += info.Size()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	j := &s.journal
	return Stats{
		Backlog: len(s.queue), Failed: s.refused, Lost: s.gone, Trimmed: s.trimmed,
		Events: j.unwritten, EventsKept: j.kept, EventsWritten: j.written, EventsLost: j.gone, EventsTrimmed: j.trimmed,
		Repaired: s.repairs, Bytes: bytes,
	}
}

// ErrDamaged: the file has errors that SQLite's own check found.
var ErrDamaged = text.Errorf("the database is damaged", "数据库已损坏")

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
	return explain("check", path, errors.Join(quickCheck(ctx, db), db.Close()))
}
