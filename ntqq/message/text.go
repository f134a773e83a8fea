package message

// TextSegment is plain text in UTF-8. Lines are separated by \n.
type TextSegment struct{ Text string }

// Name implements Segment.
func (*TextSegment) Name() string { return "text" }
func (t *TextSegment) size() int  { return len(t.Text) }

// AtSegment mentions one member of the chat, or everyone.
type AtSegment struct {
	All bool // everyone; the numbers are then empty
	// UIN and UID name the member. To send, one of them is enough: the client looks up
	// the other one.
	UIN UIN
	UID UID
	// Display is the text that people see, with its "@". To send it may be empty: the
	// client then takes the member's card or nickname.
	Display string
}

// Name implements Segment.
func (*AtSegment) Name() string { return "at" }
func (a *AtSegment) size() int  { return len(a.UID) + len(a.Display) }

// AtAllText is what a mention of everyone shows when the caller gives no text.
const AtAllText = "@全体成员"
