package store

import (
	"context"
	"time"
)

// Reader is a client that reads events.
type Reader struct {
	// Name is that of its cursor. "" stands for clients that say themselves what they
	// have.
	Name string
	// Window is how old an event for it may be, Most how many may wait for it.
	Window time.Duration
	Most   int
	// Own: those about messages of the account itself are for it too.
	Own bool
}

// limits are how far a run may go, because of Keep.Readers: the id of the last event and
// the position of the last message that nobody needs.
type limits struct{ event, message int64 }

// limits returns them as they are now.
func (s *Store) limits(ctx context.Context) (limits, error) {
	l := limits{always, always}
	for _, r := range s.keep.Load().Readers {
		last, err := s.received(ctx, r)
		if err != nil {
			return l, err
		}
		l.event = min(l.event, last)
	}
	if l.event == always {
		return l, nil
	}
	db, err := s.database()
	if err != nil {
		return l, err
	}
	err = db.r.QueryRowContext(ctx, `SELECT coalesce(min(position) - 1, ?) FROM messages
		WHERE id IN (SELECT message_id FROM journal WHERE id > ? AND message_id <> 0)`, always, l.event).Scan(&l.message)
	return l, err
}

// received returns the id of the last event that a reader has, or will never get.
func (s *Store) received(ctx context.Context, r Reader) (int64, error) {
	s.mu.Lock()
	has := s.journal.cursors[r.Name]
	s.mu.Unlock()
	db, err := s.database()
	if err != nil {
		return 0, err
	}
	var beyond int64 // there are Most behind it
	err = db.r.QueryRowContext(ctx, `SELECT coalesce((SELECT id FROM journal WHERE self <= ? ORDER BY id DESC LIMIT 1 OFFSET ?), 0)`, r.Own, r.Most).Scan(&beyond)
	if err != nil {
		return 0, err
	}
	has = max(has, beyond)
	if cut, ok := s.o.Clock.Ago(r.Window); ok {
		for _, table := range eventTables {
			old, err := s.lastOldEvent(ctx, table, cut)
			if err != nil {
				return 0, err
			}
			has = max(has, old)
		}
	}
	return has, nil
}
