package order

import (
	"slices"

	"libration/ntqq/event"
	"libration/ntqq/message"
)

// Saved is the state of one chat that outlives a restart.
type Saved struct {
	Chat     ID
	Peer     message.UID
	Sequence uint64   // up to which everything was delivered
	Time     int64    // of the last message, Unix seconds
	Missing  []uint64 // below Sequence, ascending
	// Since is set while the beginning of the chat is not known for certain, or was moved
	// back: only messages after this time (Unix seconds) are delivered. 0 means that the
	// beginning is certain.
	Since int64
}

// Snapshot returns what to save of all chats, and the time of the account's first
// registration in Unix seconds. It has only what an answer of the server has confirmed.
func (b *Book) Snapshot(unix int64) (list []Saved, presence int64) {
	list = make([]Saved, 0, len(b.chats))
	for _, st := range b.sorted() {
		s := Saved{Chat: st.id, Peer: st.peer, Sequence: st.position, Time: past(st.time, unix), Missing: slices.Clone(st.owed)}
		switch {
		case st.begin != firm && (st.expected || st.eager || len(st.waiting) > 0 || len(st.ahead) > 0):
			s.Since = max(st.since, 1)
		case st.healing:
			s.Since = st.since
		}
		if st.begin != unknown || s.Since != 0 {
			list = append(list, s)
		}
	}
	return list, b.presence
}

// Without takes out the last messages that the Book has delivered: the handler does not
// have them yet.
func (s *Saved) Without(held []*event.Message) {
	for _, m := range slices.Backward(held) {
		if !Numbered(m.Message) || m.Sequence > s.Sequence {
			continue
		}
		s.Time = min(s.Time, m.Time)
		if m.Sequence == s.Sequence {
			s.Sequence--
		} else {
			s.Missing = append(s.Missing, m.Sequence)
		}
	}
	slices.Sort(s.Missing)
	s.Missing = slices.DeleteFunc(slices.Compact(s.Missing), func(seq uint64) bool { return seq > s.Sequence })
}

// Restore fills an empty Book with what Snapshot returned earlier.
func (b *Book) Restore(at At, saved []Saved, presence int64) {
	b.presence, b.restored = presence, at.Unix
	for _, s := range saved {
		if presence == 0 { // of a version that did not keep it
			b.presence = max(b.presence, past(s.Time, at.Unix))
		}
		if s.Chat.Code == 0 || len(b.chats) >= chatsMost {
			continue
		}
		st := &chat{
			id: s.Chat, begin: firm, since: 0, position: s.Sequence, time: s.Time, away: true,
			owed: slices.Sorted(slices.Values(s.Missing[max(0, len(s.Missing)-b.limits.Messages):])), owedSince: at.Now,
		}
		switch {
		case s.Since != 0 && s.Sequence != 0:
			st.begin, st.since, st.expected, st.eager = named, s.Since, true, true
		case s.Since != 0, !s.Chat.Group && s.Sequence == 0:
			st.begin, st.since, st.expected, st.eager = unknown, s.Since, true, true
		}
		st.restored = st.begin != firm
		st.know(s.Peer)
		b.chats[s.Chat] = st
	}
}
