package transport

import (
	"sync"
	"sync/atomic"

	"libration/gateway"
	"libration/gateway/table"
)

// MaxConcurrent is how many lookups and how many sends run at once, per WebSocket
// connection and per HTTP server. More wait. What is answered from memory never waits
// for them.
const MaxConcurrent = 64

// chatUploads is how many of the media of one chat are sent at once, per WebSocket
// connection and per HTTP server: an upload that hangs must not hold up other chats.
const chatUploads = 4

// largeAnswers is how many requests with large answers run at once, per WebSocket connection
// and per HTTP server: what they answer is in memory until it is written.
const largeAnswers = 2

// manyFrames is how many requests with several frames run at once, per WebSocket connection
// and per HTTP server: they last as long as their caller takes.
const manyFrames = 8

// lanes are the places of the actions that run, per kind, so that those of one kind
// do not wait for those of another.
type lanes struct {
	places  [table.Lanes]chan struct{} // nil for table.Local
	waiting [table.Lanes]atomic.Int32
	// uploads are the places of requests that send media, wanted how many wait for them.
	uploads chan struct{}
	wanted  atomic.Int32
	// large are the places of requests with large answers, asked how many wait for them.
	large chan struct{}
	asked atomic.Int32
	// frames are the places of requests with several frames, begun how many wait for them.
	frames chan struct{}
	begun  atomic.Int32

	mu    sync.Mutex             // guards chats
	chats map[string]*chatPlaces // of those that send media; by gateway.Call.Chat
}

// chatPlaces are the places of one chat.
type chatPlaces struct {
	places chan struct{}
	users  int // requests that wait or run
}

func newLanes() *lanes {
	l := &lanes{uploads: make(chan struct{}, MaxConcurrent), large: make(chan struct{}, largeAnswers), frames: make(chan struct{}, manyFrames), chats: make(map[string]*chatPlaces)}
	for lane := range l.places {
		if table.Lane(lane) != table.Local {
			l.places[lane] = make(chan struct{}, MaxConcurrent)
		}
	}
	return l
}

// place is what a call holds while it runs. The zero value holds nothing.
type place struct {
	of   *lanes
	in   chan struct{}
	chat *string // nil: none of a chat
	more chan struct{}
}

// enter waits for a place for a call; false when givenUp is closed first, or when most are
// waiting already.
func (l *lanes) enter(c *gateway.Call, most int32, givenUp <-chan struct{}) (p place, ok bool) {
	places := l.places[c.Lane]
	if places == nil {
		return place{}, true
	}
	if more, asked := l.rare(c); more != nil {
		if !wait(more, asked, most, givenUp) {
			return place{}, false
		}
		defer func() {
			if p.more = more; !ok {
				<-more
			}
		}()
	}
	if !c.Upload {
		return place{of: l, in: places}, wait(places, &l.waiting[c.Lane], most, givenUp)
	}
	ofChat := place{of: l, chat: &c.Chat}
	if !wait(l.join(c.Chat), &l.wanted, most, givenUp) {
		l.part(c.Chat)
		return place{}, false
	}
	if !wait(l.uploads, &l.wanted, most, givenUp) {
		ofChat.leave()
		return place{}, false
	}
	ofChat.in = l.uploads
	return ofChat, true
}

// rare returns the places of which a call needs one besides its lane's; nil: it needs none.
func (l *lanes) rare(c *gateway.Call) (places chan struct{}, waiting *atomic.Int32) {
	switch {
	case c.Frames != nil:
		return l.frames, &l.begun
	case c.Large:
		return l.large, &l.asked
	}
	return nil, nil
}

// leave gives the place back.
func (p place) leave() {
	if p.more != nil {
		<-p.more
	}
	if p.in != nil {
		<-p.in
	}
	if p.chat != nil {
		<-p.of.part(*p.chat)
	}
}

// join returns the places of a chat, until part.
func (l *lanes) join(name string) chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	chat := l.chats[name]
	if chat == nil {
		chat = &chatPlaces{places: make(chan struct{}, chatUploads)}
		l.chats[name] = chat
	}
	chat.users++
	return chat.places
}

// part is the end of join. It returns the same places.
func (l *lanes) part(name string) chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	chat := l.chats[name]
	if chat.users--; chat.users == 0 {
		delete(l.chats, name)
	}
	return chat.places
}

// wait waits for a place.
func wait(places chan struct{}, waiting *atomic.Int32, most int32, givenUp <-chan struct{}) bool {
	select {
	case places <- struct{}{}:
		return true
	default:
	}
	defer waiting.Add(-1)
	if waiting.Add(1) > most {
		return false
	}
	select {
	case places <- struct{}{}:
		return true
	case <-givenUp:
		return false
	}
}
