package ntqq

import "libration/ntqq/message"

// Names from the message package, so that most callers need only this one.
type (
	UIN       = message.UIN
	UID       = message.UID
	GroupCode = message.GroupCode
)

// Friend is an entry of the friend list.
type Friend struct {
	UIN      UIN
	UID      UID
	Nickname string
	Remark   string
	QID      string
	Sign     string
	// Category is the id of the friend's category, 0 the default one.
	Category     int32
	CategoryName string
}

// Group is a joined group.
type Group struct {
	Code        GroupCode
	Name        string
	Remark      string
	OwnerUID    UID
	CreateTime  int64 // Unix seconds
	MemberCount uint32
	MemberMax   uint32

	latest uint64 // sequence of the newest message when the list was fetched
}

// Member is a member of a group.
type Member struct {
	Group     GroupCode
	UIN       UIN
	UID       UID
	Nickname  string
	Card      string
	Title     string
	Role      message.Role
	Level     uint32
	JoinTime  int64 // Unix seconds
	LastSpeak int64 // Unix seconds
	MuteUntil int64 // Unix seconds, 0 when not muted
}

// Sex as the service stores it.
type Sex uint8

// The values of Sex.
const (
	SexUnknown Sex = 0
	SexMale    Sex = 1
	SexFemale  Sex = 2
)

func (s Sex) String() string {
	switch s {
	case SexMale:
		return "male"
	case SexFemale:
		return "female"
	}
	return "unknown"
}

// User is what the service tells of any account.
type User struct {
	UIN          UIN
	UID          UID
	Nickname     string
	Sign         string
	QID          string
	Remark       string
	Sex          Sex
	Age          uint32
	Level        uint32
	RegisterTime int64 // Unix seconds
	Status       uint32
	AvatarURL    string
}
