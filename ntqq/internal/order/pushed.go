package order

import (
	"log/slog"
	"slices"

	"libration/ntqq/event"
	"libration/ntqq/message"
)

// Numbered reports whether the server gave the message a sequence in its chat. A
// private message may have the number of its sender only (docs/protocol/messages.md
// 2.2).
func Numbered(m *message.Message) bool {
	return m.Sequence != 0 && (m.Chat.Kind == message.Group || m.Sequence != m.ClientSequence && m.Chat.Peer != 0)
}

// Pushed is a message that the server pushed.
type Pushed struct{ *event.Message }

func (in Pushed) apply(b *Book) {
	st := b.chatFor(in.Message)
	if st == nil {
		return
	}
	b.pushed(st, in.Message)
}

// chatFor returns the chat of a message. A message without a number has no place in its
// chat: it is delivered, and the result is nil.
func (b *Book) chatFor(e *event.Message) *chat {
	if !Numbered(e.Message) {
		b.deliver(e)
		return nil
	}
	st := b.chats[Of(e.Chat)]
	if st == nil {
		st = b.add(Of(e.Chat), e.Chat.PeerUID)
	}
	st.know(e.Chat.PeerUID)
	return st
}

func (b *Book) pushed(st *chat, e *event.Message) {
	switch seq := e.Sequence; {
	case st.begin != firm:
		b.first(st, e)
	case seq <= st.position:
		b.passed(st, e)
	case seq == st.position+1 && len(st.waiting) == 0:
		b.deliver(e)
		b.follow(st, e)
		if st.known > 0 {
			b.advance(st)
		}
	case b.seen.Known(dupKey(e.Message)):
	case st.ahead.has(seq), b.follows(st, seq):
		b.early(st, e)
	default:
		b.hold(st, e)
		b.advance(st)
		b.wait(st)
	}
}

// Named is the sequence of a group message that the account sent, as the server's
// answer gives it. The server also pushes that message.
type Named struct {
	Chat     ID
	Sequence uint64
}

func (in Named) apply(b *Book) {
	st := b.chats[in.Chat]
	if st == nil {
		return
	}
	b.prove(st, in.Sequence)
	if st.begin == firm {
		b.advance(st)
		b.wait(st)
	} else {
		st.eager = true // its echo may be lost
		b.goOn(st, reorderWait)
	}
}

// Sent is a private message that the account sent, with the sequence of the server's
// answer.
type Sent struct{ *event.Message }

func (in Sent) apply(b *Book) {
	st := b.chatFor(in.Message)
	if st == nil {
		return
	}
	b.prove(st, in.Sequence)
	b.pushed(st, in.Message)
}

// first takes a message of a chat whose beginning is not known for certain: there may
// be others before it. It is delivered at once where that cannot be found out.
func (b *Book) first(st *chat, e *event.Message) {
	_, resting := b.resting(st)
	old := e.Time < st.since
	switch {
	case b.seen.Known(dupKey(e.Message)):
	case old && st.begin == named && e.Sequence <= st.position:
	case old && st.id.Group && st.expected: // of before the account was there
	case resting, st.nobody(), st.ahead.has(e.Sequence):
		b.early(st, e)
	case !b.hold(st, e):
		b.giveUp(st)
		b.early(st, e)
	default:
		b.changed(Begun) // a restart has to know that it waits
		b.plan(st, 0)
	}
}

// follows tells whether a sequence comes right after one that was delivered ahead while
// the history cannot be had: then nothing is gained by waiting.
func (b *Book) follows(st *chat, seq uint64) bool {
	_, resting := b.resting(st)
	return resting && st.ahead.has(seq-1)
}

// early delivers a message before its sequence is proven.
func (b *Book) early(st *chat, e *event.Message) {
	w := waiting{message: e}
	if i, found := st.find(e.Sequence); found { // its recall was faster
		b.waiting.remove(st.waiting[i])
		w.recall = st.waiting[i].recall
		st.waiting = slices.Delete(st.waiting, i, i+1)
	}
	b.hand(w)
	st.wentAhead(e.Sequence)
	st.known = max(st.known, e.Sequence)
	b.changed(Moved)
	after, resting := b.resting(st)
	if !resting {
		after = reorderWait
	}
	b.plan(st, after)
}

// follow moves a chat on to its next message, which has been delivered.
func (b *Book) follow(st *chat, e *event.Message) {
	st.time = max(past(st.time, b.at.Unix), min(e.Time, b.at.Unix))
	b.move(st, e.Sequence)
}

func (b *Book) move(st *chat, to uint64) {
	st.position = to
	b.changed(Moved)
}

