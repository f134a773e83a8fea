package ntqq

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"libration/ntqq/event"
)

// A push proves nothing. It may name any sequence and any time, and one such message
// must not move a chat beyond its real ones. This file decides how far a chat moves:
//
//   - The next message moves it by one.
//   - A gap is closed up to the newest sequence that an answer of the server names
//     (prove, confirm). What a push names beyond it is asked about, and delivered
//     without moving the chat when the server denies it, or does not answer.
//   - A position that the server contradicts goes back (heal).

// span is a range of sequences, both ends included.
type span struct{ from, to uint64 }

// aheadMost bounds the ranges that are remembered in one chat.
const aheadMost = 64

// anyFirst tells that a private chat was empty when the server was last asked. Its
// first message has any sequence.
func (st *chatOrder) anyFirst() bool { return st.empty && st.last == 0 && !st.id.group }

// unsure tells that the server has to be asked for the newest sequence.
func (st *chatOrder) unsure() bool { return st.doubt || st.target > max(st.proven, st.last) }

// wentAhead tells whether a message beyond the position was delivered.
func (st *chatOrder) wentAhead(seq uint64) bool {
	for _, s := range st.ahead {
		if s.from <= seq && seq <= s.to {
			return true
		}
	}
	return false
}

// follows tells whether a sequence is, or comes right after, one that was delivered
// ahead: then nothing is gained by waiting.
func (st *chatOrder) follows(seq uint64) bool { return st.wentAhead(seq) || st.wentAhead(seq-1) }

// goAhead notes that a message beyond the position was delivered.
func (st *chatOrder) goAhead(seq uint64) {
	i, found := slices.BinarySearchFunc(st.ahead, seq, func(s span, seq uint64) int { return cmp.Compare(s.from, seq) })
	switch {
	case found || i > 0 && seq <= st.ahead[i-1].to:
	case i > 0 && st.ahead[i-1].to == seq-1:
		st.ahead[i-1].to = seq
		if i < len(st.ahead) && st.ahead[i].from == seq+1 {
			st.ahead[i-1].to = st.ahead[i].to
			st.ahead = slices.Delete(st.ahead, i, i+1)
		}
	case i < len(st.ahead) && st.ahead[i].from == seq+1:
		st.ahead[i].from = seq
	default:
		st.ahead = slices.Insert(st.ahead, i, span{seq, seq})
	}
	if len(st.ahead) > aheadMost {
		st.ahead = slices.Delete(st.ahead, 0, 1)
	}
}

// early delivers a message before its sequence is proven.
func (o *order) early(ctx context.Context, st *chatOrder, e *event.Message, ask time.Duration) {
	if !st.begun && len(st.ahead) == 0 {
		st.since = o.c.now().Add(-firstSlack).Unix()
	}
	o.hand(ctx, nil, e)
	st.goAhead(e.Sequence)
	st.target = max(st.target, e.Sequence)
	if o.resting(st) {
		ask = max(time.Until(o.restUntil), time.Until(st.restUntil))
	}
	o.planUnlessStalled(st, ask)
}

// passed decides about a message with a sequence that has passed. When it is newer
// than the last message, the server counts anew, or the position is wrong, or the
// message is no real one: the server is asked.
func (o *order) passed(ctx context.Context, st *chatOrder, e *event.Message) {
	if o.c.seen.Known(st.id.key(), e.Sequence, uint64(e.Random)) {
		return
	}
	for _, late := range []*[]uint64{&st.absent, &st.owed} { // the history lagged behind
		if i := slices.Index(*late, e.Sequence); i >= 0 {
			*late = slices.Delete(*late, i, i+1)
			o.hand(ctx, nil, e)
			o.changed(progressEvery)
			return
		}
	}
	now := o.c.now().Unix()
	switch {
	case e.Sequence <= st.named && st.named-e.Sequence < reorderHeld && e.Time >= st.namedAt:
		o.hand(ctx, nil, e)
	case min(e.Time, now) <= past(st.lastTime, now)+resetSeconds:
	case o.resting(st), len(st.doubted) >= reorderHeld, o.held.full():
		o.hand(ctx, nil, e)
	default:
		st.doubt = true
		st.doubted = append(st.doubted, e)
		o.held.add(e)
		o.planUnlessStalled(st, 0)
	}
}

// start gives a chat its position.
func (o *order) start(st *chatOrder, last uint64) {
	o.mu.Lock()
	st.begun, st.last = true, last
	o.mu.Unlock()
	st.doubt = false
	o.changed(progressNew)
}

// sent takes the sequence that the server gave an own message in its answer.
func (o *order) sent(e *event.Message) {
	if !numbered(e.Message) {
		return
	}
	o.account()
	id := chatOf(e.Chat)
	st := o.chats[id]
	if st == nil {
		st = o.add(id, e.Chat.PeerUID)
	}
	if len(st.ahead) == 0 && (!st.begun || st.anyFirst()) {
		o.start(st, e.Sequence-1)
	}
	o.prove(st, e.Sequence)
}

// prove takes a sequence that an answer of the server names. A chat without a
// position begins before its first message, where a push says, or after the sequence:
// what is older is not news.
func (o *order) prove(st *chatOrder, seq uint64) {
	if first := st.firstAhead(); !st.begun || first != 0 && st.anyFirst() {
		last := seq
		if len(st.held) > 0 && (first == 0 || st.held[0].Sequence < first) {
			first = st.held[0].Sequence
		}
		if first != 0 && first <= seq {
			last = first - 1
		}
		if st.hinted && !st.begun {
			last = min(last, st.hint)
		}
		if last == seq && first == 0 {
			st.named, st.namedAt = seq, o.c.now().Add(-firstSlack).Unix()
		}
		o.start(st, last)
	}
	st.proven = max(st.proven, seq)
	if o.sparse(st) { // the gaps before what was delivered mean nothing
		for _, s := range st.ahead {
			if s.to <= seq {
				o.set(st, s.to)
			}
		}
	}
	if seq > st.last {
		st.target = max(st.target, seq)
	}
	o.absorb(st)
}

