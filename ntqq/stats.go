package ntqq

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"libration/ntqq/event"
)

// Stats count what a session did since it was made.
type Stats struct {
	PacketsReceived  uint64
	PacketsSent      uint64
	PacketsDropped   uint64 // could not be decrypted or parsed
	MessagesReceived uint64
	MessagesSent     uint64
	Disconnects      uint64
	SendsWaiting     int    // messages that wait for their turn now
	SendsDelayed     uint64 // messages that had to wait for it
	SendsRefused     uint64 // messages that would have had to wait too long
	LastMessageTime  int64  // Unix seconds of the last received message, 0 for none
}

type stats struct {
	packetsReceived, packetsSent, packetsDropped atomic.Uint64
	messagesReceived, messagesSent, disconnects  atomic.Uint64
	lastMessage                                  atomic.Int64
	unproven                                     unproven
}

// Stats returns the counters.
func (c *Client) Stats() Stats {
	s, sending := &c.stats, c.sending.stats()
	return Stats{
		PacketsReceived: s.packetsReceived.Load(), PacketsSent: s.packetsSent.Load(),
		PacketsDropped: s.packetsDropped.Load(), MessagesReceived: s.messagesReceived.Load(),
		MessagesSent: s.messagesSent.Load(), Disconnects: s.disconnects.Load(),
		SendsWaiting: sending.waiting, SendsDelayed: sending.delayed, SendsRefused: sending.refused,
		LastMessageTime: s.lastMessage.Load(),
	}
}

// Undecoded returns how many pushes gave no event, by reason.
func (c *Client) Undecoded() event.Counters { return c.decoder.Counters() }

// QueuedPushes is how many received packets and events of own messages wait for
// the event handler.
func (c *Client) QueuedPushes() int { return len(c.pushes.items) + len(c.own.items) }

// noteLimiter writes one log line per kind and hour, and says how many it kept
// back. At most maxNoteKinds kinds are told apart.
type noteLimiter struct {
	log *slog.Logger

	mu   sync.Mutex
	seen map[string]*note
}

type note struct {
	last   time.Time
	hidden int
}

const (
	maxNoteKinds = 1024
	maxNoteKind  = 256 // bytes
)

func newNoteLimiter(log *slog.Logger) *noteLimiter {
	return &noteLimiter{log: log, seen: map[string]*note{}}
}

// Warn logs unless a line of this kind was written in the last hour, and tells
// whether it did.
func (n *noteLimiter) Warn(kind, msg string, args ...any) bool {
	return n.write(slog.LevelWarn, kind, msg, args)
}

// Info is Warn for what is only of interest.
func (n *noteLimiter) Info(kind, msg string, args ...any) { n.write(slog.LevelInfo, kind, msg, args) }

func (n *noteLimiter) write(level slog.Level, kind, msg string, args []any) bool {
	if len(kind) > maxNoteKind { // the server's words
		kind = strings.Clone(kind[:maxNoteKind])
	}
	n.mu.Lock()
	e := n.seen[kind]
	if e == nil {
		if len(n.seen) >= maxNoteKinds {
			kind = "" // the rest share one
			e = n.seen[kind]
		}
		if e == nil {
			e = &note{}
			n.seen[kind] = e
		}
	}
	if !e.last.IsZero() && time.Since(e.last) < time.Hour {
		e.hidden++
		n.mu.Unlock()
		return false
	}
	hidden := e.hidden
	e.last, e.hidden = time.Now(), 0
	n.mu.Unlock()
	if hidden > 0 {
		args = append(args, "also_in_the_last_hour", hidden)
	}
	n.log.Log(context.Background(), level, msg, args...)
	return true
}
