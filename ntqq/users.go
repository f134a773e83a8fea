package ntqq

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
)

// Keys of user properties (docs/protocol/operations.md 4.1).
const (
	keyAvatar   = 101
	keySign     = 102
	keyRemark   = 103
	keyLabels   = 104
	keyLevel    = 105
	keyBusiness = 107
	keyNickname = 20002
	keyCountry  = 20003
	keyRegion   = 20004
	keySex      = 20009
	keyMail     = 20011
	keyPhone    = 20016
	keyCity     = 20020
	keySchool   = 20021
	keyRegister = 20026
	keyBirthday = 20031
	keyPlace    = 20032
	keyAge      = 20037
	keyStatus   = 27372
	keyQID      = 27394
	keyCustom   = 27406
)

// userKeys are asked for in user look-ups.
var userKeys = []uint32{
	keyAvatar, keySign, keyRemark, keyLabels, keyLevel, keyBusiness, keyNickname, keyCountry, keyRegion, 20005, 20006, keySex,
	keyMail, keyPhone, keyCity, keySchool, 20022, 20023, 20024, keyRegister, keyBirthday, keyAge, 24002, 24007,
	27037, 27049, keyStatus, keyQID, keyCustom, 41756, 41757, 42257, 42315, 42362, 42432, 45160, 45161, 62026,
}

func userInfoKeys() []*oidbpb.UserInfoKey {
	keys := make([]*oidbpb.UserInfoKey, len(userKeys))
	for i, k := range userKeys {
		keys[i] = &oidbpb.UserInfoKey{Key: k}
	}
	return keys
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
	UIN      UIN
	UID      UID // "" when the account was looked up by its number
	Nickname string
	// Sign is the user's signature: a line about oneself.
	Sign string
	// QID is the name that the user has chosen to be found by, "" for none.
	QID string
	// Remark is what the account calls the user, "" for none.
	Remark string
	Sex    Sex
	// Age is in years, 0 when it is not known.
	Age   uint32
	Level uint32
	// RegisterTime is in Unix seconds.
	RegisterTime int64
	// Status is the presence as the service encodes it; [User.Presence] reads it.
	Status uint32
	// Custom is a status in the user's own words; its zero value: there is none.
	Custom CustomStatus
	// Country, Region and City are where the user says to be, each "" when not set. Of a part
	// of the country and of a city clients disagree which is which.
	Country, Region, City string
	// School, Mail and Phone are as the user shows them to the account: "" mostly. Of a phone
	// number the service hides a part.
	School, Mail, Phone string
	Birthday            Birthday
	// Labels are words that the user describes itself by.
	Labels []string
	// Services are those that the user pays for.
	Services []PaidService
	// AvatarURL is the address of the picture with 640 pixels a side, "" for none.
	AvatarURL string
}

// serviceVIP is Kind of QQ VIP.
const serviceVIP = 1

// PaidService is a service of NTQQ that somebody pays for.
type PaidService struct {
	Kind        uint32 // 1: QQ VIP
	Level       uint32
	Year, Super bool // paid by the year, the higher tier
	Icon        string
}

// VIP returns the user's QQ VIP. Its zero value: there is none.
func (u User) VIP() PaidService {
	for _, s := range u.Services {
		if s.Kind == serviceVIP {
			return s
		}
	}
	return PaidService{}
}

// Users are the operations on users: any account of the service. They are safe for
// concurrent use.
type Users struct{ c *Client }

// Users returns the operations on users.
func (c *Client) Users() Users { return Users{c} }

// Info looks a user up by number, each time anew. Of a number that no account has the
// error is [ErrNoUser]; the others are those of [Client.Call].
func (u Users) Info(ctx context.Context, uin UIN) (User, error) {
	user, err := lookUpUser(ctx, u.c, rpc.UserByUIN, &oidbpb.UserInfoByUinReq{Uin: uint64(uin), Keys: userInfoKeys()})
	if err != nil {
		return User{}, fmt.Errorf("user %d: %w", uin, err)
	}
	if user.UIN == 0 {
		user.UIN = uin
	}
	return user, nil
}

