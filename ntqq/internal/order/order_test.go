package order

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"libration/ntqq/event"
	"libration/ntqq/message"
)

var (
	group  = ID{true, 5}
	friend = ID{false, 20001}
)

// script feeds a Book by hand. Its server answers what is asked at once, unless refuse
// is set.
type script struct {
	t       *testing.T
	b       *Book
	at      At
	history map[uint64]*message.Message
	newest  uint64
	joined  int64
	refuse  Failure
	asked   int
	pages   int
	got     []string
	leftOut int    // as the log says
	look    func() // after each step

	saved    []Saved
	presence int64
}

func newScript(t *testing.T) *script {
	t.Helper()
	now := time.Unix(1_700_000_000, 0)
	return &script{
		t: t, b: New(testLimits), at: At{Now: now, Unix: now.Unix(), Oldest: now.Add(-24 * time.Hour).Unix()},
		history: map[uint64]*message.Message{},
	}
}

// begun is a script with a chat whose position is known.
func begun(t *testing.T, id ID, position uint64) *script {
	t.Helper()
	s := newScript(t)
	s.b.Restore(s.at, []Saved{{Chat: id, Peer: "u_x", Sequence: position}}, s.at.Unix)
	s.newest = position
	return s
}

// says writes a message of now.
func (s *script) says(id ID, seq uint64) *message.Message {
	m := &message.Message{
		Chat:     message.Chat{Kind: message.Group, Group: message.GroupCode(id.Code)},
		Sequence: seq, Random: uint32(seq) + 1, Time: s.at.Unix,
	}
	if !id.Group {
		m.Chat = message.Chat{Kind: message.Friend, Peer: message.UIN(id.Code), PeerUID: "u_x"}
		m.ClientSequence = seq + 50_000
	}
	s.history[seq] = m
	s.newest = max(s.newest, seq)
	return m
}

// raw takes one step, and saves what it wants saved.
func (s *script) raw(in Input) *Output {
	out := s.b.Step(s.at, in)
	if out.Changed != Unchanged {
		s.saved, s.presence = s.b.Snapshot(s.at.Unix)
	}
	return out
}

func (s *script) step(in Input) {
	s.t.Helper()
	out := s.raw(in)
	for _, e := range out.Deliver {
		switch e := e.(type) {
		case *event.Message:
			s.got = append(s.got, fmt.Sprint(e.Sequence))
		case *event.MessageRecalled:
			s.got = append(s.got, fmt.Sprint("recall ", e.Sequence))
		}
	}
	for _, n := range out.Notes {
		if i := slices.Index(n.Args, any("too_many")); i >= 0 {
			s.leftOut += n.Args[i+1].(int)
		}
	}
	if s.look != nil {
		s.look()
	}
	if problem := s.b.Check(); problem != "" {
		s.t.Fatalf("after %T: %s", in, problem)
	}
	for _, r := range slices.Clone(out.Ask) {
		s.asked++
		a := Answered{Request: r, Newest: s.newest, Joined: s.joined, Failure: s.refuse}
		if r.Kind != AskNewest && s.refuse == None {
			s.pages++
			for seq := r.First; seq <= r.Last; seq++ {
				if m := s.history[seq]; m != nil {
					again := *m
					if r.Chat.Group {
						again.Chat.Group = message.GroupCode(r.Chat.Code)
					}
					a.Messages = append(a.Messages, &again)
				}
			}
		}
		s.step(a)
	}
}

func (s *script) push(messages ...*message.Message) {
	s.t.Helper()
	for _, m := range messages {
		again := *m
		s.step(Pushed{&event.Message{Message: &again}})
	}
}

func (s *script) recall(m *message.Message) {
	s.t.Helper()
	delete(s.history, m.Sequence)
	s.step(Recalled{&event.MessageRecalled{Chat: m.Chat, Sequence: m.Sequence, Random: m.Random, MessageTime: m.Time}})
}

func (s *script) pass(d time.Duration) {
	s.t.Helper()
	end := s.at.Now.Add(d)
	for next := s.b.Next(); !next.IsZero() && !next.After(end); next = s.b.Next() {
		s.set(next)
		s.step(Tick{})
	}
	s.set(end)
}

func (s *script) set(now time.Time) {
	s.at = At{Now: now, Unix: now.Unix(), Oldest: now.Add(-24 * time.Hour).Unix()}
}

