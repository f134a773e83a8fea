package ntqq

import (
	"context"
	"math/rand/v2"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/ntqq/event"
)

// Pokes are the operations on pokes: double clicks on somebody's picture. They are safe for
// concurrent use. Their errors are those of [Client.Call] and [*ServerError].
type Pokes struct{ c *Client }

// Pokes returns the operations on pokes.
func (c *Client) Pokes() Pokes { return Pokes{c} }

// Group pokes a member of a group. All members get an [event.GroupPoked], the account too.
// Of a group that the account is not in the error is [ErrNoGroup].
func (p Pokes) Group(ctx context.Context, group GroupCode, user UIN) error {
	_, err := call(ctx, p.c, rpc.Poke, groupPokeRequest(group, user))
	return p.c.inGroup(ctx, group, err)
}

// Friend pokes user in the private chat with peer: the peer, or the account itself. Both
// sides get an [event.FriendPoked].
func (p Pokes) Friend(ctx context.Context, peer, user UIN) error {
	_, err := call(ctx, p.c, rpc.Poke, friendPokeRequest(peer, user))
	return err
}

// RecallGroup takes back a poke of the account in a group; poke is the event that it
// caused.
func (p Pokes) RecallGroup(ctx context.Context, poke *event.GroupPoked) error {
	uid := firstGroupPoke + rand.Uint64N(groupPokes)
	_, err := call(ctx, p.c, rpc.RecallPoke, &oidbpb.RecallNudgeReq{
		Group: &oidbpb.RecallNudgeGroup{
			GroupCode: uint64(poke.Group), MsgType: pokeType, MsgSeq: poke.MessageSequence, MsgTime: uint64(poke.Time),
			MsgUid: uid, MsgId: uid,
		},
		Tip: pokeTip(poke.TipsSequence),
	})
	return p.c.inGroup(ctx, poke.Group, err)
}

// RecallFriend takes back a poke of the account in a private chat; poke is the event that
// it caused.
func (p Pokes) RecallFriend(ctx context.Context, poke *event.FriendPoked) error {
	_, err := call(ctx, p.c, rpc.RecallPoke, &oidbpb.RecallNudgeReq{
		C2C: &oidbpb.RecallNudgeC2C{
			AioUin: uint64(poke.Peer.UIN), MsgType: pokeType, MsgSeq: poke.MessageSequence, MsgTime: uint64(poke.Time),
			MsgUid: firstFriendPoke + rand.Uint64N(friendPokes),
		},
		Tip: pokeTip(poke.TipsSequence),
	})
	return err
}

// What a recall says besides the poke: any number of a range
// (docs/protocol/messages.md 12.6).
const (
	pokeType        = 5
	pokeBusiness    = 1061
	firstGroupPoke  = 7580000000000000000
	groupPokes      = 100000000000000
	firstFriendPoke = 7500000000000000000
	friendPokes     = 10000000000000000
)

func pokeTip(sequence uint64) *oidbpb.RecallNudgeTip {
	return &oidbpb.RecallNudgeTip{BusiId: pokeBusiness, TipsSeqId: sequence}
}

func groupPokeRequest(group GroupCode, user UIN) *oidbpb.NudgeReq {
	return &oidbpb.NudgeReq{ToUin: uint64(user), GroupCode: proto.Uint64(uint64(group)), NudgeType: proto.Uint32(0)}
}

func friendPokeRequest(peer, user UIN) *oidbpb.NudgeReq {
	return &oidbpb.NudgeReq{ToUin: uint64(user), AioUin: proto.Uint64(uint64(peer)), NudgeType: proto.Uint32(0)}
}
