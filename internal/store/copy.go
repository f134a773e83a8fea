package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"unicode/utf8"

	"libration/internal/elements"
	"libration/ntqq/message"
)

// saved counts what a repair could read.
type saved struct {
	messages, events, stubs int
	unreadable, indexed     int
	pages                   int   // that were missing or could not be read
	first, last             int64 // positions of messages
}

// lost is how many messages are known to be missing: from between those that were
// saved, or named by the index.
func (n *saved) lost() int64 {
	lost := max(n.unreadable, n.indexed-n.messages)
	if n.last == 0 {
		return int64(lost)
	}
	return max(int64(lost), n.last-n.first+1-int64(n.messages))
}

// copyRows makes a new database of the rows that can be read.
func (s *Store) copyRows(ctx context.Context, from, to string) (n saved, err error) {
	removeDatabase(to)
	if err := prepareFile(to, s.log); err != nil {
		return n, err
	}
	db, err := openDatabase(ctx, to)
	if err != nil {
		return n, err
	}
	c := &copier{ctx: ctx, db: db, hash: s.o.hash, n: saved{first: math.MaxInt64}}
	err = c.copy(from)
	return c.n, errors.Join(err, db.close())
}

// copier writes found rows into a new database.
type copier struct {
	ctx  context.Context
	db   *database
	hash func([]byte) uint32
	n    saved

	tx       *sql.Tx
	prepared map[string]*sql.Stmt // in tx
	inTx     int
	sequence int64 // the largest id that events ever had
}

func (c *copier) copy(from string) error {
	p, err := openPages(from)
	if err != nil {
		return err
	}
	defer p.close()
	if err := c.begin(); err != nil {
		return err
	}
	defer func() { _ = c.tx.Rollback() }() // after Commit it does nothing
	if err := p.rows(c.add); err != nil {
		return err
	}
	c.n.pages = p.bad
	if c.sequence > 0 {
		if err := c.exec(nil, newLastSQL); err != nil {
			return err
		}
		if err := c.exec(nil, keepLastSQL, c.sequence); err != nil {
			return err
		}
		// Nobody can have received more.
		if err := c.exec(nil, "UPDATE cursors SET event = min(event, ?)", c.sequence); err != nil {
			return err
		}
	}
	return c.tx.Commit()
}

func (c *copier) begin() (err error) {
	c.tx, err = c.db.w.BeginTx(c.ctx, nil)
	c.prepared, c.inTx = make(map[string]*sql.Stmt), 0
	return err
}

// exec writes a row, and counts it when it is new.
func (c *copier) exec(count *int, query string, args ...any) (err error) {
	if c.inTx++; c.inTx > maxBatch {
		if err := c.tx.Commit(); err != nil {
			return err
		}
		if err := c.begin(); err != nil {
			return err
		}
	}
	stmt := c.prepared[query]
	if stmt == nil {
		if stmt, err = c.tx.PrepareContext(c.ctx, query); err != nil {
			return err
		}
		c.prepared[query] = stmt
	}
	res, err := stmt.ExecContext(c.ctx, args...)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err == nil && n > 0 && count != nil {
		*count++
	}
	return nil
}

// shape names the types of the columns: n nothing, i integer, t text, b bytes.
func (r *foundRow) shape() string {
	b := make([]byte, len(r.columns))
	for i, v := range r.columns {
		switch v := v.(type) {
		case nil:
			b[i] = 'n'
		case int64:
			b[i] = 'i'
		case []byte:
			b[i] = 'b'
		case string:
			b[i] = 't'
			if !utf8.ValidString(v) {
				b[i] = '?'
			}
		}
	}
	return string(b)
}

