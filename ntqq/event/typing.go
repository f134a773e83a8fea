package event

import (
	"libration/internal/pb"
	"libration/internal/pb/pushpb"
)

// InputStatus is sent when a friend begins or ends to type or to speak. Unconfirmed: its
// form is known from an older generation of the service.
type InputStatus struct {
	Peer Person
	// Kind is the service's number: 1 typing, 0 speaking; others end it.
	Kind uint32
	Text string // what clients show; may be ""
	Time int64  // Unix seconds
}

func (*InputStatus) Name() string     { return "input_status" }
func (e *InputStatus) When() int64    { return e.Time }
func (e *InputStatus) People() People { return others(&e.Peer) }
func (*InputStatus) Stale() Stale     { return Stale{} }

func (p *push) inputStatus() {
	var b pushpb.InputStatus
	if !p.decode(p.content, &b) {
		return
	}
	peer := p.byUIN(b.GetFromUin())
	if peer == (Person{}) || b.GetItem() == nil {
		p.incomplete()
		return
	}
	if p.isSelf(peer) { // another device of the account
		p.ignore()
		return
	}
	item := b.GetItem()
	p.emit(&InputStatus{peer, item.GetEventType(), pb.Text(item.GetWording()), p.bodyTime(uint32(item.GetTimestamp()))})
}