func (s *script) want(want ...string) {
	s.t.Helper()
	if !slices.Equal(s.got, want) {
		s.t.Errorf("got %v, want %v", s.got, want)
	}
}

// Whatever the order in which messages come, and how often, they are delivered once and
// in order, as long as none is missing.
func TestAnyOrderOfPushes(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 0))
		s := begun(t, group, 0)
		var pushed []*message.Message
		var want []string
		for seq := uint64(1); seq <= 60; seq++ {
			m := s.says(group, seq)
			want = append(want, fmt.Sprint(seq))
			for range 1 + rng.IntN(3) {
				pushed = append(pushed, m)
			}
		}
		rng.Shuffle(len(pushed), func(i, j int) { pushed[i], pushed[j] = pushed[j], pushed[i] })
		s.push(pushed...)
		s.want(want...)
		if s.asked > 0 || s.b.waiting != (amount{}) {
			t.Fatalf("seed %d: %d questions, %+v waits", seed, s.asked, s.b.waiting)
		}
	}
}

// The first messages of a chat come in order, too: in one with somebody who was never
// heard of an own message after its answer, in a group just joined, with a new friend.
func TestFirstMessagesInOrder(t *testing.T) {
	t.Run("own message and its answer", func(t *testing.T) {
		s := newScript(t)
		s.step(Registered{})
		own, answer := s.says(friend, 5007), s.says(friend, 5008)
		s.push(answer)
		s.step(Sent{&event.Message{Message: own}})
		s.pass(time.Second)
		s.want("5007", "5008")
	})
	for _, id := range []ID{group, friend} {
		t.Run("after a join, "+id.String(), func(t *testing.T) {
			s := newScript(t)
			s.step(Registered{})
			old := s.says(id, 100)
			s.pass(time.Hour)
			s.step(Joined{id, "u_x", s.at.Unix})
			one, two := s.says(id, 101), s.says(id, 102)
			s.push(two, one)
			if id.Group {
				s.push(old)
			}
			s.pass(time.Second)
			s.want("101", "102")
		})
	}
}

// A join names where the account's part begins: what comes first is fetched although
// the connection ended before any answer.
func TestFirstMessagesAfterAJoinAreFetched(t *testing.T) {
	for _, id := range []ID{group, friend} {
		t.Run(id.String(), func(t *testing.T) {
			s := newScript(t)
			s.step(Registered{})
			s.says(id, 100)
			s.pass(time.Hour)
			s.refuse = Offline
			s.step(Joined{id, "u_x", s.at.Unix})
			s.says(id, 101) // lost
			s.pass(time.Minute)
			s.says(id, 102)
			s.refuse = None
			saved, presence := s.b.Snapshot(s.at.Unix)
			for _, again := range []bool{false, true} { // and over a restart
				if again {
					s.b, s.got = New(testLimits), nil
					s.b.Restore(s.at, saved, presence)
				}
				s.step(Registered{})
				s.step(Listed{[]Newest{{id, "u_x", s.newest}}, id.Group})
				s.pass(time.Minute)
				s.want("101", "102")
			}
		})
	}
}

// A recall that overtakes its message comes after it, or both are withheld.
func TestRecallAndItsMessage(t *testing.T) {
	for _, id := range []ID{group, friend} {
		for name, c := range map[string]struct {
			do   func(s *script, one, two *message.Message)
			want []string
		}{
			"waits behind a gap":  {func(s *script, one, two *message.Message) { s.push(two); s.recall(two); s.push(one) }, []string{"11", "12", "recall 12"}},
			"comes before it":     {func(s *script, one, two *message.Message) { s.push(one); s.recall(two); s.push(two) }, []string{"11", "12", "recall 12"}},
			"its message is lost": {func(s *script, one, two *message.Message) { s.recall(two) }, []string{"11"}},
			"its message is very late": {func(s *script, one, two *message.Message) {
				s.recall(two)
				s.pass(time.Minute)
				s.push(two)
			}, []string{"11"}},
			"twice": {func(s *script, one, two *message.Message) { s.push(one, two); s.recall(two); s.recall(two) }, []string{"11", "12", "recall 12"}},
		} {
			t.Run(id.String()+", "+name, func(t *testing.T) {
				s := begun(t, id, 10)
				c.do(s, s.says(id, 11), s.says(id, 12))
				s.pass(time.Minute)
				s.want(c.want...)
			})
		}
	}
}

