package ntqq

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"libration/internal/pb"
	"libration/internal/pb/pushpb"
	"libration/ntqq/event"
	"libration/ntqq/message"
)

// CatchUp bounds the fetching of missed messages. What it leaves out is logged
// with its number.
type CatchUp struct {
	// Messages is the most in one chat, the newest; 0: 500.
	Messages int
	// Age leaves out messages older than it; 0: 24 h.
	Age time.Duration
	// Friends is of how many friends without an earlier private message it is
	// watched whether they have written first; each costs a request when the account
	// comes online. 0: 20, negative: none.
	Friends int
}

func (o *CatchUp) setDefaults() {
	if o.Messages <= 0 {
		o.Messages = 500
	}
	if o.Age <= 0 {
		o.Age = 24 * time.Hour
	}
	if o.Friends == 0 {
		o.Friends = 20
	}
}

const (
	// newChatMessages bounds what is fetched of a private chat that had no message
	// before: its first sequence is not known.
	newChatMessages = 4 * historyPage
	// comparedChats bounds the private chats that are asked about after a
	// registration, each by a request; those that were silent longest wait for their
	// next message.
	comparedChats = 200
	// compareTries bounds the questions about one person that the server refuses.
	// Without an answer it is asked again, after pauses from comparePause to
	// compareMost, as long as the connection lives.
	compareTries = 3
	comparePause = 5 * time.Second
	compareMost  = 5 * time.Minute
	// listWait is how long what a push says of the groups waits for their list.
	listWait = 2 * time.Second
)

// newest is what the server answers about a chat.
type newest struct {
	chat     chatID
	peer     UID
	sequence uint64 // 0: none, and in the list of the groups perhaps not known
}

// pageResult is the answer to one question about a chat.
type pageResult struct {
	st          *chatOrder
	kind        inquiry
	first, last uint64 // the page; for askNewest the position and target when it was asked
	messages    []*message.Message
	newest      uint64
	err         error
}

// inquiry is what is asked about a chat.
type inquiry int

const (
	askPage   inquiry = iota
	askOwed           // a page of what had been given up
	askNewest         // the sequence of the newest message
)

// compare asks what is newest in each chat and hands it to the dispatcher, which
// fetches what is missing. It runs after each registration: the answers are newer
// than it, so that nothing is between them and the pushes. The lists are those
// that events are completed from, too.
func (k *conn) compare() {
	friends := friendComparison{k: k, refused: map[UIN]int{}}
	questions := []func(context.Context) ([]newest, error){k.compareGroups, friends.ask}
	for pause := comparePause; ; pause = min(2*pause, compareMost) {
		questions = slices.DeleteFunc(questions, func(ask func(context.Context) ([]newest, error)) bool {
			list, err := ask(k.ctx)
			if err != nil && k.ctx.Err() == nil {
				k.c.log.Warn("not known what was missed: the newest messages could not be asked for", "again_in", pause, "err", err)
			}
			select { // also when empty: fetches that were interrupted go on
			case k.c.newest <- list:
			case <-k.ctx.Done():
			}
			return err == nil
		})
		if len(questions) == 0 {
			return
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-k.ctx.Done():
			timer.Stop()
			return
		}
	}
}

func (k *conn) compareGroups(ctx context.Context) ([]newest, error) {
	groups, err := k.c.Groups(ctx, true)
	list := make([]newest, 0, len(groups))
	for _, g := range groups {
		list = append(list, newest{chatID{true, uint64(g.Code)}, "", g.latest})
	}
	return list, err
}

// friendComparison asks for the newest message of each private chat.
type friendComparison struct {
	k       *conn
	left    map[UIN]UID // who has not been asked about; nil: nobody has
	refused map[UIN]int // how often
}

