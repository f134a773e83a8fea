package event

import "libration/ntqq/message"

// Event is one of the pointer types of this package.
type Event interface {
	// Name is the domain name of the event in docs/protocol/events.md 5.1, in
	// snake_case.
	Name() string
}

// Person names an account. Either part may be missing: UIN 0, UID "".
type Person struct {
	UIN message.UIN
	UID message.UID
}

// Message is a chat message, of others or of the account itself (Message.Self:
// sent here or on another device).
type Message struct{ *message.Message }

// MessageRecalled: a message was taken back. For groups the identity is
// (Chat.Group, Sequence); for friends (Chat.Peer, ClientSequence, Random), and
// Sequence on newer servers.
type MessageRecalled struct {
	Chat           message.Chat
	Author         Person
	Operator       Person
	Sequence       uint64
	ClientSequence uint64
	Random         uint32
	MessageTime    int64  // Unix seconds, when the message was sent
	Time           int64  // Unix seconds, when it was recalled
	Tip            string // text shown instead
}

// Size is about how many bytes of memory the event keeps.
func (e *MessageRecalled) Size() int {
	return 256 + len(e.Chat.PeerUID) + len(e.Author.UID) + len(e.Operator.UID) + len(e.Tip)
}

// JoinMethod says how somebody came into a group.
type JoinMethod string

// The ways into a group.
const (
	JoinApproved JoinMethod = "approve"
	JoinInvited  JoinMethod = "invite"
	JoinSelf     JoinMethod = "self_joined" // the account itself was let in
	JoinUnknown  JoinMethod = "unknown"
)

// GroupMemberIncrease: somebody joined. Operator is the approving admin or the
// inviter; empty when the server did not say.
type GroupMemberIncrease struct {
	Group    message.GroupCode
	Member   Person
	Operator Person
	Method   JoinMethod
	Time     int64
}

// LeaveReason says why somebody is no longer in a group.
type LeaveReason string

// The ways out of a group.
const (
	LeaveLeft    LeaveReason = "leave"
	LeaveKicked  LeaveReason = "kick"
	LeaveKickMe  LeaveReason = "kick_me" // the account itself was kicked
	LeaveDisband LeaveReason = "disband"
	LeaveUnknown LeaveReason = "unknown"
)

// GroupMemberDecrease: somebody left, or the group is gone.
type GroupMemberDecrease struct {
	Group    message.GroupCode
	Member   Person
	Operator Person
	Reason   LeaveReason
	Time     int64
}

// GroupLeft: the account is no longer in the group.
type GroupLeft struct {
	Group message.GroupCode
	Time  int64
}

// GroupAdminChanged: a member became admin, or is no longer.
type GroupAdminChanged struct {
	Group  message.GroupCode
	Member Person
	Admin  bool
	Time   int64
}

// GroupNameChanged: the group has a new name.
type GroupNameChanged struct {
	Group    message.GroupCode
	NewName  string
	Operator Person
	Time     int64
}

// GroupTitleChanged: a member has a new special title; "" took it away.
type GroupTitleChanged struct {
	Group  message.GroupCode
	Member Person
	Title  string
	Time   int64
}

// GroupMuted: one member, or with All the whole group, was muted. Duration is
// seconds, 0 lifts the mute.
type GroupMuted struct {
	Group    message.GroupCode
	All      bool
	Member   Person
	Operator Person
	Duration uint32
	Time     int64
}

// FriendAdded: there is a new friend.
type FriendAdded struct {
	Friend   Person
	Nickname string
	Message  string
	Time     int64
}

// FriendRemoved: a friend is no longer one.
type FriendRemoved struct {
	Friend Person
	Time   int64
}

// FriendRenamed: a friend changed the nickname.
type FriendRenamed struct {
	Friend   Person
	Nickname string
	Time     int64
}

// SelfRenamed is sent when the account's own nickname changed. Client.Self has the new
// one by then.
type SelfRenamed struct {
	Nickname string
	Time     int64
}

// Stale says that cached lists no longer hold and nothing else is known; the
// client refreshes them and does not hand this event on.
type Stale struct {
	Friends bool
	Groups  bool
	// Members of this group, when not 0.
	Members message.GroupCode
}

// Kicked: the server ended the session. Nobody may log in again by himself.
type Kicked struct {
	Title string
	Tips  string
	Code  int32
}

// Key names a kind of push: the command and, for message pushes, type, sub type
// and discriminator (-1 where it has none).
type Key struct {
	Command       string
	Type          int64
	SubType       int64
	Discriminator int64
}

// UnknownReason says why a push was not understood.
type UnknownReason string

// The counters of docs/protocol/events.md 3.3.
const (
	ReasonUnknown    UnknownReason = "unknown"
	ReasonDecode     UnknownReason = "decode_error"
	ReasonEmpty      UnknownReason = "empty_body"
	ReasonIncomplete UnknownReason = "incomplete"
	ReasonIgnored    UnknownReason = "ignored" // known, and known to be without interest
)

// Unknown is a push that gave no event. Payload is the whole packet payload.
type Unknown struct {
	Key     Key
	Reason  UnknownReason
	Err     error // for ReasonDecode
	Payload []byte
}

// The Name methods implement Event.
func (*Message) Name() string             { return "message" }
func (*MessageRecalled) Name() string     { return "message_recalled" }
func (*GroupMemberIncrease) Name() string { return "group_member_increase" }
func (*GroupMemberDecrease) Name() string { return "group_member_decrease" }
func (*GroupLeft) Name() string           { return "group_left" }
func (*GroupAdminChanged) Name() string   { return "group_admin_changed" }
func (*GroupNameChanged) Name() string    { return "group_name_changed" }
func (*GroupTitleChanged) Name() string   { return "group_title_changed" }
func (*GroupMuted) Name() string          { return "group_muted" }
func (*FriendAdded) Name() string         { return "friend_added" }
func (*FriendRemoved) Name() string       { return "friend_removed" }
func (*FriendRenamed) Name() string       { return "friend_renamed" }
func (*SelfRenamed) Name() string         { return "self_renamed" }
func (*Stale) Name() string               { return "stale" }
func (*Kicked) Name() string              { return "account_kicked" }
func (*Unknown) Name() string             { return "unknown_push" }
