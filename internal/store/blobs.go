package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"libration/internal/text"
)

const maxBlobID = 1024 // bytes

// blob is something with an id of the caller that waits to be written.
type blob struct {
	id      string
	order   uint64
	time    int64  // Unix seconds, 0: not known
	kind    string // of media
	payload []byte
}

func (b *blob) size() int { return len(b.id) + len(b.kind) + len(b.payload) + 128 }

// blobs wait to be written to one table. The store's mu guards them.
type blobs struct {
	queue []*blob
	bytes int
	lost  uint64 // given up since writing failed
}

func (w *blobs) dequeue() {
	w.bytes -= w.queue[0].size()
	w.queue[0] = nil
	w.queue = w.queue[1:]
}

// settle takes note that those up to the order are written.
func (w *blobs) settle(order uint64) {
	for len(w.queue) > 0 && w.queue[0].order <= order {
		w.dequeue()
	}
	if len(w.queue) == 0 {
		w.queue = nil
	}
}

// newest is the one with this id that waits; nil: none does.
func (w *blobs) newest(id string) *blob {
	for _, b := range slices.Backward(w.queue) {
		if b.id == id {
			return b
		}
	}
	return nil
}

// putBlob has a blob written, in place of an earlier one with its id. what is what it is
// called in errors, most how large its payload may be. Like Put it waits while too much
// waits to be written, and gives up the oldest when writing fails.
func (s *Store) putBlob(w *blobs, what string, most int, b blob) error {
	switch {
	case b.id == "" || len(b.id) > maxBlobID:
		return text.Errorf("a %s's id has %d bytes: it must have 1 to %d", "%s 的 id 有 %d 字节：应为 1 到 %d", what, len(b.id), maxBlobID)
	case len(b.payload) == 0 || len(b.payload) > most:
		return text.Errorf("a %s's payload has %d bytes: it must have 1 to %d", "%s 的内容有 %d 字节：应为 1 到 %d", what, len(b.payload), most)
	}
	if s.o.Clock.Trusted() {
		b.time = s.o.Clock.Now().Unix()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.closed:
			return ErrClosed
		case len(w.queue) < s.o.pending && w.bytes < maxPendingBytes:
			s.order++
			b.order = s.order
			w.queue = append(w.queue, &b)
			w.bytes += b.size()
			s.need(soon)
			return nil
		case s.failure != nil:
			w.dequeue()
			w.lost++
		default:
			s.room.Wait()
		}
	}
}

// blob reads what was put under an id, with the query of its table; nil: nothing was.
func (s *Store) blob(w *blobs, query func(*database) *sql.Stmt, id string) (*blob, error) {
	s.mu.Lock()
	b := w.newest(id)
	s.mu.Unlock()
	if b != nil {
		return b, nil
	}
	db, err := s.database()
	if err != nil {
		return nil, err
	}
	b = &blob{id: id}
	err = query(db).QueryRow([]byte(id)).Scan(&b.kind, &b.payload)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return b, s.readError(err)
}

// trimBlobs removes a piece of the rows of a table up to that position, the first ones.
// None means that there are no more.
func (s *Store) trimBlobs(ctx context.Context, table string, upTo int64) (int, error) {
	_, count, err := s.trimPiece(ctx, table, "position", "length(payload)", upTo, func(*sql.Tx, int64) error { return nil })
	return count, err
}
