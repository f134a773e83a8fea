package gateway

import (
	"testing"

	"libration/ntqq/message"
)

func TestStats(t *testing.T) {
	s, _ := newTest(t)
	slow := s.Subscribe(Selection{})
	defer slow.Close()
	fast := s.Subscribe(Selection{})
	defer fast.Close()
	for i := range 3 {
		handleMessage(s, groupMessage(uint64(i+1), message.Text("t")))
	}
	nextRaw(t, fast)
	want := Stats{Published: 3, Subscribers: 2, Queued: 5, Longest: 3}
	got := s.Stats()
	if got.QueuedBytes < 3*eventCost {
		t.Errorf("got %d bytes of events", got.QueuedBytes)
	}
	got.QueuedBytes = 0
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
