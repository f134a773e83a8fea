package ntqq

import (
	"context"
	"slices"
	"sync/atomic"

	"libration/ntqq/event"
	"libration/ntqq/internal/order"
	"libration/ntqq/message"
)

const (
	// lanesEvents and lanesBytes bound what waits for look-ups; then the dispatcher takes
	// nothing new, and the server waits.
	lanesEvents = 4096
	lanesBytes  = 16 << 20
	eventBytes  = 256 // of the place where an event waits, about
	// lanesAsking is for how many conversations questions are under way at a time.
	lanesAsking = 16
)

// lanes hold the events that wait for look-ups, each conversation in a lane of its own:
// its events keep their order, and others do not wait. They are for the dispatcher's
// goroutine, but for waits.
type lanes struct {
	open  map[event.Conversation]*lane
	done  chan *lane    // whose question has ended
	slots chan struct{} // one for each question under way
	bytes int           // of what waits
	waits atomic.Int64  // how many events wait
	// closed: nothing is asked any more.
	closed bool
}

// lane is one conversation of which an event is being looked up.
type lane struct {
	keys []event.Conversation
	// ordered have their place in the conversation. arrived came later, and do not have it
	// yet: the number of the first one's chat is looked up.
	ordered, arrived []sized
	asking           bool
	stop             context.CancelFunc // of the question
	asked            event.Event        // has been completed by questions
	ended            chan struct{}      // closed when the question has ended
}

// sized is an event and about how many bytes it keeps.
type sized struct {
	event.Event
	bytes int
}

func newLanes() lanes {
	return lanes{open: map[event.Conversation]*lane{}, done: make(chan *lane), slots: make(chan struct{}, lanesAsking)}
}

// find returns the lane that an event has to wait in, or nil.
func (ls *lanes) find(e event.Event) *lane {
	if len(ls.open) == 0 {
		return nil
	}
	keys := event.ConversationOf(e)
	for _, k := range keys {
		if l := ls.open[k]; l != nil {
			ls.know(l, keys)
			return l
		}
	}
	return nil
}

// lane returns the lane of an event's conversation.
func (ls *lanes) lane(e event.Event) *lane {
	l := ls.find(e)
	if l == nil {
		l = &lane{}
		ls.know(l, event.ConversationOf(e))
	}
	return l
}

// know lets a lane be found by more names of its conversation.
func (ls *lanes) know(l *lane, keys []event.Conversation) {
	for _, k := range keys {
		if ls.open[k] == nil {
			ls.open[k] = l
			l.keys = append(l.keys, k)
		}
	}
}

func (ls *lanes) full() bool { return ls.waits.Load() >= lanesEvents || ls.bytes >= lanesBytes }

// giveUp ends the questions when the lanes are full and what comes from the server is not
// read: nor are the answers, which are behind it.
func (ls *lanes) giveUp(s *silence) {
	if !ls.full() {
		return
	}
	s.begin()
	for _, l := range ls.inOrder() {
		if l.asking {
			l.stop()
		}
	}
}

// put adds an event to one of a lane's queues, take removes the first one.
func (ls *lanes) put(queue *[]sized, e event.Event) {
	bytes := eventBytes + event.Size(e)
	ls.waits.Add(1)
	ls.bytes += bytes
	*queue = append(*queue, sized{e, bytes})
}

func (ls *lanes) take(queue *[]sized) {
	ls.waits.Add(-1)
	ls.bytes -= (*queue)[0].bytes
	(*queue)[0] = sized{}
	*queue = (*queue)[1:]
}

// held are the messages of a chat that wait, in the order of their delivery.
func (ls *lanes) held(id chatID) []*event.Message {
	var held []*event.Message
	if l := ls.open[conversationOf(id)]; l != nil {
		for _, e := range l.ordered {
			if m, ok := e.Event.(*event.Message); ok && order.Of(m.Chat) == id {
				held = append(held, m)
			}
		}
	}
	return held
}

func conversationOf(id chatID) event.Conversation {
	if id.Group {
		return event.Conversation{Group: GroupCode(id.Code)}
	}
	return event.Conversation{UIN: UIN(id.Code)}
}

// wants completes an event from what is known, and reports whether a question to the
// service would tell more.
func (c *Client) wants(ctx context.Context, e event.Event, fill filling) bool {
	q := questions{crowded: c.crowded(c.lanes.find(e))}
	fill(c, ctx, &q, e)
	return q.wanted && !c.lanes.closed && !c.silence.now()
}

// crowded reports that so many events wait that none may wait for addresses of media.
func (c *Client) crowded(l *lane) bool {
	return c.pushes.Len() > crowd || l != nil && len(l.ordered) > crowd
}

