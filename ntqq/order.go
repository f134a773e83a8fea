package ntqq

import (
	"context"
	"slices"
	"sync"
	"time"

	"libration/ntqq/event"
	"libration/ntqq/message"
)

const (
	// reorderWait is how long a message with a gap before it waits for those pushed
	// out of order; then, or when reorderHeld messages wait, the gap is fetched.
	reorderWait = 500 * time.Millisecond
	reorderHeld = 64
	// heldMost and heldMostBytes bound the messages and recalls that wait in all chats
	// together. Messages beyond are not kept: they are fetched when it is their turn.
	heldMost      = 8192
	heldMostBytes = 32 << 20
	// chatsMost bounds the chats that are remembered.
	chatsMost = 8192
	// fetchTries bounds the requests for one page, fetchPause is between them.
	fetchTries = 3
	fetchPause = time.Second
	// historyRest is how long gaps are not waited for after the history could not be
	// had: live messages must not wait for it each time.
	historyRest = 5 * time.Minute
	// resetSeconds is by how much a message must be newer than the last one of its
	// chat, with a lower sequence, to show that the server counts anew.
	resetSeconds = 5
	// sparseAfter is how many gaps without a message show that gaps in private chats
	// mean nothing.
	sparseAfter = 5
	// lateMost is how many sequences missing in the history are remembered per chat.
	lateMost = 64
)

// order puts the messages of each chat in order, each once, and finds out which
// are missing. It is for the dispatcher's goroutine, but for delivered and
// privateChats; mu guards what these read.
type order struct {
	c     *Client
	self  UIN  // the account that the chats belong to
	held  held // in all chats
	pages chan pageResult
	slots chan struct{} // one for each fetch under way
	wg    sync.WaitGroup
	timer *time.Timer
	next  time.Time // when timer fires; zero: it does not
	// waiting are the chats with a due time.
	waiting map[chatID]*chatOrder
	// restUntil: the history cannot be had, of any chat.
	restUntil time.Time
	// emptyPages counts the fetches in a row, in private chats, that found nothing.
	emptyPages int
	journal    journal

	mu    sync.Mutex
	chats map[chatID]*chatOrder
}

// chatOrder is one chat. Messages up to last have been delivered, or never will be.
type chatOrder struct {
	id       chatID
	peer     UID
	last     uint64
	lastTime int64  // of the last delivered message, Unix seconds
	target   uint64 // the newest sequence that is known to exist

	// empty: the server said so since the last registration.
	empty    bool
	held     []*event.Message         // ascending, beyond a gap
	recalls  []*event.MessageRecalled // that came while something was missing
	due      time.Time                // when the gap is fetched; zero: not planned
	fetching bool
	stalled  bool // a fetch failed with the connection: the next registration goes on
	tries    int
	// restUntil: the history of this chat cannot be had.
	restUntil time.Time
	absent    []uint64 // missing in the history, too
	// owed are missing sequences, ascending, that were not waited for any longer when
	// the history could not be had.
	owed      []uint64
	owedSince time.Time

	leftOut, tooOld int // of the present catching up
}

// held counts messages and recalls that wait for the messages before them.
type held struct{ events, bytes int }

func (h *held) add(e interface{ Size() int }) {
	h.events++
	h.bytes += e.Size()
}

func (h *held) remove(e interface{ Size() int }) {
	h.events--
	h.bytes -= e.Size()
}

// full tells that no more may wait.
func (h *held) full() bool { return h.events >= heldMost || h.bytes >= heldMostBytes }

// dropHeld forgets the messages of a chat that wait.
func (o *order) dropHeld(st *chatOrder) {
	for _, e := range st.held {
		o.held.remove(e)
	}
	st.held = nil
}

func newOrder(c *Client) *order {
	o := &order{
		c: c, pages: make(chan pageResult), slots: make(chan struct{}, 4),
		waiting: map[chatID]*chatOrder{}, chats: map[chatID]*chatOrder{},
	}
	o.timer = time.NewTimer(time.Hour)
	o.timer.Stop()
	return o
}

// delivered is the newest sequence of a chat that was delivered, 0 when none was.
// Safe for concurrent use.
func (o *order) delivered(id chatID) uint64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	if st := o.chats[id]; st != nil {
		return st.last
	}
	return 0
}

