package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	sqlite3 "modernc.org/sqlite/lib"

	"libration/ntqq/message"
)

const (
	// A repaired file grows under this name and then takes the place of the other.
	repairSuffix = ".repair"
	// Damaged files are set aside under this name and the time.
	damagedSuffix = ".damaged-"
	damagedTime   = "20060102T150405.000Z"
	maxSetAside   = 3

	// checkAtOnce is how large a file is checked before it is opened for use, in a
	// fraction of a second.
	checkAtOnce = 64 << 20
	// checkTime bounds the check of larger ones.
	checkTime = 5 * time.Minute
)

// errRepairing: the file cannot be read at the moment.
var errRepairing = errors.New("the file is being repaired")

// isDamage tells whether an error means that the file is not what it should be.
func isDamage(err error) bool {
	switch resultCode(err) {
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return true
	}
	return errors.Is(err, ErrDamaged)
}

// openSound opens the file and reads what the store has to know. A damaged file is
// repaired first.
func (s *Store) openSound(ctx context.Context) error {
	info, err := os.Stat(s.o.Path)
	if err != nil {
		return err
	}
	wal, err := os.Stat(s.o.Path + "-wal")
	unclean := err == nil && wal.Size() > 0
	small := info.Size() <= s.o.checkAtOnce
	err = s.openLoaded(ctx, small)
	// Without its tables the file is no use either.
	if isDamage(err) || resultCode(err) == sqlite3.SQLITE_ERROR {
		s.logDamage(err)
		if err := s.repair(ctx); err != nil {
			return err
		}
		return s.openLoaded(ctx, false)
	}
	s.checkLater = !small && unclean
	return err
}

func (s *Store) openLoaded(ctx context.Context, check bool) error {
	db, err := openDatabase(ctx, s.o.Path)
	if err != nil {
		return err
	}
	if check {
		err = quickCheck(ctx, db.r)
	}
	if err == nil {
		s.db = db
		err = errors.Join(s.loadFilter(ctx), s.loadJournal(ctx))
	}
	if err != nil {
		s.db = nil
		return errors.Join(err, db.close())
	}
	return nil
}

// quickCheck has SQLite look at every page.
func quickCheck(ctx context.Context, db *sql.DB) error {
	var verdict string
	err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict)
	if err == nil && verdict != "ok" {
		err = fmt.Errorf("%w: %s", ErrDamaged, verdict)
	}
	return err
}

// checkInBackground looks at a large file that was not closed properly. Others are
// not looked at as a whole: that takes long, and damage found later is repaired too.
func (s *Store) checkInBackground(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	db, err := s.database()
	if err != nil {
		return
	}
	s.mu.Lock()
	s.stopCheck = cancel
	s.mu.Unlock()
	s.suspect(quickCheck(ctx, db.r))
}

// database returns the open file; it may be closed for a repair at any time. The
// writer, which closes it, needs no permission.
func (s *Store) database() (*database, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, ErrClosed
	case s.db == nil:
		return nil, explain("read", s.o.Path, errRepairing)
	}
	return s.db, nil
}

// readError explains why reading failed, and has a damage repaired.
func (s *Store) readError(err error) error {
	s.suspect(err)
	return explain("read", s.o.Path, err)
}

// suspect has the writer repair the file when the error means a damage.
func (s *Store) suspect(err error) {
	if !isDamage(err) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.db != nil && s.damage == nil {
		s.damage = err
		s.need(atOnce)
	}
}

