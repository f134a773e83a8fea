//go:build !linux && !darwin && !windows

package transport

import "time"

func limitUnacknowledged(uintptr, time.Duration) {}