// ask returns what the server answered this time. The error says that others have
// to be asked about again.
func (f *friendComparison) ask(ctx context.Context) (list []newest, again error) {
	c := f.k.c
	if f.left == nil {
		friends, err := c.Friends(ctx, true)
		if err != nil {
			return nil, err
		}
		f.left = c.order.privateChats()
		others := c.opts.CatchUp.Friends
		for _, friend := range friends {
			if _, ok := f.left[friend.UIN]; !ok && others > 0 {
				others--
				f.left[friend.UIN] = friend.UID
			}
		}
	}
	for uin, uid := range f.left {
		id := chatID{false, uint64(uin)}
		seq, err := c.latest(ctx, id, uid)
		refused, ok := errors.AsType[*ServerError](err)
		switch {
		case err == nil:
			list = append(list, newest{id, uid, seq})
			delete(f.left, uin)
		case !ok: // the others would wait as long
			return list, err
		case f.refused[uin] == compareTries-1:
			c.log.Debug("newest private message not known", "chat", id.String(), "err", refused)
			delete(f.left, uin)
		default:
			f.refused[uin]++
			again = err
		}
	}
	return list, again
}

// privateChats are the newest of those with a known text id. Safe for concurrent
// use.
func (o *order) privateChats() map[UIN]UID {
	o.mu.Lock()
	defer o.mu.Unlock()
	var private []*chatOrder
	for id, st := range o.chats {
		if !id.group && st.peer != "" {
			private = append(private, st)
		}
	}
	now := o.c.now().Unix()
	slices.SortFunc(private, func(a, b *chatOrder) int { return moreRecent(a, b, now) })
	known := map[UIN]UID{}
	for _, st := range private[:min(len(private), comparedChats)] {
		known[UIN(st.id.code)] = st.peer
	}
	return known
}

// infoSync reads the newest sequences of the groups from the push that follows a
// registration (docs/protocol/events.md 8.2). A push proves nothing: it is asked
// about, unless the list of the groups comes first. Messages of a group that is not
// known wait for that.
func (o *order) infoSync(payload []byte) {
	sync := &pushpb.InfoSyncPush{}
	if err := pb.Unmarshal(payload, sync); err != nil {
		o.c.log.Debug("list of the groups' newest messages not readable", "err", err)
		return
	}
	o.account()
	for _, st := range o.chats {
		st.empty = false // something may have been written meanwhile
	}
	for _, g := range sync.GetGroups() {
		id := chatID{true, g.GetGroupCode()}
		st := o.chats[id]
		switch {
		case g.LatestSequence == nil:
		case st == nil:
			st = o.add(id, "")
			st.hint, st.hinted = g.GetLatestSequence(), true
			st.since = o.c.now().Add(-firstSlack).Unix()
		case st.begun && g.GetLatestSequence() > max(st.last, st.target):
			st.target = g.GetLatestSequence()
			o.planUnlessStalled(st, listWait)
		}
	}
}

// compared takes the answers of compare, and lets interrupted fetches go on.
func (o *order) compared(ctx context.Context, list []newest) {
	for _, n := range list {
		o.exists(ctx, n)
	}
	for _, st := range o.chats {
		switch {
		case st.stalled:
			st.stalled = false
			o.plan(st, 0)
		case len(st.owed) > 0, st.begun && st.unsure():
			o.plan(st, reorderWait)
		}
	}
}

// exists takes the server's answer about the newest message of a chat.
func (o *order) exists(ctx context.Context, n newest) {
	o.account()
	st := o.chats[n.chat]
	if st == nil {
		st = o.add(n.chat, n.peer)
	}
	st.empty = n.sequence == 0
	o.setPeer(st, n.peer)
	switch {
	case n.chat.group && n.sequence == 0 && st.begun && st.last == 0: // as it was
	case n.chat.group && n.sequence == 0 && st.hinted && st.hint == 0:
		o.prove(st, 0)
	case n.chat.group && n.sequence == 0, st.begun && n.sequence < st.last:
		// It may be older than the last push, or not in the list.
		st.doubt = true
	default:
		o.prove(st, n.sequence)
	}
	o.advance(ctx, st) // what waited for the beginning of the chat
	if st.proven > st.last || st.unsure() {
		o.planUnlessStalled(st, reorderWait) // messages may be on their way
	}
}

func (o *order) planUnlessStalled(st *chatOrder, after time.Duration) {
	if !st.fetching && !st.stalled {
		o.plan(st, after)
	}
}

