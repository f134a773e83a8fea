package order

import (
	"log/slog"
	"slices"
	"time"

	"libration/ntqq/event"
	"libration/ntqq/message"
)

// Kind is what is asked about a chat.
type Kind uint8

// The questions.
const (
	AskNewest Kind = iota // the sequence of the newest message
	AskPage               // messages that are missing
	AskSearch             // messages among which the beginning of the chat is looked for
	AskOwed               // messages that could not be fetched earlier
)

// Request is a question to the server: for the newest sequence, or for the messages
// from First to Last, at most PageSize.
type Request struct {
	Chat        ID
	Peer        message.UID // of a private chat
	Kind        Kind
	First, Last uint64 // of AskNewest: the chat's position, and the newest sequence that a push has named
	// Membership means that the answer must also say when the account joined the group.
	Membership bool

	about *chat
}

// Failure is why there is no answer.
type Failure uint8

// The failures.
const (
	None     Failure = iota
	Refused          // by the server
	TimedOut         // no answer in time; a request for another chat would wait as long
	Ended            // the connection ended, and there is a new one
	Offline          // the connection ended, and there is none
)

// Answered is the answer to a Request. Messages lie within its range, ascending by
// sequence; recalled ones are not among them.
type Answered struct {
	Request
	Newest   uint64
	Messages []*message.Message
	Joined   int64 // with Request.Membership: when the account joined the group, Unix seconds; 0: not known
	Failure  Failure
	Err      error // with Failure, for the log
}

func (in Answered) apply(b *Book) {
	st := in.about
	b.asks--
	st.asked = false
	if b.chats[st.id] != st { // forgotten meanwhile
		return
	}
	if in.Failure == None {
		st.tries, st.rests = 0, 0
		if in.Membership {
			st.since = max(st.since, in.Joined)
		}
	}
	switch {
	case in.Kind == AskOwed:
		b.owedPage(st, in)
	case in.Failure != None:
		b.failed(st, in)
	case in.Kind == AskNewest:
		b.confirm(st, in.Request, in.Newest)
	case in.Kind == AskSearch && st.begin == named && in.Last == st.searchFrom():
		b.search(st, in.Request, in.Messages)
	case in.Kind == AskPage && st.begin == firm:
		b.page(st, in.Request, in.Messages)
	default:
		b.goOn(st, 0)
	}
}

// Forgotten reports that the requests under way will not be answered.
type Forgotten struct{}

func (Forgotten) apply(b *Book) {
	b.asks = 0
	for _, st := range b.chats {
		if st.asked {
			st.asked, st.stalled = false, true
		}
	}
}

// goOn plans the next question, when there is one.
func (b *Book) goOn(st *chat, after time.Duration) {
	switch _, ok := b.question(st); {
	case !ok && len(st.owed) > 0:
		left, _ := b.resting(st)
		b.plan(st, left)
	case !ok:
	case st.begin == firm && st.gapEnd() > st.position:
		b.plan(st, min(after, reorderWait))
	default:
		b.plan(st, after)
	}
}

// question is the one whose answer helps a chat on.
func (b *Book) question(st *chat) (r Request, ok bool) {
	_, resting := b.resting(st)
	here := st.eager || len(st.waiting) > 0 || len(st.ahead) > 0
	r = Request{Chat: st.id, Peer: st.peer, Membership: st.away && st.id.Group, about: st}
	switch end := st.gapEnd(); {
	case st.begin == unknown && here:
		r.Kind = AskNewest
	case st.begin == named && (here || st.proven > st.position):
		r.Kind, r.Last = AskSearch, st.searchFrom()
		r.First = max(r.Last-min(r.Last, PageSize)+1, b.lowest(st))
	case len(st.owed) > 0 && !resting && !st.doubt:
		r.Kind, r.First, r.Last = AskOwed, st.owed[0], min(st.owed[0]+PageSize-1, st.owed[len(st.owed)-1])
	case st.begin == firm && end > st.position:
		r.Kind, r.First, r.Last = AskPage, st.position+1, min(st.position+PageSize, end)
	case st.begin == firm && st.unsure():
		r.Kind = AskNewest
	default:
		return r, false
	}
	if r.Kind == AskNewest {
		r.First, r.Last, r.Membership = st.position, st.known, false
	}
	return r, true
}

// ask asks the next question about a chat, or gives up what nobody can be asked about.
func (b *Book) ask(st *chat) {
	if st.asked {
		return
	}
	r, ok := b.question(st)
	switch {
	case ok && st.nobody():
		b.giveUp(st)
		return
	case ok && r.Kind == AskPage:
		if most, missing := b.most(st), st.gapEnd()-st.position; missing > most {
			if !b.sparse(st) {
				st.leftOut += int(missing - most)
			}
			b.settle(st, st.gapEnd()-most)
			r, _ = b.question(st)
		}
	case !ok:
		b.goOn(st, 0)
		return
	}
	if b.asks >= asksMost {
		b.plan(st, tryPause)
		return
	}
	if r.Kind == AskNewest && st.denials == 0 {
		for i := range st.waiting { // what comes later may be newer than the answer
			st.waiting[i].asked = true
		}
	}
	b.asks++
	st.asked = true
	b.out.Ask = append(b.out.Ask, r)
}

