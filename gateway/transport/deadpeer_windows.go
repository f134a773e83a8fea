package transport

import (
	"time"

	"golang.org/x/sys/windows"
)

func limitUnacknowledged(fd uintptr, within time.Duration) {
	_ = windows.SetsockoptInt(windows.Handle(fd), windows.IPPROTO_TCP, windows.TCP_MAXRT, int(within.Seconds()))
}
