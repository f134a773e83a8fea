package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"libration/internal/store"
	"libration/ntqq"
	"libration/ntqq/event"
	"libration/ntqq/message"
)

// fakeJournal keeps events in memory. They are readable after commit.
type fakeJournal struct {
	mu      sync.Mutex
	events  []store.Event
	head    int64
	changed chan struct{}
	cursors map[string]int64
	last    int64 // before the first event
	counted int   // by CountEvents
	err     error
}

func newFakeJournal() *fakeJournal {
	return &fakeJournal{changed: make(chan struct{}), cursors: map[string]int64{}}
}

func (j *fakeJournal) Append(e *store.Event) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.events = append(j.events, *e)
	return j.err
}

// commit makes everything readable.
func (j *fakeJournal) commit() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.head = j.events[len(j.events)-1].ID
	close(j.changed)
	j.changed = make(chan struct{})
}

func (j *fakeJournal) Announced(id int32) (bool, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.ContainsFunc(j.events, func(e store.Event) bool { return e.MessageID == id }), j.err
}

func (j *fakeJournal) Events(_ context.Context, after int64, most int) ([]store.Event, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	var found []store.Event
	for _, e := range j.events {
		if e.ID > after && e.ID <= j.head && len(found) < most {
			found = append(found, e)
		}
	}
	return found, j.err
}

func (j *fakeJournal) CountEvents(ctx context.Context, after, to int64, own bool) (int, error) {
	events, err := j.Events(ctx, after, 1<<30)
	n := len(slices.DeleteFunc(events, func(e store.Event) bool { return e.ID > to || e.Self && !own }))
	j.mu.Lock()
	defer j.mu.Unlock()
	j.counted += n
	return n, err
}

func (j *fakeJournal) Head() (int64, <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return max(j.head, j.last), j.changed
}

func (j *fakeJournal) LastEvent() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	if n := len(j.events); n > 0 {
		return j.events[n-1].ID
	}
	return j.last
}

func (j *fakeJournal) Cursor(name string) (int64, bool, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	id, ok := j.cursors[name]
	return id, ok, j.err
}

func (j *fakeJournal) SetCursor(name string, id int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.cursors[name] = max(id, j.cursors[name])
}

func (j *fakeJournal) fail(err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.err = err
}

// journaled is a service with a journal and a clock.
type journaled struct {
	*Gateway
	*fakeClock
	j   *fakeJournal
	log bytes.Buffer
}

func newJournaled(t testing.TB, j *fakeJournal, own bool) *journaled {
	t.Helper()
	s := &journaled{j: j, fakeClock: &fakeClock{now: time.Unix(testTime, 0)}}
	s.Gateway = forms(New(Options{
		Account: fakeAccount{}, Store: &fakeStore{messages: map[int32]*message.Message{}}, Journal: j, OwnKept: own,
		Clock: s.fakeClock, Log: slog.New(slog.NewTextHandler(&s.log, nil)),
	}))
	return s
}

// say has n messages of the group come, a second apart, and makes them readable.
func (s *journaled) say(from, n uint64) {
	for i := range n {
		handleMessage(s.Gateway, groupMessage(from+i, message.Text(fmt.Sprint(from+i))))
		s.now = s.now.Add(time.Second)
	}
	s.j.commit()
}

