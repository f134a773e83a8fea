package sdnotify

import (
	"net"
	"strconv"
	"strings"
	"time"
)

// sendTimeout bounds a datagram: a manager that does not read must not hold up the
// program.
const sendTimeout = time.Second

// Socket is where the service manager listens.
type Socket struct{ address string }

// Open returns the socket that the environment names; nil: no manager listens. lookup is
// os.Getenv, or a test's.
func Open(lookup func(string) string) *Socket {
	address := lookup("NOTIFY_SOCKET")
	if address == "" {
		return nil
	}
	return &Socket{address}
}

// Send sends lines in one datagram.
func (s *Socket) Send(lines ...string) error {
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: s.address, Net: "unixgram"}) //nolint:forbidigo // it leaves no machine
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetWriteDeadline(time.Now().Add(sendTimeout)); err != nil {
		return err
	}
	_, err = c.Write([]byte(strings.Join(lines, "\n")))
	return err
}

// Watchdog returns within which time the manager wants to hear from the process with this
// number; 0: it does not.
func Watchdog(lookup func(string) string, pid int) time.Duration {
	if of := lookup("WATCHDOG_PID"); of != "" && of != strconv.Itoa(pid) {
		return 0 // a parent's
	}
	microseconds, err := strconv.ParseUint(lookup("WATCHDOG_USEC"), 10, 50) // 35 years
	if err != nil {
		return 0
	}
	return time.Duration(microseconds) * time.Microsecond
}
