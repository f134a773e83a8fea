package transport

import (
	"time"

	"golang.org/x/sys/unix"
)

func limitUnacknowledged(fd uintptr, within time.Duration) {
	_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_RXT_CONNDROPTIME, int(within.Seconds()))
}
