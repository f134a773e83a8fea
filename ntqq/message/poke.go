package message

// PokeSegment is a poke as a message, also called window shake: not the double click on a
// picture, which is an event (docs/protocol/messages.md 5.6). It stands alone in its
// message.
type PokeSegment struct {
	// Type is 1 to 6 of an ordinary one, 1 to 12 of a special one; the names stand in
	// the protocol notes.
	Type     uint32
	Strength uint32 // of an ordinary one
	// Special is the form with more pictures. Count and Title are of that: how often it is
	// shown, and what it is called.
	Special bool
	Count   uint32
	Title   string
}

// Name implements Segment.
func (*PokeSegment) Name() string { return "poke" }
func (p *PokeSegment) size() int  { return len(p.Title) }
