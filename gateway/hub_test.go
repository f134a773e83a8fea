package gateway

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"libration/ntqq/message"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// small returns a service in whose queue of events little may wait.
func small(t *testing.T, buffer int64) *Gateway {
	t.Helper()
	s, _ := newTest(t)
	s.hub.size = buffer
	return s
}

func say(s *Gateway, i int) {
	handleMessage(s, groupMessage(uint64(i+1), message.Text(fmt.Sprint(i))))
}

// TestStuckSubscriberCutOff: one that takes nothing holds up the others for a moment,
// once, and only when there is no room.
func TestStuckSubscriberCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const most = 10
		var log strings.Builder
		s := small(t, most*1000)
		s.log = slog.New(slog.NewTextHandler(&log, nil))
		stuck := s.Subscribe(Selection{})
		defer stuck.Close()
		fast := s.Subscribe(Selection{Form: silent})
		defer fast.Close()
		began := time.Now()
		for i := range 10 * most {
			say(s, i)
			if e := nextEvent(t, fast); e["raw_message"] != fmt.Sprint(i) {
				t.Fatalf("fast subscriber's event %d: got %v", i, e["raw_message"])
			}
		}
		if took := time.Since(began); took != patience {
			t.Errorf("the others waited %v, want %v", took, patience)
		}
		<-stuck.Ready()
		if _, err := stuck.Take(nil, 1); !errors.Is(err, ErrSlow) || !stuck.Ended() {
			t.Errorf("stuck subscriber: got %v, want ErrSlow", err)
		}
		if st := s.Stats(); st.CutOff != 1 || st.Subscribers != 1 || st.Waited != 1 || st.QueuedBytes != 0 {
			t.Errorf("got %+v", st)
		}
		if n := strings.Count(log.String(), "event subscribers cut off"); n != 1 {
			t.Errorf("%d log lines:\n%s", n, &log)
		}
	})
}

// TestSlowSubscribersWaitedFor: those that go on lose nothing, however many there are
// and however fast events come; and those that go on too slowly are cut off.
func TestSlowSubscribersWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := small(t, 2<<20)
		const subscribers, events = 50, 20_000
		var reading sync.WaitGroup
		for i := range subscribers {
			sub := s.Subscribe(Selection{Form: Form(i % 2)})
			reading.Go(func() {
				defer sub.Close()
				for n := 0; n < events; {
					<-sub.Ready()
					taken, err := sub.Take(nil, 256)
					if err != nil {
						t.Errorf("subscriber %d after %d events: %v", i, n, err)
						return
					}
					for _, b := range taken {
						if !bytes.Contains(b, fmt.Appendf(nil, `"raw_message":"%d"`, n)) {
							t.Errorf("subscriber %d: event %d is %s", i, n, b)
							return
						}
						n++
					}
					time.Sleep(time.Duration(50+i) * time.Millisecond) // virtual: 640 KiB to 1.3 MiB a second
				}
			})
		}
		for i := range events {
			say(s, i)
			if n := s.Stats().QueuedBytes; n > 2<<20 {
				t.Fatalf("%d bytes wait", n)
			}
		}
		reading.Wait()
		if st := s.Stats(); st.CutOff != 0 || st.Waited == 0 {
			t.Errorf("got %+v, want events that waited and nobody cut off", st)
		}

		slow := s.Subscribe(Selection{})
		reading.Go(func() {
			for {
				<-slow.Ready()
				if _, err := slow.Take(nil, 1); err != nil {
					return
				}
				time.Sleep(patience / 2)
			}
		})
		began := time.Now()
		for i := range events {
			say(s, i)
		}
		reading.Wait()
		if took := time.Since(began); took > 2*patience || !slow.Ended() {
			t.Errorf("one that takes two events a second: cut off %t, after %v", slow.Ended(), took)
		}
	})
}

// TestWaitEndsWithSubscription: closing the one that holds the others up frees them.
func TestWaitEndsWithSubscription(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := small(t, 1000)
		sub := s.Subscribe(Selection{})
		began := time.Now()
		time.AfterFunc(patience/2, sub.Close)
		for i := range 10 {
			say(s, i)
		}
		if took := time.Since(began); took != patience/2 || s.Stats().CutOff != 0 {
			t.Errorf("waited %v, %+v", took, s.Stats())
		}
	})
}

// TestLargeEvent: one that is larger than the whole queue is handed on all the same,
// and taken alone.
func TestLargeEvent(t *testing.T) {
	s := small(t, 1000)
	sub := s.Subscribe(Selection{})
	defer sub.Close()
	handleMessage(s, groupMessage(1, message.Text(strings.Repeat("x", 2*takeBytes))))
	s.hub.size = 1 << 30
	for i := range 10 {
		say(s, i)
	}
	if events, err := sub.Take(nil, 100); err != nil || len(events) != 1 {
		t.Errorf("got %d events, %v, want the large one", len(events), err)
	}
	if events, err := sub.Take(nil, 100); err != nil || len(events) != 10 {
		t.Errorf("got %d events, %v, want the others", len(events), err)
	}
}

func TestSubscriptionClose(t *testing.T) {
	s, _ := newTest(t)
	sub := s.Subscribe(Selection{})
	sub.Close()
	sub.Close()
	if _, err := sub.Take(nil, 1); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	handleMessage(s, groupMessage(1))
	if want := s.hub.wanted(true) | s.hub.wanted(false); want != 0 {
		t.Errorf("forms wanted after Close: %v", want)
	}
}

func TestReportSelf(t *testing.T) {
	s, _ := newTest(t)
	others := s.Subscribe(Selection{})
	defer others.Close()
	all := s.Subscribe(Selection{ReportSelf: true})
	defer all.Close()
	own := groupMessage(1, message.Text("mine"))
	own.Self = true
	handleMessage(s, own)
	handleMessage(s, groupMessage(2, message.Text("theirs")))
	handleMessage(s, groupMessage(3)) // says nothing: no event
	if n := waiting(others); n != 1 {
		t.Errorf("events without own messages: got %d, want 1", n)
	}
	if n := waiting(all); n != 2 {
		t.Errorf("events with own messages: got %d, want 2", n)
	}
}

func TestWrittenOncePerForm(t *testing.T) {
	s, _ := newTest(t)
	a, b := s.Subscribe(Selection{}), s.Subscribe(Selection{})
	defer a.Close()
	defer b.Close()
	handleMessage(s, groupMessage(1, message.Text("x")))
	if first, second := nextRaw(t, a), nextRaw(t, b); &first[0] != &second[0] {
		t.Error("two subscribers of one form got two writings")
	}
}

func TestConcurrentSubscribers(t *testing.T) {
	s, _ := newTest(t)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 50 {
				sub := s.Subscribe(Selection{Form: Form(i % 2), ReportSelf: i%3 == 0})
				_, _ = sub.Take(nil, 1)
				sub.Close()
			}
		})
	}
	wg.Go(func() {
		for i := range 200 {
			handleMessage(s, groupMessage(uint64(i+1), message.Text("x")))
		}
	})
	for range 50 {
		s.Sent(t.Context(), friendMessage(1<<20, message.Text("y")))
		s.Stats()
	}
	wg.Wait()
	if len(s.hub.subs) != 0 || s.hub.bytes != 0 || s.hub.all != [maxForms]int{} || s.hub.self != [maxForms]int{} {
		t.Errorf("subscriptions left: %d, counts %v %v", len(s.hub.subs), s.hub.all, s.hub.self)
	}
}
