package event

import (
	"libration/internal/pb/pushpb"
	"libration/ntqq/message"
)

// friendRecallEcho is the subtype of the account's own recalls, sent to its devices.
const friendRecallEcho = 139

// maxTip bounds the line that clients show for a recall, in bytes: a push has one, and an
// event for each of up to maxPerPush messages. A longer one is left out.
const maxTip = 4096

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
		Tip:            bounded(info.GetTip().GetText(), maxTip),
	})
}

func (p *push) groupRecall() {
	b := p.readNotify()
	if b == nil {
		return
	}
	recall := b.GetRecall()
	if len(recall.GetMessages()) == 0 {
		p.incomplete()
		return
	}
	operator := p.personIn(recall, 1, recall.GetOperatorUid())
	if operator == (Person{}) {
		operator = p.personIn(b, 21, b.GetOperatorUid())
	}
	for i, m := range recall.GetMessages() {
		if i == maxPerPush {
			break
		}
		p.emit(&MessageRecalled{
			Chat:        message.Chat{Kind: message.Group, Group: message.GroupCode(b.GetGroupCode())},
			Author:      p.personIn(m, 6, m.GetAuthorUid()),
			Operator:    operator,
			Sequence:    m.GetSequence(),
			Random:      m.GetRandom(),
			MessageTime: int64(m.GetTime()),
			Time:        p.time(b.GetNotifyTime()),
			Tip:         bounded(recall.GetTip().GetText(), maxTip),
		})
	}
}
