// Package order decides which messages of which chat are delivered when: each once,
// in the order of their sequences, none after it was recalled, and those that were
// missed as soon as they can be had.
//
// A Book has the state of all chats. Step takes an input (a push, an answer of the
// server, time that has passed) and returns which events to deliver and which requests
// to send. Nothing in this package reads a clock or waits: the same inputs give the
// same outputs.
//
// # What is believed
//
// A push proves nothing but that there is one message. It may name any sequence and
// any time, and one such message must not move a chat beyond its real ones:
//
//   - The next message moves a chat by one.
//   - A gap is closed up to the newest sequence that an answer of the server names.
//     What a push names beyond it is asked about, and delivered without moving the
//     chat when the server denies it, or does not answer.
//   - A position that the server contradicts goes back.
//
// # The beginning of a chat
//
// The beginning is the first message that is delivered. It is unknown until an answer
// names the newest message of the chat; pushed messages wait meanwhile. The beginning
// is then named, but not certain: that answer may count messages that are still on
// their way or lost. The newest pages of the history show which messages are younger
// than the account's presence in the chat. Messages before them are old, and the
// beginning is then firm: it does not change any more.
package order

import (
	"cmp"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"libration/ntqq/event"
	"libration/ntqq/message"
)

// PageSize is the most messages that one page of the history has
// (docs/protocol/messages.md 12.3).
const PageSize = 30

const (
	// reorderWait is how long a message with a gap before it waits for those pushed
	// out of order; then, or when reorderWaiting messages wait, the server is asked.
	reorderWait    = 500 * time.Millisecond
	reorderWaiting = 64
	// waitingMost and waitingMostBytes bound the messages and recalls that wait in all
	// chats together. Those beyond a gap that find no room are fetched when it is their
	// turn.
	waitingMost      = 8192
	waitingMostBytes = 32 << 20
	// chatsMost bounds the chats that are remembered.
	chatsMost = 8192
	// tries bounds the questions about one thing, tryPause is between them.
	tries    = 3
	tryPause = time.Second
	// rest is how long nothing is waited for after the history could not be had: live
	// messages must not wait for it each time. Where nothing was ever answered it
	// doubles after restsShort times, to restMost.
	rest       = 5 * time.Minute
	restsShort = 3
	restMost   = time.Hour
	// sure is how long a position that the server has confirmed is not doubted.
	sure = time.Minute
	// newer is by how many seconds a message must be newer than the last one of its
	// chat, with a lower sequence, to make it doubtful whether the position is right.
	newer = 5
	// sparseAfter is how many gaps without a message show that gaps in private chats
	// mean nothing: it is not certain that the real service counts in each chat by
	// itself (docs/protocol/messages.md 3).
	sparseAfter = 5
	// clocks is by how many seconds ours may be ahead of the server's.
	clocks = 5
	// lateMost is how many missing messages of somebody who cannot be asked about are
	// remembered.
	lateMost = 64
	// spansMost bounds the ranges that are remembered in one chat: those delivered
	// ahead, and those missing in the history.
	spansMost = 256
	// highest is the highest sequence that is believed of an answer.
	highest = 1 << 62
	// asksMost bounds the questions under way; others are asked later.
	asksMost = 256
	// listWait is how long what a push says of the groups waits for their list.
	listWait = 2 * time.Second
	// emptySearch is how far the history is searched where it has nothing: for the
	// beginning of a chat, and in gaps that mean nothing.
	emptySearch = 4 * PageSize
)

// ID names a chat whose messages the server numbers without regard to their author:
// a group, or the private chats with one person.
type ID struct {
	Group bool
	Code  uint64 // the group's code, or the person's uin
}

// Of returns the ID of a message's chat.
func Of(c message.Chat) ID {
	if c.Kind == message.Group {
		return ID{true, uint64(c.Group)}
	}
	return ID{false, uint64(c.Peer)}
}

// key tells chats apart for the duplicate filter.
func (id ID) key() uint64 {
	if id.Group {
		return id.Code | 1<<63
	}
	return id.Code
}

func (id ID) String() string {
	if id.Group {
		return fmt.Sprintf("group %d", id.Code)
	}
	return fmt.Sprintf("friend %d", id.Code)
}

// At is when a step is taken.
type At struct {
	Now    time.Time // of the clock that timers use
	Unix   int64     // the server's time
	Oldest int64     // Unix seconds: missed messages before it are too old
}

// Input is what a step takes.
type Input interface{ apply(b *Book) }

// Output is the result of a step. It is valid until the next step.
type Output struct {
	Deliver []event.Event // in this order
	Ask     []Request     // each is to be answered by an Answered
	Notes   []Note        // for the log
	Changed Change
}

// Change says how soon the snapshot should be saved.
type Change int

// The kinds of change.
const (
	Unchanged Change = iota
	Moved            // a chat went on
	Begun            // a chat has begun, or was fetched: a crash before the save costs much
)

// Note is a line for the log.
type Note struct {
	Level slog.Level
	Kind  string // at most a few lines of one kind are logged in an hour; "": no limit
	Text  string
	Args  []any
}

