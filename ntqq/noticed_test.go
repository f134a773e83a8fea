package ntqq

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestNoticed: what waits to be delivered is not saved, and neither is that the lists were
// read.
func TestNoticed(t *testing.T) {
	var n noticed
	if n.snapshot() != nil {
		t.Error("something is saved of lists that were not read")
	}
	n.look(1000)
	n.delivered("pushed", 1100)
	if n.claim("pushed", 1100+noticeSlack) || !n.claim("pushed", 1101+noticeSlack) || !n.claim("missed", 1200) || n.claim("missed", 1200) {
		t.Error("wrong claims")
	}
	n.look(1200)
	pushed := NoticeDelivered{"pushed", 1100}
	if diff := cmp.Diff(&NoticesDelivered{Since: 1000, Delivered: []NoticeDelivered{pushed}}, n.snapshot()); diff != "" {
		t.Errorf("while two wait (-want +got):\n%s", diff)
	}
	n.delivered("pushed", 1101+noticeSlack)
	n.delivered("missed", 1200)
	n.look(1150)
	if n.listed() != 1200 {
		t.Errorf("the lists are older than before: %d", n.listed())
	}
	saved := n.snapshot()
	want := &NoticesDelivered{Since: 1200, Delivered: []NoticeDelivered{{"pushed", 1101 + noticeSlack}, {"missed", 1200}}}
	if diff := cmp.Diff(want, saved); diff != "" {
		t.Errorf("when all were delivered (-want +got):\n%s", diff)
	}
	var later noticed
	later.restore(saved)
	if later.claim("missed", 1200) || later.listed() != 1200 {
		t.Error("it was forgotten")
	}
	for range 2 * maxNoticed {
		later.delivered("x", int64(2000+1000*len(later.marks)))
	}
	if got := len(later.snapshot().Delivered); got > maxNoticed {
		t.Errorf("%d are remembered", got)
	}
}
