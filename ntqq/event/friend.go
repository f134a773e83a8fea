package event

import (
	"libration/internal/pb"
	"libration/internal/pb/pushpb"
	"libration/ntqq/message"
)

// The subtypes of type 528 (docs/protocol/events.md 5.2).
const (
	friendSelfProfile  = 29
	friendStateSync    = 31
	friendRequest      = 35
	friendGroupApp     = 38
	friendProfileSync  = 39
	friendVoiceText    = 61
	friendGroupRequest = 68
	friendRecall       = 138
	friendRecallEcho   = 139
	friendNew          = 179
	friendServicePin   = 199
	friendGroupRemoved = 212
	friendVerify       = 226
	friendInputStatus  = 277
	friendGrayTip      = 290
	friendGrayTipAlt   = 291
	friendPokeRecall   = 321
	friendUnread368    = 368
	friendUnread380    = 380
)

// The operations of a profile sync.
const (
	syncFriendDeleted = 5
	syncPin           = 7
	syncFriendName    = 20
	syncGroupPicture  = 21
	syncRemark        = 40
	syncGroupName     = 80
	syncProfileLike   = 203
	syncServicePin    = 4000
)

const (
	// fieldNickname is the number of the nickname among profile values.
	fieldNickname = 20002
	// tipBecameFriends is the business id of the grey tip between new friends.
	tipBecameFriends = 19324
)

func (p *push) decodeFriendEvent() {
	switch p.key.SubType {
	case friendSelfProfile:
		p.selfProfile()
	case friendProfileSync, friendServicePin:
		p.profileSync()
	case friendRecall, friendRecallEcho:
		p.friendRecall()
	case friendNew:
		p.newFriend()
	case friendVerify:
		p.emit(&Stale{Friends: true})
	case friendGroupRemoved:
		p.groupRemoved()
	case friendGrayTip, friendGrayTipAlt:
		p.friendTip()
	case friendStateSync, friendRequest, friendGroupApp, friendVoiceText, friendGroupRequest,
		friendInputStatus, friendPokeRecall, friendUnread368, friendUnread380:
		p.ignore()
	default:
		p.unknown()
	}
}

func (p *push) selfProfile() {
	var b pushpb.SelfProfileChange
	if !p.decode(p.content, &b) {
		return
	}
	value := b.GetBody().GetValue()
	if value == nil {
		p.incomplete()
		return
	}
	if value.GetField() != fieldNickname {
		p.ignore()
		return
	}
	p.emit(&SelfRenamed{Nickname: pb.Text(value.GetValue()), Time: p.time(0)})
}

func (p *push) profileSync() {
	var b pushpb.ProfileSync
	if !p.decode(p.content, &b) {
		return
	}
	if len(b.GetItems()) == 0 {
		p.incomplete()
		return
	}
	for i, item := range b.GetItems() {
		if i == maxPerPush {
			break
		}
		p.key.Discriminator = int64(item.GetOperation())
		p.profileItem(item)
	}
}

func (p *push) profileItem(item *pushpb.ProfileSyncItem) {
	switch item.GetOperation() {
	case syncFriendDeleted:
		friend := p.personIn(item.GetFriendDeleted(), 1, item.GetFriendDeleted().GetUid())
		if friend == (Person{}) {
			p.incomplete()
			return
		}
		p.emit(&FriendRemoved{Friend: friend, Time: p.time(0)})
	case syncFriendName:
		f := item.GetFriendProfile()
		friend := p.personIn(f, 1, f.GetUid())
		switch {
		case f.GetValue() == nil || friend == (Person{}):
			p.incomplete()
		case f.GetValue().GetField() != fieldNickname:
			p.ignore()
		default:
			p.emit(&FriendRenamed{Friend: friend, Nickname: pb.Text(f.GetValue().GetValue()), Time: p.time(0)})
		}
	case syncRemark:
		p.emit(&Stale{Friends: true})
	case syncPin, syncGroupPicture, syncGroupName, syncProfileLike, syncServicePin:
		p.ignore()
	default:
		p.unknown()
	}
}

func (p *push) friendRecall() {
	var b pushpb.FriendRecall
	if !p.decode(p.content, &b) {
		return
	}
	info := b.GetInfo()
	if info == nil {
		p.incomplete()
		return
	}
	from, to := p.personIn(info, 1, info.GetFromUid()), p.personIn(info, 2, info.GetToUid())
	peer := from
	if p.isSelf(from) || p.key.SubType == friendRecallEcho && !p.isSelf(to) {
		peer = to
	}
	random := info.GetRandom()
	if random == 0 {
		random = uint32(info.GetMessageUid())
	}
	p.emit(&MessageRecalled{
		Chat:           message.Chat{Kind: message.Friend, Peer: peer.UIN, PeerUID: peer.UID},
		Author:         from,
		Operator:       from,
		Sequence:       info.GetSequence(),
		ClientSequence: uint64(info.GetClientSequence()),
		Random:         random,
		MessageTime:    int64(info.GetTime()),
		Time:           p.time(0),
		Tip:            info.GetTip().GetText(),
	})
}

func (p *push) newFriend() {
	var b pushpb.NewFriend
	if !p.decode(p.content, &b) {
		return
	}
	info := b.GetInfo()
	if info == nil {
		p.incomplete()
		return
	}
	friend := p.personIn(info, 1, info.GetUid())
	if friend == (Person{}) {
		friend = p.sender()
	}
	p.emit(&FriendAdded{
		Friend:   friend,
		Nickname: info.GetNickname(),
		Message:  info.GetMessage(),
		Time:     p.bodyTime(info.GetTime()),
	}, &Stale{Friends: true})
}

func (p *push) groupRemoved() {
	var b pushpb.GroupRemoved
	if !p.decode(p.content, &b) {
		return
	}
	if b.GetGroupCode() == 0 {
		p.incomplete()
		return
	}
	p.d.joined.forget(b.GetGroupCode())
	if p.d.left.again(b.GetGroupCode(), p.time(0)) {
		p.d.duplicate.Add(1)
		return
	}
	p.emit(&GroupLeft{Group: message.GroupCode(b.GetGroupCode()), Time: p.time(0)})
}

func (p *push) friendTip() {
	var b pushpb.GeneralGrayTip
	if !p.decode(p.content, &b) {
		return
	}
	if b.GetBusinessId() == tipBecameFriends {
		p.emit(&Stale{Friends: true})
		return
	}
	p.key.Discriminator = int64(b.GetBusinessType())
	p.ignore()
}
