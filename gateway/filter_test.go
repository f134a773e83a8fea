package gateway

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"libration/ntqq/event"
)

// even passes frames whose text is an even number, and counts what it is asked.
type even struct{ asked atomic.Int64 }

func (f *even) Passes(frame []byte) bool {
	f.asked.Add(1)
	i := bytes.Index(frame, []byte(`"raw_message":"`)) + len(`"raw_message":"`)
	text, _, _ := bytes.Cut(frame[i:], []byte(`"`))
	return len(text) > 0 && (text[len(text)-1]-'0')%2 == 0
}

// TestFilteredSubscriptions: subscribers with a filter get what passes, each filter is
// asked once, and nothing is kept that nobody takes.
func TestFilteredSubscriptions(t *testing.T) {
	s := small(t, 1<<20)
	filter := &even{}
	var subs []*Subscription
	for range 3 {
		subs = append(subs, s.Subscribe(Selection{Form: plain, Filter: filter}))
	}
	for i := range 4 {
		say(s, i)
	}
	if n := filter.asked.Load(); n != 4 {
		t.Errorf("the filter of three was asked %d times about 4 events", n)
	}
	if st := s.Stats(); st.Queued != 3*2 || st.Published != 4 {
		t.Errorf("got %+v, want two events that wait for each", st)
	}
	everything := s.Subscribe(Selection{Form: plain})
	say(s, 5)
	for i, sub := range append(subs, everything) {
		got := ""
		taken, err := sub.Take(nil, 10)
		for _, b := range taken {
			got += fmt.Sprint(asJSON(t, b)["raw_message"], " ")
		}
		if want := []string{"0 2 ", "5 "}[i/len(subs)]; got != want || err != nil {
			t.Errorf("subscription %d: got %q, %v, want %q", i, got, err, want)
		}
		sub.Close()
	}
	if st := s.Stats(); st.QueuedBytes != 0 {
		t.Errorf("got %+v, want nothing that waits", st)
	}
}

// TestFilterHoldsNoLock: while a filter thinks, others take events.
func TestFilterHoldsNoLock(t *testing.T) {
	s := small(t, 1<<20)
	waits := make(thinking)
	other, slow := s.Subscribe(Selection{Form: plain}), s.Subscribe(Selection{Form: plain, Filter: waits})
	defer other.Close()
	defer slow.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		say(s, 1)
	}()
	waits <- struct{}{} // it is asked
	if taken, err := other.Take(nil, 1); len(taken) != 0 || err != nil {
		t.Errorf("got %q, %v", taken, err)
	}
	waits <- struct{}{}
	<-done
	if n := waiting(slow); n != 1 {
		t.Errorf("%d wait, want 1", n)
	}
}

type thinking chan struct{}

func (t thinking) Passes([]byte) bool {
	<-t
	<-t
	return true
}

// TestFilteredCursor: what a filter leaves out neither waits nor was missed, and positions
// move over it.
func TestFilteredCursor(t *testing.T) {
	evens := Selection{Form: plain, Filter: &even{}}
	for _, c := range []struct {
		name        string
		window      time.Duration
		limit       int
		want, line  string
		waited, old uint64
	}{
		{"within the limit", time.Hour, 5, "2 4 6 8 10", "", 5, 0},
		{"too many", time.Hour, 2, "8 10", "too_old=0 too_many=3", 5, 3},
		{"too old", 4500 * time.Millisecond, 100, "8 10", "too_old=3 too_many=0", 5, 3},
		{"both", 4500 * time.Millisecond, 1, "10", "too_old=3 too_many=1", 5, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newJournaled(t, newFakeJournal(), false)
			s.say(1, 11)
			cursor := s.open(t, CursorOptions{Name: "a", Selection: evens, Window: c.window, Limit: c.limit})
			if n, err := s.Waiting(t.Context(), "a", evens); n != int(c.waited) || err != nil {
				t.Errorf("%d wait, %v, want %d", n, err, c.waited)
			}
			if got := texts(t, cursor); got != c.want || s.Stats().Expired != c.old {
				t.Errorf("got %q, %d expired, want %q, %d", got, s.Stats().Expired, c.want, c.old)
			}
			head, _ := s.j.Head()
			if cursor.Position() != head {
				t.Errorf("position %d, want %d", cursor.Position(), head)
			}
			cursor.Ack(cursor.Position())
			if !strings.Contains(s.log.String(), c.line) || (c.line == "") != (s.log.Len() == 0) {
				t.Errorf("log: %s, want %q", s.log.String(), c.line)
			}
			s.say(13, 1) // left out
			if got := texts(t, cursor); got != "" {
				t.Errorf("got %q", got)
			}
			head, _ = s.j.Head()
			if kept, _, _ := s.j.Cursor("a"); kept != head {
				t.Errorf("the position %d is kept, want that of the event that was left out, %d", kept, head)
			}
		})
	}
}

// TestFilteredFrames: of an event with two frames one may pass.
func TestFilteredFrames(t *testing.T) {
	s := newJournaled(t, newFakeJournal(), false)
	s.say(1, 1)
	last := s.j.LastEvent() + MaxFrames
	c := s.open(t, CursorOptions{Name: "a", Selection: Selection{Form: plain, Filter: onlyID(fmt.Sprint(last - 1))}, Live: true})
	s.unknown = true // so that its id is the next
	s.Handle(t.Context(), &event.GroupNameChanged{Group: groupCode})
	s.j.commit()
	events := c.Next(t.Context(), 8)
	if len(events) != 1 || events[0].ID != last-1 {
		t.Fatalf("got %v, want the first frame", events)
	}
	c.Ack(events[0].ID)
	c.Rewind(true)
	if again := c.Next(t.Context(), 8); len(again) != 0 || c.Position() != last {
		t.Errorf("got %v at %d, want nothing at %d", again, c.Position(), last)
	}
}

// onlyID passes the frame with an id.
type onlyID string

func (f onlyID) Passes(frame []byte) bool {
	return slices.Contains(strings.FieldsFunc(string(frame), func(r rune) bool { return r == ':' || r == ',' || r == '}' }), string(f))
}
