package ntqq

import (
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
	keyLevel    = 105
	keyNickname = 20002
	keySex      = 20009
	keyRegister = 20026
	keyAge      = 20037
	keyStatus   = 27372
	keyQID      = 27394
)

// userKeys are asked for in user look-ups.
var userKeys = []uint32{
	keyAvatar, keySign, keyRemark, 104, keyLevel, 107, keyNickname, 20003, 20004, 20005, 20006, keySex,
	20011, 20016, 20020, 20021, 20022, 20023, 20024, keyRegister, 20031, keyAge, 24002, 24007,
	27037, 27049, keyStatus, keyQID, 27406, 41756, 41757, 42257, 42315, 42362, 42432, 45160, 45161, 62026,
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
	// Status is the presence as the service encodes it.
	Status uint32
	// AvatarURL is the address of the picture with 640 pixels a side, "" for none.
	AvatarURL string
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
		RegisterTime: int64(numbers[keyRegister]), Status: uint32(numbers[keyStatus]),
	}
	if s := numbers[keySex]; s == uint64(SexMale) || s == uint64(SexFemale) {
		u.Sex = Sex(s)
	}
	avatar := &oidbpb.UserAvatarValue{}
	if pb.Unmarshal(texts[keyAvatar], avatar) == nil && avatar.GetUrl() != "" {
		u.AvatarURL = avatar.GetUrl() + "640"
	}
	return u, true
}