// A recall of what is owed takes it back.
func TestRecallOfWhatIsOwed(t *testing.T) {
	s := begun(t, group, 10)
	s.refuse = Refused
	owed := s.says(group, 11)
	s.step(Listed{Newest: []Newest{{group, "", 11}}})
	s.push(s.says(group, 12))
	s.pass(time.Minute)
	s.recall(owed)
	s.refuse = None
	s.pass(time.Hour)
	s.push(owed)
	s.want("12")
}

// A recall that is told alone, as an earlier run may have told its message, takes back
// what comes late.
func TestRecallToldAlone(t *testing.T) {
	s := newScript(t)
	s.says(friend, 10)
	m := s.says(friend, 11)
	s.pass(time.Minute)
	s.b.Restore(s.at, []Saved{{Chat: friend, Peer: "u_x", Sequence: 10, Since: s.at.Unix - 3600}}, 1)
	s.refuse = Refused
	s.step(Registered{})
	s.recall(m)
	s.pass(time.Minute)
	s.push(m)
	s.history[11] = m // a page may be older than the recall
	s.refuse = None
	s.pass(time.Hour)
	s.want("recall 11", "10")
}

// At the first login a push says where the groups begin; what is lost between that and
// the list of the groups is missing.
func TestFirstListCountsWhatIsLost(t *testing.T) {
	s := newScript(t)
	s.says(group, 10)
	s.pass(time.Minute)
	s.step(Synced{5, 10})
	s.step(Registered{Time: s.at.Unix})
	s.says(group, 11) // lost
	s.step(Listed{[]Newest{{group, "", 11}}, true})
	s.pass(time.Minute)
	s.want("11")
}

// Two messages that name one sequence both come.
func TestTwoMessagesWithOneSequence(t *testing.T) {
	s := begun(t, group, 10)
	one, two, three := s.says(group, 11), s.says(group, 12), s.says(group, 13)
	other := *three
	other.Random = 77
	s.push(three, &other)
	s.want("13")
	s.push(two, one)
	s.want("13", "11", "12", "13")
}

// An answer does not deny what was pushed after the question.
func TestDenialOfWhatCameBefore(t *testing.T) {
	s := begun(t, group, 10)
	absurd := *s.says(group, 11)
	absurd.Sequence = 4_000_000_000
	s.newest, s.history = 10, map[uint64]*message.Message{}
	s.push(&absurd)
	s.pass(reorderWait + 2*tryPause - time.Millisecond) // two answers have denied it
	real := s.says(group, 12)
	s.newest = 10 // the last one is older than this
	s.push(real)
	s.pass(2 * time.Millisecond)
	s.want("4000000000")
	s.newest = 12
	s.push(s.says(group, 11))
	s.pass(time.Minute)
	s.want("4000000000", "11", "12")
}

// A leave that comes late, after the account is in again, ends nothing.
func TestLateLeave(t *testing.T) {
	s := begun(t, group, 10)
	left := s.at.Unix
	s.pass(time.Minute)
	s.joined = s.at.Unix
	s.step(Joined{group, "", s.joined})
	s.push(s.says(group, 20))
	s.pass(time.Second)
	s.refuse = Refused
	s.says(group, 21) // lost
	s.push(s.says(group, 22))
	s.pass(time.Minute)
	s.step(Left{group, left})
	s.refuse = None
	s.pass(time.Hour)
	s.want("20", "22", "21")
}

// The account is in the group again in the second in which it left: what is written then
// is delivered, also when an answer is faster than its push, and what it has is not
// delivered again.
func TestBackInTheSameSecond(t *testing.T) {
	s := begun(t, group, 10)
	s.push(s.says(group, 11))
	s.step(Left{group, s.at.Unix})
	s.joined = s.at.Unix
	m := s.says(group, 12)
	s.step(Registered{})
	s.step(Listed{[]Newest{{group, "", s.newest}}, true})
	s.push(m)
	s.pass(time.Minute)
	s.want("11", "12")
}

// A recall shows that there was a message, and that those before it exist.
func TestRecallShowsWhatIsMissing(t *testing.T) {
	s := begun(t, group, 10)
	s.says(group, 11) // lost
	s.recall(s.says(group, 12))
	s.pass(time.Minute)
	s.want("11")
}

