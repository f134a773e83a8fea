package message

// UIN is an account number; 0 means unknown.
type UIN uint64

// GroupCode is a group number as people see it; 0 means none.
type GroupCode uint64

// UID is an account's text id, "u_" and 22 URL-safe characters; "" means unknown.
type UID string

// ChatKind tells the kinds of conversation apart.
type ChatKind uint8

// The kinds of conversation.
const (
	Group  ChatKind = iota + 1 // a group chat
	Friend                     // a private chat with a friend
	Temp                       // a private chat with a member of a shared group
)

func (k ChatKind) String() string {
	switch k {
	case Group:
		return "group"
	case Friend:
		return "friend"
	case Temp:
		return "temp"
	}
	return "unknown"
}

// Chat names one conversation of the account.
type Chat struct {
	Kind ChatKind
	// Group is the group's code; for Temp the group the chat comes through (0 when
	// the server did not say).
	Group GroupCode
	// Peer and PeerUID name the other side of a Friend or Temp chat, whoever wrote.
	Peer    UIN
	PeerUID UID
}

// Role is a member's role in a group.
type Role uint8

// The roles.
const (
	RoleMember Role = iota
	RoleOwner
	RoleAdmin
)

func (r Role) String() string {
	switch r {
	case RoleOwner:
		return "owner"
	case RoleAdmin:
		return "admin"
	}
	return "member"
}

// Sender is who wrote a message, as the message itself tells it. Names may be
// empty in private chats.
type Sender struct {
	UIN      UIN
	UID      UID
	Nickname string
	Card     string // the name in the group, "" when none is set
	Title    string // the special title in the group
	Role     Role
	Level    uint32
}

// Message is one chat message, received or sent.
type Message struct {
	Chat   Chat
	Sender Sender
	// Self is true when the account itself is the sender.
	Self bool
	// CaughtUp is true when the message was missed when it was sent, and fetched
	// later; Time is when it was sent.
	CaughtUp bool
	// GroupName is the group's name as the message tells it; may be "".
	GroupName string

	// Sequence is the server's number of the message: unique and increasing in a
	// group; in a private chat the conversation sequence (nt_msg_seq), or the
	// client sequence where the server sent no other.
	Sequence uint64
	// ClientSequence is the sender's own number; private chats only.
	ClientSequence uint64
	// Random is the sender's random number; recalls of private messages need it.
	Random uint32
	// Time is Unix seconds, the server's clock.
	Time int64

	Content Content

	// Raw is the encoded protobuf CommonMessage, for stores and diagnosis. It may
	// share memory with the packet it came in: treat it as read-only. A message
	// just sent has one made from the request and the receipt.
	Raw []byte
}
