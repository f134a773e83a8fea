package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"libration/ntqq"
)

const (
	// modelSaved is how long before a crash something may have been delivered and not be
	// saved.
	modelSaved = 4 * time.Second
	// modelRest is how long after trouble with the history gaps are not waited for.
	modelRest = 6 * time.Minute
	// modelHeld is how long a message may wait for the history until it is delivered
	// without what is missing before it.
	modelHeld = 2 * time.Minute
	// modelBusy is how long an event may wait for look-ups before it.
	modelBusy = 20 * time.Second
	// modelReorder is how long a message waits for those before it that were pushed out
	// of order.
	modelReorder = 500 * time.Millisecond
)

func (w *modelWorld) violate(kind, format string, args ...any) {
	v := modelViolation{kind, fmt.Sprintf(format, args...)}
	w.logf("VIOLATION %v", v)
	w.violations = append(w.violations, v)
}

// judge compares what the program got with what happened.
func (w *modelWorld) judge() {
	for _, s := range w.sends { // an own private message is not pushed, but answered
		if s.done && s.err == nil && s.chat.peer != 0 {
			if m := w.truth.chat(s.chat).messages[s.message.Sequence]; m != nil && m.handed == nil {
				m.handed = &modelHanded{at: s.at}
			}
		}
	}
	for _, m := range w.truth.messages {
		if m.handed != nil && w.cutAt(m.handed.at) {
			m.handed = nil
		}
	}
	w.judgeHeard()
	w.judgeMissing()
	w.judgeRecalls()
	w.judgeSends()
}

// judgeHeard looks at each delivered message: it is real, the account's, comes once,
// in order, not after its recall, nor after the account has left.
func (w *modelWorld) judgeHeard() {
	newest := map[modelChat]*modelHeard{}
	highest := map[modelChat][]*modelHeard{} // each higher than those before it
	recalled := map[modelChat]map[uint64]bool{}
	left := map[modelChat]*modelHeard{}
	for _, h := range w.heard {
		switch h.kind {
		case modelRecall:
			if recalled[h.chat] == nil {
				recalled[h.chat] = map[uint64]bool{}
			}
			recalled[h.chat][h.sequence] = true
			continue
		case modelLeave:
			left[h.chat] = h
			continue
		case modelJoin:
			delete(left, h.chat)
			continue
		}
		m := w.truth.chat(h.chat).messages[h.sequence]
		what := fmt.Sprintf("%v %d %q", h.chat, h.sequence, h.text)
		switch {
		case m == nil || m.text != h.text:
			w.violate("never said", "%s", what)
			continue
		case m.old:
			w.violate("old", "%s was written before the first login", what)
			continue
		case m.outside && w.sameSecond(m):
		case m.outside && m.knowable:
			w.violate("outside", "%s was written while the account was not in the group", what)
			continue
		case m.outside:
			w.counts["heard from outside, which nothing told"]++
		}
		if recalled[h.chat][h.sequence] {
			w.violate("after its recall", "%s", what)
		}
		if m.told != nil {
			w.judgeAgain(h, m, what)
			continue
		}
		m.told, m.first = h, h
		if end := w.truth.chat(h.chat).end(m); end != nil && left[h.chat] != nil && left[h.chat].run == h.run &&
			!left[h.chat].at.Before(end.left) && m.handed != nil && m.handed.place < end.place {
			w.violate("after leaving", "%s was pushed before the account left, and delivered after that", what)
		}
		if last := newest[h.chat]; last != nil && last.sequence > h.sequence {
			w.judgeLate(h, m, highest[h.chat], what)
			continue
		}
		newest[h.chat] = h
		highest[h.chat] = append(highest[h.chat], h)
	}
}

// sameSecond tells whether the account joined in the second in which a message was
// written: nothing tells them apart.
func (w *modelWorld) sameSecond(m *modelMessage) bool {
	for _, other := range w.joinTimes[m.chat] {
		if other.Unix() == m.at.Unix() {
			return true
		}
	}
	return false
}

// end is when the account's time in a group ended in which a message was written; nil:
// it has not.
func (c *modelChatTruth) end(m *modelMessage) *modelEpochEnd {
	for i := range c.ended {
		if !c.ended[i].left.Before(m.at) && !m.outside {
			return &c.ended[i]
		}
	}
	return nil
}

