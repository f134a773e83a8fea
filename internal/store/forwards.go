package store

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"slices"
)

const (
	maxForward   = 4 << 20  // bytes of one payload
	maxForwardID = 1024     // bytes
	maxInflated  = 64 << 20 // bytes in one payload

	// One that is kept again counts as new.
	putForwardSQL  = `INSERT OR REPLACE INTO forwards (id, time, payload) VALUES (?, ?, ?)`
	copyForwardSQL = `INSERT OR IGNORE INTO forwards (position, id, time, payload) VALUES (?, ?, ?, ?)`
	forwardSQL     = `SELECT payload FROM forwards WHERE id = ?`
)

// forward is a payload that waits to be written.
type forward struct {
	id      string
	order   uint64
	time    int64 // Unix seconds, 0: not known
	payload []byte
}

func (f *forward) size() int { return len(f.id) + len(f.payload) + 128 }

// forwards wait to be written. The store's mu guards them.
type forwards struct {
	queue []*forward
	bytes int
	lost  uint64 // given up since writing failed
}

func (f *forwards) dequeue() {
	f.bytes -= f.queue[0].size()
	f.queue[0] = nil
	f.queue = f.queue[1:]
}

// settle takes note that those up to the order are written.
func (f *forwards) settle(order uint64) {
	for len(f.queue) > 0 && f.queue[0].order <= order {
		f.dequeue()
	}
	if len(f.queue) == 0 {
		f.queue = nil
	}
}

// PutForward keeps the payload of the forward with this resource id, in place of an
// earlier one; it must not be changed afterwards. A payload of more than 4 MiB is not
// kept. Like Put it waits while too much waits to be written, and gives up the oldest
// when writing fails.
func (s *Store) PutForward(id string, payload []byte) error {
	switch {
	case id == "" || len(id) > maxForwardID:
		return fmt.Errorf("a forward's id has %d bytes: it must have 1 to %d", len(id), maxForwardID)
	case len(payload) == 0 || len(payload) > maxForward:
		return fmt.Errorf("a forward's payload has %d bytes: it must have 1 to %d", len(payload), maxForward)
	}
	e := &forward{id: id, payload: payload}
	if s.o.Clock.Trusted() {
		e.time = s.o.Clock.Now().Unix()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f := &s.forwards
	for {
		switch {
		case s.closed:
			return ErrClosed
		case len(f.queue) < s.o.pending && f.bytes < maxPendingBytes:
			s.order++
			e.order = s.order
			f.queue = append(f.queue, e)
			f.bytes += e.size()
			s.need(soon)
			return nil
		case s.failure != nil:
			f.dequeue()
			f.lost++
		default:
			s.room.Wait()
		}
	}
}

// Forward returns the payload that was kept under this resource id, nil when there is
// none. It is read-only.
func (s *Store) Forward(id string) ([]byte, error) {
	s.mu.Lock()
	for _, e := range slices.Backward(s.forwards.queue) {
		if e.id == id {
			s.mu.Unlock()
			return e.payload, nil
		}
	}
	s.mu.Unlock()
	db, err := s.database()
	if err != nil {
		return nil, err
	}
	var payload []byte
	err = db.forward.QueryRow([]byte(id)).Scan(&payload)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return payload, s.readError(err)
}

func (s *Store) writeForwards(ctx context.Context, tx *sql.Tx, all []*forward) error {
	put := tx.StmtContext(ctx, s.db.putForward)
	for _, f := range all {
		if _, err := put.ExecContext(ctx, []byte(f.id), f.time, f.payload); err != nil {
			return err
		}
	}
	return nil
}

// trimForwards removes a piece of the forwards up to that position, the first ones. None
// means that there are no more.
func (s *Store) trimForwards(ctx context.Context, upTo int64) (int, error) {
	_, count, err := s.trimPiece(ctx, "forwards", "position", "length(payload)", upTo, func(*sql.Tx, int64) error { return nil })
	return count, err
}

// addForward keeps a found row whose payload is whole: gzip has a checksum.
func (c *copier) addForward(r foundRow) error {
	id, payload := r.columns[1].([]byte), r.columns[3].([]byte)
	if r.id <= 0 || r.id >= maxPosition || len(id) == 0 || len(id) > maxForwardID || len(payload) > maxForward || !whole(payload) {
		return nil
	}
	return c.exec(nil, copyForwardSQL, r.id, id, r.columns[2], payload)
}

// whole tells whether the bytes are gzip whose checksum is right, and of a sensible size.
func whole(payload []byte) bool {
	z, err := gzip.NewReader(bytes.NewReader(payload))
	if err != nil {
		return false
	}
	n, err := io.Copy(io.Discard, io.LimitReader(z, maxInflated+1))
	return err == nil && n <= maxInflated
}
