package ntqq

import (
	"slices"
	"sync"

	"libration/ntqq/event"
	"libration/ntqq/internal/order"
	"libration/ntqq/message"
)

// maxShown bounds the messages that one watch keeps.
const maxShown = 64

// shownFiles are the messages with own files that the service writes: their numbers are in
// no answer. The zero value is ready. Safe for concurrent use.
type shownFiles struct {
	mu      sync.Mutex
	watches []*fileWatch
	taken   map[order.Named]bool // messages that somebody got; while there are watches
}

// fileWatch keeps those of a chat since it began: with numbers above after, and not sent
// before since (Unix seconds). shownFiles.mu guards seen.
type fileWatch struct {
	chat  chatID
	after uint64
	since int64
	more  chan struct{} // has one when there are new ones
	seen  []*message.Message
}

// begin begins a watch; end ends it.
func (s *shownFiles) begin(w *fileWatch) (end func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watches = append(s.watches, w)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.watches = slices.DeleteFunc(s.watches, func(other *fileWatch) bool { return other == w })
		if len(s.watches) == 0 {
			s.taken = nil
		}
	}
}

// saw takes every event that the server pushes, and every message that is looked up.
func (s *shownFiles) saw(e event.Event) {
	m, ok := e.(*event.Message)
	if !ok || !m.Self || fileIn(m.Message) == nil {
		return
	}
	id := order.Of(m.Chat)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.watches {
		if w.chat != id || m.Sequence <= w.after || m.Time < w.since || len(w.seen) == maxShown {
			continue
		}
		seen := *m.Message // what is pushed is completed later
		w.seen = append(w.seen, &seen)
		select {
		case w.more <- struct{}{}:
		default:
		}
	}
}

// take returns the message of a file as its chat has it, each to one caller. Where the
// service did not say by which id, or at last, one of the name counts.
func (s *shownFiles) take(w *fileWatch, file *message.FileSegment, last bool) *message.Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, byName := range []bool{false, true} {
		for _, m := range w.seen {
			f, key := fileIn(m), order.Named{Chat: w.chat, Sequence: m.Sequence}
			same := f.ID == file.ID
			if byName {
				same = (file.ID == "" || last) && (file.FileName == "" || f.FileName == file.FileName)
			}
			if same && !s.taken[key] {
				if s.taken == nil {
					s.taken = map[order.Named]bool{}
				}
				s.taken[key] = true
				return m
			}
		}
	}
	return nil
}

// fileIn is the file in a message; nil for none.
func fileIn(m *message.Message) *message.FileSegment {
	for _, seg := range m.Content {
		if f, ok := seg.(*message.FileSegment); ok {
			return f
		}
	}
	return nil
}
