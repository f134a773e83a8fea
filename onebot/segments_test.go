package onebot

import (
	"os"
	"strings"
	"testing"

	"libration/ntqq/message"
)

// TestSegmentRows finds a segment of package message that is never shown, and a row
// that is wrong by itself.
func TestSegmentRows(t *testing.T) {
	doc, err := os.ReadFile("../docs/protocol/onebot11.md")
	if err != nil {
		t.Fatal(err)
	}
	_, types, _ := strings.Cut(string(doc), "### d.4")
	rows, known := newSegmentTable(), map[string]bool{}
	for _, seg := range message.All() {
		known[seg.Name()] = true
		if len(rows.shows[seg.Name()]) == 0 {
			t.Errorf("%T is never shown", seg)
		}
	}
	for _, r := range segmentRows() {
		switch {
		case rows.types[r.name].of != r.of:
			t.Errorf("%s has two rows", r.name)
		case r.read == nil:
			t.Errorf("%s: nothing reads it", r.name)
		case r.show != nil && (!known[r.of] || r.received == nil):
			t.Errorf("%s: it shows %q, and the guides say %v", r.name, r.of, r.received)
		case r.sent == nil && r.notes.EN == "":
			t.Errorf("%s: the guides do not say how it is sent", r.name)
		case r.name != "unknown" && !strings.Contains(types, "| `"+r.name+"` |"):
			t.Errorf("%s does not stand in docs/protocol/onebot11.md d.4", r.name)
		}
	}
}
