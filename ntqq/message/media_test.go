package message

import (
	"bytes"
	"testing"
)

// TestCopyMedium: what is written to the copy does not change the segment.
func TestCopyMedium(t *testing.T) {
	t.Parallel()
	for _, s := range All() {
		was := MediumOf(s)
		c, m := CopyMedium(s)
		switch s.(type) {
		case *ImageSegment, *RecordSegment, *VideoSegment:
		default:
			if was != nil || c != nil || m != nil {
				t.Errorf("%s: got %v, %v, %v", s.Name(), was, c, m)
			}
			continue
		}
		if was == nil || m == nil || m != MediumOf(c) || c.Name() != s.Name() {
			t.Fatalf("%s: got %v, %v, %v", s.Name(), was, c, m)
		}
		if m.Info = []byte("new"); was.Info != nil || !bytes.Equal(MediumOf(c).Info, m.Info) {
			t.Errorf("%s: the segment has %q, the copy %q", s.Name(), was.Info, MediumOf(c).Info)
		}
	}
}
