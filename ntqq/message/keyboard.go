package message

// KeyboardSegment is rows of buttons under a message (docs/protocol/messages.md 5.8).
type KeyboardSegment struct {
	BotAppID uint64 // 0: none
	Rows     []KeyboardRow
}

// KeyboardRow is one row of buttons.
type KeyboardRow struct{ Buttons []KeyboardButton }

// KeyboardButton is one button. The numbers are those of the protocol, where they have no
// names.
type KeyboardButton struct {
	ID           string
	Label        string
	VisitedLabel string // the label after a click
	Style        int32
	Action       int32 // what a click does
	Permission   int32 // who may click
	// Roles and Users are who may click, where Permission says so.
	Roles, Users []string
	Unsupported  string // what clients show that do not know the action
	Data         string
	Reply, Enter bool
}

// Name implements Segment.
func (*KeyboardSegment) Name() string { return "keyboard" }
func (k *KeyboardSegment) size() int {
	n := 0
	for _, row := range k.Rows {
		for _, b := range row.Buttons {
			n += buttonBytes + len(b.ID) + len(b.Label) + len(b.VisitedLabel) + len(b.Unsupported) + len(b.Data)
			for _, who := range [][]string{b.Roles, b.Users} {
				for _, s := range who {
					n += 16 + len(s)
				}
			}
		}
	}
	return n
}

// buttonBytes is what a button takes in memory, about.
const buttonBytes = 200
