package ntqq

import (
	"testing"

	"libration/internal/hourly"
	"libration/ntqq/event"
	"libration/ntqq/message"
)

// A handler that sends while nobody takes its own events would otherwise wait for
// itself.
func TestEmitDoesNotWait(t *testing.T) {
	c := newTestClient(t)
	c.notes = hourly.New(quiet)
	for range ownQueue + 1 {
		c.emit(&event.Message{Message: &message.Message{}})
	}
	if got := c.own.Len(); got != ownQueue {
		t.Errorf("%d events queued, want %d", got, ownQueue)
	}
}
