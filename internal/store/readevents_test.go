package store

import (
	"errors"
	"path/filepath"
	"testing"

	"libration/ntqq/message"
)

// TestEventsBringTheirMessages: from memory and from the file, few megabytes at once; a
// message that is gone or cannot be read costs only its own event.
func TestEventsBringTheirMessages(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages.db")
	s := open(t, Options{Path: path})
	const n = 40
	var messages []*message.Message
	var ids []int32
	for i := range n {
		m := groupMessage(t, 1, uint64(i+1))
		m.Raw = append(m.Raw, encode(t, m, string(make([]byte, 256<<10)))...)
		ids = append(ids, put(t, s, m))
		messages = append(messages, m)
		e := someEvent(int64(2*i+1), ids[i])
		e.Message = m
		appendEvent(t, s, e)
		appendEvent(t, s, someEvent(int64(2*i+2), 0))
	}
	flush(t, s)
	for _, q := range []string{"DELETE FROM messages WHERE sequence = 3", "UPDATE messages SET raw = x'ff' WHERE sequence = 4"} {
		if _, err := s.db.w.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	closeStore(t, s)
	s = open(t, Options{Path: path})
	portions, seen := 0, 0
	for after := int64(0); after < 2*n; portions++ {
		events, err := s.Events(t.Context(), after, 1000)
		if err != nil || len(events) == 0 {
			t.Fatalf("behind %d: %d events, %v", after, len(events), err)
		}
		for i := range events {
			e := &events[i]
			if after++; e.ID != after {
				t.Fatalf("event %d comes in place of %d", e.ID, after)
			}
			switch at := (e.ID - 1) / 2; {
			case e.ID%2 == 0 || at == 2 || at == 3:
				if e.Message != nil {
					t.Errorf("event %d has a message", e.ID)
				}
			case e.Message == nil || e.Message.Sequence != messages[at].Sequence || e.Message.Sender != messages[at].Sender:
				t.Errorf("event %d has the message %+v", e.ID, e.Message)
			default:
				seen++
			}
		}
	}
	if seen != n-2 || portions < n*(256<<10)/mostRead {
		t.Errorf("%d messages in %d portions", seen, portions)
	}
	if m, err := s.Get(ids[3]); m != nil || !errors.Is(err, ErrUnreadable) {
		t.Errorf("Get of a broken one: %v, %v", m, err)
	}
}