// numbered tells whether the server numbered the message in its chat: a private
// one may have its sender's number only (docs/protocol/messages.md 2.2).
func numbered(m *message.Message) bool {
	return m.Sequence != 0 && (m.Chat.Kind == message.Group || m.Sequence != m.ClientSequence) &&
		(m.Chat.Kind == message.Group || m.Chat.Peer != 0)
}

// message takes a message pushed by the server, or one of our own.
func (o *order) message(ctx context.Context, e *event.Message) {
	if !numbered(e.Message) {
		o.hand(ctx, nil, e)
		return
	}
	id := chatOf(e.Chat)
	st := o.chats[id]
	if st == nil { // nothing is known of before: it starts here
		st = o.add(id, e.Chat.PeerUID, e.Sequence-1)
	}
	o.setPeer(st, e.Chat.PeerUID)
	if e.Sequence <= st.last && !o.again(ctx, st, e) {
		return
	}
	if st.empty && st.last == 0 && !st.id.group { // private chats begin anywhere
		o.set(st, e.Sequence-1)
	}
	if e.Sequence > st.target && o.sparse(st) {
		o.set(st, e.Sequence-1)
	}
	if e.Sequence == st.last+1 {
		o.hand(ctx, st, e)
		if len(st.held) > 0 || st.target > 0 {
			o.advance(ctx, st)
		}
		return
	}
	o.hold(st, e)
	switch {
	case st.fetching || st.stalled:
	case o.resting(st):
		o.giveUp(ctx, st)
	case len(st.held) >= reorderHeld:
		o.plan(st, 0)
	case st.due.IsZero():
		o.plan(st, reorderWait)
	}
}

func (o *order) resting(st *chatOrder) bool {
	now := time.Now()
	return now.Before(o.restUntil) || now.Before(st.restUntil)
}

// sparse tells whether gaps between a private chat's sequences mean nothing: it
// is not certain that the real service counts in each chat by itself
// (docs/protocol/messages.md 3).
func (o *order) sparse(st *chatOrder) bool {
	return !st.id.group && o.emptyPages >= sparseAfter && st.target <= st.last
}

// again decides about a message with a sequence that has passed. It returns true
// when the server counts anew, and the message is the next one.
func (o *order) again(ctx context.Context, st *chatOrder, e *event.Message) bool {
	if o.c.seen.Known(st.id.key(), e.Sequence, uint64(e.Random)) {
		return false
	}
	for _, late := range []*[]uint64{&st.absent, &st.owed} { // the history lagged behind
		if i := slices.Index(*late, e.Sequence); i >= 0 {
			*late = slices.Delete(*late, i, i+1)
			o.hand(ctx, nil, e)
			o.changed(progressEvery)
			return false
		}
	}
	if e.Time <= st.lastTime+resetSeconds {
		return false
	}
	o.dropHeld(st)
	st.target, st.absent, st.owed = 0, nil, nil
	o.set(st, e.Sequence-1)
	return true
}

// hand delivers one message; st is nil when it does not move its chat on.
func (o *order) hand(ctx context.Context, st *chatOrder, e *event.Message) {
	o.c.report(ctx, e)
	if st == nil {
		return
	}
	o.mu.Lock()
	st.lastTime = max(st.lastTime, e.Time)
	o.mu.Unlock()
	o.set(st, e.Sequence)
}

func (o *order) set(st *chatOrder, last uint64) {
	o.mu.Lock()
	st.last = last
	o.mu.Unlock()
	o.changed(progressEvery)
}

// setPeer notes the text id of a private chat's other side, "" when not known.
func (o *order) setPeer(st *chatOrder, peer UID) {
	if peer == "" || st.peer == peer {
		return
	}
	o.mu.Lock()
	st.peer = peer
	o.mu.Unlock()
}

// hold keeps a message until those before it have come.
func (o *order) hold(st *chatOrder, e *event.Message) {
	st.target = max(st.target, e.Sequence)
	i, found := slices.BinarySearchFunc(st.held, e.Sequence, func(h *event.Message, seq uint64) int {
		switch {
		case h.Sequence < seq:
			return -1
		case h.Sequence > seq:
			return 1
		}
		return 0
	})
	if found || o.held.full() && !e.CaughtUp {
		return
	}
	st.held = slices.Insert(st.held, i, e)
	o.held.add(e)
}

