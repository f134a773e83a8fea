//go:build unix && !linux

package filelock

import (
	"errors"
	"io"
	"os"
	"syscall"
)

// Machine takes a name that one process of this machine has at a time, whatever its user.
// The error is ErrLocked when another one has it. It ends with the process, or by Close.
func Machine(name string) (io.Closer, error) {
	// Other users may open it for reading, which is enough to lock it. It stays: removing it
	// would race with a process that has just opened it.
	f, err := os.OpenFile("/tmp/libration-"+name, os.O_RDONLY|os.O_CREATE|syscall.O_NOFOLLOW, 0o644)
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
