package onebot

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"libration/ntqq/message"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSlowSubscriberCutOff(t *testing.T) {
	s, _, _ := newTestService(t)
	slow := s.Subscribe(SubscribeOptions{Buffer: 2})
	defer slow.Close()
	fast := s.Subscribe(SubscribeOptions{Buffer: 10, Format: FormatString})
	defer fast.Close()
	for i := range 5 {
		handleMessage(s, groupMessage(uint64(i+1), &message.Text{Text: fmt.Sprint(i)}))
	}
	n := 0
	for range slow.Events() { // ends because the channel is closed
		n++
	}
	if n != 2 || !errors.Is(slow.Err(), ErrSlow) {
		t.Errorf("slow subscriber: got %d events and %v, want 2 and ErrSlow", n, slow.Err())
	}
	for i := range 5 {
		if e := next(t, fast); e["message"] != fmt.Sprint(i) {
			t.Errorf("fast subscriber's event %d: got %v", i, e["message"])
		}
	}
	if fast.Err() != nil {
		t.Errorf("fast subscriber: %v", fast.Err())
	}
}

func TestSubscriptionClose(t *testing.T) {
	s, _, _ := newTestService(t)
	sub := s.Subscribe(SubscribeOptions{Format: 99})
	sub.Close()
	sub.Close()
	if _, open := <-sub.Events(); open || !errors.Is(sub.Err(), ErrClosed) {
		t.Errorf("after Close: channel open %t, error %v", open, sub.Err())
	}
	handleMessage(s, groupMessage(1))
	if want, some := s.hub.wanted(true); some {
		t.Errorf("formats wanted after Close: %v", want)
	}
}

func TestReportSelf(t *testing.T) {
	s, _, _ := newTestService(t)
	others := s.Subscribe(SubscribeOptions{})
	defer others.Close()
	all := s.Subscribe(SubscribeOptions{ReportSelf: true})
	defer all.Close()
	own := groupMessage(1, &message.Text{Text: "mine"})
	own.Self = true
	handleMessage(s, own)
	handleMessage(s, groupMessage(2, &message.Text{Text: "theirs"}))
	handleMessage(s, groupMessage(3)) // says nothing: no event
	if n := len(others.Events()); n != 1 {
		t.Errorf("events without own messages: got %d, want 1", n)
	}
	if n := len(all.Events()); n != 2 {
		t.Errorf("events with own messages: got %d, want 2", n)
	}
}

func TestEncodedOncePerFormat(t *testing.T) {
	s, _, _ := newTestService(t)
	a, b := s.Subscribe(SubscribeOptions{}), s.Subscribe(SubscribeOptions{})
	defer a.Close()
	defer b.Close()
	handleMessage(s, groupMessage(1, &message.Text{Text: "x"}))
	if first, second := nextRaw(t, a), nextRaw(t, b); &first[0] != &second[0] {
		t.Error("two subscribers of one format got two encodings")
	}
}

func TestConcurrentSubscribers(t *testing.T) {
	s, _, _ := newTestService(t)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 50 {
				sub := s.Subscribe(SubscribeOptions{Buffer: 1, Format: Format(i % 2), ReportSelf: i%3 == 0})
				select {
				case <-sub.Events():
				default:
				}
				sub.Close()
			}
		})
	}
	wg.Go(func() {
		for i := range 200 {
			handleMessage(s, groupMessage(uint64(i+1), &message.Text{Text: "x"}))
		}
	})
	for range 50 {
		call(t, s, "send_private_msg", `{"user_id":20002,"message":"y"}`)
		s.Heartbeat(1)
	}
	wg.Wait()
	if len(s.hub.subs) != 0 || s.hub.all != [formats]int{} || s.hub.self != [formats]int{} {
		t.Errorf("subscriptions left: %d, counts %v %v", len(s.hub.subs), s.hub.all, s.hub.self)
	}
}
