package ntqq

import (
	"cmp"
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
	// chat, with a lower sequence, to make it doubtful whether the position is right.
	resetSeconds = 5
	// sparseAfter is how many gaps without a message show that gaps in private chats
	// mean nothing.
	sparseAfter = 5
	// firstSlack is by how much older messages than the first one of a new chat may be
	// news: clocks differ.
	firstSlack = time.Minute
	// lateMost is how many sequences missing in the history are remembered per chat.
	lateMost = 64
	// asksMost bounds the questions under way; others are tried again later.
	asksMost = 256
)

// order puts the messages of each chat in order, each once, and finds out which
// are missing. It is for the dispatcher's goroutine, but for delivered and
// privateChats; mu guards what these read.
type order struct {
	c *Client
	// server answers questions about chats: the Client, or a test.
	server interface {
		latest(ctx context.Context, id chatID, peer UID) (uint64, error)
		page(ctx context.Context, id chatID, peer UID, first, last uint64) ([]*message.Message, error)
	}
	self  UIN  // the account that the chats belong to
	held  held // in all chats
	asks  int  // questions under way
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

// chatOrder is one chat. The functions of position.go decide how far it moves.
type chatOrder struct {
	id   chatID
	peer UID

	// last is the position: messages up to it have been delivered, or never will be.
	// It moves by one with the next message, and further only to what is proven. It
	// counts when begun is set, and it alone is saved.
	last  uint64
	begun bool
	// lastTime is the time of the last message of the position, Unix seconds, but at
	// most the server's time when it came.
	lastTime int64
	// proven is the newest sequence that an answer of the server has named.
	proven uint64
	// target is the newest sequence that is proven, or that a push names; 0: nothing
	// is missing.
	target uint64
	// ahead are the sequences beyond last that were delivered without proof.
	ahead []span
	// doubt: the position may be wrong, and the server has to be asked.
	doubt bool
	// doubted are messages whose sequences have passed. They wait for the answer.
	doubted []*event.Message
	// denials counts the answers in a row that contradict what was pushed.
	denials int
	// since is the time before which messages of the history are no news.
	since int64
	// named is the sequence after which the chat begins, where an answer alone says so,
	// and namedAt the time of it, less firstSlack. A message shortly before it that is
	// pushed later was on its way, and is news.
	named   uint64
	namedAt int64
	// hint is where the chat may begin, as a push says; it counts when hinted is set.
	hint   uint64
	hinted bool

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

// dropHeld forgets what waits in a chat.
func (o *order) dropHeld(st *chatOrder) {
	for _, e := range slices.Concat(st.held, st.doubted) {
		o.held.remove(e)
	}
	for _, e := range st.recalls {
		o.held.remove(e)
	}
	st.held, st.doubted, st.recalls = nil, nil, nil
}

func newOrder(c *Client) *order {
	o := &order{
		c: c, server: c, pages: make(chan pageResult), slots: make(chan struct{}, 4),
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
	if st == nil {
		st = o.add(id, e.Chat.PeerUID)
	}
	o.setPeer(st, e.Chat.PeerUID)
	switch seq := e.Sequence; {
	case !st.begun && (!st.hinted || o.resting(st)), st.anyFirst():
		o.early(ctx, st, e, 0)
	case seq <= st.last && st.begun:
		o.passed(ctx, st, e)
	case seq == st.last+1 && st.begun:
		o.hand(ctx, st, e)
		if st.target > 0 {
			o.advance(ctx, st)
		}
	case st.follows(seq):
		o.early(ctx, st, e, reorderWait)
	case o.sparse(st) && !st.waits():
		o.early(ctx, st, e, progressEvery)
	case o.c.seen.Known(id.key(), seq, uint64(e.Random)): // pushed twice
	default:
		o.hold(st, e)
		switch {
		case st.fetching || st.stalled:
		case o.resting(st):
			o.giveUp(ctx, st)
		case len(st.held) >= reorderHeld:
			o.plan(st, 0)
		default:
			o.plan(st, reorderWait)
		}
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
	return !st.id.group && o.emptyPages >= sparseAfter
}

// hand delivers one message; st is nil when it does not move its chat on.
func (o *order) hand(ctx context.Context, st *chatOrder, e *event.Message) {
	o.c.report(ctx, e)
	if st == nil {
		return
	}
	now := o.c.now().Unix()
	o.mu.Lock()
	st.lastTime = max(past(st.lastTime, now), min(e.Time, now))
	o.mu.Unlock()
	o.set(st, e.Sequence)
}

// past returns a time, and 0 for one that the server's clock has not reached.
func past(t, now int64) int64 {
	if t > now+resetSeconds {
		return 0
	}
	return t
}

func (o *order) set(st *chatOrder, last uint64) {
	o.mu.Lock()
	st.last = last
	o.mu.Unlock()
	o.changed(progressEvery)
}

// setPeer notes the text id of a private chat's other side, "" when not known.
func (o *order) setPeer(st *chatOrder, peer UID) {
	if peer == "" || st.peer == peer || len(peer) > maxUID {
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
	o.absorb(st)
	for len(st.held) > 0 && st.held[0].Sequence <= st.last+1 {
		e := st.held[0]
		st.held[0] = nil
		st.held = st.held[1:]
		o.held.remove(e)
		if e.Sequence == st.last+1 {
			o.hand(ctx, st, e)
			o.absorb(st)
		}
	}
	if !st.waits() {
		recalls := st.recalls
		st.recalls = nil
		for _, e := range recalls {
			o.held.remove(e)
			o.c.report(ctx, e)
		}
	}
	if st.target > st.last {
		return
	}
	st.held, st.target, st.tries, st.stalled, st.since = nil, 0, 0, false, 0
	if st.leftOut > 0 || st.tooOld > 0 {
		o.c.log.Warn("missed messages not delivered: they are more or older than Options.CatchUp allows",
			"chat", st.id.String(), "too_many", st.leftOut, "too_old", st.tooOld)
		st.leftOut, st.tooOld = 0, 0
	}
	if st.doubt {
		return
	}
	st.denials = 0
	if !st.due.IsZero() {
		st.due = time.Time{}
		delete(o.waiting, st.id)
	}
	if len(st.owed) > 0 {
		o.plan(st, max(time.Until(o.restUntil), time.Until(st.restUntil), 0))
	}
}

// waits tells whether messages of the chat wait, or are to be fetched.
func (st *chatOrder) waits() bool { return len(st.held) > 0 || st.proven > st.last }

// recall delivers a recall, or keeps it while messages before it are missing.
func (o *order) recall(ctx context.Context, e *event.MessageRecalled) {
	st := o.chats[chatOf(e.Chat)]
	if st == nil || !st.waits() || o.held.full() {
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
		st := o.add(id, friend.UID)
		o.start(st, 0)
		st.empty = true
	}
}

// add notes a chat. It has no position yet.
func (o *order) add(id chatID, peer UID) *chatOrder {
	if len(o.chats) >= chatsMost {
		o.makeRoom()
	}
	if len(peer) > maxUID {
		peer = ""
	}
	st := &chatOrder{id: id, peer: peer, doubt: true}
	o.mu.Lock()
	o.chats[id] = st
	o.mu.Unlock()
	return st
}

// makeRoom forgets an eighth of the chats: first those without a proven position,
// then those that were silent for the longest time.
func (o *order) makeRoom() {
	quiet := make([]*chatOrder, 0, len(o.chats))
	for _, st := range o.chats {
		if !st.begun || st.target <= st.last && !st.fetching {
			quiet = append(quiet, st)
		}
	}
	now := o.c.now().Unix()
	slices.SortFunc(quiet, func(a, b *chatOrder) int { return -moreRecent(a, b, now) })
	for _, st := range quiet[:min(len(quiet), chatsMost/8)] {
		o.forget(st.id)
	}
}

// moreRecent orders chats: the last ones are those without a proven position, and
// before them those that were silent for the longest time.
func moreRecent(a, b *chatOrder, now int64) int {
	if a.begun != b.begun {
		if a.begun {
			return -1
		}
		return 1
	}
	return cmp.Compare(past(b.lastTime, now), past(a.lastTime, now))
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
