package world

import "time"

// What is kept of forwards (docs/protocol/messages.md 10.6). Over one of the bounds the
// oldest ones go.
const (
	maxForward    = 4 << 20 // bytes of one
	forwardsCount = 2000
	forwardsBytes = 64 << 20
	forwardsAge   = 3 * 24 * time.Hour
)

// forwardID is the form of resource ids: so many characters of these.
const (
	forwardIDLength = 64
	forwardIDChars  = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
)

// forward is one forward that is kept.
type forward struct {
	id      string
	payload []byte
	since   time.Time
}

// forwards are those that are kept.
type forwards struct {
	byID  map[string]*forward
	order []*forward // oldest first
	bytes int        // of all payloads
}

// Forwards keeps the content of forwards: bytes that the world does not read. They are
// kept for three days, of all of them the newest 2,000 and 64 MiB.
type Forwards struct{ *state }

// Forwards returns the operations on the content of forwards.
func (w *World) Forwards() Forwards { return Forwards{&w.state} }

// Keep keeps a payload, which must not be changed afterwards, and returns the resource id
// that it is found by. It refuses an empty one, and one of more than 4 MiB.
func (w Forwards) Keep(payload []byte) (id string, err error) {
	switch {
	case len(payload) == 0:
		return "", Refuse(BadRequest, "the forward is empty")
	case len(payload) > maxForward:
		return "", Refuse(TooLarge, "a forward of %d bytes, the limit is %d", len(payload), maxForward)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	f := &forward{id: w.forwardID(), payload: payload, since: w.now()}
	kept := &w.forwards
	kept.byID[f.id] = f
	kept.order = append(kept.order, f)
	kept.bytes += len(f.payload)
	w.dropForwards()
	return f.id, nil
}

// Find returns the payload with a resource id: read-only.
func (w Forwards) Find(id string) ([]byte, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dropForwards()
	if f := w.forwards.byID[id]; f != nil {
		return f.payload, true
	}
	return nil, false
}

func (w Forwards) forwardID() string {
	id := make([]byte, forwardIDLength)
	for i := range id {
		id[i] = forwardIDChars[w.rng.IntN(len(forwardIDChars))]
	}
	return string(id)
}

// dropForwards forgets what is too old or too much; mu is held.
func (w Forwards) dropForwards() {
	kept := &w.forwards
	for len(kept.order) > 0 {
		oldest := kept.order[0]
		if len(kept.order) <= forwardsCount && kept.bytes <= forwardsBytes && w.now().Sub(oldest.since) < forwardsAge {
			return
		}
		kept.order[0] = nil
		kept.order = kept.order[1:]
		kept.bytes -= len(oldest.payload)
		delete(kept.byID, oldest.id)
	}
}