// fetch asks for the first page of what is missing, for the newest sequence where
// it is not certain, or else for what is owed.
func (o *order) fetch(ctx context.Context, st *chatOrder) {
	if st.fetching {
		return
	}
	end := st.proven
	if len(st.held) > 0 {
		end = min(end, st.held[0].Sequence-1)
	}
	if first := st.firstAhead(); first != 0 {
		end = min(end, first-1)
	}
	switch {
	case st.nobody() && (end > st.last || st.unsure()):
		o.giveUp(ctx, st)
	case st.begun && end > st.last:
		if most, missing := o.most(st), end-st.last; missing > most {
			if !st.unknown() {
				st.leftOut += int(missing - most)
			}
			o.set(st, end-most)
			o.absorb(st)
		}
		o.ask(ctx, pageResult{st: st, first: st.last + 1, last: min(st.last+historyPage, end)})
	case st.unsure():
		o.ask(ctx, pageResult{st: st, kind: askNewest, first: st.last, last: st.target})
	case len(st.owed) > 0:
		first := st.owed[0]
		o.ask(ctx, pageResult{
			st: st, kind: askOwed, first: first, last: min(first+historyPage-1, st.owed[len(st.owed)-1]),
		})
	}
}

// most is how many messages of a chat are fetched at most.
func (o *order) most(st *chatOrder) uint64 {
	if st.unknown() {
		return newChatMessages
	}
	return uint64(o.c.opts.CatchUp.Messages)
}

// unknown tells that the first sequence of a private chat is not known.
func (st *chatOrder) unknown() bool { return st.last == 0 && !st.id.group }

// nobody tells that there is nobody to ask for.
func (st *chatOrder) nobody() bool { return !st.id.group && st.peer == "" }

