package transport

import (
	"net"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestNoticeDead: the system has the limit, below a corked connection, too.
func TestNoticeDead(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	c, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	noticeDead(newCorkConn(c, time.Second), 45*time.Second)
	raw, err := c.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var got int
	if errControl := raw.Control(func(fd uintptr) {
		got, err = unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT)
	}); errControl != nil || err != nil || got != 45_000 {
		t.Errorf("got %d, %v, %v", got, errControl, err)
	}
	ours, theirs := net.Pipe()
	defer ours.Close()
	defer theirs.Close()
	noticeDead(newCorkConn(ours, time.Second), time.Second) // nothing to set
}
