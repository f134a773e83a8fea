package onebot

// Stats are figures of a Service at one moment.
type Stats struct {
	Published   uint64 // events handed to subscribers, since the start
	Waited      uint64 // of these, had to wait for a subscriber
	CutOff      uint64 // subscriptions that ended because they were too slow
	Subscribers int
	// Queued is how many events wait, over all subscriptions; Longest in the longest
	// queue, QueuedBytes what they take.
	Queued, Longest int
	QueuedBytes     int64
	// Async is how many _async and _rate_limited actions wait for a worker.
	Async int
	// RequestBytes are taken from the Budget now.
	RequestBytes int64
	// Replayed is how many events were given to clients that had missed them, Expired
	// how many were skipped because they were too old or too many.
	Replayed, Expired uint64
}

// Stats returns the figures.
func (s *Service) Stats() Stats {
	h := &s.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	st := Stats{Published: h.published, Waited: h.waited, CutOff: h.cutOff, QueuedBytes: h.bytes, Subscribers: len(h.subs), Async: len(s.pending) + len(s.paced), RequestBytes: s.budget.used.Load()}
	if s.journal != nil {
		st.Replayed, st.Expired = s.journal.replayed.Load(), s.journal.expired.Load()
	}
	for _, sub := range h.subs {
		n := int(h.end() - sub.next)
		st.Queued += n
		st.Longest = max(st.Longest, n)
	}
	return st
}