// InfoByUID is [Users.Info] for a text id.
func (u Users) InfoByUID(ctx context.Context, uid UID) (User, error) {
	user, err := lookUpUser(ctx, u.c, rpc.UserByUID, &oidbpb.UserInfoByUidReq{Uid: string(uid), Keys: userInfoKeys()})
	if err != nil {
		return User{}, fmt.Errorf("user %s: %w", uid, err)
	}
	user.UID = uid
	return user, nil
}

// lookUpUser runs a look-up. Nobody is a result other than 0, or an answer without a
// nickname (docs/protocol/operations.md 3.1 and 7.1).
func lookUpUser[Req proto.Message](ctx context.Context, c *Client, op *rpc.Op[Req, *oidbpb.UserInfoResp], req Req) (User, error) {
	resp, err := rpc.Call(ctx, c, op, req)
	if refused, ok := errors.AsType[*rpc.Refused](err); ok {
		return User{}, fmt.Errorf("%w: %w", ErrNoUser, refused)
	}
	if err != nil {
		return User{}, err
	}
	u, ok := userOf(resp)
	if !ok {
		return User{}, ErrNoUser
	}
	return u, nil
}

// userOf reads a look-up's answer; false when it has no nickname: an unknown
// account.
func userOf(resp *oidbpb.UserInfoResp) (User, bool) {
	numbers := map[uint32]uint64{}
	for _, p := range resp.GetBody().GetProperties().GetNumbers() {
		numbers[p.GetKey()] = p.GetValue()
	}
	texts := map[uint32][]byte{}
	for _, p := range resp.GetBody().GetProperties().GetBytesValues() {
		texts[p.GetKey()] = p.GetValue()
	}
	if _, ok := texts[keyNickname]; !ok {
		return User{}, false
	}
	u := User{
		UIN: UIN(resp.GetBody().GetUin()), UID: UID(resp.GetBody().GetUid()),
		Nickname: pb.Text(texts[keyNickname]), Sign: pb.Text(texts[keySign]),
		QID: pb.Text(texts[keyQID]), Remark: pb.Text(texts[keyRemark]),
		Age: uint32(numbers[keyAge]), Level: uint32(numbers[keyLevel]),
		RegisterTime: int64(numbers[keyRegister]), Status: uint32(numbers[keyStatus]), Sex: sexOf(numbers[keySex]),
		Country: pb.Text(texts[keyCountry]), Region: pb.Text(texts[keyRegion]), City: pb.Text(texts[keyCity]),
		School: pb.Text(texts[keySchool]), Mail: pb.Text(texts[keyMail]), Phone: pb.Text(texts[keyPhone]),
		Birthday: birthdayOf(texts[keyBirthday]),
	}
	if u.Status >= statusFlag {
		u.Status -= statusFlag
	}
	u.readValues(texts)
	return u, true
}

// statusFlag is added to some statuses (docs/protocol/operations.md 4.1).
const statusFlag = 1 << 28

func sexOf(n uint64) Sex {
	if n == uint64(SexMale) || n == uint64(SexFemale) {
		return Sex(n)
	}
	return SexUnknown
}

// readValues reads those properties that are messages; one that is none is left out.
func (u *User) readValues(texts map[uint32][]byte) {
	avatar := &oidbpb.UserAvatarValue{}
	if pb.Unmarshal(texts[keyAvatar], avatar) == nil && avatar.GetUrl() != "" {
		u.AvatarURL = avatar.GetUrl() + "640"
	}
	custom := &oidbpb.UserCustomStatusValue{}
	if pb.Unmarshal(texts[keyCustom], custom) == nil {
		u.Custom = CustomStatus{custom.GetFaceId(), custom.GetText()}
	}
	labels := &oidbpb.UserLabelsValue{}
	if pb.Unmarshal(texts[keyLabels], labels) == nil {
		for _, l := range labels.GetLabels() {
			u.Labels = append(u.Labels, l.GetContent())
		}
	}
	business := &oidbpb.UserBusinessValue{}
	if pb.Unmarshal(texts[keyBusiness], business) == nil {
		for _, s := range business.GetBody().GetList() {
			u.Services = append(u.Services, PaidService{
				Kind: s.GetType(), Level: s.GetLevel(), Year: s.GetIsYear() != 0, Super: s.GetIsPro() != 0,
				Icon: cmp.Or(s.GetIcon1(), s.GetIcon2()),
			})
		}
	}
}