// firstAhead is the lowest sequence delivered beyond the position, 0 when none was.
func (st *chatOrder) firstAhead() uint64 {
	if len(st.ahead) == 0 {
		return 0
	}
	return st.ahead[0].from
}

// absorb moves the position over what was delivered ahead of it.
func (o *order) absorb(st *chatOrder) {
	for len(st.ahead) > 0 && st.begun && st.ahead[0].from <= st.last+1 {
		if st.ahead[0].to > st.last {
			o.set(st, st.ahead[0].to)
		}
		st.ahead = st.ahead[1:]
	}
}

// confirm takes the server's answer to the question for the newest sequence. It may
// lag behind the pushes: it must contradict them several times to count.
func (o *order) confirm(ctx context.Context, r pageResult) {
	st := r.st
	st.tries = 0
	if !st.begun && !st.hinted && len(st.ahead) == 0 && r.newest > 0 {
		return // its first message may be on its way
	}
	wrong := st.begun && r.newest < r.first
	// What is newer than what was asked about may be on its way, too.
	o.prove(st, min(r.newest, max(r.first, r.last, st.hint)))
	denied := wrong || r.newest < r.last && st.target > max(st.proven, st.last)
	if denied && len(st.doubted) == 0 {
		if st.denials++; st.denials < fetchTries {
			st.doubt = st.doubt || wrong
			o.advance(ctx, st)
			if st.proven > st.last {
				o.plan(st, 0)
			} else {
				o.plan(st, fetchPause)
			}
			return
		}
	}
	st.denials, st.doubt = 0, false
	if denied { // a few an hour are logged
		o.c.notes.Warn("position", "a sequence that the server denies: it moves nothing",
			"chat", st.id.String(), "named", r.last, "position", r.first, "newest", r.newest)
	}
	if wrong {
		o.heal(ctx, st, r.newest)
	}
	doubted := st.doubted
	st.doubted = nil
	for _, e := range doubted {
		o.held.remove(e)
		switch {
		case !wrong: // an old one, or no real one
			o.c.log.Debug("message dropped: its sequence has passed", "chat", st.id.String(), "sequence", e.Sequence)
		case e.Sequence > st.last:
			o.hold(st, e)
		default:
			o.hand(ctx, nil, e)
		}
	}
	if denied {
		st.ahead = slices.DeleteFunc(st.ahead, func(s span) bool { return s.from > st.proven && s.to <= r.last })
		o.release(ctx, st, r.last, false)
	}
	o.advance(ctx, st)
	if st.proven > st.last || st.unsure() {
		o.plan(st, 0)
	}
}

// heal puts a position back that is beyond the newest message of the chat: the server
// counts anew, or the position was moved by something that was not proven. What was
// written since the last message is fetched.
func (o *order) heal(ctx context.Context, st *chatOrder, newest uint64) {
	o.c.log.Warn("position of a chat was beyond its newest message: it is put back, and what may be missing is fetched",
		"chat", st.id.String(), "position", st.last, "newest", newest)
	o.release(ctx, st, math.MaxUint64, false)
	st.since = past(st.lastTime, o.c.now().Unix())
	st.proven, st.target, st.ahead, st.absent = newest, newest, nil, nil
	o.mu.Lock()
	st.last, st.lastTime = newest-min(newest, uint64(o.c.opts.CatchUp.Messages)), st.since
	o.mu.Unlock()
	st.owed = slices.DeleteFunc(st.owed, func(seq uint64) bool { return seq > st.last })
	o.changed(progressNew)
}

// release delivers what waits beyond the proven sequences, up to one. The chat does
// not move. remember: nothing denies these messages; they are not delivered again.
func (o *order) release(ctx context.Context, st *chatOrder, to uint64, remember bool) {
	held := st.held
	st.held = nil
	for _, e := range held {
		if e.Sequence <= st.proven || e.Sequence > to {
			st.held = append(st.held, e)
			continue
		}
		o.held.remove(e)
		o.hand(ctx, nil, e)
		if remember {
			st.goAhead(e.Sequence)
		}
	}
	st.target = st.proven
	if n := len(st.held); n > 0 {
		st.target = max(st.target, st.held[n-1].Sequence)
	}
	if n := len(st.ahead); n > 0 {
		st.target = max(st.target, st.ahead[n-1].to)
	}
}

// giveUp delivers what waits without what is missing before it. What is proven is
// owed from then on, and delivered when the history can be had again. What is not
// proven does not move the chat, and is asked about again.
func (o *order) giveUp(ctx context.Context, st *chatOrder) {
	for st.begun && st.proven > st.last {
		end := st.proven
		if len(st.held) > 0 {
			end = min(end, st.held[0].Sequence-1)
		}
		o.owe(st, end)
		o.set(st, end)
		o.advance(ctx, st)
	}
	doubted := st.doubted
	st.doubted = nil
	for _, e := range doubted {
		o.held.remove(e)
		o.hand(ctx, nil, e)
	}
	o.release(ctx, st, math.MaxUint64, true)
	o.advance(ctx, st)
	if st.begun && st.unsure() && !st.nobody() {
		o.plan(st, max(time.Until(o.restUntil), time.Until(st.restUntil), fetchPause))
	}
}
