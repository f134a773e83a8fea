package server

// tableLimit bounds each table of tickets: far above what the clients of a
// sandbox need, and little memory when they misbehave.
const tableLimit = 4096

// table is a map of tickets with a limit: when it is full, the oldest entry goes.
// The zero value is empty.
type table[V any] struct {
	entries map[string]V
	order   []string // oldest first; may name entries that are gone
}

func (t *table[V]) get(key []byte) (V, bool) {
	v, ok := t.entries[string(key)]
	return v, ok
}

func (t *table[V]) put(key []byte, v V) {
	if t.entries == nil {
		t.entries = map[string]V{}
	}
	for len(t.order) >= tableLimit {
		delete(t.entries, t.order[0])
		t.order = t.order[1:]
	}
	t.entries[string(key)] = v
	t.order = append(t.order, string(key))
}

func (t *table[V]) drop(key []byte) { delete(t.entries, string(key)) }