// What waits behind a gap is delivered when the account leaves, when it turns out that
// it has left, and when the server counts anew.
func TestWhatWaitsIsDelivered(t *testing.T) {
	for name, end := range map[string]func(s *script){
		"left": func(s *script) { s.step(Left{group, s.at.Unix}) },
		"not in the list": func(s *script) {
			s.step(Registered{})
			s.step(Listed{Groups: true})
		},
		"counts anew": func(s *script) {
			s.newest, s.history = 3, map[uint64]*message.Message{}
			s.pass(time.Minute)
		},
		"no history": func(s *script) { s.pass(time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			s := begun(t, group, 1000)
			s.refuse = TimedOut
			if name == "counts anew" {
				s.refuse = None
			}
			m := s.says(group, 1003)
			s.push(m)
			s.recall(m)
			end(s)
			s.want("1003", "recall 1003")
		})
	}
}

// What is written while the account is not in the group is not its, however it learns
// that it was not.
func TestWrittenWithoutTheAccount(t *testing.T) {
	for name, outside := range map[string]func(s *script){
		"it left":           func(s *script) { s.step(Left{group, s.at.Unix}) },
		"it is in no list":  func(s *script) { s.step(Registered{}); s.step(Listed{Groups: true}) },
		"it was away":       func(*script) {},
		"the join came":     func(s *script) { s.joined = 0 },
		"a late leave came": func(*script) {},
	} {
		t.Run(name, func(t *testing.T) {
			s := begun(t, group, 10)
			s.push(s.says(group, 11))
			s.pass(time.Minute)
			left := s.at.Unix
			outside(s)
			s.pass(time.Minute)
			s.says(group, 12)
			s.pass(time.Minute)
			s.joined = s.at.Unix
			if name == "the join came" || name == "a late leave came" {
				s.step(Joined{group, "", s.joined})
			}
			s.says(group, 13)
			s.step(Registered{})
			s.step(Listed{[]Newest{{group, "", s.newest}}, true})
			s.pass(time.Minute)
			if name == "a late leave came" {
				s.step(Left{group, left})
			}
			s.push(s.says(group, 14))
			s.pass(time.Minute)
			s.want("11", "13", "14")
		})
	}
}

// A chat that only the list has named does not go back for an old push.
func TestOldPushInAChatFromTheList(t *testing.T) {
	for _, id := range []ID{group, friend} {
		s := newScript(t)
		for seq := range uint64(200) {
			s.says(id, seq+1)
		}
		old := s.history[150]
		s.pass(time.Hour)
		s.step(Registered{})
		s.step(Listed{[]Newest{{id, "u_x", s.newest}}, id.Group})
		s.push(old)
		s.push(s.says(id, 201))
		s.push(old)
		s.pass(time.Minute)
		s.want("201")
	}
}

// Where private sequences have gaps that mean nothing, what is pushed out of order
// comes in order all the same.
func TestSparseSequencesInOrder(t *testing.T) {
	s := begun(t, friend, 1000)
	var want []string
	for i := range uint64(40) {
		one, two := s.says(friend, 1100+20*i), s.says(friend, 1107+20*i)
		s.push(two)
		s.push(one)
		s.pass(time.Minute)
		want = append(want, fmt.Sprint(one.Sequence), fmt.Sprint(two.Sequence))
	}
	s.want(want...)
	if !s.b.sparse(s.b.chats[friend]) {
		t.Error("the gaps still mean something")
	}
}

// A private message may be pushed without the server's number, and be in the history
// with it.
func TestUnnumberedMessageComesOnce(t *testing.T) {
	s := begun(t, friend, 10)
	m := s.says(friend, 11)
	unnumbered := *m
	unnumbered.Sequence = m.ClientSequence
	s.push(&unnumbered, s.says(friend, 12))
	s.pass(time.Minute)
	s.push(&unnumbered)
	s.want("50011", "12")
}

// What was given up comes once: by a late push, or from the history.
func TestOwedMessagesComeOnce(t *testing.T) {
	s := begun(t, group, 0)
	s.refuse = Refused
	now := s.at.Unix
	for seq := uint64(1); seq <= 6; seq++ {
		s.says(group, seq)
	}
	s.history[3].Time = now - 25*3600
	late := s.history[5]
	delete(s.history, 5)
	s.step(Listed{Newest: []Newest{{group, "", 6}}})
	s.push(s.history[6])
	s.pass(time.Minute)
	s.push(s.history[2])
	if saved, _ := s.b.Snapshot(now); !slices.Equal(saved[0].Missing, []uint64{1, 3, 4, 5}) {
		t.Errorf("saved %+v", saved)
	}
	s.refuse = None
	s.pass(time.Hour)
	s.push(late)
	s.want("6", "2", "1", "4", "5")
}

