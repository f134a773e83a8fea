package transport

import (
	"sync"
	"time"

	"libration/gateway"
)

// turnPatience is how long a message waits for one before it whose media are uploaded. One
// that hangs must not stop its chat.
const turnPatience = 15 * time.Second

// turns keep the order in which a WebSocket connection sends to a chat: what comes behind
// media waits until they are sent.
type turns struct {
	mu     sync.Mutex          // guards what follows
	read   sync.Cond           // a request was read
	unread map[uint64]struct{} // the requests that came, and of which nothing is known yet
	last   map[string]*turn    // of each chat with media under way, the newest message to it
	count  uint64              // of requests
}

// turn is the place of one request.
type turn struct {
	of     *turns
	number uint64
	chat   string        // "": nobody waits for it
	over   chan struct{} // closed: it is carried out, or never will be
}

func newTurns() *turns {
	t := &turns{unread: make(map[uint64]struct{}), last: make(map[string]*turn)}
	t.read.L = &t.mu
	return t
}

// next is the place of the request that came now. It must end.
func (t *turns) next() *turn {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count++
	t.unread[t.count] = struct{}{}
	return &turn{of: t, number: t.count, over: make(chan struct{})}
}

// wait takes what is known of the request, and returns when it may be carried out; false
// when givenUp is closed first.
func (t *turn) wait(c *gateway.Call, givenUp <-chan struct{}) bool {
	ahead := t.join(c)
	if ahead == nil {
		return true
	}
	patience := time.NewTimer(turnPatience)
	defer patience.Stop()
	select {
	case <-ahead.over:
	case <-patience.C:
	case <-givenUp:
		return false
	}
	return true
}

// join returns the message that goes before this one; nil: none does.
func (t *turn) join(c *gateway.Call) (ahead *turn) {
	t.of.mu.Lock()
	defer t.of.mu.Unlock()
	if c.Chat != "" {
		for t.behindUnread() {
			t.of.read.Wait()
		}
		if ahead = t.of.last[c.Chat]; ahead != nil || c.Upload {
			t.chat, t.of.last[c.Chat] = c.Chat, t
		}
	}
	t.known()
	return ahead
}

// behindUnread tells whether an earlier request may yet turn out to go before this one.
func (t *turn) behindUnread() bool {
	for number := range t.of.unread {
		if number < t.number {
			return true
		}
	}
	return false
}

func (t *turn) known() {
	delete(t.of.unread, t.number)
	t.of.read.Broadcast()
}

// end lets others go on.
func (t *turn) end() {
	t.of.mu.Lock()
	defer t.of.mu.Unlock()
	t.known() // it may have failed before
	if t.chat != "" && t.of.last[t.chat] == t {
		delete(t.of.last, t.chat)
	}
	close(t.over)
}