// arrive takes an event that the server pushed. Where its private chat is named by a
// text id alone, the number is looked up first: by it the chat has its order.
func (c *Client) arrive(ctx context.Context, e event.Event) {
	if added, ok := e.(*event.FriendAdded); ok && c.cache.told(added) {
		return
	}
	l := c.lanes.find(e)
	if l == nil || len(l.arrived) == 0 {
		if !c.unnumbered(ctx, e) {
			c.deliver(ctx, e)
			return
		}
		l = c.lanes.lane(e)
	}
	c.lanes.put(&l.arrived, e)
	c.run(ctx, l)
}

// unnumbered reports whether the number of an event's private chat has to be looked up.
func (c *Client) unnumbered(ctx context.Context, e event.Event) bool {
	var chat message.Chat
	switch e := e.(type) {
	case *event.MessageRecalled:
		chat = e.Chat
	case event.Mover:
		chat = e.Moves().Chat
	}
	return chat.Kind != message.Group && chat.Peer == 0 && chat.PeerUID != "" && c.wants(ctx, e, (*Client).resolve)
}

// report completes an event and hands it to the handler, after those of its conversation
// that wait.
func (c *Client) report(ctx context.Context, e event.Event) {
	if m, ok := e.(*event.Message); ok {
		c.noteElements(m)
		before, known := c.cache.card(m)
		c.cache.apply(e)
		if now, _ := c.cache.card(m); known && now != before {
			c.report(ctx, &event.GroupCardChanged{
				Group: m.Chat.Group, Member: event.Person{UIN: m.Sender.UIN, UID: m.Sender.UID}, Old: before, New: now, Time: m.Time,
			})
		}
	} else {
		c.cache.apply(e)
	}
	l := c.lanes.find(e)
	if l == nil {
		if !c.wants(ctx, e, (*Client).fillIn) {
			c.finish(ctx, e)
			return
		}
		l = c.lanes.lane(e)
	}
	c.lanes.put(&l.ordered, e)
	c.run(ctx, l)
}

// run goes on with a lane until it waits for an answer, or is empty. A lane that runs
// already goes on by itself.
func (c *Client) run(ctx context.Context, l *lane) {
	for !l.asking {
		switch {
		case len(l.ordered) > 0:
			e := l.ordered[0].Event
			if l.asked != e && c.wants(ctx, e, (*Client).fillIn) {
				c.ask(ctx, l, e, (*Client).fillIn)
				return
			}
			c.lanes.take(&l.ordered)
			c.finish(ctx, e)
			if m, ok := e.(*event.Message); ok && order.Numbered(m.Message) {
				c.order.changed(progressEvery)
			}
		case len(l.arrived) > 0:
			e := l.arrived[0].Event
			if l.asked != e && c.unnumbered(ctx, e) {
				c.ask(ctx, l, e, (*Client).resolve)
				return
			}
			c.lanes.know(l, event.ConversationOf(e))
			l.asking = true // what follows from it waits for its turn
			c.deliver(ctx, e)
			l.asking = false
			c.lanes.take(&l.arrived)
		default:
			for _, k := range l.keys {
				delete(c.lanes.open, k)
			}
			return
		}
	}
}

// ask completes the first event of a lane by questions.
func (c *Client) ask(ctx context.Context, l *lane, e event.Event, fill filling) {
	q := questions{allowed: true, crowded: c.crowded(l)}
	ended := make(chan struct{})
	asking, stop := context.WithCancel(ctx)
	l.asking, l.asked, l.ended, l.stop = true, e, ended, stop
	c.order.wg.Go(func() {
		c.crash.guard(func() {
			defer close(ended)
			defer stop()
			select {
			case c.lanes.slots <- struct{}{}:
				defer func() { <-c.lanes.slots }()
			case <-asking.Done():
				return
			}
			c.askAbout(asking, &q, e, fill)
		})
		select {
		case c.lanes.done <- l:
		case <-ctx.Done():
		}
	})
}

// answered goes on with a lane whose question has ended.
func (c *Client) answered(ctx context.Context, l *lane) {
	l.asking = false
	c.run(ctx, l)
}

// drain hands on all that waits, when the lanes are closed. The questions have ended with
// their context.
func (c *Client) drain(ctx context.Context) {
	for len(c.lanes.open) > 0 {
		for _, l := range c.lanes.inOrder() {
			<-l.ended
			c.answered(ctx, l)
		}
	}
}

// inOrder are the lanes, always in the same order.
func (ls *lanes) inOrder() []*lane {
	var all []*lane
	for _, l := range ls.open {
		if !slices.Contains(all, l) {
			all = append(all, l)
		}
	}
	slices.SortFunc(all, func(x, y *lane) int { return x.keys[0].Compare(y.keys[0]) })
	return all
}
