package order

import (
	"log/slog"
	"slices"

	"libration/ntqq/event"
)

// passed decides about a message with a sequence that has passed. When it is newer
// than the last message, the server counts anew, or the position is wrong, or the
// message is no real one: the server is asked.
func (b *Book) passed(st *chat, e *event.Message) {
	if b.seen.Known(dupKey(e.Message)) {
		return
	}
	if st.late(e.Sequence) { // the history lagged behind
		b.deliver(e)
		b.changed(Moved)
		return
	}
	_, resting := b.resting(st)
	switch {
	case min(e.Time, b.at.Unix) <= past(st.time, b.at.Unix)+newer:
	case resting, b.at.Now.Before(st.sureUntil), len(st.doubted) >= reorderWaiting, b.waiting.full():
		b.deliver(e)
	default:
		st.doubt = true
		st.doubted = append(st.doubted, e)
		b.waiting.add(e)
		b.plan(st, 0)
	}
}

// deliverDoubted delivers the messages that wait for an answer that does not come.
func (b *Book) deliverDoubted(st *chat) {
	for _, e := range st.takeDoubted(b) {
		b.deliver(e)
	}
}

func (st *chat) takeDoubted(b *Book) []*event.Message {
	doubted := st.doubted
	st.doubted = nil
	for _, e := range doubted {
		b.waiting.remove(e)
	}
	return doubted
}

// prove takes a sequence that an answer of the server names.
func (b *Book) prove(st *chat, seq uint64) {
	seq = min(seq, highest)
	if st.begin == unknown {
		b.name(st, seq)
	}
	st.proven = max(st.proven, seq)
	if seq > st.position {
		st.known = max(st.known, seq)
	}
	b.absorb(st)
}

// confirm takes the answer to the question for the newest sequence. It may lag behind
// the pushes: it must contradict them several times to count.
func (b *Book) confirm(st *chat, r Request, newest uint64) {
	if st.begin == unknown && newest == 0 && !st.id.Group {
		b.nothingYet(st)
		return
	}
	newest = min(newest, highest)
	wrong := st.begin == firm && newest < r.First
	// What is newer than what was asked about may be on its way, too.
	proven := newest
	if st.begin == firm {
		proven = min(newest, max(r.First, r.Last))
	}
	b.prove(st, proven)
	denied := wrong || newest < r.Last && st.known > max(st.proven, st.position)
	if denied && len(st.doubted) == 0 {
		if st.denials++; st.denials < tries {
			st.doubt = st.doubt || wrong
			b.advanceFirm(st)
			b.goOn(st, tryPause)
			return
		}
	}
	if st.doubt && !wrong {
		st.sureUntil = b.at.Now.Add(sure)
	}
	st.denials, st.doubt = 0, false
	if denied {
		b.note(slog.LevelWarn, "position", "a sequence that the server denies: it moves nothing",
			"chat", st.id.String(), "named", r.Last, "position", r.First, "newest", newest)
	}
	if wrong {
		b.heal(st, newest)
	}
	for _, e := range st.takeDoubted(b) {
		switch {
		case !wrong: // an old one, or no real one
			b.note(slog.LevelDebug, "", "message dropped: its sequence has passed", "chat", st.id.String(), "sequence", e.Sequence)
		case e.Sequence <= st.position || !b.hold(st, e):
			b.deliver(e)
		}
	}
	if denied {
		st.ahead = slices.DeleteFunc(st.ahead, func(s span) bool { return s.from > st.proven && s.to <= r.Last })
		b.release(st, func(w waiting) bool { return w.asked && w.sequence > st.proven && w.sequence <= r.Last }, false)
	}
	b.advanceFirm(st)
	b.goOn(st, 0)
}

// nothingYet takes the answer that a private chat has no message. What waits was
// pushed, though: the answer must contradict it several times to count.
func (b *Book) nothingYet(st *chat) {
	st.expected, st.eager = true, false
	b.changed(Begun)
	if len(st.waiting) == 0 {
		return
	}
	if st.denials++; st.denials < tries {
		b.plan(st, tryPause)
		return
	}
	st.denials = 0
	b.release(st, func(w waiting) bool { return w.asked }, false)
	b.goOn(st, 0)
}

// heal puts a position back that is beyond the newest message of the chat: the server
// counts anew, or the position was moved by something that was not proven. What waits
// is delivered, and what was written since the last message is fetched.
func (b *Book) heal(st *chat, newest uint64) {
	b.note(slog.LevelWarn, "", "position of a chat was beyond its newest message: it is put back, and what may be missing is fetched",
		"chat", st.id.String(), "position", st.position, "newest", newest)
	b.release(st, anything, false)
	st.since, st.healing = past(st.time, b.at.Unix), true
	st.position, st.time = newest-min(newest, uint64(b.limits.Messages)), st.since
	st.proven, st.known, st.ahead, st.absent = newest, newest, nil, nil
	st.owed = slices.DeleteFunc(st.owed, func(seq uint64) bool { return seq > st.position })
	if newest == 0 && !st.id.Group { // its next message has any sequence
		st.begin, st.expected = unknown, true
	}
	b.changed(Begun)
}