func (s *journaled) open(t *testing.T, o CursorOptions) *Cursor {
	t.Helper()
	c, err := s.OpenCursor(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// texts takes all that is there and returns the messages' texts.
func texts(t *testing.T, c *Cursor) string {
	t.Helper()
	var got []string
	last := c.Position()
	for {
		select {
		case <-c.Ready():
		default:
			return strings.Join(got, " ")
		}
		for _, e := range c.Next(t.Context(), 2) {
			m := asJSON(t, e.Data)
			if fmt.Sprint(m["event_id"]) != fmt.Sprint(e.ID) || e.ID <= last {
				t.Errorf("event %v has id %d after %d", m["event_id"], e.ID, last)
			}
			last = e.ID
			got = append(got, fmt.Sprint(m["raw_message"]))
		}
	}
}

var all = Selection{Form: plain}

func TestCursorReplaysAndGoesOn(t *testing.T) {
	s := newJournaled(t, newFakeJournal(), false)
	s.say(1, 3)
	c := s.open(t, CursorOptions{Name: "a", Selection: all})
	if got := texts(t, c); got != "1 2 3" {
		t.Errorf("first ever: got %q, want what happened since the start", got)
	}
	s.say(4, 1)
	if got := texts(t, c); got != "4" {
		t.Errorf("live: got %q, want 4", got)
	}
	// Nothing was acknowledged: the next connection gets it again.
	c = s.open(t, CursorOptions{Name: "a", Selection: all})
	if got := texts(t, c); got != "1 2 3 4" {
		t.Errorf("not acknowledged: got %q, want all", got)
	}
	c.Ack(c.Position())
	c.Ack(1) // never back
	if c.Acked() != c.Position() {
		t.Errorf("acknowledged up to %d, want %d", c.Acked(), c.Position())
	}
	s.say(5, 2)
	c = s.open(t, CursorOptions{Name: "a", Selection: all})
	if got := texts(t, c); got != "5 6" {
		t.Errorf("acknowledged: got %q, want 5 6", got)
	}
	c.Rewind(true)
	if got := texts(t, c); got != "5 6" {
		t.Errorf("rewound: got %q, want 5 6", got)
	}
	if st := s.Stats(); st.Replayed == 0 || st.Expired != 0 {
		t.Errorf("got %+v, want some replayed, none expired", st)
	}
	if n, err := s.Waiting(t.Context(), "a", all); n != 2 || err != nil {
		t.Errorf("%d events wait, %v, want 2", n, err)
	}
}

func TestCursorAfterRestart(t *testing.T) {
	j := newFakeJournal()
	s := newJournaled(t, j, false)
	s.say(1, 3)
	s.open(t, CursorOptions{Name: "a", Selection: all, After: &j.events[0].ID}) // says what it has
	now := s.now
	s = newJournaled(t, j, false)
	s.now = now
	if got := texts(t, s.open(t, CursorOptions{Name: "a", Selection: all})); got != "2 3" {
		t.Errorf("kept position: got %q, want 2 3", got)
	}
	if got := texts(t, s.open(t, CursorOptions{Name: "b", Selection: all})); got != "" {
		t.Errorf("a new connection: got %q, want nothing from before the start", got)
	}
	s.say(4, 1)
	s = newJournaled(t, j, false)
	s.now = now.Add(time.Minute)
	if got := texts(t, s.open(t, CursorOptions{Name: "b", Selection: all})); got != "4" {
		t.Errorf("a connection that never acknowledged anything: got %q, want what came since it was new", got)
	}
	for _, c := range []struct {
		name  string
		after int64
		want  string
	}{{"older than the kept position", 0, "1 2 3 4"}, {"newer", j.events[2].ID, "4"}, {"the newest", j.events[3].ID, ""}, {"unknown", 1 << 60, ""}} {
		if got := texts(t, s.open(t, CursorOptions{Selection: all, After: &c.after})); got != c.want {
			t.Errorf("client names an event that is %s: got %q, want %q", c.name, got, c.want)
		}
	}
	if !strings.Contains(s.log.String(), "does not know") {
		t.Errorf("log: %s, want a line about the unknown event", s.log.String())
	}
	if got := texts(t, s.open(t, CursorOptions{Selection: all, Live: true})); got != "" {
		t.Errorf("live: got %q, want nothing", got)
	}
}

func TestCursorBounds(t *testing.T) {
	for _, c := range []struct {
		name   string
		window time.Duration
		limit  int
		want   string
		line   string
	}{
		{"all", time.Hour, 100, "1 2 3 4 5 6 7 8 9", ""},
		{"too old", 4500 * time.Millisecond, 100, "6 7 8 9", "too_old=5 too_many=0"},
		{"too many", time.Hour, 3, "7 8 9", "too_old=0 too_many=6"},
		{"both", 4500 * time.Millisecond, 3, "7 8 9", "too_old=5 too_many=1"},
		{"nothing left", time.Millisecond, 3, "", "too_old=9 too_many=0"},
		{"no bounds", 0, 0, "1 2 3 4 5 6 7 8 9", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newJournaled(t, newFakeJournal(), false)
			s.say(1, 9)
			cursor := s.open(t, CursorOptions{Name: "a", Selection: all, Window: c.window, Limit: c.limit})
			if got := texts(t, cursor); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			cursor.Ack(cursor.Position())
			cursor.Ack(cursor.Position())
			if lines := strings.Count(s.log.String(), "skipped"); lines != min(1, len(c.line)) || !strings.Contains(s.log.String(), c.line) {
				t.Errorf("log: %s, want one line with %q", s.log.String(), c.line)
			}
			if expired := s.Stats().Expired; (expired > 0) != (c.line != "") {
				t.Errorf("%d expired", expired)
			}
		})
	}
}

// TestLimitIsForTheMissed: a burst while the client is there is no reason to skip,
// until it is as much as a queue would hold.
func TestLimitIsForTheMissed(t *testing.T) {
	s := newJournaled(t, newFakeJournal(), false)
	s.say(1, 5)
	c := s.open(t, CursorOptions{Name: "a", Selection: all, Limit: 2})
	s.say(6, 3)
	if got := texts(t, c); got != "4 5 6 7 8" {
		t.Errorf("got %q, want two missed ones and all that came since", got)
	}
	c.Ack(c.Position())
	s.say(9, 3)
	c.Rewind(true)
	if got := texts(t, c); got != "9 10 11" {
		t.Errorf("rewound while it is there: got %q, want all", got)
	}
	c.Ack(c.Position())
	s.say(101, 3)
	c.Rewind(true) // these wait; it goes
	s.say(104, 3)
	c.Rewind(false)
	s.say(107, 1)
	c.Rewind(false) // still away
	c.Rewind(true)  // it is back, but nothing of that was read
	s.say(108, 3)
	if got := texts(t, c); got != "101 102 103 106 107 108 109 110" {
		t.Errorf("rewound while it was away: got %q, want the newest two of four missed ones", got)
	}
	c.Ack(c.Position())
	s.say(12, liveEvents+1)
	events := c.Next(t.Context(), 2*liveEvents)
	if len(events) != liveEvents || !bytes.Contains(events[0].Data, []byte(`"raw_message":"13"`)) {
		t.Errorf("more than a queue holds: got %d events, want the newest %d", len(events), liveEvents)
	}
}

// TestLimitSeesOnlyOwnEvents: events that are not for this client use up nothing, and
// nobody counts them.
func TestLimitSeesOnlyOwnEvents(t *testing.T) {
	s := newJournaled(t, newFakeJournal(), true)
	own := func(from, n uint64) {
		for i := range n {
			m := groupMessage(from+i, message.Text(fmt.Sprint("own ", from+i)))
			m.Self = true
			handleMessage(s.Gateway, m)
			s.now = s.now.Add(time.Second)
		}
		s.j.commit()
	}
	own(1, 5)
	s.say(6, 4)
	own(10, 20)
	c := s.open(t, CursorOptions{Name: "a", Selection: all, Limit: 3})
	if n, err := s.Waiting(t.Context(), "a", all); n != 4 || err != nil {
		t.Errorf("%d wait, %v, want 4", n, err)
	}
	if n, err := s.Waiting(t.Context(), "a", Selection{Form: plain, ReportSelf: true}); n != 29 || err != nil {
		t.Errorf("%d wait with own messages, %v, want 29", n, err)
	}
	if got := texts(t, c); got != "7 8 9" || s.Stats().Expired != 1 {
		t.Errorf("got %q, %d expired, want the newest three and one", got, s.Stats().Expired)
	}
	c = s.open(t, CursorOptions{Selection: all, After: new(int64), Window: 22500 * time.Millisecond})
	if got := texts(t, c); got != "8 9" || s.Stats().Expired != 3 {
		t.Errorf("by age: got %q, %d expired, want two more", got, s.Stats().Expired)
	}
	if !strings.Contains(s.log.String(), "too_old=2 too_many=0") || !strings.Contains(s.log.String(), "too_old=0 too_many=1") {
		t.Errorf("log: %s, want only events of its own counted", s.log.String())
	}
	own(30, liveEvents)
	s.say(1<<20, 1)
	if got := texts(t, c); got != fmt.Sprint(1<<20) || s.Stats().Expired != 3 {
		t.Errorf("live: got %q, %d expired, want one and no more", got, s.Stats().Expired)
	}
}

// TestManyMissed: they are not counted all over again before each.
func TestManyMissed(t *testing.T) {
	const many = 500
	s := newJournaled(t, newFakeJournal(), false)
	s.say(1, many)
	c := s.open(t, CursorOptions{Name: "a", Selection: all, Window: time.Hour, Limit: many})
	for i := range many {
		if events := c.Next(t.Context(), 1); len(events) != 1 {
			t.Fatalf("event %d: got %d", i, len(events))
		}
	}
	if s.j.counted > 3*many {
		t.Errorf("%d events were counted to give %d", s.j.counted, many)
	}
}

func TestJournalOrderAndForms(t *testing.T) {
	s := newJournaled(t, newFakeJournal(), true)
	writes := 0
	s.hub.writers[plain] = testWriter{plain, &writes}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	sub := s.Subscribe(all)
	defer sub.Close()

	handleMessage(s.Gateway, textMessage(1))
	own := groupMessage(2, message.Text("mine"))
	own.Self = true
	handleMessage(s.Gateway, own)
	s.Handle(ctx, &event.FriendRenamed{}) // nobody has a word for it
	s.Handle(ctx, &event.FriendAdded{Friend: event.Person{UIN: friendUIN}, Time: testTime})
	s.HandleState(ntqq.State{Stage: ntqq.Online, OnlineCount: 1})
	if n := waiting(sub); n != 0 {
		t.Fatalf("%d events before they are in the journal", n)
	}
	s.j.commit()
	var got []string
	for len(got) < 3 {
		<-sub.Ready()
		taken, err := sub.Take(nil, 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range taken {
			got = append(got, fmt.Sprint(asJSON(t, b)["raw_message"]))
		}
	}
	if want := []string{"1", "friend_added", "account_online"}; !slices.Equal(got, want) {
		t.Errorf("subscription: got %q, want %q", got, want)
	}
	for range 2 {
		c := s.open(t, CursorOptions{Selection: Selection{Form: plain, ReportSelf: true}, After: new(int64)})
		if got := texts(t, c); got != "1 mine friend_added account_online" {
			t.Errorf("with own messages: got %q", got)
		}
	}
	if writes != 4 {
		t.Errorf("4 events were written %d times", writes)
	}
	// The dialect has no word for the others.
	c := s.open(t, CursorOptions{Selection: Selection{Form: silent}, After: new(int64)})
	if got := texts(t, c); got != "1" || c.Position() != s.j.head {
		t.Errorf("in the other form: got %q up to %d", got, c.Position())
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestCursorGivesFewMegabytes: however many events are asked for.
func TestCursorGivesFewMegabytes(t *testing.T) {
	s := newJournaled(t, newFakeJournal(), false)
	const n = 20
	for i := range uint64(n) {
		handleMessage(s.Gateway, groupMessage(i+1, message.Text(strings.Repeat("x", 1<<20))))
	}
	s.j.commit()
	c := s.open(t, CursorOptions{Selection: all, After: new(int64)})
	for got := 0; got < n; {
		events := c.Next(t.Context(), 1000)
		if len(events) == 0 || len(events) > mostWritten>>20 {
			t.Fatalf("%d events of 1 MiB at once, after %d", len(events), got)
		}
		got += len(events)
	}
}

// TestUnreadableMessage: one that the store cannot read costs its own event only.
func TestUnreadableMessage(t *testing.T) {
	s := newJournaled(t, newFakeJournal(), false)
	s.say(1, 2)
	for i := range s.j.events {
		s.j.events[i].Message = nil
	}
	st := s.store.(*fakeStore)
	st.unreadable = s.j.events[0].MessageID
	later := newJournaled(t, s.j, false)
	later.store = st
	if got := texts(t, later.open(t, CursorOptions{Selection: all, After: new(int64)})); got != "2" || later.Stats().Unreadable != 1 {
		t.Errorf("got %q, %+v", got, later.Stats())
	}
}

// TestFilteredEventsCount: a position moves on over events that are not wanted.
func TestFilteredEventsCount(t *testing.T) {
	s := newJournaled(t, newFakeJournal(), true)
	own := groupMessage(2, message.Text("mine"))
	own.Self = true
	handleMessage(s.Gateway, own)
	s.j.commit()
	c := s.open(t, CursorOptions{Name: "a", Selection: all})
	if got := texts(t, c); got != "" || c.Acked() != s.j.head || s.j.cursors["a"] != s.j.head {
		t.Errorf("got %q, acknowledged %d, kept %d, want nothing and %d", got, c.Acked(), s.j.cursors["a"], s.j.head)
	}
}

func TestCaughtUpMessageToldOnce(t *testing.T) {
	j := newFakeJournal()
	s := newJournaled(t, j, false)
	s.say(1, 2)
	again := groupMessage(2, message.Text("2"))
	again.CaughtUp = true
	handleMessage(s.Gateway, again)
	missed := groupMessage(3, message.Text("3"))
	missed.CaughtUp = true
	handleMessage(s.Gateway, missed)
	s.j.commit()
	if got := texts(t, s.open(t, CursorOptions{Name: "a", Selection: all})); got != "1 2 3" {
		t.Errorf("got %q, want each once", got)
	}
	j.fail(errDisk)
	handleMessage(s.Gateway, missed) // not known: rather twice
	j.fail(nil)
	if len(j.events) != 4 {
		t.Errorf("%d events, want 4", len(j.events))
	}
}

// TestUnknownTime: while the time is not known nothing is too old, and events of that
// while are as old as the next one whose time is.
func TestUnknownTime(t *testing.T) {
	s := newJournaled(t, newFakeJournal(), false)
	hour := CursorOptions{Name: "a", Selection: all, Window: time.Hour}
	s.say(1, 2)
	right := s.now
	for _, wrong := range []time.Duration{24 * time.Hour, -24 * time.Hour, 87600 * time.Hour} {
		s.now, s.unknown = right.Add(wrong), true
		s.say(3, 1)
		if got := texts(t, s.open(t, hour)); !strings.HasPrefix(got, "1 2 3") {
			t.Errorf("the clock is wrong by %v, and nobody knows: got %q, want all", wrong, got)
		}
	}
	s.now, s.unknown = right, false
	if got := texts(t, s.open(t, hour)); got != "1 2 3 3 3" {
		t.Errorf("the time is known: got %q, want all", got)
	}
	s.now = right.Add(61 * time.Minute)
	if got := texts(t, s.open(t, hour)); got != "3 3 3" {
		t.Errorf("an hour later: got %q, want those that are not known to be older", got)
	}
	s.say(4, 1)
	s.now = s.now.Add(time.Hour)
	s.say(5, 1)
	if got := texts(t, s.open(t, hour)); got != "5" {
		t.Errorf("another hour later: got %q, want only what is younger", got)
	}
}

func TestEventIDsRise(t *testing.T) {
	j := newFakeJournal()
	j.last = time.Unix(testTime+3600, 0).UnixMicro() // the clock was wrong
	s := newJournaled(t, j, false)
	s.say(1, 2)
	if a, b := j.events[0].ID, j.events[1].ID; a != j.last+MaxFrames || b != a+MaxFrames {
		t.Errorf("ids %d and %d after %d", a, b, j.last)
	}
	j = newFakeJournal()
	j.last = time.Unix(testTime, 0).UnixMicro()
	s = newJournaled(t, j, false)
	s.now, s.unknown = time.Unix(1<<40, 0), true
	s.say(1, 1)
	s.now, s.unknown = time.Unix(testTime+1, 0), false
	s.say(2, 1)
	if a, b := j.events[0].ID, j.events[1].ID; a != j.last+MaxFrames || b != s.now.Add(-time.Second).UnixMicro() {
		t.Errorf("ids %d without a known time and %d with one after %d", a, b, j.last)
	}
}

// TestFrames: a client that has one of an event's two frames gets the other one.
func TestFrames(t *testing.T) {
	s := newJournaled(t, newFakeJournal(), false)
	s.say(1, 1)
	s.Handle(t.Context(), &event.GroupNameChanged{Group: groupCode, NewName: "name"})
	s.say(2, 1)
	c := s.open(t, CursorOptions{Name: "a", Selection: all})
	if got := texts(t, c); got != "1 group_name_changed group_name_changed 2" {
		t.Fatalf("got %q", got)
	}
	second := s.j.events[1].ID
	for _, tt := range []struct {
		after int64
		want  string
	}{
		{second - MaxFrames, "group_name_changed group_name_changed 2"},
		{second - 1, "group_name_changed 2"},
		{second, "2"},
	} {
		if got := texts(t, s.open(t, CursorOptions{After: &tt.after, Selection: all})); got != tt.want {
			t.Errorf("after frame %d of event %d: got %q, want %q", tt.after, second, got, tt.want)
		}
	}
	c.Ack(second - 1)
	c.Rewind(true)
	if got := texts(t, c); got != "group_name_changed 2" {
		t.Errorf("after the first frame was received: got %q", got)
	}
	plainGate, _ := newTest(t)
	sub := plainGate.Subscribe(all)
	plainGate.Handle(t.Context(), &event.GroupNameChanged{Group: groupCode})
	handleMessage(plainGate, groupMessage(1, message.Text("1")))
	if taken, err := sub.Take(nil, 1); err != nil || len(taken) != 2 || asJSON(t, taken[1])["event_id"] != int64(0) {
		t.Errorf("got %q, %v, want both frames of one event", taken, err)
	}
}

func TestCursorErrors(t *testing.T) { synctest.Test(t, testCursorErrors) }

func testCursorErrors(t *testing.T) {
	bare, _ := newTest(t)
	if _, err := bare.OpenCursor(CursorOptions{}); !errors.Is(err, ErrNoJournal) {
		t.Errorf("without a journal: got %v", err)
	}
	if n, err := bare.Waiting(t.Context(), "a", all); n != 0 || err != nil {
		t.Errorf("without a journal %d wait, %v", n, err)
	}
	s := newJournaled(t, newFakeJournal(), false)
	s.say(1, 2)
	c := s.open(t, CursorOptions{Name: "a", Selection: all})
	s.j.fail(errDisk)
	if events := c.Next(t.Context(), 1); len(events) != 0 {
		t.Errorf("Next: got %v", events)
	}
	if _, err := s.OpenCursor(CursorOptions{Name: "a"}); !errors.Is(err, errDisk) {
		t.Errorf("OpenCursor: got %v", err)
	}
	s.j.fail(nil)
	<-c.Ready()
	if got := texts(t, c); got != "1 2" {
		t.Errorf("afterwards: got %q", got)
	}
	// Removed by somebody else: nothing is there, and nobody waits for it.
	c.Rewind(true)
	s.j.events = nil
	if got := texts(t, c); got != "" {
		t.Errorf("removed: got %q", got)
	}
}

// TestJournalCannotBeRead: while it cannot, as during a repair, readers wait, and then
// get everything.
func TestJournalCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newJournaled(t, newFakeJournal(), false)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { _ = s.Run(ctx) }()
		sub := s.Subscribe(all)
		defer sub.Close()
		c := s.open(t, CursorOptions{Name: "a", Selection: all})
		s.j.fail(errDisk)
		for i := range uint64(3) {
			handleMessage(s.Gateway, groupMessage(i+1, message.Text(fmt.Sprint(i+1))))
		}
		s.j.commit()
		tries := 0
		for began := time.Now(); time.Since(began) < 20*time.Second; tries++ {
			<-c.Ready()
			if events := c.Next(ctx, 10); len(events) != 0 {
				t.Fatalf("got %v", events)
			}
		}
		if tries < 5 || tries > 30 {
			t.Errorf("%d tries in 20 s, want one a second", tries)
		}
		s.j.fail(nil)
		<-c.Ready()
		if got := texts(t, c); got != "1 2 3" {
			t.Errorf("the cursor gave %q, want all", got)
		}
		time.Sleep(2 * readAgain)
		if n := waiting(sub); n != 3 {
			t.Errorf("%d events for a subscription, want all", n)
		}
		if n := strings.Count(s.log.String(), "not read from the journal"); n != 1 {
			t.Errorf("%d log lines, want 1: %s", n, s.log.String())
		}
	})
}

func TestSentMessageIsOnDisk(t *testing.T) {
	s, st := newTest(t)
	if id := s.Sent(t.Context(), friendMessage(7)); id == 0 || st.flushes != 1 || st.messages[id] == nil {
		t.Errorf("id %d, %d times flushed, %d messages", id, st.flushes, len(st.messages))
	}
}

func benchmarkJournal(b *testing.B, handle func(*journaled, event.Event)) {
	s := newJournaled(b, newFakeJournal(), false)
	var e event.Event = &event.Message{Message: groupMessage(5, message.Text("hello, 世界: an ordinary message"))}
	b.ReportAllocs()
	for b.Loop() {
		handle(s, e)
		s.j.events = s.j.events[:0]
	}
}

// BenchmarkHandleJournal is what a journal adds before the disk.
func BenchmarkHandleJournal(b *testing.B) {
	benchmarkJournal(b, func(s *journaled, e event.Event) { s.Handle(b.Context(), e) })
}
