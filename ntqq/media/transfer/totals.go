package transfer

import (
	"errors"
	"maps"
)

// Total is what [Registry.Totals] counts together.
type Total struct {
	Direction Direction
	Kind      string
	Result    Result
}

// Result says how a transfer ended.
type Result string

// The results.
const (
	Done      Result = "ok"
	Failed    Result = "failed"
	Cancelled Result = "cancelled"
)

type sum struct{ count, bytes uint64 }

// moving are the steps, as package media calls them, whose bytes go over the network.
var moving = map[Direction]string{Upload: "block", Download: "fetch"}

// leave counts the bytes of a step that is over. It is called with mu held.
func (t *Transfer) leave() {
	if t.Status.Step == moving[t.Direction] {
		t.moved += t.Done
	}
}

// count adds a transfer that has ended to the totals. It is called with mu held.
func (r *Registry) count(t *Transfer) {
	of := Total{t.Direction, t.Kind, Done}
	switch {
	case errors.Is(t.Err, ErrCancelled):
		of.Result = Cancelled
	case t.Err != nil:
		of.Result = Failed
	}
	if r.totals == nil {
		r.totals = map[Total]sum{}
	}
	s := r.totals[of]
	r.totals[of] = sum{s.count + 1, s.bytes + t.moved}
}

// Totals calls f for all that have ended since the beginning: how many, and how many bytes
// of them went over the network, those of failed ones included.
func (r *Registry) Totals(f func(of Total, count, bytes uint64)) {
	r.mu.Lock()
	totals := maps.Clone(r.totals)
	r.mu.Unlock()
	for of, s := range totals {
		f(of, s.count, s.bytes)
	}
}
