package ntqq

import (
	"context"
	"errors"
	"fmt"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
)

// errNoCard: an answer that is no refusal has no card.
var errNoCard = errors.New("the answer has no card")

// ContactCard returns the card that recommends an account, as JSON. The service has made
// and signed it. A [message.ContactSegment] is sent as such a card. The errors are those of
// [Client.Call]; nobody with this number is a [*ServerError].
func (u Users) ContactCard(ctx context.Context, uin UIN) (json string, err error) {
	resp, err := call(ctx, u.c, rpc.ContactCard, contactCardRequest(uin))
	return cardOf(resp.GetArk(), err, "account", uint64(uin))
}

// ContactCard is [Users.ContactCard] for a group.
func (g Groups) ContactCard(ctx context.Context, group GroupCode) (json string, err error) {
	resp, err := call(ctx, g.c, rpc.GroupContactCard, groupContactCardRequest(group))
	return cardOf(resp.GetArk(), err, "group", uint64(group))
}

// The constants are those of docs/protocol/operations.md 3.2 and 3.3.

func contactCardRequest(uin UIN) *oidbpb.FriendContactArkReq {
	return &oidbpb.FriendContactArkReq{
		Uin: uint64(uin), PhoneNumber: "-",
		JumpUrl: fmt.Sprintf("mqqapi://card/show_pslcard?src_type=internal&source=sharecard&version=1&uin=%d", uin),
	}
}

func groupContactCardRequest(group GroupCode) *oidbpb.GroupContactArkReq {
	return &oidbpb.GroupContactArkReq{Unknown1: 1, GroupCode: uint64(group), Unknown5: 1}
}

func cardOf(json string, err error, kind string, number uint64) (string, error) {
	if err == nil && json == "" {
		err = errNoCard
	}
	if err != nil {
		return "", fmt.Errorf("contact card of %s %d: %w", kind, number, err)
	}
	return json, nil
}
