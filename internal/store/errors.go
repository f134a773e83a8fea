package store

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"libration/internal/text"
)

// ErrClosed: the store was closed.
var ErrClosed = text.Errorf("message store is closed", "消息库已关闭")

// Error is a failure of the file. It names the file and what a person can do.
type Error struct {
	Op     string // what was being done: "open", "write", "read"
	Path   string
	Remedy string // one sentence, may be ""
	Err    error
}

func (e *Error) Error() string {
	s := fmt.Sprintf("%s message store %s: %v", e.Op, e.Path, e.Err)
	if e.Remedy != "" {
		s += " (" + e.Remedy + ")"
	}
	return s
}

// Is has a full disk be syscall.ENOSPC, whoever noticed it.
func (e *Error) Is(target error) bool {
	return target == syscall.ENOSPC && resultCode(e.Err) == sqlite3.SQLITE_FULL
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// explain wraps a failure of the file or its folder; nil stays nil, and what was
// explained before stays as it is.
func explain(op, path string, err error) error {
	if _, ok := errors.AsType[*Error](err); ok || err == nil {
		return err
	}
	return &Error{Op: op, Path: path, Remedy: remedy(err), Err: err}
}

const remedyAccess = "give this user write access to the file and its folder, or set `data` to another folder"

const remedyDamaged = "the file is damaged or not a message store: it is repaired when libration starts, or notices it; messages that cannot be read can then no longer be quoted or looked up"

func remedy(err error) string {
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, fs.ErrNotExist):
		return remedyAccess
	case errors.Is(err, ErrDamaged):
		return remedyDamaged
	}
	switch resultCode(err) {
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		return remedyDamaged
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH:
		return remedyAccess
	case sqlite3.SQLITE_FULL:
		return "the disk is full: free some space"
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return "another program holds the file: stop it, and do not run one account twice"
	case sqlite3.SQLITE_IOERR:
		return "the disk or network drive reports an error: check it, or set `data` to another folder"
	}
	return ""
}

// resultCode returns SQLite's primary result code, 0 for other errors.
func resultCode(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() & 0xff
	}
	return 0
}
