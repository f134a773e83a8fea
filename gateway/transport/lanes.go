package transport

import (
	"sync/atomic"

	"libration/gateway/table"
)

// MaxConcurrent is how many lookups and how many sends run at once, per WebSocket
// connection and per HTTP server. More wait. What is answered from memory never waits
// for them.
const MaxConcurrent = 64

// lanes are the places of the actions that run, per kind, so that those of one kind
// do not wait for those of another.
type lanes struct {
	places  [table.Lanes]chan struct{} // nil for table.Local
	waiting [table.Lanes]atomic.Int32
}

func newLanes() *lanes {
	l := &lanes{}
	for lane := range l.places {
		if table.Lane(lane) != table.Local {
			l.places[lane] = make(chan struct{}, MaxConcurrent)
		}
	}
	return l
}

// enter waits for a place; false when given up is closed first, or when most are
// waiting already.
func (l *lanes) enter(lane table.Lane, most int32, givenUp <-chan struct{}) bool {
	places := l.places[lane]
	if places == nil {
		return true
	}
	select {
	case places <- struct{}{}:
		return true
	default:
	}
	defer l.waiting[lane].Add(-1)
	if l.waiting[lane].Add(1) > most {
		return false
	}
	select {
	case places <- struct{}{}:
		return true
	case <-givenUp:
		return false
	}
}

// leave gives the place back.
func (l *lanes) leave(lane table.Lane) {
	if places := l.places[lane]; places != nil {
		<-places
	}
}
