package ntqq

import (
	"context"
	"time"

	"libration/internal/rpc"
	"libration/ntqq/event"
	"libration/ntqq/internal/order"
	"libration/ntqq/message"
)

const (
	pushQueue = 8192     // packets waiting for the dispatcher; then the server waits
	pushBytes = 32 << 20 // of these
	ownQueue  = 1024     // own messages waiting for the dispatcher; then they are not reported
	ownBytes  = 16 << 20
	namedSize = 64 // bytes of a sequence that waits there, about
)

// push is a pushed packet.
type push struct {
	command string
	payload []byte
}

// receive queues a push for the dispatcher. It is called by the goroutine that reads the
// connection, and waits while the queue is full.
func (c *Client) receive(ctx context.Context, command string, body []byte) (waited bool) {
	p := push{command: command, payload: body}
	if c.pushes.TryPut(p, cap(body)) {
		return false
	}
	select {
	case c.flooded <- struct{}{}:
	default:
	}
	_ = c.pushes.Put(ctx, p, cap(body)) // else the connection has ended
	return true
}

// dispatch turns pushes into events, one after the other. An answer comes after the
// pushes that were received before it: it counts them.
func (c *Client) dispatch(ctx context.Context) {
	o := c.order
	o.begin()
	defer o.end(ctx)
	ctx, stop := context.WithCancel(ctx)
	defer stop() // its questions end with it, also when it panics
	for {
		pushes, own, answers, compared, missed, due := c.pushes.Items(), c.own.Items(), o.answers, c.compared, c.missed, o.timer.C
		if c.lanes.full() { // first what waits
			pushes, own, answers, compared, missed, due = nil, nil, nil, nil, nil, nil
		}
		select {
		case p := <-pushes:
			c.handlePush(ctx, c.pushes.Take(p))
		case in := <-own:
			c.received(ctx)
			o.feed(ctx, c.own.Take(in))
		case a := <-answers:
			c.received(ctx)
			o.answered(ctx, a)
		case in := <-compared:
			c.received(ctx)
			o.feed(ctx, in)
		case m := <-missed:
			c.received(ctx)
			c.announce(ctx, m)
		case l := <-c.lanes.done:
			c.answered(ctx, l)
		case <-c.flooded:
			c.lanes.giveUp(&c.silence)
		case <-due:
			c.received(ctx)
			o.tick(ctx)
		case <-ctx.Done():
			c.end(ctx)
			return
		}
	}
}

// end hands on what has been received.
func (c *Client) end(ctx context.Context) {
	c.lanes.closed = true
	c.received(ctx)
	for c.own.Len() > 0 {
		c.order.feed(ctx, c.own.Take(<-c.own.Items()))
	}
	c.drain(ctx)
}

// received handles the pushes that wait now, none while the lanes are full.
func (c *Client) received(ctx context.Context) {
	for range c.pushes.Len() {
		for c.lanes.full() && !c.lanes.closed && ctx.Err() == nil {
			select {
			case l := <-c.lanes.done:
				c.answered(ctx, l)
			case <-c.flooded:
				c.lanes.giveUp(&c.silence)
			case <-ctx.Done():
			}
		}
		c.handlePush(ctx, c.pushes.Take(<-c.pushes.Items()))
	}
}

func (c *Client) handlePush(ctx context.Context, p push) {
	c.order.account()
	if p.command == rpc.PushInfoSync {
		c.order.infoSync(ctx, p.payload)
	}
	for _, e := range c.decoder.Decode(p.command, p.payload) {
		c.sends.saw(e)
		c.shownFiles.saw(e)
		c.arrive(ctx, e)
	}
}

// deliver hands an event on when it is its turn.
func (c *Client) deliver(ctx context.Context, e event.Event) {
	switch e := e.(type) {
	case *event.Message:
		c.order.step(ctx, order.Pushed{Message: e})
		return
	case *event.MessageRecalled:
		c.order.step(ctx, order.Recalled{MessageRecalled: e})
		return
	case *event.Unknown:
		c.noteUnknown(e)
	}
	if m, ok := e.(event.Mover); ok {
		if m.Moves().Chat.Kind == message.Group {
			c.order.moved(ctx, m) // first what waits: it was written before
		} else {
			defer c.order.moved(ctx, m)
		}
	}
	c.report(ctx, e)
}

// finish hands on a completed event, and what follows from it.
func (c *Client) finish(ctx context.Context, e event.Event) {
	e = c.invited(e)
	defer c.noteNotice(e)
	if lists, ok := e.(*event.ListsChanged); ok {
		c.befriended(ctx, lists)
		return
	}
	if c.reported(e) {
		return
	}
	switch e := e.(type) {
	case *event.SelfRenamed:
		c.session.SetNickname(e.Nickname)
		c.cache.renameSelf(c.Self().UIN, e.Nickname)
	case *event.AccountRestricted:
		c.restrictions.begin(&Restriction{Since: time.Now(), Group: e.Group, Kind: e.Kind, URL: e.URL})
	case *event.ClientsOnline:
		c.devices.Store(&e.All)
		if len(e.Added)+len(e.Removed) == 0 {
			return // the first list is no news
		}
	}
	c.hand(e)
	if m, ok := e.(*event.Message); ok {
		if f := event.FileIn(m.Message); f != nil {
			c.hand(f)
		}
	}
}

// hand gives an event to the handler.
func (c *Client) hand(e event.Event) {
	defer func() {
		if p := recover(); p != nil {
			c.log.Error("event handler panicked; the event is lost to it", "event", e.Name(), "panic", p)
		}
	}()
	c.opts.Handler(e)
}

// emit queues the event of an own private message: the server echoes group messages to
// the sender, private ones not. It never waits: the caller may be the event handler.
func (c *Client) emit(e *event.Message) {
	if !c.own.TryPut(order.Sent{Message: e}, e.Size()) {
		c.notes.Warn("own", "event of an own message dropped: the event handler is too slow")
	}
}
