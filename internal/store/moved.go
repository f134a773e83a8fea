package store

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"libration/internal/text"
)

// errMoved: the open file no longer has its name.
var errMoved = text.Errorf("the file was removed or moved while it was open", "文件在使用中被删除或移动")

// Moved tells whether the open file is no longer the one at Options.Path. All that
// it holds can still be read and written, and is lost when the store closes.
func (s *Store) Moved() bool {
	s.mu.Lock()
	db := s.db
	s.mu.Unlock()
	if db == nil { // it is being made anew
		return false
	}
	now, err := os.Stat(s.o.Path)
	return errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(now, db.file)
}

// Restore has the writer copy a file that was moved to Options.Path again, and go on
// there; it returns when that is done, or the first try has failed. The writer tries
// again by itself. The caller owns the folder, and nobody else may use it.
func (s *Store) Restore(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.room.Broadcast()
	})
	defer stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.db == nil { // it is being made anew
		return explain("read", s.o.Path, errRepairing)
	}
	s.moved = true
	s.need(atOnce)
	for s.moved || errors.Is(s.failure, errMoved) {
		switch {
		case s.closed:
			return ErrClosed
		case s.failure != nil && !errors.Is(s.failure, errMoved):
			return s.failure
		case ctx.Err() != nil:
			return ctx.Err()
		}
		s.room.Wait()
	}
	return nil
}

// copyOut copies the open file to a new one, under the name of a repaired one.
func (s *Store) copyOut(ctx context.Context, db *database) error {
	path := s.o.Path
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(text.Errorf("another file has taken its place: it is not overwritten", "该位置已有另一个文件：不会覆盖"), err)
	}
	removeDatabase(path + repairSuffix)
	if err := prepareFile(path+repairSuffix, s.log); err != nil {
		return err
	}
	if _, err := db.w.ExecContext(ctx, "VACUUM INTO ?", path+repairSuffix); err != nil {
		removeDatabase(path + repairSuffix)
		return err
	}
	f, err := os.OpenFile(path+repairSuffix, os.O_RDWR, 0)
	if err == nil {
		err = errors.Join(f.Sync(), f.Close())
	}
	return err
}

// putBack gives the copy its name. Whatever else of the old file has a name, a new one
// must not find it.
func (s *Store) putBack(context.Context) error {
	removeDatabase(s.o.Path)
	if err := os.Rename(s.o.Path+repairSuffix, s.o.Path); err != nil {
		return err
	}
	s.log.Warn("message store was removed or moved while the program ran; it is restored", "path", s.o.Path)
	return nil
}
