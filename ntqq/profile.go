package ntqq

import (
	"context"
	"encoding/binary"
	"fmt"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
)

// Profile is what the account says of itself. Its methods are safe for concurrent use.
type Profile struct{ c *Client }

// Profile returns the operations on the account's own profile and status. Its picture is
// set by [Users.SetAvatar].
func (c *Client) Profile() Profile { return Profile{c} }

// Birthday is a date; its zero value is none.
type Birthday struct {
	Year       uint16
	Month, Day uint8
}

// ProfileChange is what changes in the account's profile; nil leaves a fact as it is.
type ProfileChange struct {
	Nickname, Sign *string
	Sex            *Sex
	Birthday       *Birthday
}

// Set changes the account's profile. The service clears the place of the profile with any
// change: no other request is known (docs/protocol/operations.md 3.1). Friends are told a
// new nickname. The errors are those of [Client.Call].
func (p Profile) Set(ctx context.Context, change ProfileChange) error {
	if change == (ProfileChange{}) {
		return nil
	}
	if _, err := call(ctx, p.c, rpc.SetProfile, profileRequest(p.c.Self().UIN, change)); err != nil {
		return err
	}
	if name := change.Nickname; name != nil { // the push may not come to who has asked
		p.c.session.SetNickname(*name)
		p.c.cache.renameSelf(p.c.Self().UIN, *name)
	}
	return nil
}

func profileRequest(self UIN, change ProfileChange) *oidbpb.ModifySelfProfileReq {
	req := &oidbpb.ModifySelfProfileReq{
		SelfUin:     uint64(self),
		BytesValues: []*oidbpb.BytesProperty{{Key: keyPlace, Value: make([]byte, 12)}},
	}
	text := func(key uint32, value *string) {
		if value != nil {
			req.BytesValues = append(req.BytesValues, &oidbpb.BytesProperty{Key: key, Value: append([]byte{}, *value...)})
		}
	}
	text(keyNickname, change.Nickname)
	text(keySign, change.Sign)
	if change.Sex != nil {
		req.Numbers = append(req.Numbers, &oidbpb.NumberProperty{Key: keySex, Value: uint64(*change.Sex)})
	}
	if b := change.Birthday; b != nil {
		req.Numbers = append(req.Numbers, &oidbpb.NumberProperty{
			Key: keyBirthday, Value: uint64(b.Year)<<16 | uint64(b.Month)<<8 | uint64(b.Day),
		})
	}
	return req
}

// birthdayOf reads a property; of other than 4 bytes it is none.
func birthdayOf(b []byte) Birthday {
	if len(b) != 4 {
		return Birthday{}
	}
	return Birthday{Year: binary.BigEndian.Uint16(b), Month: b[2], Day: b[3]}
}

// ConfirmLogins chooses whether somebody has to confirm the next quick login of this device
// on a phone. While they have to, a session that has expired waits for them. The errors are
// those of [Client.Call].
func (p Profile) ConfirmLogins(ctx context.Context, wanted bool) error {
	app := p.c.session.App()
	_, err := call(ctx, p.c, rpc.ConfirmSwitch, &oidbpb.ConfirmSwitchReq{Body: &oidbpb.ConfirmSwitchBody{
		Device: &oidbpb.ConfirmSwitchDevice{
			Guid: p.c.session.Device().GUID, AppId: uint32(app.AppId), PackageName: app.PackageName,
		},
		AutoLogin: !wanted,
	}})
	return err
}

// loginDaysRequest and what follows are docs/protocol/operations.md 3.1.
type loginDaysRequest struct {
	Of   loginDaysOf `json:"msg_req_basic_info"`
	Days int         `json:"uint32_req_login_info"`
}

type loginDaysOf struct {
	Users []UIN `json:"uint64_request_uin"`
}

type loginDaysAnswer struct {
	Info struct {
		Users []struct {
			UIN  UIN    `json:"uint64_uin"`
			Days uint32 `json:"uint32_login_days"`
		} `json:"rpt_msg_basic_info"`
	} `json:"msg_rsp_basic_info"`
}

// LoginDays asks on how many days somebody has been online. Of a number that no account has
// the error is [ErrNoUser]; the others are those of [Client.Call].
func (u Users) LoginDays(ctx context.Context, uin UIN) (int, error) {
	var answer loginDaysAnswer
	err := webSSO(ctx, u.c, rpc.LoginDays, loginDaysRequest{loginDaysOf{[]UIN{uin}}, 1}, &answer)
	if err != nil {
		return 0, fmt.Errorf("login days of %d: %w", uin, err)
	}
	for _, of := range answer.Info.Users {
		if of.UIN == uin {
			return int(of.Days), nil
		}
	}
	return 0, fmt.Errorf("login days of %d: %w", uin, ErrNoUser)
}
