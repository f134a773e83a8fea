package ntqq

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/event"
)

// ErrOnlyAccepted: a filtered friend request can be accepted or left alone. No way to
// refuse it is known.
var ErrOnlyAccepted = errors.New("a filtered friend request can only be accepted")

// FriendRequestState is what became of a friend request
// (docs/protocol/operations.md 4.2). Other numbers are possible.
type FriendRequestState uint32

// The states.
const (
	FriendRequestSent     FriendRequestState = 0
	FriendRequestPending  FriendRequestState = 1 // waits for the account's answer
	FriendRequestAgreed   FriendRequestState = 2 // by the account
	FriendRequestAccepted FriendRequestState = 3 // by the account; they are friends
	FriendRequestRefused  FriendRequestState = 7 // by the account
	FriendRequestIgnored  FriendRequestState = 8 // by the account
	FriendRequestWaits    FriendRequestState = 13
	FriendRequestYes      FriendRequestState = 5 // by the other side
	FriendRequestNo       FriendRequestState = 6 // by the other side
)

// FriendRequest is somebody's wish to be a friend of the account, or the account's own.
type FriendRequest struct {
	// UIN and UID are the other side. UIN is 0 when nobody was found for UID. A request is
	// answered by its UID.
	UIN UIN
	UID UID
	// Nickname is set for filtered requests only.
	Nickname string
	Text     string // what was written with the request; may be ""
	Source   string // where it came from, in the service's words; may be ""
	// Group is the group that a filtered request came through, 0 for none; Warning is what
	// the service says of it.
	Group   GroupCode
	Warning string
	Time    int64 // Unix seconds
	State   FriendRequestState
	// Own: the account has asked.
	Own bool
	// Filtered requests are in a list of their own: those that the service takes for
	// doubtful.
	Filtered bool
}

// requestsMost is how many requests are asked for (docs/protocol/operations.md 4.2).
const requestsMost = 80

// Friends returns the newest friend requests from and to the account, up to 80. Filtered
// ones are not among them. The list is fetched each time. The errors are those of
// [Client.Call].
func (r Requests) Friends(ctx context.Context) ([]FriendRequest, error) {
	list, err := r.list(ctx)
	r.number(ctx, list)
	return list, err
}

func (r Requests) list(ctx context.Context) ([]FriendRequest, error) {
	resp, err := call(ctx, r.c, rpc.FriendRequests, &oidbpb.FriendRequestListReq{
		Version: 1, Type: 6, SelfUid: string(r.c.Self().UID), StartIndex: proto.Uint32(0), RequestCount: requestsMost,
		GetFlag: 2, StartTime: proto.Uint32(0), NeedCommonFriend: 1, Unknown22: 1,
	})
	if err != nil {
		return nil, fmt.Errorf("friend requests: %w", err)
	}
	var list []FriendRequest
	for i, f := range resp.GetPage().GetRequests() {
		if i == requestsMost {
			break
		}
		list = append(list, FriendRequest{
			UID: boundedUID(f.GetFriendUid()), Text: f.GetComment(), Source: f.GetSource(), Time: int64(f.GetTime()),
			State: FriendRequestState(f.GetState()), Own: f.GetIsInitiator(),
		})
	}
	return list, nil
}

// FilteredFriends returns the filtered friend requests that wait for an answer, count at
// most. The list is fetched each time. The errors are those of [Client.Call].
func (r Requests) FilteredFriends(ctx context.Context, count int) ([]FriendRequest, error) {
	list, err := r.filtered(ctx, count)
	r.number(ctx, list)
	return list, err
}

// filteredMost bounds a list of filtered requests.
const filteredMost = 1000

func (r Requests) filtered(ctx context.Context, count int) ([]FriendRequest, error) {
	count = min(max(count, 1), filteredMost)
	resp, err := call(ctx, r.c, rpc.FilteredFriendRequests, &oidbpb.FilteredFriendRequestListReq{
		Unknown1: 1, Limit: &oidbpb.FilteredFriendRequestCount{Count: uint32(count)},
	})
	if err != nil {
		return nil, fmt.Errorf("filtered friend requests: %w", err)
	}
	var list []FriendRequest
	for i, f := range resp.GetPage().GetRequests() {
		if i == count {
			break
		}
		list = append(list, FriendRequest{
			UID: boundedUID(f.GetSourceUid()), Nickname: f.GetSourceNick(), Text: f.GetComment(), Source: f.GetSource(),
			Group: GroupCode(f.GetGroupCode()), Warning: f.GetWarning(), Time: int64(f.GetTime()),
			State: FriendRequestPending, Filtered: true,
		})
	}
	return list, nil
}

// number fills in the numbers of people.
func (r Requests) number(ctx context.Context, list []FriendRequest) {
	asked := map[UID]bool{}
	for i := range list {
		who := event.Person{UID: list[i].UID}
		r.c.numberStranger(ctx, &who, asked)
		list[i].UIN = who.UIN
	}
}

// AnswerFriend answers a friend request by the text id of who asked, which stands in
// [event.FriendRequest]. A remark that is not "" is given to the new friend. A filtered
// request, too, can be accepted so; to refuse one is [ErrOnlyAccepted]. Where there is no
// such request the error is a [*ServerError]; the others are those of [Client.Call]. An
// error may be of the remark alone.
func (r Requests) AnswerFriend(ctx context.Context, from UID, accept bool, remark string) error {
	_, err := call(ctx, r.c, rpc.AnswerFriendRequest, answerFriendRequest(from, accept))
	if _, refused := errors.AsType[*ServerError](err); refused {
		list, listErr := r.filtered(ctx, filteredMost)
		filtered := slices.ContainsFunc(list, func(f FriendRequest) bool { return f.UID == from })
		switch {
		case listErr != nil || !filtered:
		case accept:
			return r.AcceptFilteredFriend(ctx, from, remark)
		default:
			err = ErrOnlyAccepted
		}
	}
	if err != nil {
		return fmt.Errorf("friend request of %s: %w", from, err)
	}
	return r.befriended(ctx, from, accept, remark)
}

func answerFriendRequest(from UID, accept bool) *oidbpb.AnswerFriendRequestReq {
	answer := uint32(5)
	if accept {
		answer = 3
	}
	return &oidbpb.AnswerFriendRequestReq{Accept: answer, TargetUid: string(from)}
}

// AcceptFilteredFriend accepts a filtered friend request. The rest is as for
// [Requests.AnswerFriend].
func (r Requests) AcceptFilteredFriend(ctx context.Context, from UID, remark string) error {
	_, err := call(ctx, r.c, rpc.AcceptFilteredFriend, &oidbpb.AcceptFilteredFriendRequestReq{
		SelfUid: string(r.c.Self().UID), RequestUid: string(from),
	})
	if err != nil {
		return fmt.Errorf("filtered friend request of %s: %w", from, err)
	}
	return r.befriended(ctx, from, true, remark)
}

// befriended does what follows an answer.
func (r Requests) befriended(ctx context.Context, from UID, accepted bool, remark string) error {
	if !accepted {
		return nil
	}
	defer r.c.cache.outdate(event.Stale{Friends: true}) // no push is certain
	if remark == "" {
		return nil
	}
	if err := r.c.Friends().remark(ctx, from, remark); err != nil {
		return fmt.Errorf("accepted the friend request of %s, without its remark: %w", from, err)
	}
	return nil
}
