package transport

import (
	"context"
	"log/slog"
	"time"

	"libration/gateway"
)

// feedOptions are the common settings of connections on which clients get events.
type feedOptions struct {
	form      gateway.Selection
	heartbeat time.Duration
	journal   JournalOptions
}

// feed is what one client gets unasked: events and heartbeats. It belongs to one
// goroutine; its cursor is safe for others, too. A nil feed gives nothing.
type feed struct {
	from   gateway.Teller
	o      feedOptions
	cursor *gateway.Cursor       // of the journal; nil: there is none
	sub    *gateway.Subscription // without a journal
	ticker *time.Ticker          // of heartbeats; nil: there are none
	frames [][]byte
	events []gateway.JournaledEvent
}

// openFeed begins to read events, from the journal or a subscription. after is the last
// one that the client says it has; nil: it says nothing. The caller must close the feed.
func openFeed(d gateway.Teller, o feedOptions, after *int64) (*feed, error) {
	f := &feed{from: d, o: o}
	if o.journal.Window > 0 {
		var err error
		if f.cursor, err = d.Gateway().OpenCursor(o.journal.cursor(o.form, after)); err != nil {
			return nil, err
		}
	} else {
		f.sub = d.Gateway().Subscribe(o.form)
	}
	if o.heartbeat > 0 {
		f.ticker = time.NewTicker(o.heartbeat)
	}
	return f, nil
}

// feedOrLive is openFeed for a client that gets what happens from now on when the journal
// cannot be read.
func feedOrLive(d gateway.Teller, log *slog.Logger, o feedOptions, after *int64) *feed {
	f, err := openFeed(d, o, after)
	if err != nil {
		log.Error("client gets no missed events", "err", err)
		o.journal = JournalOptions{}
		f, _ = openFeed(d, o, nil) // a subscription cannot fail
	}
	return f
}

func (f *feed) close() {
	if f == nil {
		return
	}
	if f.sub != nil {
		f.sub.Close()
	}
	if f.ticker != nil {
		f.ticker.Stop()
	}
}

// journaled tells whether the client gets again what it has not received.
func (f *feed) journaled() bool { return f != nil && f.cursor != nil }

// ready is ready when take may have something.
func (f *feed) ready() <-chan struct{} {
	switch {
	case f == nil:
		return nil
	case f.cursor != nil:
		return f.cursor.Ready()
	}
	return f.sub.Ready()
}

// take returns the frames of the next events, of at most most of them; none when none
// wait. They are good until the next call. Without a journal their ids are 0. An error
// says why there are no more.
func (f *feed) take(ctx context.Context, most int) (_ []gateway.JournaledEvent, err error) {
	switch {
	case f == nil:
		return nil, nil
	case f.cursor != nil:
		select {
		case <-f.cursor.Ready():
			return f.cursor.Next(ctx, most), nil
		default:
			return nil, nil
		}
	}
	f.frames, err = f.sub.Take(f.frames[:0], most)
	f.events = f.events[:0]
	for i, frame := range f.frames {
		f.events = append(f.events, gateway.JournaledEvent{Data: frame})
		f.frames[i] = nil // it may be large
	}
	return f.events, err
}

// beats is ready when a heartbeat is due, which beat then returns; nil: the dialect has
// none, or the client does not take it.
func (f *feed) beats() <-chan time.Time {
	if f == nil || f.ticker == nil {
		return nil
	}
	return f.ticker.C
}

func (f *feed) beat() []byte {
	if b := f.from.Beat(f.o.heartbeat); b != nil && f.o.form.Passes(b) {
		return b
	}
	return nil
}
