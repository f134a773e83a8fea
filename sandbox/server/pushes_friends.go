package server

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/pushpb"
	"libration/sandbox/world"
)

// friendAdded reports to the one that the other accepted, and gives the other the hint to
// read its list again (docs/protocol/operations.md 7.3, 0xb5d_44).
func (p *pushes) friendAdded(h *world.FriendAdded) {
	a, b := h.User, h.Friend
	p.to(a, p.accountEvent(accountNewFriend, b.UIN, b.UID, &pushpb.NewFriend{F1Unk: 1, Info: &pushpb.NewFriendInfo{
		Uid: string(b.UID), Time: uint32(p.world.Now().Unix()), Message: h.Text, Nickname: b.Nickname, ToUid: string(a.UID),
	}}))
	p.to(b, p.accountEvent(accountVerify, a.UIN, a.UID, &pushpb.FriendVerifyNotice{Info: &pushpb.FriendVerifyInfo{
		Kind: proto.Uint32(0), Uin: uint64(a.UIN), Nickname: a.Nickname, F5Unk: 1,
	}}))
}

// friendRemoved goes to the clients of who ended it, not to the other side
// (docs/protocol/operations.md 7.3, 0x126b_0).
func (p *pushes) friendRemoved(h *world.FriendRemoved) {
	p.sync(h.User, &pushpb.ProfileSyncItem{Operation: 5, FriendDeleted: &pushpb.FriendDeleted{Uid: string(h.Friend.UID)}})
}

// friendNoted goes to the clients of who has given the remark
// (docs/protocol/operations.md 7.3, 0x10cc_1).
func (p *pushes) friendNoted(h *world.FriendNoted) {
	p.sync(h.User, &pushpb.ProfileSyncItem{Operation: 40, FriendRemark: encode(&pushpb.FriendRemarkChange{
		Item: &pushpb.FriendRemarkItem{F1Unk: proto.Uint32(0), FriendUin: uint64(h.Friend.UIN), Remark: h.Remark},
	})})
}

// sync sends one change of profiles to the clients of an account.
func (p *pushes) sync(to world.User, item *pushpb.ProfileSyncItem) {
	item.NotifyType = proto.Uint32(0)
	p.to(to, p.accountEvent(accountSync, to.UIN, to.UID, &pushpb.ProfileSync{Items: []*pushpb.ProfileSyncItem{item}}))
}

// friendRequested goes to the one who is asked, when the request is in its list.
func (p *pushes) friendRequested(h *world.FriendRequested) {
	p.to(h.To, p.accountEvent(accountRequest, h.From.UIN, h.From.UID, &pushpb.FriendRequestPush{Body: &pushpb.FriendRequestBody{
		TargetUid: string(h.To.UID), SourceUid: string(h.From.UID), Message: h.Text, Source: proto.String(requestSource),
	}}))
}

func (p *pushes) profileLiked(h *world.ProfileLiked) {
	p.sync(h.User, &pushpb.ProfileSyncItem{Operation: 203, ProfileLike: &pushpb.ProfileLikePush{Message: &pushpb.ProfileLikeMessage{
		Count: 1, Time: uint32(h.Time), Detail: &pushpb.ProfileLikeDetail{
			Text: fmt.Sprintf("liked you %d times", h.Times), Uin: uint64(h.By.UIN), Nickname: h.By.Nickname,
		},
	}}})
}

// profileChanged reports a new nickname to the account's own clients and to its friends
// (docs/protocol/operations.md 7.3, 0x112a_2). Of other facts no push is known.
func (p *pushes) profileChanged(h *world.ProfileChanged) {
	if !h.Renamed {
		return
	}
	name := &pushpb.ProfileValue{Field: keyNickname, Value: []byte(h.User.Nickname)}
	p.to(h.User, p.accountEvent(accountProfile, h.User.UIN, h.User.UID, &pushpb.SelfProfileChange{
		Kind: 20, Body: &pushpb.SelfProfile{Uin: uint64(h.User.UIN), Value: name},
	}))
	for _, uin := range h.Friends {
		if friend, ok := p.world.Users().Find(uin); ok {
			p.sync(friend, &pushpb.ProfileSyncItem{Operation: 20, FriendProfile: &pushpb.FriendProfile{
				Uid: string(h.User.UID), Value: name,
			}})
		}
	}
}
