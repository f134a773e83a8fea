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
	slow := s.Subscribe(SubscribeOptions{Buffer: 2})
	defer slow.Close()
	fast := s.Subscribe(SubscribeOptions{})
	defer fast.Close()
	for i := range 3 {
		handleMessage(s, groupMessage(uint64(i+1), &message.Text{Text: "t"}))
	}
	want := Stats{Published: 3, CutOff: 1, Subscribers: 1, Queued: 3, Longest: 3}
	if got := s.Stats(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	s.Call(t.Context(), Request{Action: "get_status"})
	s.Call(t.Context(), Request{Action: "fly"})
	if want := []string{"get_status 0 true", "unknown 1404 true"}; !reflect.DeepEqual(calls, want) {
		t.Errorf("got calls %q, want %q", calls, want)
	}
}
