// Package hourly limits log lines that could come often to one per kind and hour.
package hourly

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"
)

const (
	// maxKinds bounds the kinds that are told apart. All further ones count as one kind.
	maxKinds = 1024
	maxKind  = 256 // bytes of a kind's name; the rest of the name does not count
)

// Log is a logger that writes one line per kind and hour, with the number of lines that
// it left out since the last one. It is safe for concurrent use.
type Log struct {
	log *slog.Logger

	mu   sync.Mutex
	seen map[string]*kindSeen
}

type kindSeen struct {
	last   time.Time
	hidden int
}

// New returns a Log that writes to log.
func New(log *slog.Logger) *Log {
	return &Log{log: log, seen: map[string]*kindSeen{}}
}

// Warn writes a warning, unless a line of this kind was written in the last hour. It
// reports whether it wrote one.
func (l *Log) Warn(kind, msg string, args ...any) bool {
	return l.Write(slog.LevelWarn, kind, msg, args)
}

// Info is [Log.Warn] for what is only of interest.
func (l *Log) Info(kind, msg string, args ...any) { l.Write(slog.LevelInfo, kind, msg, args) }

// Write is [Log.Warn] at any level.
func (l *Log) Write(level slog.Level, kind, msg string, args []any) bool {
	if len(kind) > maxKind { // the server's words
		kind = strings.Clone(kind[:maxKind])
	}
	l.mu.Lock()
	k := l.seen[kind]
	if k == nil {
		if len(l.seen) >= maxKinds {
			kind = "" // the rest share one
			k = l.seen[kind]
		}
		if k == nil {
			k = &kindSeen{}
			l.seen[kind] = k
		}
	}
	if !k.last.IsZero() && time.Since(k.last) < time.Hour {
		k.hidden++
		l.mu.Unlock()
		return false
	}
	hidden := k.hidden
	k.last, k.hidden = time.Now(), 0
	l.mu.Unlock()
	if hidden > 0 {
		args = append(args, "also_in_the_last_hour", hidden)
	}
	l.log.Log(context.Background(), level, msg, args...)
	return true
}
