package event

import "libration/ntqq/message"

// Event is what the server reported: a pointer to one of the types of this package.
// [All] lists them.
type Event interface {
	// Name returns the type's name in snake_case, as in docs/protocol/events.md 5.1.
	// It never changes: programs may store it.
	Name() string
	// When returns the time of what happened in Unix seconds, by the server's clock.
	// It is 0 when the push has no time.
	When() int64
	// People returns the accounts that the event names. Package ntqq looks up the
	// numbers that are missing, and writes them into the event.
	People() People
	// Stale returns the lists that the event makes out of date.
	Stale() Stale
}

// Person names an account by its number and its text id. The server often sends one
// of them only; the other one is then 0 or "".
type Person struct {
	UIN message.UIN
	UID message.UID
}

// People is whom an event names. The pointers point into the event.
type People struct {
	// Group is the group that the event is about. Members are looked up in its list.
	Group   message.GroupCode
	Members []*Person
	// Others are friends and strangers. They are looked up one by one.
	Others []*Person
	// Chat is a private chat whose Peer is looked up by its PeerUID; nil is none.
	Chat *message.Chat
}

func members(group message.GroupCode, who ...*Person) People {
	return People{Group: group, Members: who}
}

func others(who ...*Person) People { return People{Others: who} }

// Stale names lists of friends, groups and members that are out of date. The client
// fetches them again at their next use.
type Stale struct {
	Friends bool
	Groups  bool
	// Members is the group whose member list is out of date; 0 is none.
	Members message.GroupCode
	// Left is a group that the account is no longer in; 0 is none. The client forgets
	// all it knows of that group.
	Left message.GroupCode
}

// Updater is implemented by events that say in full how an entry of a list changed.
// The client writes the change into the list, which stays up to date.
type Updater interface{ Update() Update }

// Update is a change of a group, of a group's member or of a friend.
type Update struct {
	// Group is the group that changed, or whose member changed; 0 when a friend changed.
	Group message.GroupCode
	// Person is the member or friend; empty when the group itself changed.
	Person Person
	// Fields says which of the following are new.
	Fields Fields
	Name   string // the group's name, or the nickname
	Card   string
	Title  string
	Role   message.Role
	Spoke  int64 // when the member wrote last, Unix seconds
}

// Fields is a set of fields of an [Update].
type Fields uint8

// The fields.
const (
	FieldName Fields = 1 << iota
	FieldCard
	FieldTitle
	FieldRole
	FieldSpoke
)

// Mover is implemented by events about somebody's coming into a chat, or leaving it.
type Mover interface {
	Event
	Moves() Move
}

// Move is somebody's coming into a chat, or leaving it.
type Move struct {
	Chat message.Chat
	Who  Person // empty: the account itself
	Left bool
}

// Referrer is implemented by events about a message, which the account may never have
// received.
type Referrer interface{ Refers() Reference }

// Reference names a message by the numbers that a push says of it. In a group these are
// Chat.Group and Sequence. In a private chat they are Chat.Peer, ClientSequence and
// Random, and Sequence from newer servers. Time is when it was sent, Unix seconds; 0 when
// that is not said.
type Reference struct {
	Chat           message.Chat
	Sequence       uint64
	ClientSequence uint64
	Random         uint32
	Time           int64
}

// All returns a new, empty event of each type that a program can get, in a fixed order.
func All() []Event {
	return []Event{
		&Message{&message.Message{}},
		&MessageRecalled{},
		&GroupMemberIncrease{},
		&GroupMemberDecrease{},
		&GroupLeft{},
		&GroupAdminChanged{},
		&GroupNameChanged{},
		&GroupTitleChanged{},
		&GroupCardChanged{},
		&GroupMuted{},
		&GroupReaction{},
		&GroupEssenceChanged{},
		&FriendRequest{},
		&GroupTodo{},
		&ChatPinChanged{},
		&GroupJoinRequest{},
		&GroupInvitedJoinRequest{},
		&GroupInvitation{},
		&GroupJoinRejected{},
		&FriendAdded{},
		&FriendRemoved{},
		&FriendRenamed{},
		&SelfRenamed{},
		&GroupPoked{},
		&FriendPoked{},
		&GroupPokeRecalled{},
		&FriendPokeRecalled{},
		&GroupSignIn{},
		&GroupHonorChanged{},
		&GroupBotAdded{},
		&GroupGrayTip{},
		&GroupLuckyKing{},
		&GroupMemberEntered{},
		&GroupAlbumUpdated{},
		&InputStatus{},
		&VoiceTextReady{},
		&OnlineFileNotice{},
		&ClientsOnline{},
		&GroupFileUploaded{},
		&FriendFileReceived{},
		&AccountRestricted{},
		&ProfileLiked{},
		&Kicked{},
		&Unknown{},
	}
}
