package gateway

import (
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"libration/internal/store"
	"libration/ntqq/event"
	"libration/ntqq/message"
)

var update = flag.Bool("update", false, "write the golden file anew")

// notKept are the event types without a row.
var notKept = map[string]string{
	"message":      "it is in the messages",
	"unknown_push": "no dialect has a word for it",
}

// TestKindsAreComplete: each event type has a row.
func TestKindsAreComplete(t *testing.T) {
	for _, e := range event.All() {
		k, kept := kinds[e.Name()]
		if why := notKept[e.Name()]; kept == (why != "") || kept && reflect.TypeOf(k.fresh()) != reflect.TypeOf(e) {
			t.Errorf("%T has no row of its own in kinds, and no reason for that, or both", e)
		}
	}
}

// fillIn gives every field a value of its own.
func fillIn(v reflect.Value, n *uint64) {
	*n++
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fillIn(v.Field(i), n)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fillIn(v.Index(0), n)
	case reflect.String:
		v.SetString(fmt.Sprintf("text %d 你好\u2028<&>", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int32, reflect.Int64, reflect.Int:
		v.SetInt(-int64(*n))
	case reflect.Uint8:
		v.SetUint(*n % 4)
	case reflect.Uint32:
		v.SetUint(1<<32 - *n)
	case reflect.Uint64:
		v.SetUint(math.MaxUint64 - *n)
	default:
		panic(fmt.Sprintf("%v has no encoding in the journal", v.Type()))
	}
}

// TestKindsRoundTrip also holds the encoding against the one that is on disks. When it
// differs, the kind needs another version, unless a field was only added.
func TestKindsRoundTrip(t *testing.T) {
	var golden strings.Builder
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		e := &Event{ID: 5, At: 1700000000, MessageID: -7, Event: kinds[name].fresh()}
		n := uint64(0)
		fillIn(reflect.ValueOf(e.Event).Elem(), &n)
		kept, err := encode(e)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decode(kept)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(e, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		fmt.Fprintf(&golden, "%s %d %s\n", kept.Kind, kept.Version, kept.Body)
	}
	path := filepath.Join("testdata", "kinds.txt")
	if *update {
		if err := os.WriteFile(path, []byte(golden.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), golden.String()); diff != "" {
		t.Errorf("what is on disk (-want +got):\n%s", diff)
	}
}

// TestUnreadableEvents: what this version does not know is skipped and counted, and
// holds up nothing.
func TestUnreadableEvents(t *testing.T) {
	j := newFakeJournal()
	for i, e := range []store.Event{
		{Kind: "from_the_future", Version: 1, Body: []byte("{}")},
		{Kind: "friend_added", Version: 99, Body: []byte("{}")},
		{Kind: "friend_added", Version: 1, Body: []byte("{")},
		{Kind: "friend_added", Version: 1, Body: []byte(`{"event":{"Friend":7}}`)},
		{MessageID: 77}, // its message is gone
		{},
		{Kind: "friend_added", Version: 1, Body: []byte(`{"at":1700000000,"event":{"Time":5,"NotKnownHere":7}}`)},
	} {
		e.ID = int64(i + 1)
		j.events = append(j.events, e)
	}
	s := newJournaled(t, j, false)
	s.say(1, 1)
	c := s.open(t, CursorOptions{Name: "a", Selection: all, After: new(int64)})
	if got := texts(t, c); got != "friend_added 1" {
		t.Errorf("got %q", got)
	}
	if st := s.Stats(); st.Unreadable != 6 || strings.Count(s.log.String(), "cannot be read and is skipped") != 1 {
		t.Errorf("%d are counted: %s", st.Unreadable, s.log.String())
	}
}

// TestEventSaysWhatItSaid: also later, when it is read from the disk.
func TestEventSaysWhatItSaid(t *testing.T) {
	s := newJournaled(t, newFakeJournal(), false)
	undated := textMessage(1)
	undated.Time = 0
	handleMessage(s.Gateway, undated)
	s.Handle(t.Context(), &event.MessageRecalled{Chat: undated.Chat, Sequence: 1})
	private := message.Chat{Kind: message.Friend, Peer: friendUIN}
	handleMessage(s.Gateway, friendMessage(50, message.Text("x")))
	s.Handle(t.Context(), &event.MessageRecalled{Chat: private, ClientSequence: 1050, Random: 9})
	s.j.commit()
	group, friend := fmt.Sprint(testTime, testID(undated.Chat, 1)), fmt.Sprint(testTime, testID(private, 50))
	read := func(s *journaled) string {
		var got []string
		for _, e := range s.open(t, CursorOptions{Selection: all, After: new(int64)}).Next(t.Context(), 10) {
			m := asJSON(t, e.Data)
			got = append(got, fmt.Sprintf("%.0f %.0f", m["at"], m["message_id"]))
		}
		return fmt.Sprint(got)
	}
	if got, want := read(s), fmt.Sprint([]string{group, group, friend, friend}); got != want {
		t.Errorf("at once: got %s, want %s", got, want)
	}
	clear(s.store.(*fakeStore).messages) // but for the first one
	handled := *undated
	handled.Time = testTime
	if _, err := s.store.Put(&handled); err != nil {
		t.Fatal(err)
	}
	for i := range s.j.events {
		s.j.events[i].Message = nil
	}
	later := newJournaled(t, s.j, false)
	later.store = s.store
	later.fakeClock.now = later.fakeClock.now.Add(time.Hour)
	if got, want := read(later), fmt.Sprint([]string{group, group, friend}); got != want {
		t.Errorf("later: got %s, want %s", got, want)
	}
}
