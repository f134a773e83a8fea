package ntqq

import (
	"fmt"
	"testing"

	"libration/ntqq/event"
	"libration/ntqq/internal/order"
	"libration/ntqq/message"
)

// TestShownFiles: a watch gets the messages with own files of its chat that are new, each
// message is one file's, and nothing is kept when nobody watches.
func TestShownFiles(t *testing.T) {
	chat := message.Chat{Kind: message.Group, Group: testGroup}
	var s shownFiles
	saw := func(change func(*message.Message), sequence uint64, id, name string) {
		m := &message.Message{Chat: chat, Self: true, Sequence: sequence, Time: 100, Content: message.Content{&message.FileSegment{ID: id, FileName: name}}}
		change(m)
		s.saw(&event.Message{Message: m})
	}
	same := func(*message.Message) {}
	watch := func() (*fileWatch, func()) {
		w := &fileWatch{chat: order.Of(chat), after: 5, since: 50, more: make(chan struct{}, 1)}
		return w, s.begin(w)
	}
	saw(same, 6, "/early", "a")
	one, endOne := watch()
	other, endOther := watch()
	saw(func(m *message.Message) { m.Self = false }, 7, "/of-others", "a")
	saw(func(m *message.Message) { m.Chat.Group++ }, 7, "/elsewhere", "a")
	saw(func(m *message.Message) { m.Content = message.Content{message.Text("a")} }, 7, "", "")
	saw(func(m *message.Message) { m.Time = 49 }, 7, "/too-old", "a")
	saw(same, 5, "/known", "a")
	s.saw(&event.GroupFileUploaded{})
	if m := s.take(one, &message.FileSegment{FileName: "a"}, true); m != nil || len(one.more) != 0 {
		t.Fatalf("got %+v of nothing new", m.Content[0])
	}
	for i := range 3 {
		saw(same, uint64(10+i), fmt.Sprintf("/%d", i), "a")
	}
	if len(one.more) != 1 || len(other.more) != 1 {
		t.Error("the watches are not told")
	}
	for _, tt := range []struct {
		w    *fileWatch
		file message.FileSegment
		last bool
		want uint64 // 0: none
	}{
		{one, message.FileSegment{ID: "/other", FileName: "a"}, false, 0},
		{one, message.FileSegment{FileName: "b"}, true, 0},
		{one, message.FileSegment{ID: "/1", FileName: "a"}, false, 11},
		{other, message.FileSegment{ID: "/1", FileName: "b"}, true, 0}, // somebody has it
		{other, message.FileSegment{FileName: "a"}, false, 10},
		{one, message.FileSegment{ID: "/other", FileName: "a"}, true, 12},
		{one, message.FileSegment{}, true, 0},
	} {
		m := s.take(tt.w, &tt.file, tt.last)
		if m == nil && tt.want != 0 || m != nil && m.Sequence != tt.want {
			t.Errorf("%+v, last %v: got %+v, want message %d", tt.file, tt.last, m, tt.want)
		}
	}
	for i := range 2 * maxShown {
		saw(same, uint64(20+i), "/many", "a")
	}
	if len(one.seen) != maxShown {
		t.Errorf("%d messages are kept, want %d", len(one.seen), maxShown)
	}
	endOne()
	endOther()
	if len(s.watches) != 0 || s.taken != nil {
		t.Errorf("after the end: %+v", &s)
	}
}
