// Package filelock has files that one process locks, and temporary folders that are removed
// although their process was killed.
package filelock

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// ErrLocked: another process has locked the file.
var ErrLocked = errors.New("file is locked")

// lockName is the file of a temporary folder that its process has locked.
const lockName = "lock"

// Temporary is a folder of this process only, which is not to outlive it.
type Temporary struct {
	path string
	lock *os.File
}

// MakeTemporary is [MakeTemporaryIn] for the temporary folder of the system.
func MakeTemporary(prefix string) (*Temporary, error) { return MakeTemporaryIn(os.TempDir(), prefix) }

// MakeTemporaryIn makes a folder of mode 0700 in another one, whose name begins with prefix,
// after those of processes that have ended were removed.
func MakeTemporaryIn(in, prefix string) (*Temporary, error) {
	cleanTemporary(in, prefix)
	for {
		path, err := os.MkdirTemp(in, prefix)
		if err != nil {
			return nil, fmt.Errorf("temporary folder: %w", err)
		}
		lock, err := Lock(filepath.Join(path, lockName))
		if errors.Is(err, ErrLocked) || errors.Is(err, os.ErrNotExist) || err == nil && !inPlace(lock) {
			if lock != nil {
				lock.Close()
			}
			continue // another process has just taken it for one that is left over
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("temporary folder: %w", err), os.RemoveAll(path))
		}
		return &Temporary{path, lock}, nil
	}
}

// inPlace tells whether the lock is still what stands at its path.
func inPlace(lock *os.File) bool {
	mine, err := lock.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(lock.Name())
	return err == nil && os.SameFile(mine, there)
}

// CleanTemporary removes the folders of [MakeTemporary] that no process has locked. What
// cannot be removed stays.
func CleanTemporary(prefix string) { cleanTemporary(os.TempDir(), prefix) }

func cleanTemporary(in, prefix string) {
	all, err := os.ReadDir(in)
	if err != nil {
		return
	}
	for _, folder := range all {
		if !folder.IsDir() || !strings.HasPrefix(folder.Name(), prefix) {
			continue
		}
		path := filepath.Join(in, folder.Name())
		if lock, err := Lock(filepath.Join(path, lockName)); err == nil {
			_ = (&Temporary{path, lock}).Remove()
		}
	}
}

// Path is where the folder is.
func (t *Temporary) Path() string { return t.path }

// Remove removes the folder with what is in it. A second time it does nothing.
func (t *Temporary) Remove() error {
	if t.lock == nil {
		return nil
	}
	_ = os.RemoveAll(t.path) // while it is locked; Windows leaves the lock
	err := t.lock.Close()
	t.lock = nil
	return errors.Join(err, os.RemoveAll(t.path))
}
