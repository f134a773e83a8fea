//go:build unix

package network

import "syscall"

// ownerOnly gives a socket its rights before it has a name. Systems other than Linux
// ignore it; there they are set right after.
func ownerOnly(_, _ string, c syscall.RawConn) error {
	return c.Control(func(fd uintptr) { _ = syscall.Fchmod(int(fd), 0o600) })
}
