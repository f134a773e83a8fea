package store

import (
	"context"
	"testing"
	"time"
)

// TestSentEndsABatch: a message that is sent while received ones are written waits for
// some of them only, and events never come before their messages.
func TestSentEndsABatch(t *testing.T) {
	s := open(t, Options{gather: time.Hour}) // the writer waits
	const n = 100
	var ids []int32
	for i := range uint64(n) {
		ids = append(ids, put(t, s, groupMessage(t, 1, i+1)))
		s.mu.Lock()
		s.order++
		s.journal.last = int64(i + 1)
		s.journal.tail.push(kept{Event: Event{ID: int64(i + 1), MessageID: ids[i]}, order: s.order})
		s.journal.unwritten++
		s.mu.Unlock()
	}
	var b batch
	s.next(&b)
	sent := groupMessage(t, 2, 1)
	id, err := s.PutSent(sent)
	if err != nil {
		t.Fatal(err)
	}
	if len(b.messages) != n || len(b.events) != n {
		t.Fatalf("%d messages and %d events, want all", len(b.messages), len(b.events))
	}
	if err := s.write(&b); err != nil {
		t.Fatal(err)
	}
	s.finish(&b, nil, 0)
	if len(b.messages) != manyMessages || len(s.queue) != n+1-manyMessages || s.done != b.lastMessage {
		t.Errorf("%d are written and %d wait, all up to %d, want %d to be written", len(b.messages), len(s.queue), s.done, manyMessages)
	}
	if got := len(b.events); got != manyMessages-1 && got != manyMessages {
		t.Errorf("%d events are written with %d messages", got, manyMessages)
	}
	if head, _ := s.Head(); head != int64(len(b.events)) {
		t.Errorf("events up to %d may be read, %d are written", head, len(b.events))
	}
	s.next(&b)
	if !b.urgent || len(b.messages) != n+1-manyMessages {
		t.Errorf("%d messages are next, want all that wait", len(b.messages))
	}
	if err := s.write(&b); err != nil { // it is not ended again
		t.Fatal(err)
	}
	s.finish(&b, nil, 0)
	if len(s.queue)+s.journal.unwritten+len(s.urgent) > 0 {
		t.Errorf("%d messages and %d events still wait", len(s.queue), s.journal.unwritten)
	}
	check(t, s, id, sent)
	events, err := s.Events(context.Background(), 0, n)
	if err != nil || len(events) != n {
		t.Fatalf("%d events, %v", len(events), err)
	}
	for i, id := range ids {
		check(t, s, id, groupMessage(t, 1, uint64(i+1)))
	}
}
