package event

// Key is a kind of push: the command and, for message pushes, the type, subtype and
// discriminator (docs/protocol/events.md 3.1). A part that a push does not have is -1.
type Key struct {
	Command       string
	Type          int64
	SubType       int64
	Discriminator int64
}

// UnknownReason is why a push gave no event.
type UnknownReason string

// The reasons; docs/protocol/events.md 3.3 has counters of the same names.
const (
	ReasonUnknown    UnknownReason = "unknown"      // of a kind that is not known
	ReasonDecode     UnknownReason = "decode_error" // the bytes do not parse
	ReasonEmpty      UnknownReason = "empty_body"
	ReasonIncomplete UnknownReason = "incomplete" // a part that an event needs is missing
	ReasonIgnored    UnknownReason = "ignored"    // known, and without an event
)

// Unknown is sent for a push that gave no event. It needs no reaction; it is for
// diagnosis.
type Unknown struct {
	Key     Key
	Reason  UnknownReason
	Err     error  // with ReasonDecode only
	Payload []byte // the whole payload of the packet; must not be changed
}

func (*Unknown) Name() string   { return "unknown_push" }
func (*Unknown) When() int64    { return 0 }
func (*Unknown) People() People { return People{} }
func (*Unknown) Stale() Stale   { return Stale{} }
