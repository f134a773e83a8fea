package world

import "libration/ntqq/message"

// recallWindow is for how many seconds members may recall their own messages.
const recallWindow = 120

// GroupMessageRecalled is sent when By withdrew a message of a group.
type GroupMessageRecalled struct {
	InGroup
	Message *Message
	By      User
}

// Activity implements Happening.
func (h *GroupMessageRecalled) Activity() Activity {
	return Activity{Kind: ActivityRecall, Group: h.Group, User: h.Message.Sender.UIN, By: h.By.UIN, Sequence: h.Message.Sequence}
}

// FriendMessageRecalled is sent when the sender of a private message withdrew it.
type FriendMessageRecalled struct{ Message *Message }

// Activity implements Happening.
func (h *FriendMessageRecalled) Activity() Activity {
	m := h.Message
	return Activity{Kind: ActivityRecall, User: m.Sender.UIN, Peer: m.To, By: m.Sender.UIN, Sequence: m.Sequence}
}

// RecallGroup withdraws a group message. by may withdraw its own within 120 s, and at any
// time those of members with a lower role (docs/protocol/messages.md 12.1). recalled,
// which may be nil, is called before anybody else gets the happening. It must not start
// an operation of the world. The refusals are NotFound, NotMember and NoPermission.
func (w Messages) RecallGroup(by message.UIN, code message.GroupCode, seq uint64, recalled func()) error {
	w.mu.Lock()
	defer w.done()
	g := w.groups[code]
	r, err := w.checkRecall(g, by, seq)
	if err != nil {
		return err
	}
	r.recalled = true
	w.happenedAfter(&GroupMessageRecalled{g.in(), &r.Message, w.user(by)}, recalled)
	return nil
}

func (w Messages) checkRecall(g *group, by message.UIN, seq uint64) (*record, error) {
	if g == nil {
		return nil, Refuse(NotFound, "no such group")
	}
	operator := g.members[by]
	if operator == nil {
		return nil, Refuse(NotMember, "%d is not a member of group %d", by, g.Code)
	}
	r := g.history.find(seq)
	if r == nil || r.recalled {
		return nil, Refuse(NotFound, "no message %d", seq)
	}
	author := message.RoleMember // also of who has left
	if m := g.members[r.Sender.UIN]; m != nil {
		author = m.role
	}
	switch {
	case outranks(operator.role, author):
		return r, nil
	case r.Sender.UIN != by:
		return nil, Refuse(NoPermission, "%d may not recall the message of %d", by, r.Sender.UIN)
	case w.now().Unix()-r.Time > recallWindow:
		return nil, Refuse(NoPermission, "message %d is too old to be recalled", seq)
	}
	return r, nil
}

// RecallFriend withdraws a message of by in its private chat with peer. The message is
// found by its random number together with its conversation sequence ntSeq. Some clients
// swap ntSeq and clientSeq, or send clientSeq alone: both are understood. recalled is as
// in [Messages.RecallGroup]. The refusal is NotFound.
func (w Messages) RecallFriend(by, peer message.UIN, clientSeq uint64, random uint32, ntSeq uint64, recalled func()) error {
	w.mu.Lock()
	defer w.done()
	r := w.findPrivate(by, peer, clientSeq, random, ntSeq)
	if r == nil {
		return Refuse(NotFound, "no such message of %d to %d", by, peer)
	}
	r.recalled = true
	w.happenedAfter(&FriendMessageRecalled{&r.Message}, recalled)
	return nil
}

func (w Messages) findPrivate(by, peer message.UIN, clientSeq uint64, random uint32, ntSeq uint64) *record {
	p := w.pairs[keyOf(by, peer)]
	if p == nil {
		return nil
	}
	matches := func(r *record) bool {
		return r != nil && r.Random == random && r.Sender.UIN == by && !r.recalled
	}
	for _, seq := range []uint64{ntSeq, clientSeq} {
		if r := p.history.find(seq); matches(r) {
			return r
		}
	}
	if ntSeq != 0 {
		return nil
	}
	for _, r := range p.history.records { // a client that knows its own number only
		if r.ClientSequence == clientSeq && matches(r) {
			return r
		}
	}
	return nil
}
