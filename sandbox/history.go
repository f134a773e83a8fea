package sandbox

import (
	"slices"

	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

// historyLimit is how many messages of one chat are remembered.
const historyLimit = 2000

// history holds the newest messages of one chat, sequences without gaps.
type history struct {
	next    uint64 // the sequence of the next message
	records []*record
}

// record is one message; only recalled ever changes.
type record struct {
	msg       *messagepb.CommonMessage
	sequence  uint64
	clientSeq uint64
	random    uint32
	from      message.UIN
	time      int64
	recalled  bool
}

func (h *history) last() uint64 { return h.next - 1 }

// add stores r, whose sequence must be h.next, and forgets the oldest when there
// are too many.
func (h *history) add(r *record) {
	if len(h.records) == historyLimit {
		h.records[0] = nil // or it stays in memory until append moves the rest
		h.records = h.records[1:]
	}
	h.records = append(h.records, r)
	h.next++
}

// find returns the message with a sequence, recalled or not; nil when it is not
// remembered.
func (h *history) find(seq uint64) *record {
	records := h.records
	if len(records) == 0 || seq < records[0].sequence || seq >= h.next {
		return nil
	}
	return records[seq-records[0].sequence]
}

// between returns the remembered messages of an inclusive range.
func (h *history) between(from, to uint64) []*record {
	records := h.records
	if len(records) == 0 || from > to || from >= h.next || to < records[0].sequence {
		return nil
	}
	first := records[0].sequence
	return records[max(from, first)-first : min(to, h.next-1)-first+1]
}

func present(records []*record) []*messagepb.CommonMessage {
	messages := make([]*messagepb.CommonMessage, 0, len(records))
	for _, r := range records {
		if !r.recalled {
			messages = append(messages, r.msg)
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

// GroupHistory returns the messages of an inclusive range of sequences,
// ascending, recalled ones left out (docs/protocol/messages.md 12.1, 12.3). The
// last 2000 are remembered. The messages are shared: read-only.
func (w *World) GroupHistory(code message.GroupCode, from, to uint64) []*messagepb.CommonMessage {
	w.mu.Lock()
	defer w.mu.Unlock()
	if g := w.groups[code]; g != nil {
		return present(g.history.between(from, to))
	}
	return nil
}

// FriendHistory is GroupHistory for the private chat of a and b, in conversation
// sequences.
func (w *World) FriendHistory(a, b message.UIN, from, to uint64) []*messagepb.CommonMessage {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p := w.pairs[keyOf(a, b)]; p != nil {
		return present(p.history.between(from, to))
	}
	return nil
}

// privateSequence returns the conversation sequence of the newest message of the
// private chat of a and b that author, 0 for either, sent with a client sequence;
// 0 when there is none.
func (w *World) privateSequence(a, b message.UIN, clientSeq uint64, author message.UIN) uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.pairs[keyOf(a, b)]
	if p == nil {
		return 0
	}
	for _, r := range slices.Backward(p.history.records) {
		if r.clientSeq == clientSeq && (author == 0 || r.from == author) {
			return r.sequence
		}
	}
	return 0
}

// RoamHistory returns up to count messages of the private chat of a and b,
// ascending: direction 1 the newest with a time not after time, 2 the oldest with
// a time not before it. complete is true when nothing older is left
// (docs/protocol/messages.md 12.4).
func (w *World) RoamHistory(a, b message.UIN, time int64, count int, direction uint32) (messages []*messagepb.CommonMessage, complete bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.pairs[keyOf(a, b)]
	if p == nil || count <= 0 {
		return nil, p == nil
	}
	var all []*record
	for _, r := range p.history.records {
		if !r.recalled {
			all = append(all, r)
		}
	}
	first, last := 0, len(all)
	if direction == 2 {
		first = firstSince(all, time)
		last = min(last, first+count)
	} else {
		last = firstSince(all, time+1)
		first = max(0, last-count)
	}
	return present(all[first:last]), first == 0
}

// firstSince finds the first record whose time is at least time; times ascend.
func firstSince(records []*record, time int64) int {
	i := slices.IndexFunc(records, func(r *record) bool { return r.time >= time })
	if i < 0 {
		return len(records)
	}
	return i
}

// LatestSequence returns the sequence of a group's newest message, 0 when there
// is none.
func (w *World) LatestSequence(code message.GroupCode) uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if g := w.groups[code]; g != nil {
		return g.history.last()
	}
	return 0
}

// PeerSequence returns the sequence and time (Unix seconds) of the newest message
// of the private chat of a and b, zeros when there is none.
func (w *World) PeerSequence(a, b message.UIN) (seq uint64, time int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p := w.pairs[keyOf(a, b)]; p != nil {
		return p.history.last(), p.newest
	}
	return 0, 0
}
