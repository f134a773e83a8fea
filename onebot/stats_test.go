package onebot

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"libration/ntqq/message"
)

func TestStats(t *testing.T) {
	var calls []string
	s, _, _ := newTestService(t)
	s.onAction = func(action string, retcode int, took time.Duration) {
		calls = append(calls, fmt.Sprintf("%s %d %t", action, retcode, took >= 0))
	}
	slow := s.Subscribe(EventForm{})
	defer slow.Close()
	fast := s.Subscribe(EventForm{})
	defer fast.Close()
	for i := range 3 {
		handleMessage(s, groupMessage(uint64(i+1), &message.Text{Text: "t"}))
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
	s.Call(t.Context(), Request{Action: "get_status"})
	s.Call(t.Context(), Request{Action: "fly"})
	if want := []string{"get_status 0 true", "unknown 1404 true"}; !reflect.DeepEqual(calls, want) {
		t.Errorf("got calls %q, want %q", calls, want)
	}
}
