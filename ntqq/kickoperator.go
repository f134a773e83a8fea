package ntqq

import (
	"context"

	"libration/ntqq/event"
	"libration/ntqq/message"
)

// kickNoticeFor is how much older than its push the entry of a removal may be, in seconds.
const kickNoticeFor = 60

// findKicker looks for who removed a member where the push does not say it: in the
// notification list, where admins and the removed member find that
// (docs/protocol/events.md 5.2.1).
func (c *Client) findKicker(ctx context.Context, e *event.GroupMemberDecrease) error {
	list, err := c.fetchNotices(ctx, false, noticePage)
	if err != nil {
		return err
	}
	for _, n := range list { // newest first
		me := n.Kind == NoticeKickedMe && e.Reason == event.LeaveKickMe
		other := n.Kind == NoticeKicked && e.Reason == event.LeaveKicked && n.Target.UID == e.Member.UID
		if n.Group != e.Group || !me && !other {
			continue
		}
		if n.Operator.UID != "" && (n.Time == 0 || n.Time >= e.Time-kickNoticeFor) { // else it is about an earlier removal
			e.Operator.UID = n.Operator.UID
			c.numberStranger(ctx, &e.Operator, map[UID]bool{})
		}
		return nil
	}
	return nil
}

// seesKicker reports whether the account finds the entry of a removal: of others only
// admins do.
func (c *Client) seesKicker(e *event.GroupMemberDecrease) bool {
	if e.Operator != (event.Person{}) {
		return false
	}
	self, known, _ := c.cache.member(e.Group, c.Self().UIN)
	return e.Reason == event.LeaveKickMe || e.Reason == event.LeaveKicked && (!known || self.Role != message.RoleMember)
}
