package order

import (
	"slices"

	"libration/ntqq/event"
	"libration/ntqq/message"
)

// Recalled reports that a message was recalled. When the message has not come yet, the
// recall is delivered after it, or neither is delivered. A recall proves that there is
// a message with that sequence.
type Recalled struct{ *event.MessageRecalled }

func (in Recalled) apply(b *Book) {
	e := in.MessageRecalled
	b.number(&e.Chat)
	id, seq := Of(e.Chat), e.Sequence
	if seq == 0 || id.Code == 0 {
		b.deliver(e)
		return
	}
	if b.recalls.Seen(id.key(), seq, recallKey(e.Random)) {
		return
	}
	st := b.chats[id]
	if st == nil {
		st = b.add(id, e.Chat.PeerUID)
	}
	st.know(e.Chat.PeerUID)
	_, waits := st.find(seq)
	switch {
	case st.ahead.has(seq), seq <= st.position && st.begin != unknown && !b.takenBack(st, seq):
		b.deliver(e)
	case st.begin != firm && e.MessageTime != 0 && e.MessageTime < st.since && !waits: // of an old message
		b.deliver(e)
	case seq <= st.position && st.begin == firm: // its message will not come
		b.changed(Moved)
	default:
		b.holdRecall(st, e)
		switch _, resting := b.resting(st); {
		case st.begin == firm:
			b.wait(st)
		case resting:
			b.giveUp(st)
		default:
			b.plan(st, 0)
		}
	}
}

// number completes a private chat that is named by a text id alone.
func (b *Book) number(c *message.Chat) {
	if c.Kind == message.Group || c.Peer != 0 || c.PeerUID == "" {
		return
	}
	for id, st := range b.chats {
		if !id.Group && st.peer == c.PeerUID {
			c.Peer = message.UIN(id.Code)
		}
	}
}

// takenBack tells whether a message whose sequence has passed was not delivered; it is
// not any more.
func (b *Book) takenBack(st *chat, seq uint64) bool {
	if st.begin == named {
		return true // nothing has passed for certain
	}
	for i, e := range st.doubted {
		if e.Sequence == seq {
			b.waiting.remove(e)
			st.doubted = append(st.doubted[:i:i], st.doubted[i+1:]...)
			return true
		}
	}
	return st.late(seq)
}

// holdRecall lets a recall wait for its message.
func (b *Book) holdRecall(st *chat, e *event.MessageRecalled) {
	i, found := st.find(e.Sequence)
	switch {
	case found && st.waiting[i].recall != nil:
	case found:
		b.waiting.remove(st.waiting[i])
		st.waiting[i].recall = e
		b.waiting.add(st.waiting[i])
	case !b.waiting.full():
		st.waiting = slices.Insert(st.waiting, i, waiting{sequence: e.Sequence, recall: e})
		b.waiting.add(st.waiting[i])
	}
	st.known = max(st.known, e.Sequence)
}
