package transport

import (
	"log/slog"
	"sync"
	"time"
)

// refusalLog writes about refused requests, at most once per period, so that a
// client with a wrong token cannot fill the log.
type refusalLog struct {
	log    *slog.Logger
	period time.Duration

	mu     sync.Mutex // guards the fields below
	last   time.Time
	missed int
}

// add notes a refused request. It never gets to see the token.
func (l *refusalLog) add(service, remote string, v verdict) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if !l.last.IsZero() && now.Sub(l.last) < l.period {
		l.missed++
		return
	}
	l.log.Warn("request refused", "service", service, "remote", remote, "status", v.status,
		"reason", v.reason, "not_logged_before", l.missed)
	l.last, l.missed = now, 0
}
