package ntqq

import (
	"testing"

	"libration/ntqq/event"
	"libration/ntqq/message"
)

// A handler that sends while nobody takes its own events would otherwise wait for
// itself.
func TestEmitDoesNotWait(t *testing.T) {
	c := newTestClient(t)
	c.notes = newNoteLimiter(quiet)
	for range ownQueue + 1 {
		c.emit(&event.Message{Message: &message.Message{}})
	}
	if got := len(c.own.items); got != ownQueue {
		t.Errorf("%d events queued, want %d", got, ownQueue)
	}
}