// Limits bound how many missed messages of one chat are fetched.
type Limits struct {
	Messages int           // the newest
	Age      time.Duration // how long messages that could not be fetched are asked for again
}

// Book has the state of the chats of one account. It is not safe for concurrent use.
type Book struct {
	limits  Limits
	chats   map[ID]*chat
	due     map[ID]*chat // those with a due time
	next    time.Time    // when Tick is wanted; zero: never
	seen    event.Deduper
	recalls event.Deduper
	waiting amount // in all chats
	asks    int    // under way
	// presence is the time of the account's first registration, Unix seconds: what is
	// younger is news, also in a chat that was not known. 0: not yet. returned: the
	// present registration is a later one.
	presence int64
	returned bool
	restored int64 // when the Book was restored, Unix seconds
	// restUntil: the history cannot be had, of any chat.
	restUntil time.Time
	// emptyPages counts the gaps in a row, in private chats, that had no message.
	emptyPages int

	at  At // of the present step
	out Output
}

// amount counts events that wait, and the bytes of memory that they keep.
type amount struct{ events, bytes int }

func (a *amount) add(e interface{ Size() int })    { a.events++; a.bytes += e.Size() }
func (a *amount) remove(e interface{ Size() int }) { a.events--; a.bytes -= e.Size() }

// full tells that no more may wait.
func (a *amount) full() bool { return a.events >= waitingMost || a.bytes >= waitingMostBytes }

// New makes an empty Book.
func New(limits Limits) *Book {
	return &Book{limits: limits, chats: map[ID]*chat{}, due: map[ID]*chat{}}
}

// Step takes one input.
func (b *Book) Step(at At, in Input) *Output {
	out := &b.out
	clear(out.Deliver)
	clear(out.Ask)
	clear(out.Notes)
	out.Deliver, out.Ask, out.Notes, out.Changed = out.Deliver[:0], out.Ask[:0], out.Notes[:0], Unchanged
	b.at = at
	in.apply(b)
	return out
}

// Next returns when the next Tick is due. A zero time means that none is due before
// another input.
func (b *Book) Next() time.Time { return b.next }

// Newest returns the sequence up to which the messages of a chat are known. It is 0 for
// a chat that is not known.
func (b *Book) Newest(id ID) uint64 {
	if st := b.chats[id]; st != nil {
		return st.position
	}
	return 0
}

// Private returns the people with whom the account has a private chat: those with the
// most recent messages, at most as many as most says.
func (b *Book) Private(unix int64, most int) map[message.UIN]message.UID {
	var private []*chat
	for id, st := range b.chats {
		if !id.Group && st.peer != "" {
			private = append(private, st)
		}
	}
	slices.SortFunc(private, func(x, y *chat) int { return moreRecent(x, y, unix) })
	known := map[message.UIN]message.UID{}
	for _, st := range private[:min(len(private), most)] {
		known[message.UIN(st.id.Code)] = st.peer
	}
	return known
}

// deliver hands an event on. Messages that were delivered before are dropped, and those
// whose recall has come, unless it is handed on with them.
func (b *Book) deliver(e event.Event) {
	m, ok := e.(*event.Message)
	switch {
	case !ok:
		b.out.Deliver = append(b.out.Deliver, e)
	case !Numbered(m.Message) || !b.recalled(m):
		b.deliverRecalled(m)
	}
}

// recalled tells whether the recall of a message has come.
func (b *Book) recalled(m *event.Message) bool {
	key := Of(m.Chat).key()
	return b.recalls.Known(key, m.Sequence, recallKey(m.Random)) || b.recalls.Known(key, m.Sequence, recallKey(0))
}

// recallKey is what a recall is recognised by beside its chat and sequence: the random
// number of the message, 0 where it does not say. Another message may have that
// sequence when the server counts anew.
func recallKey(random uint32) uint64 { return 1<<32 | uint64(random) }

// deliverRecalled hands a message on whose recall follows.
func (b *Book) deliverRecalled(e *event.Message) {
	if !b.seen.Seen(dupKey(e.Message)) {
		b.out.Deliver = append(b.out.Deliver, e)
	}
}

// dupKey is what a message is recognised by when it comes again. A private one may
// come without the server's number, and with it from the history; its sender's
// number is always there.
func dupKey(m *message.Message) (from, sequence, random uint64) {
	sequence = m.Sequence
	if m.Chat.Kind != message.Group && m.ClientSequence != 0 {
		sequence = m.ClientSequence
	}
	return Of(m.Chat).key(), sequence, uint64(m.Random)
}

func (b *Book) changed(how Change) { b.out.Changed = max(b.out.Changed, how) }

func (b *Book) note(level slog.Level, kind, text string, args ...any) {
	b.out.Notes = append(b.out.Notes, Note{level, kind, text, args})
}

// past returns a time, and 0 for one that the server's clock has not reached.
func past(t, now int64) int64 {
	if t > now+newer {
		return 0
	}
	return t
}

// add notes a chat. Nothing is known of its beginning yet.
func (b *Book) add(id ID, peer message.UID) *chat {
	if len(b.chats) >= chatsMost {
		b.makeRoom()
	}
	st := &chat{id: id, since: b.presence, away: true}
	if st.since == 0 {
		st.since = b.at.Unix - clocks
	}
	st.know(peer)
	b.chats[id] = st
	return st
}

