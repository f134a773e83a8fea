package order

import (
	"libration/ntqq/event"
	"libration/ntqq/message"
)

// Registered reports that the account came online. The server pushes messages from now
// on, and open questions are asked again.
type Registered struct {
	Time int64 // the server's clock, Unix seconds; 0: not known
}

func (in Registered) apply(b *Book) {
	b.presence = past(b.presence, b.at.Unix) // a clock may have been wrong
	b.returned = b.presence != 0
	if !b.returned {
		b.presence = in.Time
		if b.presence == 0 {
			b.presence = b.at.Unix - clocks
		}
		for _, st := range b.chats { // pushed before this was known
			if st.begin != firm && !st.restored {
				st.since = b.presence
			}
		}
		b.changed(Begun)
	}
	for _, st := range b.sorted() {
		st.unlisted, st.away, st.since = st.id.Group, true, past(st.since, b.at.Unix)
		was := st.stalled
		st.stalled = false
		if was || len(st.owed) > 0 || st.unsure() {
			b.plan(st, reorderWait)
		}
	}
}

// Synced is the sequence of a group's newest message, by the push that follows a
// registration (docs/protocol/events.md 8.2). A push proves nothing, so the server is
// asked about it, unless the list of groups comes first.
type Synced struct {
	Group  message.GroupCode
	Newest uint64
}

func (in Synced) apply(b *Book) {
	id := ID{true, uint64(in.Group)}
	in.Newest = min(in.Newest, highest)
	st := b.chats[id]
	switch {
	case st == nil:
		st = b.add(id, "")
		st.hint, st.unlisted = &in.Newest, b.presence != 0
	case st.begin == firm && in.Newest > max(st.position, st.known):
		st.known = in.Newest
		b.plan(st, listWait)
	}
}

// Newest is the sequence of the newest message of a chat, as the server answers it. 0
// means that there is no message or, for a group, that it is not known.
type Newest struct {
	Chat     ID
	Peer     message.UID
	Sequence uint64
}

// Listed has the Newest of several chats. Groups means that the list has all groups of
// the account: it has left every other group that it was in when it registered.
type Listed struct {
	Newest []Newest
	Groups bool
}

func (in Listed) apply(b *Book) {
	for _, n := range in.Newest {
		b.listed(n)
	}
	if !in.Groups {
		return
	}
	for _, st := range b.sorted() {
		if st.unlisted {
			b.leave(st, b.at.Unix)
		}
	}
}

func (b *Book) listed(n Newest) {
	st := b.chats[n.Chat]
	if st == nil {
		st = b.add(n.Chat, n.Peer)
	}
	st.know(n.Peer)
	st.unlisted = false
	if st.begin == unknown && b.returned { // something may have been written meanwhile
		st.eager = true
	}
	switch {
	case n.Sequence != 0 && n.Sequence >= st.position:
		b.prove(st, n.Sequence)
	case n.Chat.Group && st.begin == unknown && st.hint != nil && *st.hint == 0:
		b.prove(st, 0)
	case st.begin == unknown && !n.Chat.Group:
		b.nothingYet(st)
	case n.Chat.Group && st.position == 0: // as it was
	default: // it may be older than the last push, or not in the list
		st.doubt = st.begin == firm
	}
	b.advanceFirm(st) // what waited for the beginning of the chat
	b.goOn(st, reorderWait)
}

// advanceFirm delivers what waits for nothing, where the position is right.
func (b *Book) advanceFirm(st *chat) {
	if st.begin == firm {
		b.advance(st)
	}
}

// name takes the first sequence that an answer names.
func (b *Book) name(st *chat, newest uint64) {
	st.denials = 0
	st.time = max(st.time, st.since)
	switch {
	case st.hint != nil && *st.hint <= newest && !b.returned:
		st.begin, st.position = firm, *st.hint
	case newest == 0:
		st.begin = firm
	default:
		st.begin, st.position, st.searched = named, newest, 0
		st.eager = st.eager || b.returned // as in listed
	}
	b.changed(Begun)
}

