package order

import (
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"libration/ntqq/event"
	"libration/ntqq/message"
)

// fuzzed feeds a Book with what bytes say: a network and a server that may name any
// sequence and any time, contradict themselves, and answer late or never. What such a
// server says is not true, so nothing is lost or out of order by it; what must hold is
// what needs no truth.
type fuzzed struct {
	t       *testing.T
	data    []byte
	b       *Book
	limits  Limits
	now     time.Time
	pending []Request
	told    map[[3]uint64]bool // messages delivered in this run
	recalls map[[3]uint64]bool // recalls delivered in this run
	count   int                // of deliveries in this run
	asked   int                // requests at this moment
}

// FuzzStep holds a Book against inputs that no real server sends. Nothing may panic,
// grow beyond its bounds, come twice, come after its recall, or be asked without end.
func FuzzStep(f *testing.F) {
	f.Add([]byte("\x05\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"))
	f.Add([]byte("\x01\x06\x00\x08\x00\x09\x03\x03\x0a\x00\x05\x0b\x00\x00\x09\x01\x03\x0a\x00\x05"))
	f.Add([]byte("\x1e\x05\x01\x03\x00\x00\x01\x06\x00\x09\x02\x0c\x02\x00\x00\x01\x0a\x0a\x0d\x00\x01\x0a"))
	f.Fuzz(func(t *testing.T, data []byte) {
		data = data[:min(len(data), 600)]
		z := &fuzzed{t: t, data: data, now: time.Unix(1_700_000_000, 0), limits: Limits{Age: 20 * time.Minute}}
		z.limits.Messages = 1 + z.n(40)
		z.b = New(z.limits)
		z.start()
		for len(z.data) > 0 {
			z.happen()
		}
		z.settle(0)
	})
}

func (z *fuzzed) start() {
	z.told, z.recalls, z.count, z.pending = map[[3]uint64]bool{}, map[[3]uint64]bool{}, 0, nil
}

// n takes a number below most from the data.
func (z *fuzzed) n(most int) int {
	if len(z.data) == 0 {
		return 0
	}
	n := int(z.data[0]) % most
	z.data = z.data[1:]
	return n
}

func (z *fuzzed) chat() ID { return ID{z.n(2) == 0, uint64(1 + z.n(3))} }

// sequence is one around the position of a chat, or anywhere.
func (z *fuzzed) sequence(id ID) uint64 {
	p := z.b.Newest(id)
	all := []uint64{
		p + 1, p + 2, p + 3, p, p - min(p, 1), p + 5, p + 31, p + 100, p + 5000, p - min(p, 10), p - min(p, 600),
		1, 100, 1 << 32, math.MaxUint32, 1 << 62, 0,
	}
	return all[z.n(len(all))]
}

// unix is a time around now, or any.
func (z *fuzzed) unix() int64 {
	now := z.now.Unix()
	all := []int64{now, now - 1, now - 10, now + 3, now - 3600, now - 100_000, now + 1<<31, 0, -1, math.MaxInt64, math.MinInt64}
	return all[z.n(len(all))]
}

func (z *fuzzed) message(id ID, seq uint64) *message.Message {
	m := &message.Message{Sequence: seq, Random: uint32(1 + z.n(2)), Time: z.unix()}
	m.Chat = message.Chat{Kind: message.Group, Group: message.GroupCode(id.Code)}
	if !id.Group {
		m.Chat = message.Chat{Kind: message.Friend, Peer: message.UIN(id.Code)}
		if z.n(4) > 0 {
			m.Chat.PeerUID = "u_x"
		}
		m.ClientSequence = seq ^ 1<<40
	}
	return m
}

func (z *fuzzed) happen() {
	id := z.chat()
	switch z.n(17) {
	case 0, 1, 2:
		z.step(Pushed{&event.Message{Message: z.message(id, z.sequence(id))}})
	case 3: // a gap, and many behind it
		from := z.sequence(id)
		for i := range uint64(z.n(256)) {
			z.step(Pushed{&event.Message{Message: z.message(id, from+2*i)}})
		}
	case 4:
		m := z.message(id, z.sequence(id))
		z.step(Recalled{&event.MessageRecalled{Chat: m.Chat, Sequence: m.Sequence, Random: m.Random, MessageTime: m.Time}})
	case 5:
		z.step(Registered{Time: z.unix()})
	case 6:
		var l Listed
		for range z.n(6) {
			id := z.chat()
			l.Newest = append(l.Newest, Newest{Chat: id, Peer: "u_x", Sequence: z.sequence(id)})
		}
		l.Groups = z.n(2) == 0
		z.step(l)
	case 7:
		z.step(Synced{message.GroupCode(id.Code), z.sequence(ID{true, id.Code})})
	case 8:
		z.step(Joined{Chat: id, Peer: "u_x", Time: z.unix()})
	case 9:
		z.step(Left{Chat: ID{true, id.Code}, Time: z.unix()})
	case 10:
		if id.Group {
			z.step(Named{Chat: id, Sequence: z.sequence(id)})
		} else {
			z.step(Sent{&event.Message{Message: z.message(id, z.sequence(id))}})
		}
	case 11, 12:
		if len(z.pending) > 0 {
			i := z.n(len(z.pending))
			r := z.pending[i]
			z.pending = slices.Delete(z.pending, i, i+1)
			z.answer(r, z.n(8))
		}
	case 13:
		z.pass([]time.Duration{time.Millisecond, time.Second / 2, 2 * time.Second, 6 * time.Minute, 25 * time.Hour}[z.n(5)])
	case 14:
		z.settle(z.n(8))
	case 15:
		z.step(Closed{})
	case 16:
		saved, presence := z.b.Snapshot(z.now.Unix())
		z.step(Forgotten{})
		z.b = New(z.limits)
		z.b.Restore(z.at(), saved, presence)
		z.start()
	}
}