// ask asks one question.
func (o *order) ask(ctx context.Context, r pageResult) {
	st, peer := r.st, r.st.peer
	if o.asks >= asksMost {
		o.plan(st, fetchPause)
		return
	}
	o.asks++
	st.fetching = true
	o.wg.Go(func() {
		select {
		case o.slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		if r.kind == askNewest {
			r.newest, r.err = o.server.latest(ctx, st.id, peer)
		} else {
			r.messages, r.err = o.server.page(ctx, st.id, peer, r.first, r.last)
		}
		<-o.slots
		select {
		case o.pages <- r:
		case <-ctx.Done():
		}
	})
}

// answer takes the answer to a question.
func (o *order) answer(ctx context.Context, r pageResult) {
	st := r.st
	o.asks--
	st.fetching = false
	switch {
	case o.chats[st.id] != st: // forgotten meanwhile
	case r.kind == askOwed:
		o.owedPage(ctx, r)
	case r.err != nil:
		o.fetchFailed(ctx, st, r.err)
	case r.kind == askNewest:
		o.confirm(ctx, r)
	default:
		o.page(ctx, r)
	}
}

// page takes a page of what is missing.
func (o *order) page(ctx context.Context, r pageResult) {
	st := r.st
	st.tries = 0
	switch {
	case len(r.messages) > 0:
		o.emptyPages = 0
	case !st.id.group && st.last != 0 && len(st.held) > 0: // else they were taken back
		o.emptyPages++
	}
	oldest := o.oldest()
	next := r.first
	for _, m := range r.messages {
		o.note(st, next, m.Sequence)
		next = m.Sequence + 1
		switch {
		case m.Sequence <= st.last, st.wentAhead(m.Sequence):
		case m.Time < st.since: // no news
		case m.Time < oldest:
			st.tooOld++
		default:
			m.CaughtUp = true
			o.hold(st, &event.Message{Message: m})
		}
	}
	o.note(st, next, r.last+1)
	// Everything of the page is known now: what is not there does not exist.
	for len(st.held) > 0 && st.held[0].Sequence <= r.last {
		if before := st.held[0].Sequence - 1; before > st.last {
			o.set(st, before)
		}
		o.advance(ctx, st)
	}
	if r.last > st.last {
		o.set(st, r.last)
	}
	o.advance(ctx, st)
	if st.target > st.last || st.doubt {
		o.plan(st, 0)
		return
	}
	o.changed(progressNew) // or a program that crashes again and again fetches it each time
}

// oldest is the time from which missed messages are delivered, Unix seconds.
func (o *order) oldest() int64 {
	t, ok := o.c.clock.Ago(o.c.opts.CatchUp.Age)
	if !ok { // nothing is known to be old
		return math.MinInt64
	}
	return t.Unix()
}

// note remembers sequences that the history does not have, but for those that
// were pushed.
func (o *order) note(st *chatOrder, from, to uint64) {
	for seq := max(from, st.last+1); seq < to; seq++ {
		if !st.wentAhead(seq) {
			st.isAbsent(seq)
		}
	}
}

func (st *chatOrder) isAbsent(seq uint64) {
	if len(st.absent) == lateMost {
		st.absent = slices.Delete(st.absent, 0, 1)
	}
	st.absent = append(st.absent, seq)
}

// owedPage takes messages that had been given up. They come late, but they come.
func (o *order) owedPage(ctx context.Context, r pageResult) {
	st := r.st
	age := o.c.opts.CatchUp.Age
	switch {
	case r.err == nil:
		oldest := o.oldest()
		for _, m := range r.messages {
			i := slices.Index(st.owed, m.Sequence)
			if i < 0 { // pushed meanwhile
				continue
			}
			st.owed = slices.Delete(st.owed, i, i+1)
			if m.Time >= oldest {
				m.CaughtUp = true
				o.hand(ctx, nil, &event.Message{Message: m})
			}
		}
		for len(st.owed) > 0 && st.owed[0] <= r.last {
			st.isAbsent(st.owed[0])
			st.owed = st.owed[1:]
		}
		o.changed(progressNew)
		if len(st.owed) > 0 {
			o.plan(st, 0)
		}
	case !ended(r.err) && time.Since(st.owedSince) > age:
		o.c.log.Warn("missed messages not delivered: the history could not be had until they were too old",
			"chat", st.id.String(), "messages", len(st.owed), "err", r.err)
		st.owed = nil
		o.changed(progressEvery)
	case !ended(r.err):
		o.plan(st, historyRest)
	case o.c.State().Online(): // again
		o.plan(st, fetchPause)
	}
	if st.target > st.last || st.doubt {
		o.plan(st, 0)
	}
}

func (o *order) fetchFailed(ctx context.Context, st *chatOrder, err error) {
	if ended(err) {
		if o.c.State().Online() { // again
			o.plan(st, fetchPause)
		} else {
			st.stalled = true
		}
		return
	}
	if st.tries++; st.tries < fetchTries {
		o.plan(st, fetchPause)
		return
	}
	st.restUntil = time.Now().Add(historyRest)
	if st.begun { // else there may be no such chat
		o.c.log.Error("missed messages could not be fetched: those that follow are delivered first",
			"chat", st.id.String(), "after", st.last, "err", err)
		if errors.Is(err, ErrTimeout) { // the next chat would wait as long
			o.restUntil = st.restUntil
		}
	}
	o.giveUp(ctx, st)
}

// ended tells whether a call failed with the connection, or for want of one.
func ended(err error) bool {
	for _, e := range []error{ErrOffline, ErrConnectionLost, ErrSessionExpired, ErrKicked, context.Canceled} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// owe notes what is missing up to a sequence.
func (o *order) owe(st *chatOrder, end uint64) {
	if end <= st.last {
		return
	}
	if st.nobody() {
		o.note(st, end-min(end, lateMost)+1, end+1)
		return
	}
	if len(st.owed) == 0 {
		st.owedSince = time.Now()
	}
	most := o.most(st)
	for seq := max(st.last, end-min(end, most)) + 1; seq <= end; seq++ {
		if !st.wentAhead(seq) {
			st.owed = append(st.owed, seq)
		}
	}
	if extra := len(st.owed) - int(most); extra > 0 {
		st.owed = slices.Delete(st.owed, 0, extra)
	}
}
