package gateway

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"libration/internal/store"
)

// ErrNoJournal: the service keeps no events.
var ErrNoJournal = errors.New("the service keeps no journal of events")

// readAgain is the pause after the journal could not be read.
const readAgain = time.Second

// liveEvents is how many events may wait at least for a client that is there.
const liveEvents = 4096

// CursorOptions configure a Cursor.
type CursorOptions struct {
	// Name under which the position is kept; "" keeps none. It may be secret.
	Name string
	// Client is the name for logs.
	Client string
	Selection
	// Window is how old an event may be; 0: any. Limit is how many may have come while
	// the client was away, 0: any; of those that come while it is there, or came before
	// it went, at least liveEvents may wait. What goes beyond is skipped, the oldest
	// first. Events that the client does not take are not counted.
	Window time.Duration
	Limit  int
	// After is the last event that the client says it has. It wins over the kept
	// position. nil: it said nothing.
	After *int64
	// Live begins with the next event, unless After is set.
	Live bool
}

// JournaledEvent is a frame of an event of a journal, as it is written in the cursor's form.
type JournaledEvent struct {
	ID   int64
	Data []byte // shared with others: it must not be changed
}

// Cursor reads the journal from a position of its own, at its own pace: first what
// was missed, then what happens. Its methods are safe for concurrent use.
type Cursor struct {
	j *journal
	o CursorOptions

	reading sync.Mutex // held by Next

	mu       sync.Mutex    // guards what follows
	seen     int64         // events up to it came while the client was there
	missed   int64         // events from there up to it came while it was away
	position int64         // events up to it were returned, or skipped
	acked    int64         // events up to it were received
	counted  counted       // since the cursor was opened or rewound
	skipped  skipped       // not logged yet
	told     time.Time     // of the last log line about them
	again    chan struct{} // closed when the journal is to be read again after a failure; nil: it works
}

// always is a channel that is always ready.
var always = func() chan struct{} {
	ch := make(chan struct{})
	close(ch)
	return ch
}()

// seenName is the name under which it is kept when the client of a cursor was seen last,
// so that a start of the program between is no absence of the client.
func seenName(name string) string { return name + " seen" }

// OpenCursor returns a cursor. Without After and Live it begins behind the position
// that is kept under its name; where there is none, with the first event since the
// program started.
func (g *Gateway) OpenCursor(o CursorOptions) (*Cursor, error) {
	j := g.journal
	if j == nil {
		return nil, ErrNoJournal
	}
	if o.Limit <= 0 {
		o.Limit = math.MaxInt
	}
	head, _ := j.Head()
	c := &Cursor{j: j, o: o, missed: head, position: j.start}
	switch {
	case o.After != nil:
		c.position = *o.After
		if last := j.LastEvent(); c.position > last {
			j.log.Warn("a client has an event that the journal does not know: it gets new events only",
				"client", o.Client, "event_id", c.position, "newest", last)
			c.position = head
		} else if o.Name != "" {
			j.SetCursor(o.Name, c.position)
		}
	case o.Live:
		c.position = head
	case o.Name != "":
		kept, ok, err := j.Cursor(o.Name)
		if err != nil {
			return nil, fmt.Errorf("read the position of %s in the journal: %w", o.Client, err)
		}
		if ok {
			c.position = kept
		} else { // so that the next time is not the first again
			j.SetCursor(o.Name, c.position)
		}
	}
	c.acked = c.position
	if o.Name != "" {
		var err error
		if c.seen, _, err = j.Cursor(seenName(o.Name)); err != nil {
			return nil, fmt.Errorf("read when %s was seen: %w", o.Client, err)
		}
	}
	return c, nil
}

// Ready is closed when there may be events for Next.
func (c *Cursor) Ready() <-chan struct{} {
	head, changed := c.j.Head()
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.again != nil:
		return c.again
	case c.position < head:
		return always
	}
	return changed
}

// Next returns the frames of the next events, at most most events, and moves the position
// behind them;
// none when none are wanted or there, or the journal cannot be read. That is logged, and
// Ready then pauses.
func (c *Cursor) Next(ctx context.Context, most int) []JournaledEvent {
	c.reading.Lock()
	defer c.reading.Unlock()
	events, err := c.next(ctx, most)
	c.mu.Lock()
	defer c.mu.Unlock()
	failing := c.again != nil
	c.again = nil
	if err != nil && ctx.Err() == nil {
		if !failing {
			c.j.log.Error("events not read from the journal, trying again until it works", "client", c.o.Client, "err", err)
		}
		again := make(chan struct{})
		time.AfterFunc(readAgain, func() { close(again) })
		c.again = again
	}
	return events
}

