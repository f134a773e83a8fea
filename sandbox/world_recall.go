package sandbox

import (
	"libration/ntqq/message"
)

// recallWindow is for how many seconds members may recall their own messages.
const recallWindow = 120

// RecallGroup withdraws a group message: one's own within 120 s, as owner or
// admin any of a lower role's (docs/protocol/messages.md 12.1). All members get
// push 732/17. It returns nil or why not. ack, which may be nil, is called with
// the same before any push leaves, as that of Send.
func (w *World) RecallGroup(by message.UIN, code message.GroupCode, seq uint64, ack func(*Refusal)) *Refusal {
	w.mu.Lock()
	defer w.mu.Unlock()
	g := w.groups[code]
	r, refused := w.checkRecall(g, by, seq)
	if refused == nil {
		r.recalled = true
	}
	if ack != nil {
		ack(refused)
	}
	if refused != nil {
		return refused
	}
	w.pushGroupRecall(g, by, r)
	w.note(Activity{Kind: ActivityRecall, Group: code, User: r.from, By: by, Sequence: seq})
	return nil
}

func (w *World) checkRecall(g *group, by message.UIN, seq uint64) (*record, *Refusal) {
	if g == nil {
		return nil, refuse(RefusedNotFound, "no such group")
	}
	operator := g.members[by]
	if operator == nil {
		return nil, refuse(RefusedNotMember, "%d is not a member of group %d", by, g.Code)
	}
	r := g.history.find(seq)
	if r == nil || r.recalled {
		return nil, refuse(RefusedNotFound, "no message %d", seq)
	}
	author := message.RoleMember // also of who has left
	if m := g.members[r.from]; m != nil {
		author = m.role
	}
	switch {
	case outranks(operator.role, author):
		return r, nil
	case r.from != by:
		return nil, refuse(RefusedNoPermission, "%d may not recall the message of %d", by, r.from)
	case w.now().Unix()-r.time > recallWindow:
		return nil, refuse(RefusedNoPermission, "message %d is too old to be recalled", seq)
	}
	return r, nil
}

// RecallFriend withdraws a message of by in its private chat with peer. The
// message is found by its random number and its conversation sequence, for which
// some clients send the client sequence and the other way round. The peer gets
// push 528/138, by's clients 528/139.
//
// The real service reports no error: handlers answer success whatever this
// returns. ack is that of RecallGroup.
func (w *World) RecallFriend(by, peer message.UIN, clientSeq uint64, random uint32, ntSeq uint64, ack func(*Refusal)) *Refusal {
	w.mu.Lock()
	defer w.mu.Unlock()
	r := w.findPrivate(by, peer, clientSeq, random, ntSeq)
	var refused *Refusal
	if r == nil {
		refused = refuse(RefusedNotFound, "no such message of %d to %d", by, peer)
	} else {
		r.recalled = true
	}
	if ack != nil {
		ack(refused)
	}
	if refused != nil {
		return refused
	}
	w.pushFriendRecall(w.users[by], w.users[peer], r)
	w.note(Activity{Kind: ActivityRecall, User: by, Peer: peer, By: by, Sequence: r.sequence})
	return nil
}

func (w *World) findPrivate(by, peer message.UIN, clientSeq uint64, random uint32, ntSeq uint64) *record {
	p := w.pairs[keyOf(by, peer)]
	if p == nil {
		return nil
	}
	matches := func(r *record) bool {
		return r != nil && r.random == random && r.from == by && !r.recalled
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
		if r.clientSeq == clientSeq && matches(r) {
			return r
		}
	}
	return nil
}
