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

// User looks any account up by its number. ErrNoUser when there is none.
func (c *Client) User(ctx context.Context, uin UIN) (User, error) {
	u, err := lookUpUser(ctx, c, rpc.UserByUIN, &oidbpb.UserInfoByUinReq{Uin: uint64(uin), Keys: userInfoKeys()})
	if err != nil {
		return User{}, fmt.Errorf("user %d: %w", uin, err)
	}
	if u.UIN == 0 {
		u.UIN = uin
	}
	return u, nil
}

// UserByUID looks any account up by its text id. ErrNoUser when there is none.
func (c *Client) UserByUID(ctx context.Context, uid UID) (User, error) {
	u, err := lookUpUser(ctx, c, rpc.UserByUID, &oidbpb.UserInfoByUidReq{Uid: string(uid), Keys: userInfoKeys()})
	if err != nil {
		return User{}, fmt.Errorf("user %s: %w", uid, err)
	}
	u.UID = uid
	return u, nil
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
