package ntqq

import (
	"slices"
	"sync"
)

const (
	// noticeSlack is how far the times of a push and of its entry in a list may be apart,
	// in seconds.
	noticeSlack = 60
	// maxNoticed is how many deliveries are remembered since the lists were read.
	maxNoticed = 1024
)

// NoticesDelivered says which entries of the lists of requests and notices were
// delivered.
type NoticesDelivered struct {
	// Since is the time of the newest entry when the lists were read last, Unix seconds.
	// What is not younger has had its turn.
	Since int64 `json:"since"`
	// Delivered are younger ones that were delivered, oldest first.
	Delivered []NoticeDelivered `json:"delivered,omitempty"`
}

// NoticeDelivered is one delivery of a NoticesDelivered.
type NoticeDelivered struct {
	// Key names who and what it was about.
	Key  string `json:"key"`
	Time int64  `json:"time"` // Unix seconds
	// Request is the sequence of an entry about a group that was read from the list, and of
	// a request; 0 of what a push said, and where it was not found.
	Request uint64 `json:"request,omitempty"`
}

// same reports whether two deliveries are of one entry.
func (d *NoticeDelivered) same(o *NoticeDelivered) bool {
	if d.Key != o.Key {
		return false
	}
	if d.Request != 0 && o.Request != 0 {
		return d.Request == o.Request
	}
	return max(d.Time-o.Time, o.Time-d.Time) <= noticeSlack
}

// noticed remembers what was delivered of the lists. It is safe for concurrent use.
type noticed struct {
	mu sync.Mutex // guards everything below
	// since is NoticesDelivered.Since; 0: the lists have not been read.
	since int64
	saved int64 // of since what may be saved: all before it was delivered
	marks []noticeMark
}

type noticeMark struct {
	NoticeDelivered
	waits bool // has not been delivered yet
}

// listed is the time of the newest entry when the lists were read last, 0 for never.
func (n *noticed) listed() int64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.since
}

// find returns the mark of a delivery, or nil; mu is held.
func (n *noticed) find(d *NoticeDelivered) *noticeMark {
	for i := range n.marks {
		if m := &n.marks[i]; m.same(d) {
			return m
		}
	}
	return nil
}

// claim reports whether something has not been delivered, and marks that it will be.
func (n *noticed) claim(d NoticeDelivered) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if m := n.find(&d); m != nil {
		m.Request = max(m.Request, d.Request) // the next entry is about something else
		return false
	}
	n.settle()
	n.mark(d, true)
	return true
}

// settle sets what may be saved, where nothing waits; mu is held.
func (n *noticed) settle() {
	if !slices.ContainsFunc(n.marks, func(m noticeMark) bool { return m.waits }) {
		n.saved = n.since
	}
}

// delivered marks that something was delivered.
func (n *noticed) delivered(d NoticeDelivered) {
	n.mu.Lock()
	defer n.mu.Unlock()
	var known bool
	for i := range n.marks { // first what waits: several entries may be about one thing
		if m := &n.marks[i]; m.same(&d) {
			if known = true; m.waits {
				m.waits = false
				return
			}
		}
	}
	if known {
		return
	}
	n.mark(d, false)
}

// mark adds a mark; mu is held.
func (n *noticed) mark(d NoticeDelivered, waits bool) {
	if len(n.marks) == maxNoticed {
		n.marks = slices.Delete(n.marks, 0, 1)
	}
	n.marks = append(n.marks, noticeMark{d, waits})
}

// look notes that the lists were read, and forgets what is too old to be new in them.
func (n *noticed) look(newest int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.since = max(n.since, newest)
	n.settle()
	n.marks = slices.DeleteFunc(n.marks, func(m noticeMark) bool { return !m.waits && m.Time < n.saved-noticeSlack })
}

// snapshot is what is to be saved; nil while the lists have not been read.
func (n *noticed) snapshot() *NoticesDelivered {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.settle()
	if n.saved == 0 {
		return nil
	}
	s := &NoticesDelivered{Since: n.saved}
	for _, m := range n.marks {
		if !m.waits {
			s.Delivered = append(s.Delivered, m.NoticeDelivered)
		}
	}
	return s
}

// restore begins anew, with what was saved; nil: nothing was.
func (n *noticed) restore(s *NoticesDelivered) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.since, n.saved, n.marks = 0, 0, nil
	if s == nil {
		return
	}
	n.since, n.saved = s.Since, s.Since
	for _, d := range s.Delivered[max(0, len(s.Delivered)-maxNoticed):] {
		n.marks = append(n.marks, noticeMark{NoticeDelivered: d})
	}
}
