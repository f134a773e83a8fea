package onebot

import (
	"libration/ntqq/event"
	"libration/ntqq/message"
)

// leftWindow is how long after the account's removal from a group was told the
// same fact is not told again, in seconds.
const leftWindow = 60

// notice encodes an event as a OneBot notice (docs/protocol/onebot11.md c.2); nil
// when OneBot has no word for it.
func (s *Service) notice(e event.Event) []byte {
	var b []byte
	switch e := e.(type) {
	case *event.MessageRecalled:
		b = s.recalled(e)
	case *event.GroupMemberIncrease:
		sub := "approve"
		if e.Method == event.JoinInvited {
			sub = "invite"
		}
		b = s.groupNotice(e.Time, "group_increase", sub, e.Group, e.Operator.UIN, e.Member.UIN)
	case *event.GroupMemberDecrease:
		b = s.decreased(e)
	case *event.GroupLeft:
		if b = s.leftGroup(e); b == nil {
			return nil
		}
	case *event.GroupAdminChanged:
		sub := "unset"
		if e.Admin {
			sub = "set"
		}
		b = s.noticeHead(e.Time, "group_admin")
		b = textField(b, "sub_type", sub)
		b = uintField(b, "group_id", e.Group)
		b = uintField(b, "user_id", e.Member.UIN)
	case *event.GroupMuted:
		b = s.muted(e)
	case *event.GroupNameChanged:
		b = s.noticeHead(e.Time, "group_name_change")
		b = uintField(b, "group_id", e.Group)
		b = textField(b, "name", e.NewName)
		b = uintField(b, "operator_id", e.Operator.UIN)
	case *event.GroupTitleChanged:
		b = s.noticeHead(e.Time, "notify")
		b = textField(b, "sub_type", "title")
		b = uintField(b, "group_id", e.Group)
		b = uintField(b, "user_id", e.Member.UIN)
		b = textField(b, "title", e.Title)
	case *event.FriendAdded:
		b = s.noticeHead(e.Time, "friend_add")
		b = uintField(b, "user_id", e.Friend.UIN)
	default:
		return nil
	}
	return append(b, '}')
}

func (s *Service) noticeHead(unix int64, kind string) []byte {
	return textField(s.appendHead(nil, unix, "notice"), "notice_type", kind)
}

// groupNotice encodes the notices that name a group, an operator and a user.
func (s *Service) groupNotice(unix int64, kind, sub string, group message.GroupCode, operator, user message.UIN) []byte {
	b := s.noticeHead(unix, kind)
	b = textField(b, "sub_type", sub)
	b = uintField(b, "group_id", group)
	b = uintField(b, "operator_id", operator)
	return uintField(b, "user_id", user)
}

// recalled tells of a recall. The message_id is computed, so that a recall is told
// whether the message is in the store or not.
func (s *Service) recalled(e *event.MessageRecalled) []byte {
	if e.Chat.Kind == message.Group {
		b := s.noticeHead(e.Time, "group_recall")
		b = uintField(b, "group_id", e.Chat.Group)
		b = uintField(b, "user_id", e.Author.UIN)
		b = uintField(b, "operator_id", e.Operator.UIN)
		b = intField(b, "message_id", s.idOf(e.Chat, e.Sequence))
		return textField(b, "tip", e.Tip)
	}
	user := e.Chat.Peer // OneBot names the friend, whoever recalled
	if user == 0 {
		user = e.Author.UIN
	}
	b := s.noticeHead(e.Time, "friend_recall")
	b = uintField(b, "user_id", user)
	b = uintField(b, "operator_id", e.Operator.UIN)
	b = intField(b, "message_id", s.privateID(e.Chat, e.Sequence, e.ClientSequence, e.Random))
	return textField(b, "tip", e.Tip)
}

func (s *Service) decreased(e *event.GroupMemberDecrease) []byte {
	operator, user, sub := e.Operator.UIN, e.Member.UIN, "leave"
	switch e.Reason {
	case event.LeaveKicked, event.LeaveKickMe, event.LeaveDisband:
		sub = string(e.Reason)
	case event.LeaveLeft:
		if operator == 0 { // who leaves does it himself
			operator = user
		}
	}
	self := s.client.Self().UIN
	if user == 0 && e.Reason == event.LeaveKickMe {
		user = self
	}
	if user == self {
		s.noteLeft(e.Group, e.Time)
	}
	return s.groupNotice(e.Time, "group_decrease", sub, e.Group, operator, user)
}

// leftGroup tells that the account is no longer in a group, unless that was just
// told by a more precise event.
func (s *Service) leftGroup(e *event.GroupLeft) []byte {
	if at, ok := s.left[e.Group]; ok && near(s.moment(e.Time), at) {
		return nil
	}
	s.noteLeft(e.Group, e.Time)
	self := s.client.Self().UIN
	return s.groupNotice(e.Time, "group_decrease", "leave", e.Group, self, self)
}

// noteLeft remembers when the account left a group and forgets what is too old to
// matter.
func (s *Service) noteLeft(group message.GroupCode, unix int64) {
	now := s.moment(unix)
	for g, at := range s.left {
		if !near(now, at) {
			delete(s.left, g)
		}
	}
	s.left[group] = now
}

// near tells whether two times are about one change. A time may be far in the future:
// an event can name any.
func near(a, b int64) bool { return max(a, b)-min(a, b) <= leftWindow }

// moment is an event's time, or now when it has none; Unix seconds.
func (s *Service) moment(unix int64) int64 {
	if unix > 0 {
		return unix
	}
	return s.clock.Now().Unix()
}

// muted tells of a mute. For the whole group user_id is 0 and duration -1, or 0
// when it ends.
func (s *Service) muted(e *event.GroupMuted) []byte {
	sub, duration, user := "ban", int64(e.Duration), e.Member.UIN
	if e.Duration == 0 {
		sub = "lift_ban"
	}
	if e.All {
		user = 0
		if e.Duration != 0 {
			duration = -1
		}
	}
	b := s.groupNotice(e.Time, "group_ban", sub, e.Group, e.Operator.UIN, user)
	return intField(b, "duration", duration)
}
