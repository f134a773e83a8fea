package event

import (
	"libration/internal/pb"
	"libration/internal/pb/pushpb"
)

// SelfRenamed is sent when the account itself has a new nickname. Client.Self has it
// by then.
type SelfRenamed struct {
	Nickname string
	Time     int64 // Unix seconds
}

func (*SelfRenamed) Name() string   { return "self_renamed" }
func (e *SelfRenamed) When() int64  { return e.Time }
func (*SelfRenamed) People() People { return People{} }
func (*SelfRenamed) Stale() Stale   { return Stale{} }

// ListsChanged is a push that says no more than that lists are out of date. Package
// ntqq keeps it to itself: no handler gets it.
type ListsChanged struct {
	Lists Stale
	// NewFriend: the friends may have somebody new, of whom [FriendAdded] is sent.
	NewFriend bool
	Time      int64 // Unix seconds
}

const listsChanged = "lists_changed"

func (*ListsChanged) Name() string   { return listsChanged }
func (e *ListsChanged) When() int64  { return e.Time }
func (*ListsChanged) People() People { return People{} }
func (e *ListsChanged) Stale() Stale { return e.Lists }

// Kicked is sent when the server ended the session, because the account logged in
// elsewhere for instance. The client stays offline until somebody logs in again.
type Kicked struct {
	Title string // in the server's words; may be ""
	Tips  string
	Code  int32 // 0 when the server gave none
}

func (*Kicked) Name() string   { return "account_kicked" }
func (*Kicked) When() int64    { return 0 }
func (*Kicked) People() People { return People{} }
func (*Kicked) Stale() Stale   { return Stale{} }

// kick reports the end of the session also when its notice cannot be read.
func (p *push) kick() {
	var k pushpb.KickNotice
	if err := pb.Unmarshal(p.payload, &k); err != nil {
		p.d.decodeError.Add(1)
		p.forcedOffline()
		return
	}
	p.emit(&Kicked{Title: k.GetTitle(), Tips: k.GetTips(), Code: k.GetCode()})
}

func (p *push) forcedOffline() { p.emit(&Kicked{}) }

// fieldNickname is the number of the nickname among profile values.
const fieldNickname = 20002

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

// profileSync reads changes of profiles: operations, each with a row of its own.
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
		p.item = item
		p.part(kind{typeAccount, 39, int64(item.GetOperation())})
	}
}