// add writes a found row into the table that it must come from. A column that is the
// rowid is empty in the row.
func (c *copier) add(r foundRow) error {
	switch shape := r.shape(); {
	case !r.rowid && shape == "ti": // cursors
		return c.exec(nil, putCursorSQL, r.columns[0], r.columns[1])
	case !r.rowid && shape == "ii": // an index of messages, or of events, whose ids are times
		if position := r.columns[1].(int64); position < maxPosition {
			c.n.indexed++
		}
		return nil
	case !r.rowid:
		return nil
	case shape == messageShape:
		return c.addMessage(r)
	case len(shape) == 7 && shape[:5] == "niiii" && strings.Trim(shape[5:], "nb") == "":
		return c.addOldEvent(r)
	case shape == "niiitin" || shape == "niiitib":
		return c.addEvent(r)
	case shape == "ni" && fits[uint32](r.id) && fits[int32](r.columns[1].(int64)):
		return c.exec(&c.n.stubs, addTrimmedSQL, r.id, r.columns[1])
	case shape == "nbib":
		return c.addForward(r)
	case shape == "nbitb":
		return c.addMedium(r)
	case shape == "ti" && (r.columns[0] == "events" || r.columns[0] == "journal"):
		if id := r.columns[1].(int64); id <= maxEvent {
			c.sequence = max(c.sequence, id)
		}
	}
	return nil
}

// messageShape is that of the table messages.
const messageShape = "niiit" + "iiiiiii" + "tttt" + "ii" + "tt" + "b"

// maxPosition is above every sensible position of a message.
const maxPosition = 1 << 40

const copyMessageSQL = `INSERT OR IGNORE INTO messages (position, id, ` + columns + `)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

func (c *copier) addMessage(r foundRow) error {
	id := r.columns[1].(int64)
	k := storedKey(scene(r.columns[2].(int64)), r.columns[3].(int64), r.columns[4].(string), r.columns[6].(int64))
	if !fits[int32](id) || k.scene.kind() == 0 || !k.has(int32(id), c.hash) || r.columns[10].(int64)&^(bitSelf|bitFetched) != 0 {
		c.n.unreadable++ // the id would be another message's
		return nil
	}
	if raw := r.columns[len(r.columns)-1].([]byte); len(raw) > 0 {
		if _, err := elements.Parse(raw, message.UIN(r.columns[11].(int64))); err != nil {
			c.n.unreadable++
			return c.exec(&c.n.stubs, addTrimmedSQL, uint32(id), k.fingerprint())
		}
	}
	args := []any{nil} // at the end
	if r.id > 0 && r.id < maxPosition {
		args[0] = r.id
		c.n.first, c.n.last = min(c.n.first, r.id), max(c.n.last, r.id)
	}
	for _, v := range r.columns[1:] {
		args = append(args, v)
	}
	return c.exec(&c.n.messages, copyMessageSQL, args...)
}

// maxEvent is above every sensible id: as microseconds it is the year 2255. A
// damaged one must not leave too few for the events to come.
const maxEvent = 1 << 53

func (c *copier) addEvent(r foundRow) error {
	announces, body := r.columns[2] != int64(0), r.columns[6] != nil
	if !c.isEvent(r) || announces == body || announces != (r.columns[4] == "") {
		return nil
	}
	return c.keepEvent(r, "journal ("+eventColumns+")")
}

// addOldEvent keeps a row of the table events.
func (c *copier) addOldEvent(r foundRow) error {
	if !c.isEvent(r) || !isBool(r.columns[4]) {
		return nil
	}
	for _, v := range r.columns[5:] {
		if b, ok := v.([]byte); ok && !json.Valid(b) {
			return nil
		}
	}
	return c.keepEvent(r, "events ("+oldColumns+")")
}

// isEvent tells whether the columns that all events have make sense.
func (c *copier) isEvent(r foundRow) bool {
	return r.id > 0 && r.id <= maxEvent && fits[int32](r.columns[2].(int64)) && isBool(r.columns[3])
}

func (c *copier) keepEvent(r foundRow, into string) error {
	args := []any{r.id}
	for _, v := range r.columns[1:] {
		args = append(args, v)
	}
	c.sequence = max(c.sequence, r.id)
	return c.exec(&c.n.events, "INSERT OR IGNORE INTO "+into+" VALUES (?, ?, ?, ?, ?, ?, ?)", args...)
}

// fits tells whether T can hold the number: reading the row would fail else.
func fits[T int32 | uint32](n int64) bool { return int64(T(n)) == n }

func isBool(v value) bool { return v == int64(0) || v == int64(1) }

// has tells whether id is one of the key's series.
func (k key) has(id int32, hash func([]byte) uint32) bool {
	for n := range maxProbes {
		if k.candidate(n, hash) == id {
			return id != 0
		}
	}
	return false
}
