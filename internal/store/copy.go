package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"unicode/utf8"
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
	db, err := openDatabase(ctx, to, &s.o, false)
	if err != nil {
		return n, err
	}
	c := &copier{ctx: ctx, db: db, o: &s.o, n: saved{first: math.MaxInt64}, former: make(map[key]uint64), owned: make(map[uint32]block)}
	err = c.copy(from)
	return c.n, errors.Join(err, db.close())
}

// copier writes found rows into a new database.
type copier struct {
	ctx context.Context
	db  *database
	o   *Options
	n   saved

	former map[key]uint64   // up to which sequence ids of an earlier version were found
	owned  map[uint32]block // slots whose owner is written

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
	if c.n.stubs > 0 {
		c.former[key{}] = 0 // it may be that nothing else is left of their chats
	}
	for chat, last := range c.former {
		if err := c.exec(nil, addFormerSQL, int64(chat.scene), int64(chat.peer), string(chat.uid), int64(last)); err != nil {
			return err
		}
	}
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
	case !r.rowid && shape == "iiti":
		c.addFormer(r)
		return nil
	case !r.rowid:
		return nil
	case shape == messageShape:
		return c.addMessage(r)
	case shape == oldMessageShape:
		return c.addOldMessage(r)
	case shape == "niiti":
		return c.addBlock(r)
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

func isBool(v value) bool { return v == int64(0) || v == int64(1) }
