package filelock

import (
	"errors"
	"io"

	"golang.org/x/sys/windows"
)

// Machine takes a name that one process of this machine has at a time, whatever its user.
// The error is ErrLocked when another one has it. It ends with the process, or by Close.
func Machine(name string) (io.Closer, error) {
	full, err := windows.UTF16PtrFromString(`Global\libration-` + name)
	if err != nil {
		return nil, err
	}
	h, err := windows.CreateMutex(nil, false, full)
	switch {
	case errors.Is(err, windows.ERROR_ALREADY_EXISTS):
		windows.CloseHandle(h)
		return nil, ErrLocked
	case errors.Is(err, windows.ERROR_ACCESS_DENIED): // another user's
		return nil, ErrLocked
	case err != nil:
		return nil, err
	}
	return mutex(h), nil
}

type mutex windows.Handle

func (m mutex) Close() error { return windows.CloseHandle(windows.Handle(m)) }