// settle answers all that is asked at one moment, until nothing more is.
func (z *fuzzed) settle(how int) {
	for len(z.pending) > 0 {
		r := z.pending[0]
		z.pending = z.pending[1:]
		z.answer(r, how)
		z.tick()
	}
}

func (z *fuzzed) answer(r Request, how int) {
	a := Answered{Request: r}
	switch {
	case how >= 4:
		a.Failure = []Failure{Refused, TimedOut, Ended, Offline}[how-4]
		a.Err = errors.New("no answer")
	case r.Kind == AskNewest:
		a.Newest = []uint64{r.Last, r.First, 0, r.First - min(r.First, 3)}[how]
		if z.n(2) == 1 {
			a.Newest = z.sequence(r.Chat)
		}
	case how < 3:
		for seq := r.First; seq <= r.Last; seq++ {
			if how == 0 || z.n(2) == 0 {
				a.Messages = append(a.Messages, z.message(r.Chat, seq))
			}
		}
	}
	if r.Membership && a.Failure == None {
		a.Joined = z.unix()
	}
	z.step(a)
}

func (z *fuzzed) at() At {
	return At{Now: z.now, Unix: z.now.Unix(), Oldest: z.now.Add(-z.limits.Age).Unix()}
}

// tick does what is due now.
func (z *fuzzed) tick() {
	for next := z.b.Next(); !next.IsZero() && !next.After(z.now); next = z.b.Next() {
		z.step(Tick{})
	}
}

// pass lets time pass, in which nothing is answered.
func (z *fuzzed) pass(d time.Duration) {
	end := z.now.Add(d)
	for next := z.b.Next(); !next.IsZero() && !next.After(end); next = z.b.Next() {
		if next.After(z.now) {
			z.now, z.asked = next, 0
		}
		z.step(Tick{})
	}
	z.now, z.asked = end, 0
}

func (z *fuzzed) step(in Input) {
	z.t.Helper()
	out := z.b.Step(z.at(), in)
	if problem := z.b.Check(); problem != "" {
		z.t.Fatalf("after %T: %s", in, problem)
	}
	for _, r := range out.Ask {
		if z.asked++; z.asked > 2000 {
			z.t.Fatalf("asked without end: %+v", r)
		}
		if r.Kind != AskNewest && (r.First == 0 || r.Last < r.First || r.Last-r.First >= PageSize) {
			z.t.Fatalf("after %T: asked for %d to %d, kind %d", in, r.First, r.Last, r.Kind)
		}
		if slices.ContainsFunc(z.pending, func(p Request) bool { return p.about == r.about }) {
			z.t.Fatalf("after %T: two questions about %v", in, r.Chat)
		}
		z.pending = append(z.pending, r)
	}
	if _, forgotten := in.(Forgotten); forgotten {
		z.pending = nil
	}
	for _, e := range out.Deliver {
		z.delivered(in, e)
	}
}

func (z *fuzzed) delivered(in Input, e event.Event) {
	z.t.Helper()
	if z.count++; z.count > 1000 { // the filters remember no more
		return
	}
	switch e := e.(type) {
	case *event.Message:
		if !Numbered(e.Message) {
			return
		}
		key := [3]uint64{Of(e.Chat).key(), e.Sequence, uint64(e.Random)}
		if z.told[key] {
			z.t.Fatalf("after %T: %v %d comes twice", in, Of(e.Chat), e.Sequence)
		}
		z.told[key] = true
		if z.recalls[key] {
			z.t.Fatalf("after %T: %v %d comes after its recall", in, Of(e.Chat), e.Sequence)
		}
	case *event.MessageRecalled:
		if e.Sequence == 0 {
			return
		}
		key := [3]uint64{Of(e.Chat).key(), e.Sequence, uint64(e.Random)}
		if z.recalls[key] {
			z.t.Fatalf("after %T: the recall of %v %d comes twice", in, Of(e.Chat), e.Sequence)
		}
		z.recalls[key] = true
	}
}