// makeRoom forgets an eighth of the chats: first those whose beginning is not known,
// then those that were silent for the longest time.
func (b *Book) makeRoom() {
	quiet := make([]*chat, 0, len(b.chats))
	for _, st := range b.chats {
		if st.begin == unknown || !st.missing() && !st.asked {
			quiet = append(quiet, st)
		}
	}
	slices.SortFunc(quiet, func(x, y *chat) int { return -moreRecent(x, y, b.at.Unix) })
	for _, st := range quiet[:min(len(quiet), chatsMost/8)] {
		b.end(st)
	}
}

// moreRecent orders chats: the last ones are those whose beginning is not known, and
// before them those that were silent for the longest time.
func moreRecent(x, y *chat, now int64) int {
	if (x.begin == unknown) != (y.begin == unknown) {
		if y.begin == unknown {
			return -1
		}
		return 1
	}
	return cmp.Or(cmp.Compare(past(y.time, now), past(x.time, now)), cmp.Compare(x.id.key(), y.id.key()))
}

// end delivers what waits in a chat and forgets it.
func (b *Book) end(st *chat) {
	b.release(st, anything, false)
	b.deliverDoubted(st)
	delete(b.chats, st.id)
	delete(b.due, st.id)
	b.changed(Moved)
}

// leave ends the account's part of a group. Of what may come later, nothing older is
// news, Unix seconds.
func (b *Book) leave(st *chat, since int64) {
	b.end(st)
	b.chats[st.id] = &chat{id: st.id, since: since, expected: true, away: true}
}

// resting tells that the history of a chat cannot be had, and until when.
func (b *Book) resting(st *chat) (time.Duration, bool) {
	left := max(b.restUntil.Sub(b.at.Now), st.restUntil.Sub(b.at.Now))
	return max(left, 0), left > 0
}

// sparse tells whether gaps between a private chat's sequences mean nothing.
func (b *Book) sparse(st *chat) bool { return !st.id.Group && b.emptyPages >= sparseAfter }

// plan lets a chat's next question be asked after a while, unless one is under way or
// the next registration goes on.
func (b *Book) plan(st *chat, after time.Duration) {
	at := b.at.Now.Add(after)
	if st.asked || st.stalled || !st.due.IsZero() && !at.Before(st.due) {
		return
	}
	st.due = at
	b.due[st.id] = st
	if b.next.IsZero() || at.Before(b.next) {
		b.next = at
	}
}

// unplan forgets the plan of a chat.
func (b *Book) unplan(st *chat) {
	st.due = time.Time{}
	delete(b.due, st.id)
}

// Tick makes Step do what is due by now.
type Tick struct{}

func (Tick) apply(b *Book) {
	b.next = time.Time{}
	var due []*chat
	for _, st := range b.due {
		switch {
		case !st.due.After(b.at.Now):
			due = append(due, st)
		case b.next.IsZero() || st.due.Before(b.next):
			b.next = st.due
		}
	}
	slices.SortFunc(due, func(x, y *chat) int {
		return cmp.Or(x.due.Compare(y.due), cmp.Compare(x.id.key(), y.id.key()))
	})
	for _, st := range due {
		b.unplan(st)
		b.ask(st)
	}
}

// Closed reports that no more input comes. Step then delivers everything that waits.
type Closed struct{}

func (Closed) apply(b *Book) {
	for _, st := range b.sorted() {
		b.giveUp(st)
	}
}

// sorted are the chats, always in the same order.
func (b *Book) sorted() []*chat {
	list := make([]*chat, 0, len(b.chats))
	for _, st := range b.chats {
		list = append(list, st)
	}
	slices.SortFunc(list, func(x, y *chat) int { return cmp.Compare(x.id.key(), y.id.key()) })
	return list
}

// Check says what is wrong with the Book's bounds and counts, "" when nothing is: for
// tests.
func (b *Book) Check() string {
	var waits amount
	asked := 0
	for _, st := range b.sorted() {
		for _, w := range st.waiting {
			waits.add(w)
		}
		for _, e := range st.doubted {
			waits.add(e)
		}
		if st.asked {
			asked++
		}
		switch {
		case len(st.ahead) > spansMost, len(st.owed) > b.limits.Messages, len(st.absent) > spansMost:
			return fmt.Sprintf("%v: %d ahead, %d owed, %d absent", st.id, len(st.ahead), len(st.owed), len(st.absent))
		case st.begin == firm && len(st.waiting) > 0 && st.waiting[0].sequence <= st.position:
			return fmt.Sprintf("%v: %d waits, the position is %d", st.id, st.waiting[0].sequence, st.position)
		case !st.due.IsZero() && b.due[st.id] != st:
			return fmt.Sprintf("%v: planned and forgotten", st.id)
		}
	}
	if waits != b.waiting || asked > b.asks {
		return fmt.Sprintf("%+v wait, %+v are counted; %d questions, %d are counted", waits, b.waiting, asked, b.asks)
	}
	return ""
}