// Joined reports that the account joined a group or has a new friend. Messages from
// then on are delivered, also those that the account missed.
type Joined struct {
	Chat ID
	Peer message.UID
	Time int64 // Unix seconds, the server's clock
}

func (in Joined) apply(b *Book) {
	at := min(in.Time, b.at.Unix)
	if at <= 0 {
		at = b.at.Unix - clocks
	}
	st := b.chats[in.Chat]
	if st != nil && st.begin == firm {
		if !in.Chat.Group || st.time >= at {
			return // known already
		}
		b.end(st) // it had left unnoticed
		st = nil
	}
	if st == nil {
		st = b.add(in.Chat, in.Peer)
	}
	st.know(in.Peer)
	b.release(st, func(w waiting) bool { return w.message != nil && w.message.Time < at }, false) // it had left unnoticed
	if st.begin == named {                                                                        // before it came
		st.begin, st.position, st.proven, st.searched = unknown, 0, 0, 0
	}
	st.since, st.expected, st.eager, st.away, st.unlisted = at, true, true, false, false
	b.changed(Begun)
	b.plan(st, 0)
}

// Left reports that the account is no longer in a group. Messages that wait are
// delivered; later ones are not fetched.
type Left struct {
	Chat ID
	Time int64 // Unix seconds, the server's clock
}

func (in Left) apply(b *Book) {
	st, at := b.chats[in.Chat], min(in.Time, b.at.Unix)
	switch {
	case st == nil, st.begin == firm && st.time > at, st.begin != firm && st.since > at: // it is in again
	default: // a message of this very second may come twice after a restart, rather than never
		b.leave(st, at)
	}
}

// search takes a page of the history in which the beginning is searched, downwards.
func (b *Book) search(st *chat, r Request, page []*message.Message) {
	var old uint64
	for _, m := range page {
		if m.Time < st.since {
			old = max(old, m.Sequence)
		}
	}
	for _, m := range page {
		switch {
		case m.Sequence <= old:
		case st.partial || b.waiting.events >= waitingMost/2 || b.waiting.bytes >= waitingMostBytes/2:
			st.partial = true // room is left for what is pushed
		default:
			b.caughtUp(st, m)
		}
	}
	if st.searched == 0 {
		st.young = st.position + 1
	}
	if len(page) > 0 {
		st.young = page[0].Sequence
	}
	st.searched = r.First
	switch {
	case old > 0:
		b.found(st, old)
	case r.First == b.lowest(st), st.young-r.First >= emptySearch:
		b.found(st, r.First-1)
	default:
		b.goOn(st, 0)
	}
}

// found makes the beginning of a chat firm: messages up to last are old. What is not
// there between it and the sequence that had been named does not exist.
func (b *Book) found(st *chat, last uint64) {
	searched := st.position
	st.restored = false
	st.begin, st.time = firm, max(st.time, st.since)
	st.known = max(st.known, st.position, st.proven)
	b.move(st, last)
	b.changed(Begun)
	for len(st.waiting) > 0 && st.waiting[0].sequence <= last { // pushed all the same
		w := st.waiting[0]
		b.take(st)
		if b.hand(w); w.message == nil {
			b.deliver(w.recall)
		}
	}
	if !st.partial {
		st.lacks(last+1, searched)
		b.settle(st, searched)
	}
	st.partial = false
	b.advance(st)
	b.goOn(st, 0)
}

// caughtUp takes a missed message out of a page.
func (b *Book) caughtUp(st *chat, m *message.Message) {
	switch {
	case m.Sequence <= st.position && st.begin == firm, st.ahead.has(m.Sequence), m.Time < st.since: // no news
	case m.Time < b.at.Oldest:
		st.tooOld++
	default:
		m.CaughtUp = true
		b.hold(st, &event.Message{Message: m})
	}
}
