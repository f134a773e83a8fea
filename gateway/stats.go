package gateway

// Stats are figures of a Gateway at one moment.
type Stats struct {
	Published   uint64 // events handed to subscribers, since the start
	Waited      uint64 // of these, had to wait for a subscriber
	CutOff      uint64 // subscriptions that ended because they were too slow
	Subscribers int
	// Queued is how many events wait, over all subscriptions; Longest in the longest
	// queue, QueuedBytes what they take.
	Queued, Longest int
	QueuedBytes     int64
	// Async is how many calls that were answered wait to be carried out.
	Async int
	// RequestBytes are taken from the Budget now.
	RequestBytes int64
	// Replayed is how many events were given to clients that had missed them, Expired
	// how many were skipped because they were too old or too many.
	Replayed, Expired uint64
	// Unreadable is how many kept events were skipped because they could not be read: of
	// a kind that this version does not know, or without their message.
	Unreadable uint64
}

// Stats returns the figures.
func (g *Gateway) Stats() Stats {
	h := &g.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	st := Stats{Published: h.published, Waited: h.waited, CutOff: h.cutOff, QueuedBytes: h.bytes, Subscribers: len(h.subs), Async: g.later.waiting(), RequestBytes: g.budget.used.Load()}
	if j := g.journal; j != nil {
		st.Replayed, st.Expired, st.Unreadable = j.replayed.Load(), j.expired.Load(), j.unreadable.Load()
	}
	for _, sub := range h.subs {
		n := int(h.end() - sub.next)
		st.Queued += n
		st.Longest = max(st.Longest, n)
	}
	return st
}
