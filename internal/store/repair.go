package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	sqlite3 "modernc.org/sqlite/lib"

	"libration/internal/text"
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
var errRepairing = text.Errorf("the file is being repaired", "正在修复文件")

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
	// Without its tables the file is no use either, nor where an id stands in it twice,
	// which nothing but a damaged index lets happen.
	if code := resultCode(err); isDamage(err) || code == sqlite3.SQLITE_ERROR || code == sqlite3.SQLITE_CONSTRAINT {
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
	db, err := openDatabase(ctx, s.o.Path, &s.o, check)
	if err != nil {
		return err
	}
	if s.former, err = loadFormer(ctx, db); err == nil {
		s.db = db
		err = s.loadJournal(ctx)
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
	db, damage, moved := s.db, s.damage, s.moved
	if damage == nil && !moved {
		s.mu.Unlock()
		return nil
	}
	if damage == nil { // until it is copied, the open file is used
		s.mu.Unlock()
		if err := s.copyOut(ctx, db); err != nil {
			return text.Errorf("copy: %v", "复制：%v", err)
		}
		s.mu.Lock()
		damage = errMoved
		s.damage = damage
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
		if !errors.Is(damage, errMoved) {
			s.logDamage(damage)
		}
		_ = db.close() // what it says is known
	}
	if !s.repaired {
		makeAnew := s.repair
		if errors.Is(damage, errMoved) {
			makeAnew = s.putBack
		}
		if err := makeAnew(ctx); err != nil {
			if db != nil && ctx.Err() == nil { // the first time
				s.log.Error("message store cannot be repaired, trying again; messages are kept in memory only", "path", s.o.Path, "err", err)
			}
			return err
		}
		s.repaired = true
	}
	db, err := openDatabase(ctx, s.o.Path, &s.o, false)
	if err != nil {
		return err
	}
	former, err := loadFormer(ctx, db)
	if err != nil {
		return errors.Join(err, db.close())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.former = former
	s.runs.doubt()
	s.db, s.damage, s.repaired, s.moved = db, nil, false, false
	s.room.Broadcast()
	j := &s.journal
	for name, id := range j.cursors { // some may be lost
		j.dirty[name] = id
	}
	if len(s.queue)+j.unwritten+len(j.dirty)+len(s.forwards.queue)+len(s.media.queue) == 0 {
		s.failure = nil // else the next write does it
	}
	return nil
}

func (s *Store) logDamage(damage error) {
	s.log.Warn("message store is damaged, saving what can be read", "path", s.o.Path, "err", damage)
}

// repair copies what can be read into a new file, which takes the place of the
// damaged one; that is set aside. The file must not be open. On an error nothing
// has changed.
func (s *Store) repair(ctx context.Context) error {
	path := s.o.Path
	n, err := s.copyRows(ctx, path, path+repairSuffix)
	if err != nil {
		removeDatabase(path + repairSuffix)
		return text.Errorf("repair: %v", "修复：%v", err)
	}
	aside, err := setAside(path, time.Now())
	if err != nil {
		return text.Errorf("repair: %v", "修复：%v", err)
	}
	if err := os.Rename(path+repairSuffix, path); err != nil {
		return text.Errorf("repair: %v", "修复：%v", err)
	}
	s.mu.Lock()
	s.repairs++
	s.stubs = -1
	s.journal.kept, s.journal.counted = int64(n.events), true
	s.mu.Unlock()
	s.log.Warn("message store is repaired; lost messages can no longer be quoted or looked up", "path", path,
		"messages", n.messages, "lost_at_least", n.lost(), "events", n.events, "damaged_pages", n.pages, "damaged_file", aside)
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
