package store

import (
	"context"
	"database/sql"
	"encoding/json"
)

const (
	maxMedium = 64 << 10 // bytes of one payload

	// One that is kept again counts as new.
	putMediumSQL  = `INSERT OR REPLACE INTO media (id, time, kind, payload) VALUES (?, ?, ?, ?)`
	copyMediumSQL = `INSERT OR IGNORE INTO media (position, id, time, kind, payload) VALUES (?, ?, ?, ?, ?)`
	mediumSQL     = `SELECT kind, payload FROM media WHERE id = ?`
)

// PutMedium keeps what is known of a picture, voice or video under an id, in place of what
// was known. payload is JSON of 64 KiB at most; it must not be changed afterwards. Like Put
// it waits while too much waits to be written, and gives up the oldest when writing fails.
func (s *Store) PutMedium(id, kind string, payload []byte) error {
	return s.putBlob(&s.media, "medium", maxMedium, blob{id: id, kind: kind, payload: payload})
}

// Medium returns what was kept under this id, a nil payload when nothing was. It is
// read-only.
func (s *Store) Medium(id string) (kind string, payload []byte, err error) {
	b, err := s.blob(&s.media, func(db *database) *sql.Stmt { return db.medium }, id)
	if b == nil || err != nil {
		return "", nil, err
	}
	return b.kind, b.payload, nil
}

func (s *Store) writeMedia(ctx context.Context, tx *sql.Tx, all []*blob) error {
	put := tx.StmtContext(ctx, s.db.putMedium)
	for _, m := range all {
		if _, err := put.ExecContext(ctx, []byte(m.id), m.time, m.kind, m.payload); err != nil {
			return err
		}
	}
	return nil
}

// addMedium keeps a found row whose payload can be read.
func (c *copier) addMedium(r foundRow) error {
	id, payload := r.columns[1].([]byte), r.columns[4].([]byte)
	if r.id <= 0 || r.id >= maxPosition || len(id) == 0 || len(id) > maxBlobID || len(payload) > maxMedium || !json.Valid(payload) {
		return nil
	}
	return c.exec(nil, copyMediumSQL, r.id, id, r.columns[2], r.columns[3], payload)
}
