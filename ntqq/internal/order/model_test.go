package order

import (
	"container/heap"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"libration/ntqq/event"
	"libration/ntqq/message"
)

var (
	seeds    = flag.Int("seeds", 2000, "how many worlds TestModel makes")
	fromSeed = flag.Uint64("seed", 1, "the first one")
)

// TestModel holds a Book against worlds in which everything happens that can happen to
// messages on their way: they are lost, doubled, late and out of order, connections
// break, programs crash, the history is slow or refused, members come and go, and
// messages are taken back. What must come then is decided by what was said in the
// world, not by what the Book believes.
func TestModel(t *testing.T) {
	total := figures{}
	for seed := *fromSeed; seed < *fromSeed+uint64(*seeds); seed++ {
		w := newWorld(seed)
		w.play()
		if len(w.violations) > 0 {
			t.Errorf("seed %d: %d violations, the first: %s\n\tagain: go test ./ntqq/internal/order -run 'TestModel$' -v -seeds 1 -seed %d",
				seed, len(w.violations), w.violations[0], seed)
			if *seeds == 1 {
				t.Log(strings.Join(w.trace, "\n"))
				t.Log(strings.Join(w.violations, "\n"))
			}
		}
		for k, n := range w.figures {
			total[k] += n
		}
	}
	t.Logf("%d seeds from %d: %v", *seeds, *fromSeed, total)
}

type figures map[string]int

func (f figures) String() string {
	var parts []string
	for k, n := range f {
		parts = append(parts, fmt.Sprint(n, " ", k))
	}
	slices.SortFunc(parts, func(a, b string) int {
		_, a, _ = strings.Cut(a, " ")
		_, b, _ = strings.Cut(b, " ")
		return strings.Compare(a, b)
	})
	return strings.Join(parts, ", ")
}

// world is a server with a few chats, the network, and a Book in a program that may be
// started again.
type world struct {
	rng  *rand.Rand
	now  time.Time
	todo todo
	made int // events of todo

	rooms []*room
	// The network: conn counts connections, 0 before the first; online until it breaks.
	conn       int
	online     bool
	registered bool // the program has seen a registration
	calm       bool // nothing is lost or late any more
	// down is why the history is not answered, until a time.
	down      Failure
	downUntil time.Time
	forever   bool // it is refused to the end

	book    *Book
	run     int
	saved   []Saved
	since   int64
	first   int64 // when the account came online first
	saveDue time.Time
	asked   int // requests that no program waits for any more have an older number
	tick    time.Time
	failed  time.Time // when an answer failed last

	states     map[ID]string
	figures    figures
	violations []string
	trace      []string
}

// room is a chat on the server.
type room struct {
	id      ID
	peer    message.UID
	next    uint64
	said    map[uint64]*saying
	member  bool
	joined  int64
	highest uint64 // delivered in this run, and when
	highAt  time.Time
}

// saying is one message on the server.
type saying struct {
	*message.Message
	recalled  bool
	ours      bool // written while the account was there, after its first login
	arrived   bool // a push of it reached the present run
	delivered int
	runs      []int // in which it was delivered
	at        time.Time
	untold    int // recalls delivered
}

type happening struct {
	at    time.Time
	order int
	do    func()
}

type todo []happening

func (t todo) Len() int { return len(t) }
func (t todo) Less(i, j int) bool {
	return t[i].at.Before(t[j].at) || t[i].at.Equal(t[j].at) && t[i].order < t[j].order
}
func (t todo) Swap(i, j int) { t[i], t[j] = t[j], t[i] }
func (t *todo) Push(x any)   { *t = append(*t, x.(happening)) }
func (t *todo) Pop() any {
	old := *t
	h := old[len(old)-1]
	*t = old[:len(old)-1]
	return h
}

var testLimits = Limits{Messages: 500, Age: 24 * time.Hour}

