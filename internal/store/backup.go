package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
)

// Copy writes what the file at from holds at one moment to a new file, also while a
// program writes to it, which it does not hold up. On an error there is no new file. A
// missing file is an fs.ErrNotExist. Errors are of type *Error.
func Copy(ctx context.Context, from, to string) (err error) {
	defer func() {
		if err != nil {
			removeDatabase(to)
			err = explain("copy", from, err)
		}
	}()
	if _, err := os.Stat(from); err != nil {
		if _, half := os.Stat(from + repairSuffix); half == nil { // its program was killed meanwhile
			return errRepairing
		}
		return err
	}
	if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(fs.ErrExist, err)
	}
	if f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600); err != nil {
		return err
	} else if err := f.Close(); err != nil {
		return err
	}
	db, err := openDB(from, 1, readerCache)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "VACUUM INTO ?", to)
	return errors.Join(err, db.Close())
}