// mend closes, repairs and opens the file again if it is damaged, while everything
// new stays in memory. Only the writer calls it, after an error again and again.
func (s *Store) mend(ctx context.Context) error {
	s.mu.Lock()
	db, damage := s.db, s.damage
	if damage == nil {
		s.mu.Unlock()
		return nil
	}
	s.db = nil // nobody reads from now on
	s.failure = explain("write", s.o.Path, errors.Join(errRepairing, damage))
	s.journal.rise(s.journal.last)
	s.room.Broadcast()
	if s.stopCheck != nil {
		s.stopCheck()
	}
	s.mu.Unlock()
	if db != nil {
		s.logDamage(damage)
		_ = db.close() // what it says is known
	}
	if !s.repaired {
		if err := s.repair(ctx); err != nil {
			if db != nil && ctx.Err() == nil { // the first time
				s.log.Error("message store cannot be repaired, trying again; messages are kept in memory only", "path", s.o.Path, "err", err)
			}
			return err
		}
		s.repaired = true
	}
	db, err := openDatabase(ctx, s.o.Path)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.db, s.damage, s.repaired = db, nil, false
	j := &s.journal
	for name, id := range j.cursors { // some may be lost
		j.dirty[name] = id
	}
	if len(s.queue)+j.unwritten+len(j.dirty) == 0 {
		s.failure = nil // else the next write does it
	}
	return nil
}

func (s *Store) logDamage(damage error) {
	s.log.Warn("message store is damaged, saving what can be read", "path", s.o.Path, "err", damage)
}

// saved counts what a repair could read.
type saved struct {
	messages, events, stubs int
	unreadable, indexed     int
	first, last             int64 // positions of messages
}

// lost is how many messages are known to be missing: from between those that were
// saved, or named by the index.
func (n *saved) lost() int64 {
	lost := max(n.unreadable, n.indexed-n.messages)
	if n.messages == 0 {
		return int64(lost)
	}
	return max(int64(lost), n.last-n.first+1-int64(n.messages))
}

// repair copies what can be read into a new file, which takes the place of the
// damaged one; that is set aside. The file must not be open. On an error nothing
// has changed.
func (s *Store) repair(ctx context.Context) error {
	path := s.o.Path
	n, err := s.copyRows(ctx, path, path+repairSuffix)
	if err != nil {
		removeDatabase(path + repairSuffix)
		return fmt.Errorf("repair: %w", err)
	}
	aside, err := setAside(path, time.Now())
	if err != nil {
		return fmt.Errorf("repair: %w", err)
	}
	if err := os.Rename(path+repairSuffix, path); err != nil {
		return fmt.Errorf("repair: %w", err)
	}
	s.mu.Lock()
	s.repairs++
	s.stubs = int64(n.stubs)
	s.journal.kept, s.journal.counted = int64(n.events), true
	s.mu.Unlock()
	s.log.Warn("message store is repaired; lost messages can no longer be quoted or looked up", "path", path,
		"messages", n.messages, "lost_at_least", n.lost(), "events", n.events, "damaged_file", aside)
	return nil
}

// finishRepair ends a repair that the program did not live to end: the damaged file
// was already set aside, so the new one is complete.
func finishRepair(path string) error {
	_, errNew := os.Stat(path + repairSuffix)
	_, err := os.Stat(path)
	if errNew != nil || !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	removeDatabase(path)
	return os.Rename(path+repairSuffix, path)
}

func removeDatabase(path string) {
	for _, suffix := range databaseSuffixes {
		_ = os.Remove(path + suffix) // is rarely there
	}
}

// databaseSuffixes are those of the files of a database; the main file is the first.
var databaseSuffixes = [...]string{"", "-wal", "-shm"}

// setAside renames the files of a database and returns the new name. Only the
// newest few are kept.
func setAside(path string, now time.Time) (string, error) {
	var name string
	for {
		name = path + damagedSuffix + now.UTC().Format(damagedTime)
		if _, err := os.Lstat(name); err != nil {
			break
		}
		now = now.Add(time.Millisecond)
	}
	for i, suffix := range databaseSuffixes {
		err := os.Rename(path+suffix, name+suffix)
		if errors.Is(err, fs.ErrNotExist) && i > 0 {
			continue
		}
		if err != nil { // an old -wal must not come to stand beside the new file
			return "", errors.Join(err, os.Rename(name, path))
		}
		_ = os.Chmod(name+suffix, 0o600) // as it was
	}
	all, err := SetAside(path)
	for len(all) > maxSetAside && err == nil {
		removeDatabase(all[0])
		all = all[1:]
	}
	return name, nil
}

