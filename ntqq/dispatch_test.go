package ntqq

import (
	"context"
	"testing"
	"testing/synctest"

	"libration/internal/hourly"
	"libration/internal/rpc"
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

// The reader waits when the pushes take much memory, however few they are.
func TestLargePushesMakeTheServerWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newTestClient(t)
		ctx, cancel := context.WithCancel(t.Context())
		queued, waits := 0, 0
		go func() {
			for ctx.Err() == nil {
				if c.receive(ctx, "", make([]byte, 1<<20)) {
					waits++
				}
				queued++
			}
		}()
		synctest.Wait()
		if want := pushBytes/(1<<20) - 1; queued != want || waits != 0 {
			t.Errorf("%d pushes of 1 MiB are queued, %d of them after a wait; want %d and none", queued, waits, want)
		}
		c.pushes.Take(<-c.pushes.Items())
		synctest.Wait()
		if want := pushBytes / (1 << 20); queued != want || waits != 1 {
			t.Errorf("%d pushes were queued after one was taken, %d of them after a wait; want %d and 1", queued, waits, want)
		}
		cancel()
	})
}

func TestKicksAreEvents(t *testing.T) {
	c := newTestClient(t)
	for _, command := range []string{rpc.PushKick, rpc.PushForceOffline, rpc.PushMSFOffline} {
		if events := c.decoder.Decode(command, []byte{0xff}); len(events) != 1 || events[0].Name() != (&event.Kicked{}).Name() {
			t.Errorf("%s: events %v, want one kick", command, events)
		}
	}
}
