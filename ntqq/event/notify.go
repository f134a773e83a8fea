package event

import (
	"encoding/binary"
	"errors"

	"libration/internal/pb/pushpb"
)

// maxPerPush bounds the events of one push; real ones have a handful.
const maxPerPush = 1024

// headerSize is the size of the header before the notices of some subtypes of type
// 732: group code, subtype, length (docs/protocol/events.md 2.1).
const headerSize = 7

var errShortHeader = errors.New("group notice is shorter than its header")

// readNotify reads a group notice behind its header; nil when it cannot be read.
func (p *push) readNotify() *pushpb.GroupNotify {
	if len(p.content) < headerSize {
		p.undecodable(errShortHeader)
		return nil
	}
	body := p.content[headerSize:]
	if n := int(binary.BigEndian.Uint16(p.content[5:])); n <= len(body) {
		body = body[:n]
	} else {
		p.d.shortHeader.Add(1)
	}
	b := new(pushpb.GroupNotify)
	if !p.decode(body, b) {
		return nil
	}
	if b.GroupCode == 0 {
		b.GroupCode = uint64(binary.BigEndian.Uint32(p.content))
	}
	if b.GroupCode == 0 {
		p.incomplete()
		return nil
	}
	return b
}

// groupNotice is what a notice of subtype 16 is about by its service type.
func (p *push) groupNotice() {
	switch p.notify = p.readNotify(); {
	case p.notify == nil:
	case p.notify.GetRedPacket() != nil:
		p.part(kind{typeGroup, 16, partRedPacket})
	default:
		p.part(kind{typeGroup, 16, int64(p.notify.GetServiceType())})
	}
}

// The notify types of subtype 21 that are also known by what the notice holds.
const (
	notifyEssence    = 27
	notifyPokeRecall = 32
)

func (p *push) groupNotify() {
	if p.notify = p.readNotify(); p.notify == nil {
		return
	}
	typ := int64(p.notify.GetNotifyType())
	switch {
	case p.notify.GetEssence() != nil:
		typ = notifyEssence
	case p.notify.GetPokeRecall() != nil:
		typ = notifyPokeRecall
	}
	p.part(kind{typeGroup, 21, typ})
}