// What waits is bounded in bytes; the rest is fetched later.
func TestWaitingIsBounded(t *testing.T) {
	s := begun(t, group, 0)
	first := s.says(group, 1)
	for seq := uint64(2); seq <= 62; seq++ {
		m := s.says(group, seq)
		m.Raw = make([]byte, 1<<20)
		s.push(m)
	}
	if got := s.b.waiting; got.bytes > waitingMostBytes+2<<20 || got.events < 30 {
		t.Errorf("%+v wait, want about %d bytes", got, waitingMostBytes)
	}
	for seq := range uint64(waitingMost) {
		s.step(Recalled{&event.MessageRecalled{Chat: first.Chat, Sequence: 100 + seq, MessageTime: first.Time}})
	}
	if got := s.b.waiting; got.events > waitingMost || got.bytes > waitingMostBytes+2<<20 {
		t.Errorf("%+v wait with the recalls", got)
	}
	s.push(first)
	s.pass(time.Minute)
	if len(s.got) != 62 {
		t.Errorf("%d delivered, want all", len(s.got))
	}
}

func TestTooManyChats(t *testing.T) {
	s := newScript(t)
	var list []Newest
	for i := range uint64(chatsMost + 10) {
		list = append(list, Newest{ID{true, i + 1}, "", 1})
	}
	s.step(Listed{Newest: list})
	for i := range list {
		if st := s.b.chats[list[i].Chat]; st != nil {
			st.time = int64(i)
		}
	}
	s.step(Listed{Newest: []Newest{{ID{true, 1 << 40}, "", 1}}})
	if n := len(s.b.chats); n > chatsMost || n < chatsMost/2 {
		t.Errorf("%d chats kept, want at most %d", n, chatsMost)
	}
	known := func() (n int) {
		for _, st := range s.b.chats {
			if st.begin != unknown {
				n++
			}
		}
		return n
	}
	before := known()
	s.refuse = Refused
	delivered := 0
	for i := range uint64(3 * chatsMost) { // pushes that name other chats
		out := s.b.Step(s.at, Pushed{&event.Message{Message: &message.Message{
			Chat: message.Chat{Kind: message.Group, Group: message.GroupCode(1<<20 + i)}, Sequence: 4_000_000_000, Random: 1, Time: s.at.Unix,
		}}})
		delivered += len(out.Deliver)
	}
	if n := len(s.b.chats); n > chatsMost || known() < before/2 {
		t.Errorf("%d chats kept, %d of them real: pushes drive real chats out", n, known())
	}
	if problem := s.b.Check(); problem != "" {
		t.Error(problem)
	}
	if delivered += len(s.b.Step(s.at, Closed{}).Deliver); delivered != 3*chatsMost {
		t.Errorf("%d delivered", delivered)
	}
}

// restart has another Book begin with what was saved.
func (s *script) restart() {
	s.b, s.got = New(testLimits), nil
	s.b.Restore(s.at, s.saved, s.presence)
}

// The file of a version that did not keep since when the account has been there loses
// nothing of those who had not written before, nor of who is new since then.
func TestRestoredFromAnOlderVersion(t *testing.T) {
	s := newScript(t)
	s.says(friend, 100)
	s.pass(time.Hour)
	last := s.at.Unix
	s.b.Restore(s.at, []Saved{{Chat: ID{true, 9}, Sequence: 3, Time: last}, {Chat: friend, Peer: "u_x"}}, 0)
	s.history = map[uint64]*message.Message{}
	s.pass(time.Minute)
	s.says(friend, 101)
	s.says(friend, 102)
	s.pass(time.Minute)
	s.step(Registered{Time: s.at.Unix})
	s.step(Listed{Newest: []Newest{{friend, "u_x", 102}}})
	s.pass(time.Minute)
	s.want("101", "102")
}