func newWorld(seed uint64) *world {
	w := &world{
		rng: rand.New(rand.NewPCG(seed, 7)), now: time.Unix(1_700_000_000, 0), figures: figures{}, states: map[ID]string{},
		book: New(testLimits), run: 1,
	}
	w.forever = w.rng.IntN(20) == 0
	for i := range 2 + w.rng.IntN(2) {
		w.rooms = append(w.rooms, &room{id: ID{true, uint64(i + 1)}, next: 1 + 3000*w.rng.Uint64N(2), said: map[uint64]*saying{}, member: w.rng.IntN(4) > 0, joined: w.now.Unix()})
	}
	for i := range 2 + w.rng.IntN(2) {
		w.rooms = append(w.rooms, &room{
			id: ID{false, uint64(i + 1)}, peer: "u_" + message.UID(fmt.Sprint(i)), next: 1000 + w.rng.Uint64N(9000),
			said: map[uint64]*saying{}, member: w.rng.IntN(4) > 0, joined: w.now.Unix(),
		})
	}
	for _, r := range w.rooms {
		for range w.rng.IntN(50) * w.rng.IntN(2) {
			w.says(r, false)
		}
	}
	w.now = w.now.Add(time.Hour)
	return w
}

func (w *world) log(format string, args ...any) {
	if *seeds == 1 {
		w.trace = append(w.trace, w.now.Format("15:04:05.000 ")+fmt.Sprintf(format, args...))
	}
}

func (w *world) count(what string) { w.figures[what]++ }

func (w *world) violation(format string, args ...any) {
	w.count("violations")
	w.violations = append(w.violations, w.now.Format("15:04:05.000 ")+fmt.Sprintf(format, args...))
	w.log("VIOLATION "+format, args...)
}

// after does something later, in the order of time.
func (w *world) after(d time.Duration, do func()) {
	w.made++
	heap.Push(&w.todo, happening{w.now.Add(d), w.made, do})
}

// pass lets time pass.
func (w *world) pass(d time.Duration) {
	end := w.now.Add(d)
	for {
		next := end
		if len(w.todo) > 0 && w.todo[0].at.Before(next) {
			next = w.todo[0].at
		}
		tick := !w.tick.IsZero() && !w.tick.After(next)
		if tick {
			next = w.tick
		}
		if !w.saveDue.IsZero() && !w.saveDue.After(next) {
			w.now = w.saveDue
			w.save()
			continue
		}
		if next.After(w.now) {
			w.now = next
		}
		switch {
		case tick:
			w.tick = time.Time{}
			w.step(Tick{})
		case len(w.todo) > 0 && !w.todo[0].at.After(w.now):
			heap.Pop(&w.todo).(happening).do()
		default:
			return
		}
	}
}

func (w *world) save() {
	w.saved, w.since = w.book.Snapshot(w.now.Unix())
	w.saveDue = time.Time{}
}

// step feeds the Book and does what it wants.
func (w *world) step(in Input) {
	out := w.book.Step(At{Now: w.now, Unix: w.now.Unix(), Oldest: w.now.Add(-testLimits.Age).Unix()}, in)
	w.logStates(in)
	if problem := w.book.Check(); problem != "" {
		w.violation("after %T: %s", in, problem)
	}
	for _, r := range out.Ask {
		w.ask(r)
	}
	for _, e := range out.Deliver {
		w.delivered(e)
	}
	due := w.now.Add(3 * time.Second)
	if out.Changed == Begun {
		due = w.now.Add(100 * time.Millisecond)
	}
	if out.Changed != Unchanged && (w.saveDue.IsZero() || due.Before(w.saveDue)) {
		w.saveDue = due
	}
	w.tick = w.book.Next()
}

// ask answers a request after a while.
func (w *world) ask(r Request) {
	asked, conn := w.asked, w.conn
	answer := func(a Answered) {
		if w.asked != asked { // that program is gone
			return
		}
		if a.Failure != None {
			w.failed, a.Err = w.now, errors.New("no answer")
			w.count("questions without an answer")
		}
		w.step(a)
	}
	a := Answered{Request: r}
	if !w.online {
		w.after(0, func() { a.Failure = Offline; answer(a) })
		return
	}
	w.after(w.delay(), func() {
		switch {
		case w.conn != conn || !w.online:
			a.Failure = Ended
			if !w.online {
				a.Failure = Offline
			}
		case w.down != None && (w.forever && r.Kind != AskNewest || w.now.Before(w.downUntil)):
			a.Failure = w.down
		default:
			w.answerOf(&a)
		}
		after := w.delay()
		if a.Failure == TimedOut {
			after = 15 * time.Second
		}
		w.after(after, func() { answer(a) })
	})
}

