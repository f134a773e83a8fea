package store

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"io"
)

const (
	maxForward  = 4 << 20  // bytes of one payload
	maxInflated = 64 << 20 // bytes in one payload

	// One that is kept again counts as new.
	putForwardSQL  = `INSERT OR REPLACE INTO forwards (id, time, payload) VALUES (?, ?, ?)`
	copyForwardSQL = `INSERT OR IGNORE INTO forwards (position, id, time, payload) VALUES (?, ?, ?, ?)`
	forwardSQL     = `SELECT '', payload FROM forwards WHERE id = ?`
)

// PutForward keeps the payload of the forward with this resource id, in place of an
// earlier one; it must not be changed afterwards. A payload of more than 4 MiB is not
// kept. Like Put it waits while too much waits to be written, and gives up the oldest
// when writing fails.
func (s *Store) PutForward(id string, payload []byte) error {
	return s.putBlob(&s.forwards, "forward", maxForward, blob{id: id, payload: payload})
}

// Forward returns the payload that was kept under this resource id, nil when there is
// none. It is read-only.
func (s *Store) Forward(id string) ([]byte, error) {
	b, err := s.blob(&s.forwards, func(db *database) *sql.Stmt { return db.forward }, id)
	if b == nil || err != nil {
		return nil, err
	}
	return b.payload, nil
}

func (s *Store) writeForwards(ctx context.Context, tx *sql.Tx, all []*blob) error {
	put := tx.StmtContext(ctx, s.db.putForward)
	for _, f := range all {
		if _, err := put.ExecContext(ctx, []byte(f.id), f.time, f.payload); err != nil {
			return err
		}
	}
	return nil
}

// addForward keeps a found row whose payload is whole: gzip has a checksum.
func (c *copier) addForward(r foundRow) error {
	id, payload := r.columns[1].([]byte), r.columns[3].([]byte)
	if r.id <= 0 || r.id >= maxPosition || len(id) == 0 || len(id) > maxBlobID || len(payload) > maxForward || !whole(payload) {
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