// What waits in a chat that nobody else asks about comes after a restart.
func TestFirstMessageWaitsOverARestart(t *testing.T) {
	s := newScript(t)
	s.step(Registered{Time: s.at.Unix})
	s.refuse = Offline
	s.push(s.says(friend, 1001))
	s.restart()
	s.refuse = None
	s.step(Registered{Time: s.at.Unix})
	s.step(Listed{Newest: []Newest{{friend, "u_x", 1001}}})
	s.pass(time.Minute)
	s.want("1001")
}

// A recall takes back the message that it names, not another one with its sequence after
// the server counts anew.
func TestRecalledNumberCountedAnew(t *testing.T) {
	s := begun(t, group, 100)
	m := s.says(group, 101)
	s.push(m)
	s.recall(m)
	s.pass(time.Minute)
	s.history, s.newest, s.got = map[uint64]*message.Message{}, 0, nil
	for seq := uint64(1); seq <= 101; seq++ {
		s.pass(10 * time.Second)
		again := s.says(group, seq)
		again.Random += 1000
		s.push(again)
	}
	s.pass(time.Hour)
	if len(s.got) != 101 || !slices.Contains(s.got, "101") {
		t.Errorf("%d delivered of 101", len(s.got))
	}
}

// A stop while a position is being put back delivers nothing again.
func TestStoppedWhileAPositionIsPutBack(t *testing.T) {
	s := newScript(t)
	for seq := uint64(1); seq <= 900; seq++ {
		s.says(group, seq)
	}
	s.pass(time.Hour)
	s.b.Restore(s.at, []Saved{{Chat: group, Sequence: 1005, Time: s.at.Unix}}, 1)
	s.pass(time.Minute)
	s.says(group, 901)
	s.step(Registered{Time: s.at.Unix})
	s.step(Listed{[]Newest{{group, "", 901}}, true})
	for s.b.chats[group].position > 900 { // until it is put back
		s.set(s.b.Next())
		for _, r := range slices.Clone(s.raw(Tick{}).Ask) {
			s.raw(Answered{Request: r, Newest: 901})
		}
	}
	s.restart()
	s.step(Registered{Time: s.at.Unix})
	s.step(Listed{[]Newest{{group, "", 901}}, true})
	s.pass(time.Minute)
	s.want("901")
}

// However many ranges are delivered ahead, nothing comes twice, and what is left out is
// said.
func TestManyRangesAhead(t *testing.T) {
	s := begun(t, group, 10)
	s.refuse = Refused
	seq, said := uint64(10), 0
	for range 400 {
		seq += 2 // one is lost
		s.says(group, seq-1)
		s.push(s.says(group, seq))
		said += 2
	}
	s.pass(time.Minute)
	s.refuse = None
	s.pass(time.Hour)
	slices.Sort(s.got)
	if n := len(slices.Compact(slices.Clone(s.got))); n != len(s.got) {
		t.Errorf("%d of %d come twice", len(s.got)-n, len(s.got))
	}
	if len(s.got)+s.leftOut != said {
		t.Errorf("%d delivered and %d said to be left out of %d", len(s.got), s.leftOut, said)
	}
}

// What is found while beginnings are searched leaves room for what is pushed.
func TestSearchesLeaveRoom(t *testing.T) {
	s := newScript(t)
	s.step(Registered{Time: s.at.Unix})
	s.pass(time.Minute)
	s.step(Registered{Time: s.at.Unix})
	for seq := uint64(1); seq <= 600; seq++ {
		s.says(group, seq).Raw = make([]byte, 64<<10)
	}
	var list []Newest
	for i := range uint64(20) {
		list = append(list, Newest{ID{true, 5 + i}, "", 600})
	}
	most := amount{}
	s.look = func() { most.bytes = max(most.bytes, s.b.waiting.bytes) }
	s.step(Listed{list, true})
	s.pass(time.Minute)
	if most.bytes > waitingMostBytes/2+3<<20 {
		t.Errorf("%d MiB waited", most.bytes>>20)
	}
	if len(s.got) != 20*testLimits.Messages {
		t.Errorf("%d delivered", len(s.got))
	}
}