// answerOf is what the server answers.
func (w *world) answerOf(a *Answered) {
	r := w.room(a.Chat)
	if r.id.Group && !r.member {
		a.Failure = Refused
		return
	}
	if a.Membership {
		a.Joined = r.joined
	}
	if a.Kind == AskNewest {
		a.Newest = r.newest()
		return
	}
	if a.Last-a.First >= PageSize || a.Last < a.First || a.First == 0 {
		w.violation("%v: page %d to %d asked for", a.Chat, a.First, a.Last)
	}
	for seq := a.First; seq <= a.Last; seq++ {
		if s := r.said[seq]; s != nil && !s.recalled {
			again := *s.Message
			a.Messages = append(a.Messages, &again)
		}
	}
}

// newest is 0 before the first message.
func (r *room) newest() uint64 {
	if len(r.said) == 0 {
		return 0
	}
	return r.next - 1
}

func (w *world) room(id ID) *room {
	for _, r := range w.rooms {
		if r.id == id {
			return r
		}
	}
	panic(fmt.Sprintf("no room %v", id))
}

func (w *world) delay() time.Duration {
	if !w.calm && w.rng.IntN(10) == 0 {
		return time.Duration(w.rng.Int64N(int64(2 * time.Second)))
	}
	return time.Duration(1+w.rng.IntN(40)) * time.Millisecond
}

// says writes a message.
func (w *world) says(r *room, self bool) *saying {
	m := &message.Message{
		Chat:   message.Chat{Kind: message.Friend, Peer: message.UIN(r.id.Code), PeerUID: r.peer},
		Sender: message.Sender{UIN: 9, Nickname: "x"}, Self: self,
		Sequence: r.next, Random: w.rng.Uint32() | 1, Time: w.now.Unix(),
	}
	if r.id.Group {
		m.Chat = message.Chat{Kind: message.Group, Group: message.GroupCode(r.id.Code)}
	} else {
		m.ClientSequence = 10_000 + w.rng.Uint64N(90_000)
	}
	s := &saying{Message: m, ours: r.member && w.registered}
	r.said[r.next] = s
	r.next++
	if s.ours {
		w.count("messages")
	}
	return s
}

// push sends something over the present connection; it may be lost, doubled or late.
func (w *world) push(what string, send func()) {
	if !w.online {
		return
	}
	conn, run := w.conn, w.run
	arrive := func() {
		if w.online && w.conn == conn && w.run == run {
			send()
		}
	}
	after := time.Duration(1+w.rng.IntN(3)) * time.Millisecond
	if !w.calm {
		switch w.rng.IntN(12) {
		case 0:
			w.count(what + " lost")
			w.log("%s lost", what)
			return
		case 1:
			w.count(what + " doubled")
			w.after(after+time.Duration(w.rng.Int64N(int64(3*time.Second))), arrive)
		case 2, 3:
			w.count(what + " late")
			after += time.Duration(w.rng.Int64N(int64(time.Second)))
		case 4:
			w.count(what + " very late")
			after += time.Duration(w.rng.Int64N(int64(20 * time.Second)))
		}
	}
	w.after(after, arrive)
}

func (w *world) pushMessage(r *room, s *saying) {
	w.log("%v: %d is said", r.id, s.Sequence)
	w.push("push", func() {
		s.arrived = true
		m := *s.Message
		w.log("%v: push of %d", r.id, m.Sequence)
		w.step(Pushed{&event.Message{Message: &m}})
	})
}

func (w *world) recall(r *room, s *saying) {
	s.recalled = true
	w.count("recalls")
	w.log("%v: %d is recalled", r.id, s.Sequence)
	at := w.now.Unix()
	w.push("recall", func() {
		w.log("%v: push of the recall of %d", r.id, s.Sequence)
		w.step(Recalled{&event.MessageRecalled{Chat: s.Chat, Sequence: s.Sequence, Random: s.Random, MessageTime: s.Time, Time: at}})
	})
}

