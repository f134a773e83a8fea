package gateway

import (
	"context"
	"math"
	"time"

	"libration/internal/store"
)

// MostWaiting is how many events may wait for a client whose CursorOptions.Limit this is.
func MostWaiting(limit int) int {
	if limit <= 0 {
		return math.MaxInt
	}
	return max(limit, liveEvents)
}

// skipped counts events that the client does not get.
type skipped struct{ old, many int }

// counted says that of the events up to head at most this many wait: counting all of
// them before each takes long when there are very many. limited: those missed are within
// the limit.
type counted struct {
	known, limited bool
	head           int64
	most           int
}

// skipTo moves over events that the client will never get. They need no
// acknowledgement, unless those before them do. It returns false when the cursor was
// rewound meanwhile.
func (c *Cursor) skipTo(position, from int64, n skipped) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.position != position {
		return false
	}
	c.position = from
	c.skipped.old += n.old
	c.skipped.many += n.many
	c.j.expired.Add(uint64(n.old + n.many))
	if c.acked == position {
		c.ack(from)
	}
	return true
}

// bound finds what is too old and too much, and the position behind it. first are the
// first events behind position.
func (c *Cursor) bound(ctx context.Context, first []store.Event, position, seen, missed, head int64, count *counted) (from int64, skip skipped, err error) {
	what := &c.o.Selection
	if from, skip.old, err = c.j.old(ctx, position, first, c.o.Window, what); err != nil {
		return from, skip, err
	}
	live := MostWaiting(c.o.Limit)
	if count.known {
		n, err := c.j.CountEvents(ctx, count.head, head, what.ReportSelf)
		if count.head, count.most = head, count.most+n; err != nil || count.most <= live && (count.limited || from < seen) {
			return from, skip, err
		}
	}
	atMost := func(limit int, to int64) (n int) {
		if n, err = c.j.count(ctx, from, to, what, limit); err == nil && n > limit {
			skip.many += n - limit
			from, err = c.j.skip(ctx, from, n-limit, what)
		}
		return min(n, limit)
	}
	n := atMost(live, head)
	if err == nil && from >= seen {
		atMost(c.o.Limit, missed)
	}
	*count = counted{true, from >= seen, head, n}
	return from, skip, err
}

// tellSkipped logs how many events were skipped, once the client is there or
// nothing is left for it, and at most once a minute.
func (c *Cursor) tellSkipped() {
	now := time.Now()
	c.mu.Lock()
	n := c.skipped
	if n == (skipped{}) || now.Sub(c.told) < time.Minute {
		c.mu.Unlock()
		return
	}
	c.told, c.skipped = now, skipped{}
	c.mu.Unlock()
	c.j.log.Warn("events skipped: the client was away for too long, or is too slow", "client", c.o.Client,
		"too_old", n.old, "too_many", n.many, "journal", c.o.Window, "journal_limit", c.o.Limit)
}