// Who is never answered for is asked about less and less, and pushes that contradict a
// position do not each ask.
func TestQuestionsHaveAnEnd(t *testing.T) {
	s := newScript(t)
	s.refuse = Refused
	s.push(s.says(friend, 1000))
	s.pass(48 * time.Hour)
	if s.asked > 60 {
		t.Errorf("%d questions about a stranger in two days", s.asked)
	}
	s.refuse = None
	s = begun(t, group, 1000)
	s.newest = 1000
	for seq := uint64(1); seq <= 100; seq++ {
		s.pass(time.Second)
		m := *s.says(group, seq)
		s.newest = 1000
		m.Time += 3600
		s.push(&m)
	}
	if s.asked > 3 || len(s.got) < 98 {
		t.Errorf("%d questions for 100 doubtful messages, %d delivered", s.asked, len(s.got))
	}
}

// One long gap without a message does not show that gaps mean nothing.
func TestOneLongGapIsNotSparse(t *testing.T) {
	s := begun(t, friend, 10)
	s.push(s.says(friend, 200))
	s.pass(time.Minute)
	if s.b.sparse(s.b.chats[friend]) {
		t.Error("one gap made the chats sparse")
	}
	s.want("200")
}

// An answer about a beginning that was searched before a join counts for nothing.
func TestSearchedBeforeAJoin(t *testing.T) {
	s := newScript(t)
	for seq := uint64(1); seq <= 50; seq++ {
		s.says(group, seq)
	}
	s.b.Restore(s.at, []Saved{{Chat: group, Sequence: 50, Since: s.at.Unix}}, 1)
	s.step(Registered{Time: s.at.Unix})
	s.b.Step(s.at, Listed{[]Newest{{group, "", 50}}, true})
	s.set(s.b.Next())
	old := slices.Clone(s.b.Step(s.at, Tick{}).Ask)
	if len(old) != 1 || old[0].Kind != AskSearch {
		t.Fatalf("asked %+v", old)
	}
	s.set(s.at.Now.Add(time.Minute))
	s.b.Step(s.at, Joined{group, "", s.at.Unix})
	for seq := uint64(51); seq <= 170; seq++ {
		s.says(group, seq)
	}
	s.step(Named{group, 170})
	s.step(Answered{Request: old[0]})
	s.pass(time.Minute)
	if len(s.got) != 120 {
		t.Errorf("%d delivered of 120", len(s.got))
	}
}

// An absurd answer ends, and harms nothing.
func TestAbsurdAnswer(t *testing.T) {
	for _, kind := range []func(s *script){
		func(s *script) { s.step(Listed{Newest: []Newest{{group, "", math.MaxUint64}}}) },
		func(s *script) { s.step(Named{group, math.MaxUint64}) },
		func(s *script) { s.newest = math.MaxUint64; m := *s.says(group, 1000); s.push(&m) },
		func(s *script) { s.step(Synced{5, math.MaxUint64}) },
	} {
		s := begun(t, group, 10)
		kind(s)
		s.refuse = Refused
		s.pass(time.Hour)
	}
}

// The answer to an own message in a group that nothing else has named yet shows what is
// missing.
func TestOwnAnswerNamesAGroup(t *testing.T) {
	s := newScript(t)
	s.step(Registered{Time: s.at.Unix})
	s.pass(time.Minute)
	s.step(Registered{Time: s.at.Unix})
	s.step(Synced{5, 4})
	s.says(group, 5) // lost
	s.says(group, 6) // its echo is lost
	s.step(Named{group, 6})
	s.pass(time.Minute)
	s.want("5", "6")
}

// An own message that is answered before it is pushed lets what waited go on.
func TestOwnAnswerLetsGoOn(t *testing.T) {
	s := newScript(t)
	s.step(Synced{5, 5})
	s.refuse = Offline
	s.push(s.says(group, 6))
	s.step(Named{group, 6})
	s.want("6")
}

// BenchmarkStep is the next message of a group.
func BenchmarkStep(b *testing.B) {
	book := New(testLimits)
	at := At{Now: time.Unix(1_700_000_000, 0), Unix: 1_700_000_000}
	book.Restore(at, []Saved{{Chat: group}}, 1)
	e := &event.Message{Message: &message.Message{Chat: message.Chat{Kind: message.Group, Group: 5}, Time: at.Unix}}
	b.ReportAllocs()
	for i := range b.N {
		e.Sequence, e.Random = uint64(i+1), uint32(i)|1
		if out := book.Step(at, Pushed{e}); len(out.Deliver) != 1 {
			b.Fatalf("message %d: %d delivered", i+1, len(out.Deliver))
		}
	}
}