// searchFrom is where the search for the beginning goes on, downwards.
func (st *chat) searchFrom() uint64 {
	if st.searched != 0 {
		return st.searched - 1
	}
	return st.position
}

// lowest is the first sequence that the beginning of a chat is searched at.
func (b *Book) lowest(st *chat) uint64 {
	return st.position - min(st.position, uint64(b.limits.Messages)) + 1
}

// most is how many messages of a chat are fetched at most.
func (b *Book) most(st *chat) uint64 {
	if b.sparse(st) && !st.away {
		return emptySearch
	}
	return uint64(b.limits.Messages)
}

// page takes a page of what is missing. Everything in its range is known then: what is
// not there does not exist.
func (b *Book) page(st *chat, r Request, page []*message.Message) {
	switch {
	case len(page) > 0:
		b.emptyPages = 0
	case !st.id.Group && !st.away && len(st.waiting) > 0 && st.waiting[0].sequence == r.Last+1: // the end of a gap
		b.emptyPages++
	}
	next := r.First
	for _, m := range page {
		st.lacks(next, m.Sequence-1)
		next = m.Sequence + 1
		b.caughtUp(st, m)
	}
	st.lacks(next, r.Last)
	b.settle(st, r.Last)
	b.goOn(st, 0)
	if !st.missing() {
		b.changed(Begun) // or a program that crashes again and again fetches it each time
	}
}

// owedPage takes messages that had been given up. They come late, but they come.
func (b *Book) owedPage(st *chat, in Answered) {
	switch {
	case in.Failure == None:
		for _, m := range in.Messages {
			i, found := slices.BinarySearch(st.owed, m.Sequence)
			if !found { // pushed meanwhile, or taken back
				continue
			}
			st.owed = slices.Delete(st.owed, i, i+1)
			if m.Time >= max(b.at.Oldest, in.Joined) {
				m.CaughtUp = true
				b.deliver(&event.Message{Message: m})
			}
		}
		for len(st.owed) > 0 && st.owed[0] <= in.Last {
			st.lost(st.owed[0])
			st.owed = st.owed[1:]
		}
		b.changed(Begun)
	case in.Failure == Offline:
		st.stalled = true
		return
	case in.Failure == Ended:
		b.plan(st, tryPause)
		return
	case b.at.Now.Sub(st.owedSince) > b.limits.Age:
		b.note(slog.LevelWarn, "", "missed messages not delivered: the history could not be had until they were too old",
			"chat", st.id.String(), "messages", len(st.owed), "err", in.Err)
		st.owed = nil
		b.changed(Moved)
	default:
		b.plan(st, b.rest(st))
	}
	b.goOn(st, 0)
}

// rest lets nothing wait for the history of a chat for a while, and returns how long.
func (b *Book) rest(st *chat) time.Duration {
	st.tries = 0
	st.rests++
	long := rest
	if st.begin == unknown { // there may be no such chat
		long = min(rest<<min(max(st.rests-restsShort, 0), 8), restMost)
	}
	st.restUntil = b.at.Now.Add(long)
	return long
}

func (b *Book) failed(st *chat, in Answered) {
	switch in.Failure {
	case Offline:
		st.stalled = true
		return
	case Ended:
		b.plan(st, tryPause)
		return
	}
	if st.tries++; st.tries < tries && (in.Failure == TimedOut || st.begin != unknown) {
		b.plan(st, tryPause)
		return
	}
	b.rest(st)
	if st.begin != unknown { // else there may be no such chat
		b.note(slog.LevelError, "history", "missed messages could not be fetched: those that follow are delivered first",
			"chat", st.id.String(), "after", st.position, "err", in.Err)
		if in.Failure == TimedOut {
			b.restUntil = b.at.Now.Add(rest)
		}
	}
	b.giveUp(st)
}

// giveUp delivers what waits without what is missing before it. What is proven is
// owed from then on, and delivered when the history can be had again. What is not
// proven does not move the chat, and is asked about again.
func (b *Book) giveUp(st *chat) {
	after := uint64(0)
	if st.begin == firm {
		if st.proven > st.position {
			b.owe(st, st.proven)
			b.settle(st, st.proven)
		}
		after = st.proven
	}
	b.deliverDoubted(st)
	b.release(st, func(w waiting) bool { return w.sequence > after }, true)
	b.advanceFirm(st)
	left, _ := b.resting(st)
	if !st.nobody() {
		b.goOn(st, max(left, tryPause))
	}
}

// owe notes what is missing up to a sequence.
func (b *Book) owe(st *chat, to uint64) {
	if st.nobody() {
		st.lacks(to-min(to, lateMost)+1, to)
		return
	}
	if len(st.owed) == 0 {
		st.owedSince = b.at.Now
	}
	most := b.most(st)
	after := max(st.position, to-min(to, most))
	st.leftOut += int(after - st.position)
	for seq := after + 1; seq <= to; seq++ {
		if _, waits := st.find(seq); !waits && !st.ahead.has(seq) {
			st.owed = append(st.owed, seq)
		}
	}
	if extra := len(st.owed) - int(most); extra > 0 {
		st.leftOut += extra
		st.owed = slices.Delete(st.owed, 0, extra)
	}
}
