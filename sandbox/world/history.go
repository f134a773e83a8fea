package world

import (
	"cmp"
	"math"
	"slices"

	"libration/ntqq/message"
)

// historyLimit is how many messages of one chat are remembered.
const historyLimit = 2000

// history holds the newest messages of one chat, sequences without gaps.
type history struct {
	next    uint64 // the sequence of the next message
	records []*record
}

// record is one message, and what became of it.
type record struct {
	Message
	recalled  bool
	essence   *chosen    // nil: it is none of the group's best
	reactions []Reaction // in the order in which they were used first
	changes   uint32     // of reactions
}

func (h *history) last() uint64 { return h.next - 1 }

// add stores m, whose sequence must be h.next, and forgets the oldest when there
// are too many.
func (h *history) add(m *Message) *Message {
	if len(h.records) == historyLimit {
		h.records[0] = nil // or it stays in memory until append moves the rest
		h.records = h.records[1:]
	}
	r := &record{Message: *m}
	h.records = append(h.records, r)
	h.next++
	return &r.Message
}

// find returns the message with a sequence, recalled or not; nil when it is not
// remembered.
func (h *history) find(seq uint64) *record {
	records := h.records
	if len(records) == 0 || seq < records[0].Sequence || seq >= h.next {
		return nil
	}
	return records[seq-records[0].Sequence]
}

// between returns the remembered messages of an inclusive range.
func (h *history) between(from, to uint64) []*record {
	records := h.records
	if len(records) == 0 || from > to || from >= h.next || to < records[0].Sequence {
		return nil
	}
	first := records[0].Sequence
	return records[max(from, first)-first : min(to, h.next-1)-first+1]
}

func present(records []*record) []*Message {
	messages := make([]*Message, 0, len(records))
	for _, r := range records {
		if !r.recalled {
			messages = append(messages, &r.Message)
		}
	}
	return messages
}

type pairKey struct{ low, high message.UIN }

func keyOf(a, b message.UIN) pairKey { return pairKey{low: min(a, b), high: max(a, b)} }

// pair is one private conversation.
type pair struct {
	history history
	newest  int64 // Unix seconds of the newest message
}

// History holds what was said. Of each chat the last 2000 messages are kept.
type History struct{ *state }

// History returns the look-ups of what was said.
func (w *World) History() History { return History{&w.state} }

// OfGroup returns the messages of a group from one sequence to another, both included,
// ascending. Recalled ones are left out (docs/protocol/messages.md 12.1, 12.3). The
// messages are shared: read-only.
func (w History) OfGroup(code message.GroupCode, from, to uint64) []*Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	if g := w.groups[code]; g != nil {
		return present(g.history.between(from, to))
	}
	return nil
}

// OfPrivate is [History.OfGroup] for the private chat of a and b. from and to are
// conversation sequences.
func (w History) OfPrivate(a, b message.UIN, from, to uint64) []*Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p := w.pairs[keyOf(a, b)]; p != nil {
		return present(p.history.between(from, to))
	}
	return nil
}

// Listed is a message of a chat, and what became of it.
type Listed struct {
	*Message
	Recalled bool
	// Essence: it is one of the group's best.
	Essence bool
	// Reactions are in the order in which they were used first. Users are read-only.
	Reactions []Reaction
}

// Newest is [History.Before] for all messages.
func (w History) Newest(code message.GroupCode, a, b message.UIN, limit int) []Listed {
	return w.Before(code, a, b, math.MaxUint64, limit)
}

// Before returns up to limit of the newest messages with a sequence below one, ascending,
// recalled ones included. They are those of a group or, with code 0, of the private chat of
// a and b.
func (w History) Before(code message.GroupCode, a, b message.UIN, sequence uint64, limit int) []Listed {
	w.mu.Lock()
	defer w.mu.Unlock()
	var records []*record
	if g := w.groups[code]; g != nil {
		records = g.history.records
	} else if p := w.pairs[keyOf(a, b)]; p != nil && code == 0 {
		records = p.history.records
	}
	end, _ := slices.BinarySearchFunc(records, sequence, func(r *record, s uint64) int { return cmp.Compare(r.Sequence, s) })
	records = records[max(0, end-limit):end]
	list := make([]Listed, len(records))
	for i, r := range records {
		list[i] = Listed{&r.Message, r.recalled, r.essence != nil, slices.Clone(r.reactions)}
	}
	return list
}

// FindSequence returns the conversation sequence of a message in the private chat of a
// and b, found by its client sequence and its author; author 0 is either. Of several it
// is the newest. It returns 0 where there is none.
func (w History) FindSequence(a, b message.UIN, clientSeq uint64, author message.UIN) uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.pairs[keyOf(a, b)]
	if p == nil {
		return 0
	}
	for _, r := range slices.Backward(p.history.records) {
		if r.ClientSequence == clientSeq && (author == 0 || r.Sender.UIN == author) {
			return r.Sequence
		}
	}
	return 0
}

// SentPrivate returns the messages of the private chat of a and b that have a client
// sequence from one number to another, both included, in the order of the chat.
func (w History) SentPrivate(a, b message.UIN, from, to uint64) []*Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	var sent []*Message
	if p := w.pairs[keyOf(a, b)]; p != nil {
		sent = slices.DeleteFunc(present(p.history.records), func(m *Message) bool {
			return m.ClientSequence < from || m.ClientSequence > to
		})
	}
	return sent
}

// Newer is a direction of [History.Roam].
const Newer = 2

// Roam returns up to count messages of the private chat of a and b, ascending. time is in
// Unix seconds. Newer returns the oldest messages from time on and, where they are fewer,
// those before them. Any other direction returns the newest messages up to time, or of
// all when time is 0. complete is true when nothing is left in that direction
// (docs/protocol/messages.md 12.4).
func (w History) Roam(a, b message.UIN, time int64, count int, direction uint32) (messages []*Message, complete bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.pairs[keyOf(a, b)]
	if p == nil || count <= 0 {
		return nil, p == nil
	}
	all := present(p.history.records)
	if direction == Newer {
		first := min(firstSince(all, time), max(0, len(all)-count))
		last := min(len(all), first+count)
		return all[first:last], last == len(all)
	}
	last := len(all)
	if time != 0 {
		last = firstSince(all, time+1)
	}
	first := max(0, last-count)
	return all[first:last], first == 0
}

// firstSince finds the first message whose time is at least time; times ascend.
func firstSince(messages []*Message, time int64) int {
	i := slices.IndexFunc(messages, func(m *Message) bool { return m.Time >= time })
	if i < 0 {
		return len(messages)
	}
	return i
}

// LastOfGroup returns the sequence of the newest message of a group, 0 for none.
func (w History) LastOfGroup(code message.GroupCode) uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if g := w.groups[code]; g != nil {
		return g.history.last()
	}
	return 0
}

// RangeOfPrivate returns the sequences of the oldest message of the private chat of a and
// b that is remembered and of the newest, recalled or not; zeros for none.
func (w History) RangeOfPrivate(a, b message.UIN) (oldest, newest uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p := w.pairs[keyOf(a, b)]; p != nil {
		return p.history.records[0].Sequence, p.history.last()
	}
	return 0, 0
}

// LastOfPrivate returns the sequence and the time (Unix seconds) of the newest message of
// the private chat of a and b, zeros for none.
func (w History) LastOfPrivate(a, b message.UIN) (seq uint64, time int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p := w.pairs[keyOf(a, b)]; p != nil {
		return p.history.last(), p.newest
	}
	return 0, 0
}
