package transport

import (
	"net"
	"syscall"
	"time"
)

// noticeDead has the system break a connection whose peer has acknowledged nothing of what
// was sent for this time: one that only listens sends no other sign of life. Where the
// system cannot, or c is no connection of it, it does nothing.
func noticeDead(c net.Conn, within time.Duration) {
	for {
		if s, ok := c.(syscall.Conn); ok {
			if raw, err := s.SyscallConn(); err == nil {
				_ = raw.Control(func(fd uintptr) { limitUnacknowledged(fd, within) })
			}
			return
		}
		n, ok := c.(interface{ NetConn() net.Conn })
		if !ok {
			return
		}
		c = n.NetConn()
	}
}
