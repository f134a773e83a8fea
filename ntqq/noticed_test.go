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
	n.delivered(NoticeDelivered{Key: "pushed", Time: 1100})
	if n.claim(NoticeDelivered{Key: "pushed", Time: 1100 + noticeSlack}) || !n.claim(NoticeDelivered{Key: "pushed", Time: 1101 + noticeSlack}) || !n.claim(NoticeDelivered{Key: "missed", Time: 1200}) || n.claim(NoticeDelivered{Key: "missed", Time: 1200}) {
		t.Error("wrong claims")
	}
	n.look(1200)
	pushed := NoticeDelivered{Key: "pushed", Time: 1100}
	if diff := cmp.Diff(&NoticesDelivered{Since: 1000, Delivered: []NoticeDelivered{pushed}}, n.snapshot()); diff != "" {
		t.Errorf("while two wait (-want +got):\n%s", diff)
	}
	n.delivered(NoticeDelivered{Key: "pushed", Time: 1101 + noticeSlack})
	n.delivered(NoticeDelivered{Key: "missed", Time: 1200})
	n.look(1150)
	if n.listed() != 1200 {
		t.Errorf("the lists are older than before: %d", n.listed())
	}
	saved := n.snapshot()
	want := &NoticesDelivered{Since: 1200, Delivered: []NoticeDelivered{{Key: "pushed", Time: 1101 + noticeSlack}, {Key: "missed", Time: 1200}}}
	if diff := cmp.Diff(want, saved); diff != "" {
		t.Errorf("when all were delivered (-want +got):\n%s", diff)
	}
	var later noticed
	later.restore(saved)
	if later.claim(NoticeDelivered{Key: "missed", Time: 1200}) || later.listed() != 1200 {
		t.Error("it was forgotten")
	}
	for range 2 * maxNoticed {
		later.delivered(NoticeDelivered{Key: "x", Time: int64(2000 + 1000*len(later.marks))})
	}
	if got := len(later.snapshot().Delivered); got > maxNoticed {
		t.Errorf("%d are remembered", got)
	}
}

// TestNoticedRequest: who asks again within the minute is news, as far as sequences say.
func TestNoticedRequest(t *testing.T) {
	var n noticed
	n.look(1000)
	n.delivered(NoticeDelivered{Key: "join", Time: 1100, Request: 1})
	if n.claim(NoticeDelivered{Key: "join", Time: 1100, Request: 1}) || !n.claim(NoticeDelivered{Key: "join", Time: 1101, Request: 2}) {
		t.Error("wrong claims")
	}
	n.delivered(NoticeDelivered{Key: "blind", Time: 1100}) // its sequence was not found
	if n.claim(NoticeDelivered{Key: "blind", Time: 1100, Request: 3}) {
		t.Error("a request was announced twice")
	}
}
