package gateway

import (
	"libration/ntqq/message"
)

// Event is one event for dialects to write. It is shared and read-only.
type Event struct {
	// ID rises, and is the same whenever the event is written; 0 without a journal. It is
	// about the service's time in microseconds. The ids of its frames are those of FrameID.
	ID int64
	// At is when it came, Unix seconds: the time of events that carry none.
	At int64
	// Self: it is about a message of the account itself.
	Self bool
	// MessageID is the id of Message, or of the message that was recalled.
	MessageID int32
	// Message is set for messages, Event for everything else.
	Message *message.Message
	Event   Happening
	// Array and String are set alone, for events that an earlier version of the program
	// kept: OneBot's JSON in its two message formats, or in one of them.
	Array, String []byte
}

// Happening is what happened: an event of package event, Online or Offline.
type Happening interface {
	// Name never changes: the journal keeps it.
	Name() string
	// When is the time of what happened in Unix seconds, 0 when it has none.
	When() int64
}

// Form is a way of writing events, from Register.
type Form uint8

// maxForms is how many ways there may be.
const maxForms = 6

// Writer writes events in one form. Its methods are called from several goroutines at
// once.
type Writer interface {
	// Write writes an event as its frames, at most MaxFrames; none when the dialect has no
	// word for it. The result is shared.
	Write(e *Event) [][]byte
	// Tells reports whether the dialect has a word for events with this name.
	Tells(name string) bool
}

// MaxFrames is how many frames an event may have.
const MaxFrames = 2

// FrameID is the id of one of the frames of an event: the last one's is the event's own,
// so that who has that frame has all. 0 without a journal.
func FrameID(event int64, frame, frames int) int64 {
	if event == 0 {
		return 0
	}
	return event - int64(frames-1-frame)
}

// Register adds a form. It must be called before the first event.
func (g *Gateway) Register(w Writer) Form {
	h := &g.hub
	if len(h.writers) == maxForms {
		panic("gateway: too many forms")
	}
	h.writers = append(h.writers, w)
	return Form(len(h.writers) - 1)
}

// Writes tells whether a form is registered.
func (g *Gateway) Writes(f Form) bool { return int(f) < len(g.hub.writers) }

// formSet is a set of forms.
type formSet uint8

func (s formSet) has(f Form) bool { return s&(1<<f) != 0 }

// Selection says which events somebody takes, and how they are written.
type Selection struct {
	Form Form
	// ReportSelf includes the account's own messages.
	ReportSelf bool
	// Filter leaves events out; nil: none. What it leaves out neither waits nor was missed.
	Filter Filter
}

// Filter says which events somebody takes, by their frames. Filters are compared: those of
// several clients that are the same one are asked once. Its method is called from several
// goroutines at once.
type Filter interface{ Passes(frame []byte) bool }

// Passes tells whether a frame passes the filter, if there is one.
func (s *Selection) Passes(frame []byte) bool { return s.Filter == nil || s.Filter.Passes(frame) }

// passing returns the frames that pass the filter; nil: none do.
func (s *Selection) passing(frames [][]byte) [][]byte {
	if s.Filter == nil {
		return frames
	}
	var left [][]byte
	for _, b := range frames {
		if s.Filter.Passes(b) {
			left = append(left, b)
		}
	}
	return left
}

// written is one event in the forms that somebody wants, as its frames; the others are nil.
type written [maxForms][][]byte

// write writes an event in these forms.
func (h *hub) write(e *Event, forms formSet) (w written) {
	for f, writer := range h.writers {
		if forms.has(Form(f)) {
			w[f] = writer.Write(e)
		}
	}
	return w
}

// tells reports whether some dialect has a word for events with this name.
func (h *hub) tells(name string) bool {
	for _, w := range h.writers {
		if w.Tells(name) {
			return true
		}
	}
	return false
}
