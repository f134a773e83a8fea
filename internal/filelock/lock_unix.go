//go:build unix

package filelock

import (
	"errors"
	"os"
	"syscall"
)

// Lock opens and locks path, which is no link. The error of a file that somebody else has
// locked is ErrLocked. The lock ends with the file, so with the process
// whatever happens to it.
func Lock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, ErrLocked
		}
		return nil, err
	}
	return f, nil
}
