package ntqq

import (
	"context"

	"libration/ntqq/event"
)

// enrich returns the question whose answer completes an event that its push leaves
// incomplete, or nil for none. The question is asked once, after the people of the event
// have their numbers and before the handler gets it; it writes into the event. Its context
// ends after resolveTimeout. The event is delivered also when the question fails: the
// error is for the log, and so that events do not all wait for a silent server. A case:
//
//	case *event.GroupJoinRequest:
//		return c.enrichRequest(e) // nil when its sequence is known
func (c *Client) enrich(e event.Event) func(context.Context) error {
	switch e := e.(type) {
	case *event.GroupJoinRequest, *event.GroupInvitedJoinRequest, *event.GroupInvitation:
		return c.enrichRequest(e)
	case *event.GroupMemberDecrease:
		if c.seesKicker(e) {
			return func(ctx context.Context) error { return c.findKicker(ctx, e) }
		}
	}
	return nil
}

// askMore asks what enrich wants to know.
func (c *Client) askMore(ctx context.Context, q *questions, e event.Event) {
	ask := c.enrich(e)
	if ask == nil || !q.may(c) {
		return
	}
	err := ask(ctx)
	c.silence.note(err)
	if err != nil {
		c.log.Debug("an event stays incomplete", "event", e.Name(), "err", err)
	}
}