// hold keeps a message until those before it have come. It returns false when there
// is no room; it is fetched later, then. There always is for a page that is delivered at
// once.
func (b *Book) hold(st *chat, e *event.Message) bool {
	st.known = max(st.known, e.Sequence)
	i, found := st.find(e.Sequence)
	if found && st.waiting[i].message != nil {
		b.rival(&st.waiting[i], e)
		return true
	}
	if b.waiting.full() && !e.CaughtUp {
		return false
	}
	if !found {
		st.waiting = slices.Insert(st.waiting, i, waiting{sequence: e.Sequence})
	} else {
		b.waiting.remove(st.waiting[i])
	}
	st.waiting[i].message = e
	b.waiting.add(st.waiting[i])
	return true
}

// rival decides between two messages with one sequence: the history is right, and
// nobody knows about two pushes. The other one is delivered at once.
func (b *Book) rival(w *waiting, e *event.Message) {
	switch {
	case w.message.Random == e.Random:
	case e.CaughtUp:
		b.waiting.remove(*w)
		w.message, e = e, w.message
		b.waiting.add(*w)
		b.deliver(e)
	default:
		b.deliver(e)
	}
}

// wait plans the question for what is missing before a message that waits.
func (b *Book) wait(st *chat) {
	_, resting := b.resting(st)
	switch {
	case !st.missing(), st.asked, st.stalled:
	case resting:
		b.giveUp(st)
	case len(st.waiting) >= reorderWaiting, b.sparse(st):
		b.plan(st, 0)
	default:
		b.plan(st, reorderWait)
	}
}

// advance delivers what is no longer waiting for anything.
func (b *Book) advance(st *chat) {
	b.absorb(st)
	for len(st.waiting) > 0 && st.waiting[0].sequence <= st.position+1 {
		w := st.waiting[0]
		if w.message == nil && w.sequence > st.position {
			break // its message may come
		}
		b.take(st)
		b.hand(w)
		if w.sequence > st.position {
			b.follow(st, w.message)
			b.absorb(st)
		}
	}
	if st.known <= st.position && len(st.waiting) == 0 {
		b.complete(st)
	}
}

// take removes the first of those that wait.
func (b *Book) take(st *chat) {
	b.waiting.remove(st.waiting[0])
	st.waiting[0] = waiting{}
	st.waiting = st.waiting[1:]
}

// hand delivers what waited without moving its chat. A recall whose message never came
// is withheld, as the history withholds the message.
func (b *Book) hand(w waiting) {
	switch {
	case w.message == nil:
	case w.recall == nil:
		b.deliver(w.message)
	default:
		b.deliverRecalled(w.message)
		b.deliver(w.recall)
	}
}

// complete ends a gap: nothing is missing.
func (b *Book) complete(st *chat) {
	st.waiting, st.known, st.tries, st.since, st.healing = nil, 0, 0, 0, false
	if st.leftOut > 0 || st.tooOld > 0 {
		b.note(slog.LevelWarn, "", "missed messages not delivered: they are more or older than Options.CatchUp allows",
			"chat", st.id.String(), "too_many", st.leftOut, "too_old", st.tooOld)
		st.leftOut, st.tooOld = 0, 0
	}
	if st.doubt {
		return
	}
	st.denials, st.eager, st.away = 0, false, st.unlisted // the list may name more
	b.unplan(st)
	b.goOn(st, 0)
}

// absorb moves the position over what was delivered ahead of it.
func (b *Book) absorb(st *chat) {
	for len(st.ahead) > 0 && st.begin == firm && st.ahead[0].from <= st.position+1 {
		if st.ahead[0].to > st.position {
			b.move(st, st.ahead[0].to)
		}
		st.ahead = st.ahead[1:]
	}
}

// settle moves the position to a sequence, below which nothing more is waited for, and
// delivers what is there on the way.
func (b *Book) settle(st *chat, to uint64) {
	for b.advance(st); st.position < to; b.advance(st) {
		next := to
		if len(st.waiting) > 0 {
			next = min(next, st.waiting[0].sequence-1)
			if st.waiting[0].message == nil { // taken back before it came
				next = min(to, st.waiting[0].sequence)
			}
		}
		if len(st.ahead) > 0 {
			next = min(next, st.ahead[0].from-1)
		}
		b.move(st, next)
	}
}

// release delivers some of what waits without moving the chat. A recall without its
// message is withheld, unless that may have been delivered before a restart; the message
// is then, too. remember: nothing denies these messages; they are not delivered again.
func (b *Book) release(st *chat, which func(waiting) bool, remember bool) {
	var keep []waiting
	for _, w := range st.waiting {
		if !which(w) {
			keep = append(keep, w)
			continue
		}
		b.waiting.remove(w)
		switch {
		case w.message != nil:
			b.hand(w)
			if remember {
				st.wentAhead(w.sequence)
			}
		case remember && st.restored && w.recall.MessageTime < b.restored:
			b.deliver(w.recall)
		}
	}
	st.waiting = keep
	if remember {
		return
	}
	st.known = st.proven
	if n := len(keep); n > 0 {
		st.known = max(st.known, keep[n-1].sequence)
	}
	if n := len(st.ahead); n > 0 {
		st.known = max(st.known, st.ahead[n-1].to)
	}
}

// anything releases all that waits.
func anything(waiting) bool { return true }
