package ntqq

import (
	"context"
	"fmt"

	"libration/internal/pb"
	"libration/internal/rpc"
)

// OneWayFriend is somebody who has the account among their friends, and whom the account
// does not have.
type OneWayFriend struct {
	UIN      UIN
	UID      UID
	Nickname string
	Age      uint32
	Sex      Sex
	// Source says where they know the account from, in the service's words.
	Source string
}

// mostOneWay is how many are asked for. No way to more is known.
const mostOneWay = 99

// oneWayRequest and what follows are docs/protocol/operations.md 3.2.
type oneWayRequest struct {
	UIN     UIN    `json:"uint64_uin"`
	Top     uint64 `json:"uint64_top"`
	Count   int    `json:"uint32_req_num"`
	Cookies string `json:"bytes_cookies"`
}

type oneWayAnswer struct {
	Friends []struct {
		UIN      UIN    `json:"uint64_uin"`
		UID      UID    `json:"str_uid"`
		Nickname []byte `json:"bytes_nick"`
		Age      uint32 `json:"uint32_age"`
		Sex      uint32 `json:"uint32_sex"`
		Source   []byte `json:"bytes_source"`
	} `json:"rpt_block_list"`
}

// OneWay returns who has the account among their friends without being one of its own: 99
// at most. The errors are those of [Client.Call].
func (f Friends) OneWay(ctx context.Context) ([]OneWayFriend, error) {
	var answer oneWayAnswer
	if err := webSSO(ctx, f.c, rpc.OneWayFriends, oneWayRequest{UIN: f.c.Self().UIN, Count: mostOneWay}, &answer); err != nil {
		return nil, fmt.Errorf("one-way friends: %w", err)
	}
	return answer.list(), nil
}

func (a oneWayAnswer) list() []OneWayFriend {
	list := make([]OneWayFriend, 0, len(a.Friends))
	for _, f := range a.Friends {
		list = append(list, OneWayFriend{f.UIN, f.UID, pb.Text(f.Nickname), f.Age, Sex(min(f.Sex, 255)), pb.Text(f.Source)})
	}
	return list
}

// DeleteOneWay takes the account out of the friends of somebody whom it does not have among
// its own. The errors are those of [Client.Call]; of who is none the service has a refusal,
// a [*ServerError].
func (f Friends) DeleteOneWay(ctx context.Context, user UIN) error {
	err := webSSO(ctx, f.c, rpc.DeleteOneWayFriend, struct {
		Users []UIN `json:"uin_list"`
	}{[]UIN{user}}, &struct{}{})
	if err != nil {
		return fmt.Errorf("delete the one-way friend %d: %w", user, err)
	}
	return nil
}
