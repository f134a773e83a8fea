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

// Content is what a message says: segments in order.
type Content []Segment

// Segment is one part of a message: Text, At, Face, Reply or Unknown, always by
// pointer.
type Segment interface{ isSegment() }

// Text is plain text, UTF-8, lines separated by \n.
type Text struct{ Text string }

// At mentions one member, or everyone.
type At struct {
	All bool
	// UIN and UID name the member; for sending the client fills in what is missing.
	UIN UIN
	UID UID
	// Display is the text shown, "@" included. Empty for sending: the client takes
	// the member's card or nickname.
	Display string
}

// Face is a built-in emoticon.
type Face struct {
	ID uint32
	// Large is the animated form, which stands alone in its message. Dice (358) and
	// rock-paper-scissors (359) are always large.
	Large bool
	// Result of dice (1 to 6) and rock-paper-scissors (1 paper, 2 scissors, 3 rock);
	// 0 when there is none. The real service ignores a sender's choice.
	Result uint32
	// Text is the face's description, with a leading "/"; may be "".
	Text string
}

// Reply quotes an earlier message of the same chat.
type Reply struct {
	// Sequence is the quoted message's sequence: the group sequence, or in private
	// chats the conversation sequence (0 when the quote has only the client's).
	Sequence uint64
	// ClientSequence is set in private chats only.
	ClientSequence uint64
	SenderUIN      UIN
	SenderUID      UID
	// Time is Unix seconds.
	Time int64
	// Random of the quoted message; 0 when unknown. With it the quote carries the
	// message uid.
	Random uint32
	// Content is the quoted message as the quote carries it; may be empty.
	Content Content
}

// Unknown is an element this version does not understand, kept whole.
type Unknown struct {
	// Element names the element: the member of the protobuf message Elem
	// ("custom_face", "rich_msg"), for a common element with its service and
	// business type ("common_elem 48/20"), or "field N" for one outside the schema.
	Element string
	// Raw is the encoded Elem.
	Raw []byte
}

func (*Text) isSegment()    {}
func (*At) isSegment()      {}
func (*Face) isSegment()    {}
func (*Reply) isSegment()   {}
func (*Unknown) isSegment() {}