// judgeAgain decides about a message that is delivered once more: after a crash, when
// that had not been saved, or when it was delivered without proof.
func (w *modelWorld) judgeAgain(h *modelHeard, m *modelMessage, what string) {
	switch {
	case h.run == m.told.run:
		w.violate("twice", "%s, in one run", what)
	case !h.caughtUp:
		w.violate("twice", "%s, after a restart and not marked", what)
	default:
		stop := w.stops[m.told.run-1]
		unsaved := stop.crash && stop.at.Sub(m.told.at) < modelSaved
		if !unsaved && !m.unsaved && !w.troubled(stop.at.Add(-modelRest), stop.at, anyTrouble) {
			w.violate("twice", "%s, delivered %v before the end of run %d (crash %t)", what, stop.at.Sub(m.told.at), m.told.run, stop.crash)
		}
		w.counts["told again after a restart"]++
		m.told = h
	}
}

// judgeLate decides about a message that comes after one with a higher sequence: only
// what was given up may, what was recalled, so that the history did not have it, or what
// came first of a chat that was not known.
func (w *modelWorld) judgeLate(h *modelHeard, m *modelMessage, highest []*modelHeard, what string) {
	for _, overtook := range highest {
		if overtook.sequence < h.sequence {
			continue
		}
		if w.troubled(overtook.at.Add(-modelRest), overtook.at, m.chat.ofChat) {
			w.counts["late"]++
			return
		}
		switch {
		case !m.recalled.IsZero() && !m.recalled.After(overtook.at), !m.known && !w.soonAfterFirst(m),
			w.truth.chat(m.chat).end(m) != nil && w.sameSecond(m): // fetched after the account was in again
			return
		}
		w.violate("order", "%s, after %d of %v before", what, overtook.sequence, h.at.Sub(overtook.at))
		return
	}
}

// soonAfterFirst tells whether a message of a chat that was not known was pushed before
// the first ones are delivered.
func (w *modelWorld) soonAfterFirst(m *modelMessage) bool {
	first := w.truth.chat(m.chat).first
	return m.handed != nil && m.handed.at.Sub(first) < modelReorder
}

// judgeMissing looks for messages that were not delivered.
func (w *modelWorld) judgeMissing() {
	for _, m := range w.truth.messages {
		switch {
		case !w.required(m):
		case m.told != nil:
			if why := w.evident(m); why != "" && m.first.at.After(w.quiet) {
				w.violate("forgotten, "+why, "%v %d %q of %s came only with the next connection", m.chat, m.sequence, m.text, m.at.Format("15:04:05.000"))
			}
		default:
			w.violate("missing", "%v %d %q by %d of %s, known %t, pushed %t", m.chat, m.sequence, m.text, m.from, m.at.Format("15:04:05.000"), m.known, m.handed != nil)
		}
	}
}

// required decides whether a message had to be delivered.
func (w *modelWorld) required(m *modelMessage) bool {
	if m.old || m.outside || !m.recalled.IsZero() {
		return false
	}
	c := w.truth.chat(m.chat)
	end := c.end(m)
	switch {
	case w.nature.few && c.messages[m.sequence+modelFew] != nil: // too many may have been missed
		return false
	case end != nil: // the history cannot be had any more
		if m.handed == nil || m.handed.at.After(end.left) || end.learned.IsZero() {
			return false
		}
		return !w.stopped(m.handed.at, end.learned.Add(modelBusy))
	case m.known && !m.unsaved && !w.nature.refused:
		return true
	case m.handed == nil:
		return false
	}
	wait := modelBusy
	if w.troubled(m.handed.at, m.handed.at.Add(modelBusy), anyTrouble) {
		wait = modelHeld
	}
	return w.steady(m.handed.at, wait) && (m.known || w.soonAfterFirst(m))
}

// steady tells whether the account was online for so long without a break after a time,
// before the program was stopped.
func (w *modelWorld) steady(after time.Time, wait time.Duration) bool {
	for _, span := range w.spans {
		if span.from.Before(after) {
			span.from = after
		}
		if span.to.Sub(span.from) >= wait {
			return !w.stopped(after, span.from)
		}
	}
	return false
}

// evident says what told the account, before the last connection, that there are
// messages up to this one: a push, a recall, the answer to a send, or the answers after
// a registration; "": nothing did.
func (w *modelWorld) evident(m *modelMessage) string {
	if m.at.Before(w.registered) && (m.chat.group != 0 || !w.troubled(w.registered, w.registered.Add(modelRest), anyTrouble)) {
		return "registration"
	}
	for push, h := range w.pushes.handed {
		said := push.kind == modelSaid || push.kind == modelRecall
		if said && push.chat == m.chat && push.sequence >= m.sequence && h.at.Before(w.quiet) && h.at.After(w.started) {
			return "push"
		}
	}
	for _, s := range w.sends { // an answer names its sequence
		if s.done && s.err == nil && s.chat == m.chat && s.message.Sequence >= m.sequence && s.at.After(w.started) && s.at.Before(w.quiet) {
			return "answer to a send"
		}
	}
	return ""
}