// next is Next for a caller that holds reading.
func (c *Cursor) next(ctx context.Context, most int) ([]JournaledEvent, error) {
	c.mu.Lock()
	position, seen, missed, count := c.position, c.seen, c.missed, c.counted
	c.mu.Unlock()
	head, _ := c.j.Head()
	events, err := c.j.Events(ctx, position, most)
	from := position
	var n skipped
	if err == nil {
		from, n, err = c.bound(ctx, events, position, seen, missed, head, &count)
	}
	if n != (skipped{}) && err == nil {
		if c.skipTo(position, from, n) {
			position = from
		}
		events, err = c.j.Events(ctx, from, most)
	}
	if err != nil {
		return nil, err
	}
	upTo := head
	if from < seen { // the limit is for those behind it: they come another time
		upTo = seen
		events = slices.DeleteFunc(events, func(e store.Event) bool { return e.ID > seen })
	}
	if len(events) == 0 { // these were removed, or there are none
		from = max(from, upTo)
	}
	wanted, from, err := c.written(events, from)
	if err != nil && len(wanted) == 0 {
		return nil, err
	}
	for _, e := range wanted {
		if seen < e.ID && e.ID <= missed {
			c.j.replayed.Add(1)
		}
	}
	c.mu.Lock()
	same := c.position == position && c.seen == seen && c.missed == missed
	if same {
		c.position, c.counted = from, count
		if len(wanted) == 0 && c.acked == position {
			c.ack(from)
		}
	}
	c.mu.Unlock()
	if !same { // rewound meanwhile: these come again
		return nil, nil
	}
	if len(wanted) == 0 {
		c.tellSkipped()
	}
	return wanted, nil
}

// mostWritten is how many bytes of events are returned at once, and the event that goes
// beyond.
const mostWritten = 4 << 20

// written writes the events that the client takes, up to one that cannot be read now, or
// to mostWritten bytes. from is the position behind them.
func (c *Cursor) written(events []store.Event, from int64) ([]JournaledEvent, int64, error) {
	var wanted []JournaledEvent
	for i, bytes := 0, 0; i < len(events) && bytes < mostWritten; i++ {
		e := &events[i]
		if !e.Self || c.o.ReportSelf {
			frames, err := c.j.in(e, c.o.Form)
			if err != nil {
				return wanted, from, err
			}
			for i, b := range frames {
				if id := FrameID(e.ID, i, len(frames)); id > from && c.o.Passes(b) { // else it was received
					wanted = append(wanted, JournaledEvent{id, b})
					bytes += len(b)
				}
			}
		}
		from = e.ID
	}
	return wanted, from, nil
}

// Position is the id up to which Next has returned events.
func (c *Cursor) Position() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.position
}

// Acked is the id up to which events are known to be received.
func (c *Cursor) Acked() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.acked
}

// Ack notes that the client is there and has received the events up to an id, and
// keeps that.
func (c *Cursor) Ack(id int64) {
	head, _ := c.j.Head()
	c.mu.Lock()
	if id > c.acked {
		c.ack(id)
		c.saw(head)
	}
	c.mu.Unlock()
	c.tellSkipped()
}

// ack keeps what was received. The caller holds mu.
func (c *Cursor) ack(id int64) {
	c.acked = id
	if c.o.Name != "" {
		c.j.SetCursor(c.o.Name, id)
	}
}

// saw notes that the client is there: what has come up to head waits for it, and was not
// missed. Where that is still to be held against the limit, nothing changes. The caller
// holds mu.
func (c *Cursor) saw(head int64) {
	if c.missed > c.seen && (!c.counted.limited || c.acked < c.seen) {
		return
	}
	c.seen = head
	if c.o.Name != "" {
		c.j.SetCursor(seenName(c.o.Name), head)
	}
}

// Rewind goes back behind the last event that was received. there: the client was there
// until now. Otherwise what has come since it was seen last counts as missed.
func (c *Cursor) Rewind(there bool) {
	head, _ := c.j.Head()
	c.mu.Lock()
	defer c.mu.Unlock()
	if there {
		c.saw(head)
	} else {
		c.missed = head
	}
	c.position, c.counted = c.acked, counted{}
}

// Waiting is how many events wait for the client whose position is kept under a name, and
// which takes what is selected.
func (g *Gateway) Waiting(ctx context.Context, name string, what Selection) (int, error) {
	j := g.journal
	if j == nil {
		return 0, nil
	}
	kept, ok, err := j.Cursor(name)
	if err != nil {
		return 0, err
	}
	if !ok {
		kept = j.start
	}
	return j.count(ctx, kept, math.MaxInt64, &what, 0)
}
