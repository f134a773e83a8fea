package event

// dedupeKeys is how many pushes the duplicate filter remembers
// (docs/protocol/events.md 3.1).
const dedupeKeys = 1024

type pushKey struct{ from, sequence, random uint64 }

// Deduper remembers the last 1024 pushes, to recognise one that the server sends a
// second time. The zero value is ready. It is not safe for concurrent use.
type Deduper struct {
	seen map[pushKey]struct{}
	ring []pushKey
	next int
}

// Known reports whether the push is remembered.
func (d *Deduper) Known(from, sequence, random uint64) bool {
	_, ok := d.seen[pushKey{from, sequence, random}]
	return ok
}

// Seen reports whether the push is remembered, and remembers it. For a push without a
// sequence or a random number it reports false.
func (d *Deduper) Seen(from, sequence, random uint64) bool {
	if sequence == 0 || random == 0 {
		return false
	}
	k := pushKey{from, sequence, random}
	if _, ok := d.seen[k]; ok {
		return true
	}
	if d.seen == nil {
		d.seen = make(map[pushKey]struct{}, dedupeKeys)
	}
	if len(d.ring) < dedupeKeys {
		d.ring = append(d.ring, k)
	} else {
		delete(d.seen, d.ring[d.next])
		d.ring[d.next] = k
		d.next = (d.next + 1) % dedupeKeys
	}
	d.seen[k] = struct{}{}
	return false
}

// recentGroups remembers for which groups something was reported last, so that
// two pushes about one change give one event (docs/protocol/events.md 4, 5.1).
// Times are the server's, Unix seconds.
type recentGroups struct {
	ring [64]struct {
		group uint64
		time  int64
	}
	next int
}

// within is how long one report stands for another, in seconds.
const within = 60

// again reports whether the group was reported less than a minute before or after t.
// If it was not, again remembers it as reported at t.
func (r *recentGroups) again(group uint64, t int64) bool {
	for i := range r.ring {
		e := &r.ring[i]
		if e.group == group && t-e.time < within && e.time-t < within {
			return true
		}
	}
	r.ring[r.next].group, r.ring[r.next].time = group, t
	r.next = (r.next + 1) % len(r.ring)
	return false
}

// forget makes the next report of the group a new one.
func (r *recentGroups) forget(group uint64) {
	for i := range r.ring {
		if r.ring[i].group == group {
			r.ring[i].group = 0
		}
	}
}
