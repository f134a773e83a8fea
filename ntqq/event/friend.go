package event

import (
	"libration/internal/pb"
	"libration/internal/pb/pushpb"
	"libration/ntqq/message"
)

// FriendAdded is sent when the account has a new friend.
type FriendAdded struct {
	Friend   Person
	Nickname string // may be ""
	Message  string // what was written with the request; may be ""
	Time     int64  // Unix seconds
}

func (*FriendAdded) Name() string     { return "friend_added" }
func (e *FriendAdded) When() int64    { return e.Time }
func (e *FriendAdded) People() People { return others(&e.Friend) }
func (*FriendAdded) Stale() Stale     { return Stale{Friends: true} }

// Moves returns that the account may write to the friend.
func (e *FriendAdded) Moves() Move {
	return Move{Chat: message.Chat{Kind: message.Friend, Peer: e.Friend.UIN, PeerUID: e.Friend.UID}}
}

// FriendRemoved is sent when somebody is no longer a friend.
type FriendRemoved struct {
	Friend Person
	Time   int64 // Unix seconds
}

func (*FriendRemoved) Name() string     { return "friend_removed" }
func (e *FriendRemoved) When() int64    { return e.Time }
func (e *FriendRemoved) People() People { return others(&e.Friend) }
func (*FriendRemoved) Stale() Stale     { return Stale{Friends: true} }

// FriendRenamed is sent when a friend has a new nickname.
type FriendRenamed struct {
	Friend   Person
	Nickname string
	Time     int64 // Unix seconds
}

func (*FriendRenamed) Name() string     { return "friend_renamed" }
func (e *FriendRenamed) When() int64    { return e.Time }
func (e *FriendRenamed) People() People { return others(&e.Friend) }
func (*FriendRenamed) Stale() Stale     { return Stale{} }

// Update returns the new nickname.
func (e *FriendRenamed) Update() Update {
	return Update{Person: e.Friend, Fields: FieldName, Name: e.Nickname}
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
	if friend == (Person{}) {
		p.incomplete()
		return
	}
	p.emit(&FriendAdded{
		Friend:   friend,
		Nickname: info.GetNickname(),
		Message:  info.GetMessage(),
		Time:     p.bodyTime(info.GetTime()),
	})
}

func (p *push) friendRemoved() {
	friend := p.personIn(p.item.GetFriendDeleted(), 1, p.item.GetFriendDeleted().GetUid())
	if friend == (Person{}) {
		p.incomplete()
		return
	}
	p.emit(&FriendRemoved{Friend: friend, Time: p.time(0)})
}

func (p *push) friendRenamed() {
	f := p.item.GetFriendProfile()
	friend := p.personIn(f, 1, f.GetUid())
	switch {
	case f.GetValue() == nil || friend == (Person{}):
		p.incomplete()
	case f.GetValue().GetField() != fieldNickname:
		p.ignore()
	default:
		p.emit(&FriendRenamed{Friend: friend, Nickname: pb.Text(f.GetValue().GetValue()), Time: p.time(0)})
	}
}

// friendsChanged is for pushes that say no more than that the friends changed.
func (p *push) friendsChanged() { p.emit(&ListsChanged{Lists: Stale{Friends: true}}) }

// perhapsFriend is for pushes after which the friends may have somebody new.
func (p *push) perhapsFriend() {
	p.emit(&ListsChanged{Lists: Stale{Friends: true}, NewFriend: true, Time: p.time(0)})
}

// friendTip is what a grey tip of a private chat is about.
func (p *push) friendTip() {
	var b pushpb.GeneralGrayTip
	if !p.decode(p.content, &b) {
		return
	}
	p.tip = readTip(&b)
	switch {
	case b.GetBusinessId() == tipBecameFriends:
		p.part(kind{typeAccount, 290, tipBecameFriends})
	case b.GetBusinessType() == tipPoke:
		p.part(kind{typeAccount, 290, tipPoke})
	default:
		p.key.Discriminator = int64(b.GetBusinessType())
		p.ignore()
	}
}
