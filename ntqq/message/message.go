package message

// UIN is an account number; 0 means unknown.
type UIN uint64

// GroupCode is a group number as people see it; 0 means none.
type GroupCode uint64

// UID is an account's text id, "u_" and 22 URL-safe characters; "" means unknown.
type UID string

// ChatKind is a kind of conversation.
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
	// Group is the group's code. In a Temp chat it is the group that both sides share, 0
	// when the server did not say which.
	Group GroupCode
	// Peer and PeerUID name the other side of a Friend or Temp chat, also when the
	// account itself wrote.
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

// Sender is who wrote a message, by what the message itself says. In private chats the
// names may be empty.
type Sender struct {
	UIN      UIN
	UID      UID
	Nickname string
	Card     string // the name in the group, "" when none is set
	Title    string // the special title in the group
	Role     Role
	Level    uint32 // in the group
}

// Message is one chat message, received or sent.
type Message struct {
	Chat   Chat
	Sender Sender
	// Self is true when the account itself is the sender.
	Self bool
	// CaughtUp is true when the account missed the message and fetched it later.
	CaughtUp bool
	// GroupName is the group's name by what the message says; may be "".
	GroupName string

	// Sequence is the server's number of the message. It rises within a chat. In a
	// private chat it is nt_msg_seq, or ClientSequence where the server sent no other.
	Sequence uint64
	// ClientSequence is the number that the sender gave the message. It is 0 in groups.
	ClientSequence uint64
	// Random is a number that the sender drew. Recalls of private messages need it.
	Random uint32
	// Time is when the message was sent, Unix seconds, by the server's clock.
	Time int64

	Content Content

	// Raw is the encoded protobuf CommonMessage, for stores and diagnosis. It must not be
	// changed: it may share memory with the packet that it came in. That of a message
	// just sent is made from the request and the answer.
	Raw []byte
}
