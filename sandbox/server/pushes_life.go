package server

import (
	"encoding/binary"

	"google.golang.org/protobuf/proto"

	"libration/internal/pb/pushpb"
	"libration/sandbox/world"
)

// reacted is push 732/16, service type 35, to all members.
func (p *pushes) reacted(h *world.MessageReacted) {
	detail := &pushpb.GroupReactionDetail{
		Code: h.Reaction.Code, CodeType: reactionType(h.Reaction), Count: proto.Uint32(uint32(len(h.Reaction.Users))),
		OperatorUid: string(h.By.UID), Action: setOrRemoved(h.On),
	}
	p.notice(h.InGroup, noticeText, &pushpb.GroupNotify{
		ServiceType: proto.Uint32(35),
		Reaction: &pushpb.GroupReactionLayer1{Layer: &pushpb.GroupReactionLayer2{Body: &pushpb.GroupReactionBody{
			OperationId: 1, Target: &pushpb.GroupReactionTarget{Sequence: h.Message.Sequence, TotalOperations: h.Changes}, Detail: detail,
		}}},
	})
}

// setOrRemoved is how notices number the two.
func setOrRemoved(on bool) uint32 {
	if on {
		return 1
	}
	return 2
}

func reactionType(r world.Reaction) uint32 {
	if r.Emoji() {
		return 2
	}
	return 1
}

// essenceChanged is push 732/21, notify type 27, to all members.
func (p *pushes) essenceChanged(h *world.EssenceChanged) {
	m := h.Message
	essence := &pushpb.GroupEssence{
		GroupCode: uint64(h.Group), MessageSequence: m.Sequence, Random: m.Random, Operation: setOrRemoved(h.On),
		AuthorUin: uint64(m.Sender.UIN), OperatorUin: uint64(h.By.UIN), Time: uint32(p.world.Now().Unix()),
		LatestSequence: proto.Uint64(0), OperatorName: h.By.Nickname, AuthorName: m.Sender.Nickname, Extra: 1,
	}
	if h.On {
		essence.LatestSequence = proto.Uint64(m.Sequence)
	}
	p.notice(h.InGroup, noticeOther, &pushpb.GroupNotify{NotifyType: 27, Essence: essence})
}

// todoChanged is push 732/16, service type 23, to all members, whatever the step was.
func (p *pushes) todoChanged(h *world.TodoChanged) {
	p.notice(h.InGroup, noticeText, &pushpb.GroupNotify{
		ServiceType: proto.Uint32(23), OperatorUid: proto.String(string(h.By.UID)),
	})
}

// tipSignIn is the business type of the tip about who signed in.
const tipSignIn = 14

func (p *pushes) signedIn(h *world.SignedIn) {
	p.tip(h.InGroup, &pushpb.GroupNotify{GrayTip: &pushpb.GeneralGrayTip{
		BusinessType: tipSignIn, Params: tipParams("mqq_uin", uinText(h.Member.UIN), "mqq_nick", h.Member.Nickname),
	}})
}

// The kinds of pinned chats (docs/protocol/operations.md 3.5).
const (
	pinFriend = 13578
	pinGroup  = 13569
)

// chatPinned is push 528/39, operation 7, to the account's own clients. The value is there
// also when it is empty, which takes the pin back.
func (p *pushes) chatPinned(h *world.ChatPinned) {
	item := &pushpb.PinChangeItem{Kind: pinFriend, Value: []byte{}}
	if h.On {
		item.Value = binary.BigEndian.AppendUint32(nil, uint32(h.Time))
	}
	body := &pushpb.PinChangeBody{Item: item}
	if h.Group != 0 {
		item.Kind, body.GroupCode = pinGroup, proto.Uint64(uint64(h.Group))
	} else {
		body.Uid = proto.String(string(h.Friend.UID))
	}
	p.to(h.User, p.accountEvent(accountSync, h.User.UIN, h.User.UID, &pushpb.ProfileSync{Items: []*pushpb.ProfileSyncItem{{
		NotifyType: proto.Uint32(0), Operation: 7, PinChange: &pushpb.PinChange{Body: body},
	}}}))
}
