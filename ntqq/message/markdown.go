package message

// MarkdownSegment is a text in Markdown. Of ordinary accounts the real service shows it
// only inside a forward (docs/protocol/messages.md 5.7).
type MarkdownSegment struct{ Markdown string }

// Name implements Segment.
func (*MarkdownSegment) Name() string { return "markdown" }
func (m *MarkdownSegment) size() int  { return len(m.Markdown) }

// FlashFileSegment is the card of a flash transfer: a set of files that somebody offers.
// It is only received; one that was received can be sent on.
type FlashFileSegment struct {
	Title   string // the name that people see
	FileSet string // id of the set
	Scene   uint32 // scene_type
	// Markdown is the element's content, from which the rest was read.
	Markdown string
}

// Name implements Segment.
func (*FlashFileSegment) Name() string { return "flash_file" }
func (f *FlashFileSegment) size() int {
	return len(f.Title) + len(f.FileSet) + len(f.Markdown)
}