// SetAside lists damaged files that were set aside when the store at path was
// repaired, the oldest first.
func SetAside(path string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	var all []string
	for _, e := range entries {
		when, ok := strings.CutPrefix(e.Name(), filepath.Base(path)+damagedSuffix)
		if _, err := time.Parse(damagedTime, when); ok && err == nil {
			all = append(all, filepath.Join(filepath.Dir(path), e.Name()))
		}
	}
	slices.Sort(all)
	return all, nil
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
	if c.sequence > 0 {
		if err := c.exec(nil, "INSERT INTO sqlite_sequence (name, seq) SELECT 'events', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'events')"); err != nil {
			return err
		}
		if err := c.exec(nil, "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'events'", c.sequence); err != nil {
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
		if position := r.columns[1].(int64); position < 1<<40 {
			c.n.indexed++
		}
		return nil
	case !r.rowid:
		return nil
	case shape == messageShape:
		return c.addMessage(r)
	case len(shape) == 7 && shape[:5] == "niiii" && strings.Trim(shape[5:], "nb") == "":
		return c.addEvent(r)
	case shape == "ni":
		return c.exec(&c.n.stubs, addTrimmedSQL, r.id, r.columns[1])
	case shape == "ti" && r.columns[0] == "events":
		if id := r.columns[1].(int64); id <= maxEvent {
			c.sequence = max(c.sequence, id)
		}
	}
	return nil
}

// messageShape is that of the table messages.
const messageShape = "niiit" + "iiiiiii" + "tttt" + "ii" + "tt" + "b"

const copyMessageSQL = `INSERT OR IGNORE INTO messages (position, id, ` + columns + `)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

func (c *copier) addMessage(r foundRow) error {
	id := r.columns[1].(int64)
	k := storedKey(scene(r.columns[2].(int64)), r.columns[3].(int64), r.columns[4].(string), r.columns[6].(int64))
	if int64(int32(id)) != id || k.scene.kind() == 0 || !k.has(int32(id), c.hash) {
		c.n.unreadable++ // the id would be another message's
		return nil
	}
	if raw := r.columns[len(r.columns)-1].([]byte); len(raw) > 0 {
		if _, err := message.Parse(raw, message.UIN(r.columns[11].(int64))); err != nil {
			c.n.unreadable++
			return c.exec(&c.n.stubs, addTrimmedSQL, uint32(id), k.fingerprint())
		}
	}
	args := []any{r.id}
	for _, v := range r.columns[1:] {
		args = append(args, v)
	}
	c.n.first, c.n.last = min(c.n.first, r.id), max(c.n.last, r.id)
	return c.exec(&c.n.messages, copyMessageSQL, args...)
}

// maxEvent is above every sensible id: as microseconds it is the year 2255. A
// damaged one must not leave too few for the events to come.
const maxEvent = 1 << 53

func (c *copier) addEvent(r foundRow) error {
	if r.id <= 0 || r.id > maxEvent {
		return nil
	}
	args := []any{r.id}
	for _, v := range r.columns[1:] {
		if b, ok := v.([]byte); ok && !json.Valid(b) {
			return nil
		}
		args = append(args, v)
	}
	c.sequence = max(c.sequence, r.id)
	return c.exec(&c.n.events, "INSERT OR IGNORE INTO events ("+eventColumns+") VALUES (?, ?, ?, ?, ?, ?, ?)", args...)
}

// has tells whether id is one of the key's series.
func (k key) has(id int32, hash func([]byte) uint32) bool {
	for n := range maxProbes {
		if k.candidate(n, hash) == id {
			return id != 0
		}
	}
	return false
}
