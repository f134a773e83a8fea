package event

import "libration/ntqq/message"

// GroupLuckyKing is sent when the last share of a red packet was drawn, and says who drew
// most. Unconfirmed: it is known from an older generation of the service.
type GroupLuckyKing struct {
	Group  message.GroupCode
	Sender Person // of the red packet
	King   Person
	Time   int64 // Unix seconds
}

func (*GroupLuckyKing) Name() string     { return "group_lucky_king" }
func (e *GroupLuckyKing) When() int64    { return e.Time }
func (e *GroupLuckyKing) People() People { return members(e.Group, &e.Sender, &e.King) }
func (*GroupLuckyKing) Stale() Stale     { return Stale{} }

// partRedPacket stands, among the service types of a notice, for one about a red packet:
// its service type is not known.
const partRedPacket = -2

func (p *push) redPacket() {
	b := p.notify.GetRedPacket()
	sender, king := p.byUIN(b.GetSenderUin()), p.byUIN(b.GetLuckyUin())
	if b.GetLuckyFlag() != 1 || king == (Person{}) {
		p.ignore()
		return
	}
	p.emit(&GroupLuckyKing{p.tipGroup(), sender, king, p.tipTime()})
}
