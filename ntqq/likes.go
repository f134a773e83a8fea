package ntqq

import (
	"context"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/event"
)

// maxLikes is how many entries a page of likes has at most: as many as one client asks for
// (docs/protocol/operations.md 3.1).
const maxLikes = 30

// Liker is one account in a list of likes.
type Liker struct {
	UIN      UIN // 0 when it is not found
	UID      UID
	Nickname string // "" where the service does not say
	Sex      Sex
	Age      uint32
	Times    uint32 // all of them
	Today    uint32
	Latest   int64 // Unix seconds
	Source   uint32
	VIP      bool
	SuperVIP bool
	// Gifts, Mark and Charged are numbers of the service whose meaning is not known.
	Gifts, Mark, Charged uint32
}

// LikePage is a part of a list of likes.
type LikePage struct {
	Users []Liker
	Next  uint32 // where the next page begins; 0: this was the last one
	// Total is how many likes the account has got; 0 in the list of those it has given.
	Total uint32
}

// LikesGiven lists whom the account has liked. start is 0 or Next of the page before, count
// is 1 to 30. The errors are those of [Client.Call].
func (u Users) LikesGiven(ctx context.Context, start uint32, count int) (LikePage, error) {
	return u.likes(ctx, likesRequest(u.c.Self().UID, true, start, count))
}

// LikesReceived lists who has liked the account, as [Users.LikesGiven].
func (u Users) LikesReceived(ctx context.Context, start uint32, count int) (LikePage, error) {
	return u.likes(ctx, likesRequest(u.c.Self().UID, false, start, count))
}

func likesRequest(self UID, given bool, start uint32, count int) *oidbpb.ProfileLikeListReq {
	req := &oidbpb.ProfileLikeListReq{
		SelfUid: string(self), Unknown2: 1, Direction: proto.Uint32(1), Unknown4: proto.Uint32(0),
		Unknown101: 1, Start: proto.Int64(int64(start)), Count: uint32(min(max(count, 1), maxLikes)),
	}
	if given {
		req.Direction, req.Unknown4 = proto.Uint32(0), proto.Uint32(1)
	}
	return req
}

func (u Users) likes(ctx context.Context, req *oidbpb.ProfileLikeListReq) (LikePage, error) {
	resp, err := call(ctx, u.c, rpc.Likes, req)
	if err != nil {
		return LikePage{}, err
	}
	received := resp.GetInfo().GetReceived()
	users := received.GetUsers()
	if req.GetDirection() == 0 {
		users = resp.GetInfo().GetGiven().GetUsers()
	}
	page := LikePage{Next: resp.GetNextStart(), Total: received.GetTotalCount()}
	if len(users) == 0 || int64(page.Next) <= req.GetStart() {
		page.Next = 0
	}
	for _, l := range users[:min(len(users), maxLikes)] {
		who := event.Person{UID: boundedUID(l.GetUid())}
		if who.UID != "" && !u.c.resolveKnown(&who) && !u.c.cache.isNobody(who.UID) {
			u.c.lookUpNumber(ctx, &who)
		}
		page.Users = append(page.Users, Liker{
			UIN: who.UIN, UID: who.UID, Nickname: l.GetNick(), Sex: sexOf(uint64(l.GetGender())), Age: l.GetAge(),
			Times: l.GetCount(), Today: l.GetVotedToday(), Latest: int64(l.GetLatestTime()), Source: l.GetSrc(),
			VIP: l.GetIsVip(), SuperVIP: l.GetIsSvip(),
			Gifts: l.GetGiftCount(), Mark: l.GetCustomId(), Charged: l.GetLastCharged(),
		})
	}
	return page, nil
}

// LikeCount asks how many likes somebody has got: the account itself, a friend, or a member
// of a group whose members have been fetched. The errors are those of [Users.Like].
func (u Users) LikeCount(ctx context.Context, user UIN) (uint32, error) {
	uid, err := u.c.knownUID(ctx, user)
	if err != nil {
		return 0, err
	}
	resp, err := call(ctx, u.c, rpc.LikeCount, &oidbpb.ProfileLikeCountReq{Uid: string(uid)})
	return resp.GetInfo().GetReceived().GetTotalCount(), err
}