// advance delivers what is no longer waiting for anything.
func (o *order) advance(ctx context.Context, st *chatOrder) {
	for len(st.held) > 0 && st.held[0].Sequence <= st.last+1 {
		e := st.held[0]
		st.held[0] = nil
		st.held = st.held[1:]
		o.held.remove(e)
		if e.Sequence == st.last+1 {
			o.hand(ctx, st, e)
		}
	}
	if st.target > st.last {
		return
	}
	st.held, st.target, st.tries, st.stalled = nil, 0, 0, false
	if st.leftOut > 0 || st.tooOld > 0 {
		o.c.log.Warn("missed messages not delivered: they are more or older than Options.CatchUp allows",
			"chat", st.id.String(), "too_many", st.leftOut, "too_old", st.tooOld)
		st.leftOut, st.tooOld = 0, 0
	}
	if !st.due.IsZero() {
		st.due = time.Time{}
		delete(o.waiting, st.id)
	}
	if len(st.owed) > 0 {
		o.plan(st, max(time.Until(o.restUntil), time.Until(st.restUntil), 0))
	}
	recalls := st.recalls
	st.recalls = nil
	for _, e := range recalls {
		o.held.remove(e)
		o.c.report(ctx, e)
	}
}

// recall delivers a recall, or keeps it while messages before it are missing.
func (o *order) recall(ctx context.Context, e *event.MessageRecalled) {
	st := o.chats[chatOf(e.Chat)]
	if st == nil || st.target <= st.last || o.held.full() {
		o.c.report(ctx, e)
		return
	}
	st.recalls = append(st.recalls, e)
	o.held.add(e)
}

// forget takes a chat that has ended out of the tables.
func (o *order) forget(id chatID) {
	st := o.chats[id]
	if st == nil {
		return
	}
	o.dropHeld(st)
	for _, e := range st.recalls {
		o.held.remove(e)
	}
	o.mu.Lock()
	delete(o.chats, id)
	o.mu.Unlock()
	delete(o.waiting, id)
	o.changed(progressEvery)
}

// expect begins the chat with a new friend: its first message is news also when it
// is missed.
func (o *order) expect(friend *event.Person) {
	id := chatID{false, uint64(friend.UIN)}
	if friend.UIN != 0 && friend.UID != "" && o.chats[id] == nil {
		o.add(id, friend.UID, 0).empty = true
	}
}

func (o *order) add(id chatID, peer UID, last uint64) *chatOrder {
	if len(o.chats) >= chatsMost {
		o.makeRoom()
	}
	st := &chatOrder{id: id, peer: peer, last: last}
	o.mu.Lock()
	o.chats[id] = st
	o.mu.Unlock()
	o.changed(progressNew)
	return st
}

// makeRoom forgets the eighth of the chats that was silent for the longest time.
func (o *order) makeRoom() {
	quiet := make([]*chatOrder, 0, len(o.chats))
	for _, st := range o.chats {
		if st.target <= st.last && !st.fetching {
			quiet = append(quiet, st)
		}
	}
	slices.SortFunc(quiet, func(a, b *chatOrder) int { return int(a.lastTime - b.lastTime) })
	for _, st := range quiet[:min(len(quiet), chatsMost/8)] {
		o.forget(st.id)
	}
}

// plan lets a chat's gap be fetched after a while.
func (o *order) plan(st *chatOrder, after time.Duration) {
	at := time.Now().Add(after)
	if !st.due.IsZero() && !at.Before(st.due) {
		return
	}
	st.due = at
	o.waiting[st.id] = st
	o.wake(at)
}

// wake lets the timer fire at a time, or earlier.
func (o *order) wake(at time.Time) {
	if o.next.IsZero() || at.Before(o.next) {
		o.next = at
		o.timer.Reset(time.Until(at))
	}
}

// tick does what is due.
func (o *order) tick(ctx context.Context) {
	o.next = time.Time{}
	now := time.Now()
	for id, st := range o.waiting {
		if st.due.After(now) {
			o.wake(st.due)
			continue
		}
		delete(o.waiting, id)
		st.due = time.Time{}
		o.fetch(ctx, st)
	}
	o.keep(now)
}
