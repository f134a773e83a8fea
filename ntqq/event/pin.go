package event

import (
	"encoding/binary"

	"libration/ntqq/message"
)

// ChatPinChanged is sent when the account put a chat at the top of its list of chats, or
// took it from there, on any of its clients.
type ChatPinChanged struct {
	Group message.GroupCode // 0: a private chat
	// Peer is the friend, or the service account.
	Peer Person
	// Service: the chat is that of a service account, such as the account's own computer.
	// Pinned is unconfirmed then.
	Service bool
	Pinned  bool
	Time    int64 // Unix seconds
}

func (*ChatPinChanged) Name() string     { return "chat_pin_changed" }
func (e *ChatPinChanged) When() int64    { return e.Time }
func (e *ChatPinChanged) People() People { return People{Group: e.Group, Others: []*Person{&e.Peer}} }
func (*ChatPinChanged) Stale() Stale     { return Stale{} }

// The kinds of settings that are pins (docs/protocol/events.md 5.2).
const (
	pinOfFriend = 13578
	pinOfGroup  = 13569
)

func (p *push) pinChanged() {
	body := p.item.GetPinChange().GetBody()
	item := body.GetItem()
	if item == nil {
		p.incomplete()
		return
	}
	if item.GetKind() != pinOfFriend && item.GetKind() != pinOfGroup {
		p.ignore()
		return
	}
	e := &ChatPinChanged{Pinned: len(item.GetValue()) > 0, Time: p.time(0)}
	if e.Group = message.GroupCode(body.GetGroupCode()); e.Group == 0 {
		e.Peer = p.personIn(body, 1, body.GetUid())
	}
	if e.Group == 0 && e.Peer == (Person{}) {
		p.incomplete()
		return
	}
	p.emit(e)
}

// servicePinned takes a time at the end of the value for a pin, as that of other chats is
// (docs/protocol/events.md 5.2: its state is uncertain).
func (p *push) servicePinned() {
	pin := p.item.GetServicePin()
	peer := p.byUIN(pin.GetUin())
	if peer == (Person{}) {
		p.incomplete()
		return
	}
	value := pin.GetF6Unk()
	at := uint32(0)
	if n := len(value); n >= 4 {
		at = binary.BigEndian.Uint32(value[n-4:])
	}
	p.emit(&ChatPinChanged{Peer: peer, Service: true, Pinned: at != 0, Time: p.time(0)})
}
