package filelock

import (
	"errors"
	"io"
	"os"
	"syscall"
)

// Machine takes a name that one process of this machine has at a time, whatever its user and
// its temporary folder. The error is ErrLocked when another one has it. It ends with the
// process, or by Close. A container with a network of its own has names of its own.
func Machine(name string) (io.Closer, error) {
	// A socket that nobody sends to: names of these are no files, so that nothing is left
	// over and no rights are in the way.
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	if err := syscall.Bind(fd, &syscall.SockaddrUnix{Name: "@libration-" + name}); err != nil {
		syscall.Close(fd)
		if errors.Is(err, syscall.EADDRINUSE) {
			return nil, ErrLocked
		}
		return nil, os.NewSyscallError("bind", err)
	}
	return os.NewFile(uintptr(fd), name), nil
}