// delivered judges what comes out.
func (w *world) delivered(e event.Event) {
	switch e := e.(type) {
	case *event.Message:
		r := w.room(Of(e.Chat))
		s := r.said[e.Sequence]
		w.log("%v: %d delivered, caught up %t", r.id, e.Sequence, e.CaughtUp)
		if s == nil || s.Random != e.Random { // forged
			return
		}
		w.count("delivered")
		switch {
		case !s.ours && !s.arrived && s.Time < r.joined && r.id.Group && r.joined > w.first:
			w.violation("outside: %v %d was written before the account came", r.id, s.Sequence)
		case !s.ours && !s.arrived && s.Time < w.first-clocks:
			w.violation("old: %v %d", r.id, s.Sequence)
		case s.untold > 0:
			w.violation("after its recall: %v %d", r.id, s.Sequence)
		case slices.Contains(s.runs, w.run):
			w.violation("twice: %v %d", r.id, s.Sequence)
		case s.delivered > 0 && !e.CaughtUp:
			w.violation("twice, and not marked: %v %d", r.id, s.Sequence)
		}
		if e.Sequence < r.highest && !s.recalled && w.failed.Unix() < s.Time && r.highAt.Sub(w.failed) > 6*time.Minute {
			w.violation("order: %v %d after %d", r.id, e.Sequence, r.highest)
		}
		s.delivered++
		s.runs = append(s.runs, w.run)
		s.at = w.now
		if e.Sequence > r.highest {
			r.highest, r.highAt = e.Sequence, w.now
		}
	case *event.MessageRecalled:
		r := w.room(Of(e.Chat))
		s := r.said[e.Sequence]
		w.log("%v: recall of %d delivered", r.id, e.Sequence)
		if s.untold++; s.untold > 1 && w.run == 1 {
			w.violation("recalled twice: %v %d", r.id, s.Sequence)
		}
		if s.ours && s.delivered == 0 && w.run == 1 && r.member && s.Time >= r.joined {
			w.violation("recall alone: %v %d", r.id, s.Sequence)
		}
	}
}

// connect brings the account online.
func (w *world) connect() {
	w.conn++
	w.online = true
	if w.conn == 1 {
		w.first = w.now.Unix()
	}
	w.log("online")
	conn, run := w.conn, w.run
	here := func() bool { return w.online && w.conn == conn && w.run == run }
	for _, r := range w.rooms {
		if r.id.Group && r.member {
			newest := r.newest()
			w.push("list of the newest", func() { w.step(Synced{message.GroupCode(r.id.Code), newest}) })
		}
	}
	w.after(time.Millisecond, func() {
		if here() {
			w.registered = true
			w.step(Registered{Time: w.now.Unix()})
		}
	})
	for _, groups := range []bool{true, false} {
		pause := 5 * time.Second
		var compare func()
		compare = func() {
			switch {
			case !here():
			case w.down != None && w.now.Before(w.downUntil):
				w.failed = w.now
				w.after(pause, compare)
				pause = min(2*pause, 5*time.Minute)
			default:
				list := Listed{Groups: groups}
				for _, r := range w.rooms {
					if r.member && r.id.Group == groups {
						list.Newest = append(list.Newest, Newest{r.id, r.peer, r.newest()})
					}
				}
				w.after(w.delay(), func() {
					if here() {
						w.log("listed %v", list.Newest)
						w.step(list)
					}
				})
			}
		}
		w.after(2*time.Millisecond+w.delay(), compare)
	}
}

// cut ends the connection.
func (w *world) cut() {
	if w.online {
		w.count("disconnects")
		w.log("offline")
	}
	w.online = false
}

// restart starts the program again, after a crash or a clean stop.
func (w *world) restart(crash bool) {
	w.cut()
	if !crash {
		w.save()
	}
	w.count(map[bool]string{true: "crashes", false: "restarts"}[crash])
	w.log("started again, after a crash %t", crash)
	w.run++
	w.asked++
	w.book = New(testLimits)
	w.book.Restore(At{Now: w.now, Unix: w.now.Unix()}, w.saved, w.since)
	w.tick, w.saveDue = time.Time{}, time.Time{}
	w.registered = w.since != 0
	for _, r := range w.rooms {
		r.highest = 0
		for _, s := range r.said {
			s.arrived = false
			s.ours = s.ours && w.since != 0 // else it starts from nothing
		}
	}
}

// member lets the account into a chat, or out of it.
func (w *world) member(r *room) {
	w.pass(1100 * time.Millisecond) // a second of its own
	r.member = !r.member
	w.log("%v: member %t", r.id, r.member)
	at := w.now.Unix()
	if r.member {
		r.joined = at
		w.count("joins")
		w.push("join", func() { w.step(Joined{r.id, r.peer, at}) })
	} else {
		w.count("leaves")
		w.push("leave", func() { w.step(Left{r.id, at}) })
	}
	w.pass(1100 * time.Millisecond)
}

