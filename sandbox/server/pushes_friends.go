package server

import (
	"google.golang.org/protobuf/proto"

	"libration/internal/pb/pushpb"
	"libration/sandbox/world"
)

// friendAdded reports to the one that the other accepted, and gives the other the hint to
// read its list again (docs/protocol/operations.md 7.3, 0xb5d_44).
func (p *pushes) friendAdded(h *world.FriendAdded) {
	a, b := h.User, h.Friend
	p.to(a, p.accountEvent(accountNewFriend, b.UIN, b.UID, &pushpb.NewFriend{F1Unk: 1, Info: &pushpb.NewFriendInfo{
		Uid: string(b.UID), Time: uint32(p.world.Now().Unix()), Nickname: b.Nickname, ToUid: string(a.UID),
	}}))
	p.to(b, p.accountEvent(accountVerify, a.UIN, a.UID, &pushpb.FriendVerifyNotice{Info: &pushpb.FriendVerifyInfo{
		Kind: proto.Uint32(0), Uin: uint64(a.UIN), Nickname: a.Nickname, F5Unk: 1,
	}}))
}

// friendRemoved goes to the clients of who ended it, not to the other side
// (docs/protocol/operations.md 7.3, 0x126b_0).
func (p *pushes) friendRemoved(h *world.FriendRemoved) {
	p.to(h.User, p.accountEvent(accountSync, h.User.UIN, h.User.UID, &pushpb.ProfileSync{Items: []*pushpb.ProfileSyncItem{{
		NotifyType: proto.Uint32(0), Operation: 5, FriendDeleted: &pushpb.FriendDeleted{Uid: string(h.Friend.UID)},
	}}}))
}