// cutAt tells whether a connection ended at a time: what was pushed then may be lost.
func (w *modelWorld) cutAt(at time.Time) bool {
	return slices.ContainsFunc(w.spans, func(s modelSpan) bool { return s.to.Sub(at).Abs() < 2*time.Millisecond })
}

// stopped tells whether the program was stopped in a time.
func (w *modelWorld) stopped(from, to time.Time) bool {
	for _, s := range w.stops {
		if !s.at.Before(from) && !s.at.After(to) {
			return true
		}
	}
	return false
}

// judgeRecalls: a recall is told once, of a message that was told.
func (w *modelWorld) judgeRecalls() {
	told := map[*modelMessage]int{}
	for _, h := range w.heard {
		if h.kind != modelRecall {
			continue
		}
		m := w.truth.chat(h.chat).messages[h.sequence]
		what := fmt.Sprintf("recall of %v %d", h.chat, h.sequence)
		if m == nil || m.recalled.IsZero() {
			w.violate("never said", "%s", what)
			continue
		}
		if told[m]++; told[m] > 1 {
			w.violate("twice", "%s", what)
		}
		if m.told == nil && w.knowsUntold(m, h) {
			w.violate("recall alone", "%s: the message was not delivered", what)
		}
		w.counts["recalls heard"]++
	}
	for _, m := range w.truth.messages {
		handed, ok := w.pushes.handed[modelPush{kind: modelRecall, chat: m.chat, sequence: m.sequence}]
		if m.recalled.IsZero() || !ok || m.told == nil || told[m] > 0 {
			continue
		}
		if m.told.run == w.runAt(handed.at) && !w.cutAt(handed.at) && w.steady(handed.at, modelHeld) {
			w.violate("recall missing", "%v %d %q", m.chat, m.sequence, m.text)
		}
	}
}

// knowsUntold tells whether the account can know that a message that is recalled was
// not delivered: it was not too much to be fetched, the account was in the chat all the
// time, and no earlier run, which may not have saved it, can have delivered it.
func (w *modelWorld) knowsUntold(m *modelMessage, h *modelHeard) bool {
	c := w.truth.chat(m.chat)
	if m.old || m.outside || !m.known || m.unsaved || w.nature.few && c.messages[m.sequence+modelFew] != nil {
		return false
	}
	if end := c.end(m); end != nil && !end.left.After(h.at) {
		return false
	}
	if h.run > 1 && m.at.Before(w.starts[h.run-1]) {
		return !w.stops[h.run-2].crash && !w.troubled(m.at.Add(-modelRest), h.at, anyTrouble)
	}
	return true
}

// runAt is the number of the run of the program at a time.
func (w *modelWorld) runAt(at time.Time) int {
	n := 1
	for _, s := range w.stops {
		if s.at.Before(at) {
			n++
		}
	}
	return n
}

// judgeSends: what was answered to a send is true.
func (w *modelWorld) judgeSends() {
	for _, s := range w.sends {
		n := w.truth.byText[s.text]
		switch {
		case s.ended && (n > 0 || s.done && !errors.Is(s.err, context.Canceled) || errors.Is(s.err, ntqq.ErrUnknownOutcome)):
			w.violate("send ended before", "%q is in the world %d times, and the answer was %v", s.text, n, s.err)
		case n > 1:
			w.violate("send", "%q is in the world %d times", s.text, n)
		case !s.done || errors.Is(s.err, ntqq.ErrUnknownOutcome):
			w.counts["sends with unknown outcome"]++
		case s.err != nil && n != 0:
			w.violate("send", "%q was sent, and the answer was %v", s.text, s.err)
		case s.err != nil:
			w.counts["sends that failed"]++
		case n == 0:
			w.violate("send", "%q was not sent, and answered with %d", s.text, s.message.Sequence)
		default:
			if m := w.truth.chat(s.chat).messages[s.message.Sequence]; m == nil || m.text != s.text {
				w.violate("send", "%q was answered with sequence %d, which is another message", s.text, s.message.Sequence)
			}
		}
	}
}