// play lets things happen, then lets them calm down, and sees what has come.
func (w *world) play() {
	w.connect()
	for range 40 + w.rng.IntN(80) {
		w.happen()
		if w.rng.IntN(3) == 0 {
			w.pass(time.Duration(w.rng.Int64N(int64(2 * time.Second))))
		}
	}
	w.calm = true
	if !w.forever {
		w.downUntil = w.now
	}
	if !w.online {
		w.connect()
	}
	w.pass(20 * time.Minute)
	w.cut()
	w.pass(time.Second)
	w.connect()
	w.pass(15 * time.Minute)
	for _, r := range w.rooms {
		for seq := uint64(1); seq < r.next; seq++ {
			s := r.said[seq]
			if s == nil || !s.ours || s.recalled || s.delivered > 0 || r.id.Group && (!r.member || s.Time < r.joined) {
				continue
			}
			if !w.forever || s.arrived {
				w.violation("missing: %v %d, arrived %t", r.id, seq, s.arrived)
			}
		}
	}
}

func (w *world) happen() {
	r := w.rooms[w.rng.IntN(len(w.rooms))]
	switch n := w.rng.IntN(40); {
	case n < 20:
		for range 1 + w.rng.IntN(6) {
			if r.member {
				w.pushMessage(r, w.says(r, w.rng.IntN(8) == 0))
			} else if r.id.Group {
				w.says(r, false)
			}
		}
	case n < 22: // a long one
		if r.member {
			for range w.rng.IntN(100) {
				w.pushMessage(r, w.says(r, false))
			}
		}
	case n < 24: // sent from here
		if r.member && !r.id.Group && w.online {
			s, run := w.says(r, true), w.run
			w.log("%v: %d is sent", r.id, s.Sequence)
			w.after(w.delay(), func() {
				if w.run == run && w.online {
					m := *s.Message
					w.step(Sent{&event.Message{Message: &m}})
				}
			})
		}
	case n < 29:
		for range 1 + w.rng.IntN(3)*w.rng.IntN(20) {
			if newest := r.newest(); r.member && newest > 0 {
				if s := r.said[newest-min(newest, w.rng.Uint64N(8))]; s != nil && s.ours && !s.recalled {
					w.recall(r, s)
				}
			}
		}
	case n < 30: // forged; the next sequence cannot be told from a real one
		if w.online && r.member && r.next > 2000 {
			w.count("forged")
			m := *w.says(&room{id: r.id, peer: r.peer, next: []uint64{1, r.next + 5000, 4_000_000_000}[w.rng.IntN(3)], said: map[uint64]*saying{}}, false).Message
			m.Time = w.now.AddDate(40, 0, 0).Unix()
			w.step(Pushed{&event.Message{Message: &m}})
		}
	case n < 32:
		w.cut()
		w.pass(time.Duration(w.rng.Int64N(int64(time.Minute))))
		w.connect()
	case n < 33:
		w.cut()
		for range w.rng.IntN(4) {
			w.happen()
		}
		if !w.online {
			w.connect()
		}
	case n < 34:
		w.restart(w.rng.IntN(2) == 0)
		w.pass(time.Duration(w.rng.Int64N(int64(time.Minute))))
		w.connect()
	case n < 36:
		if r.id.Group || !r.member { // friends stay
			w.member(r)
		}
	case n < 37:
		w.pass(time.Duration(w.rng.Int64N(int64(10 * time.Minute))))
	default:
		w.down = []Failure{Refused, TimedOut}[w.rng.IntN(2)]
		w.downUntil = w.now.Add(time.Duration(w.rng.Int64N(int64(time.Minute))))
		w.count("history down")
	}
}

// logStates writes down which chats a step has changed.
func (w *world) logStates(in Input) {
	if *seeds != 1 {
		return
	}
	for _, st := range w.book.sorted() {
		line := fmt.Sprintf("%v: begin %d, position %d, proven %d, known %d, since %d, ahead %v, %d wait, owed %v, absent %v, asked %t, stalled %t, rests %t",
			st.id, st.begin, st.position, st.proven, st.known, st.since, st.ahead, len(st.waiting), st.owed, st.absent,
			st.asked, st.stalled, st.restUntil.After(w.now))
		if w.states[st.id] != line {
			w.states[st.id] = line
			w.log("  %s after %T", line, in)
		}
	}
}
