package server

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"libration/internal/elements"
	"libration/internal/pb/messagepb"
	"libration/internal/rpc"
	"libration/internal/wire"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

func TestHistoryPages(t *testing.T) {
	w := defaultWorld(t)
	for range 40 {
		w.Messages().Send(world.Send{From: alice, Group: mall, Parts: world.Text("x")}, nil)
	}
	h := start(t, Options{World: w})
	c := h.dial().login(bot)
	got := call(c, rpc.GroupHistory, groupRange(mall, 1, 1<<63)).GetBody()
	if len(got.GetMessages()) != 30 || got.GetMessages()[0].GetContentHead().GetSequence() != 11 || got.GetStartSequence() != 1 || got.GetEndSequence() != 1<<63 {
		t.Errorf("got %d messages of %d to %d, want the last 30 and the range asked for", len(got.GetMessages()), got.GetStartSequence(), got.GetEndSequence())
	}
	few := groupRange(mall, 1, 40)
	few.Filter = 2
	if got := call(c, rpc.GroupHistory, few).GetBody(); len(got.GetMessages()) != 10 {
		t.Errorf("filtered: got %d messages, want 10", len(got.GetMessages()))
	}
}

func groupRange(code message.GroupCode, from, to uint64) *messagepb.GetGroupMsgReq {
	return &messagepb.GetGroupMsgReq{Filter: 1, Range: &messagepb.GetGroupMsgRange{
		GroupCode: uint64(code), StartSequence: from, EndSequence: to,
	}}
}

// TestPrivateHistoryByAnyNumber asks for a private chat in the ways of all clients: by the
// chat's sequences, and by those of the senders (content field 5), which are all that
// some clients know. Requests are written by hand.
func TestPrivateHistoryByAnyNumber(t *testing.T) {
	w := defaultWorld(t)
	var sent []*world.Message
	for i := range 40 {
		s := world.Send{From: alice, To: bot, Parts: world.Text(fmt.Sprint(i)), ClientSequence: uint64(50000 - 7*i)} // in no order
		if i%2 == 1 {
			s.From, s.To = bot, alice
		}
		m, err := w.Messages().Send(s, nil)
		must(t, err)
		sent = append(sent, m)
	}
	recalled := sent[30]
	must(t, w.Messages().RecallFriend(alice, bot, recalled.ClientSequence, recalled.Random, recalled.Sequence, nil))
	h := start(t, Options{World: w})
	c := h.dial().login(bot)
	uid, first := h.uidOf(alice), sent[0].Sequence
	client := func(i int) uint64 { return sent[i].ClientSequence }
	// up is the messages from one to another, but for the recalled one.
	up := func(from, to int) []int {
		var want []int
		for i := from; i <= to; i++ {
			if i != 30 {
				want = append(want, i)
			}
		}
		return want
	}
	for _, tt := range []struct {
		name       string
		start, end uint64
		want       []int
	}{
		{"one, by the chat's number", first + 5, first + 5, up(5, 5)},
		{"a range, by the chat's numbers", first + 5, first + 9, up(5, 9)},
		{"a long range: its last page", first, first + 39, up(10, 39)},
		{"everything", 0, 1 << 40, up(10, 39)},
		{"everything from the first number", 1, 1<<64 - 1, up(10, 39)},
		{"beyond the newest", first + 38, first + 100, up(38, 39)},
		{"before the oldest", first - 40, first + 2, up(0, 2)},
		{"nothing but before the oldest", first - 40, first - 2, nil},
		{"nothing but beyond the newest", first + 41, first + 60, nil},
		{"the recalled one", first + 30, first + 30, nil},
		{"one, by the sender's number", client(7), client(7), up(7, 7)},
		{"one of the other side", client(8), client(8), up(8, 8)},
		{"the recalled one, by the sender's number", client(30), client(30), nil},
		{"a number that nothing has", 12345, 12345, nil},
		{"from one to another, the greater number first", client(3), client(6), up(3, 6)},
		{"from one to another, the lesser number first", client(6), client(3), up(3, 6)},
		{"from one to another, more than a page", client(2), client(39), up(10, 39)},
		{"twenty up to one", client(25) - 19, client(25), up(6, 25)},
		{"twenty from one on", client(4), client(4) + 18, up(4, 22)},
		{"from one to the newest", client(35), 0xFFFFFFFA, up(35, 39)},
		{"both kinds of numbers", first + 2, client(6), up(2, 6)},
		{"from one without an end", client(36), 0, up(36, 39)},
		{"all numbers that senders draw", 10000, 99999, up(9, 39)},
		{"some numbers that senders draw", client(5) - 1, client(3) + 1, up(3, 5)},
		{"the newest", 0xFFFFFFFA, 0xFFFFFFFA, up(39, 39)},
		{"the newest ten", 0xFFFFFFFA - 9, 0xFFFFFFFA, up(30, 39)},
		{"no numbers: the newest page", 0, 0, up(10, 39)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			numbers := protowire.AppendVarint(protowire.AppendTag(nil, 3, protowire.VarintType), tt.start)
			numbers = protowire.AppendVarint(protowire.AppendTag(numbers, 4, protowire.VarintType), tt.end)
			byUIN := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), uint64(alice))
			byUID := protowire.AppendString(protowire.AppendTag(nil, 2, protowire.BytesType), uid)
			for who, peer := range map[string][]byte{"uid": byUID, "uin": byUIN, "both": append(byUIN, byUID...)} {
				answer := c.must(rpc.FriendHistory.Name, wire.FlagD2, append(slices.Clone(peer), numbers...))
				if len(answer) < 2 || answer[0] != 0x08 || answer[1] != 0 {
					t.Fatalf("by %s: the answer %x does not begin with the result 0", who, answer)
				}
				var got []int
				for _, m := range fields(t, answer, 7) {
					got = append(got, saysWhat(t, m, sent))
				}
				if !slices.Equal(got, tt.want) {
					t.Errorf("by %s: got messages %v, want %v", who, got, tt.want)
				}
			}
		})
	}
}

// saysWhat reads a message as clients of all kinds do, who need what messages.md 11.3
// lists, and returns which of those sent it is.
func saysWhat(t *testing.T, raw []byte, sent []*world.Message) int {
	t.Helper()
	one := func(message []byte, number protowire.Number) []byte {
		values := fields(t, message, number)
		if len(values) != 1 {
			t.Fatalf("field %d is there %d times in %x, want it once", number, len(values), message)
		}
		return values[0]
	}
	routing, head, rich := one(raw, 1), numbers(t, one(raw, 2)), one(one(raw, 3), 1)
	said := string(one(one(one(rich, 2), 1), 1))
	var i int
	if _, err := fmt.Sscan(said, &i); err != nil {
		t.Fatal(err)
	}
	m := sent[i]
	want := map[protowire.Number]uint64{
		1: elements.TypeFriend, 2: 11, 3: 11, 4: uint64(m.Random), 5: m.ClientSequence, 6: uint64(m.Time), 7: 1, 8: 0, 9: 0,
		11: m.Sequence, 12: elements.MsgUID(m.Random),
	}
	for number, value := range want {
		if got, there := head[number]; !there || got != value {
			t.Errorf("content field %d is %d, %t; want %d, written", number, got, there, value)
		}
	}
	people := numbers(t, routing)
	if people[1] != uint64(m.Sender.UIN) || people[5] != uint64(m.To) ||
		string(one(routing, 2)) != string(m.Sender.UID) || string(one(routing, 6)) != string(m.ToUID) || len(one(routing, 7)) != 0 {
		t.Errorf("routing %x: want both sides, and an empty field 7", routing)
	}
	return i
}

// numbers are the fields of a message that are varints.
func numbers(t *testing.T, message []byte) map[protowire.Number]uint64 {
	t.Helper()
	values := map[protowire.Number]uint64{}
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		size := protowire.ConsumeFieldValue(number, kind, message[max(n, 0):])
		if n < 0 || size < 0 {
			t.Fatalf("bad message %x", message)
		}
		if kind == protowire.VarintType {
			values[number], _ = protowire.ConsumeVarint(message[n:])
		}
		message = message[n+size:]
	}
	return values
}

// TestPrivateHistoryByTime asks by time, as the vector "sso/history private" does.
func TestPrivateHistoryByTime(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	w := defaultWorld(t)
	w.SetClock(func() time.Time { return now })
	var sent []*world.Message
	for i := range 35 {
		m, err := w.Messages().Send(world.Send{From: alice, To: bot, Parts: world.Text(fmt.Sprint(i))}, nil)
		must(t, err)
		sent = append(sent, m)
		now = now.Add(10 * time.Second)
	}
	h := start(t, Options{World: w})
	c := h.dial().login(bot)
	newest := uint64(sent[34].Time)
	for _, tt := range []struct {
		name                   string
		time, count, direction uint64
		first, last            int
		complete               bool
	}{
		{"now", newest + 10, 20, 1, 15, 34, false},
		{"time of the newest", newest, 20, 1, 15, 34, false},
		{"LL's newest", 0xFFFFFFFA, 20, 1, 15, 34, false},
		{"no time", 0, 20, 1, 15, 34, false},
		{"no count", newest, 0, 1, 5, 34, false},
		{"too many", newest, 500, 1, 5, 34, false},
		{"older", uint64(sent[10].Time), 20, 1, 0, 10, true},
		{"no direction", newest, 3, 0, 32, 34, false},
		{"downwards", uint64(sent[10].Time), 5, 2, 10, 14, false},
		{"downwards from the newest", newest, 20, 2, 15, 34, true},
		{"downwards from now", newest + 10, 20, 2, 15, 34, true},
		{"downwards from LL's newest", 0xFFFFFFFA, 20, 2, 15, 34, true},
		{"downwards from the beginning", 0, 20, 2, 0, 19, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var request []byte
			request = protowire.AppendString(protowire.AppendTag(request, 1, protowire.BytesType), h.uidOf(alice))
			for i, v := range []uint64{tt.time, 0, tt.count, tt.direction} {
				request = protowire.AppendVarint(protowire.AppendTag(request, protowire.Number(2+i), protowire.VarintType), v)
			}
			answer := c.must(rpc.RoamHistory.Name, wire.FlagD2, request)
			messages := fields(t, answer, 7)
			if len(messages) != tt.last-tt.first+1 {
				t.Fatalf("got %d messages, want %d", len(messages), tt.last-tt.first+1)
			}
			for i, m := range messages {
				if got := saysWhat(t, m, sent); got != tt.first+i {
					t.Errorf("message %d is %d, want %d", i, got, tt.first+i)
				}
			}
			next := sent[tt.first]
			if tt.direction == 2 {
				next = sent[tt.last]
			}
			head := numbers(t, answer)
			complete, written := head[4]
			if !written || complete != map[bool]uint64{true: 1}[tt.complete] || head[5] != uint64(next.Time) || head[6] != uint64(next.Random) {
				t.Errorf("got complete %d, time %d, random %d; want %t and those of the message to go on from, %d, %d",
					complete, head[5], head[6], tt.complete, next.Time, next.Random)
			}
		})
	}
}

// TestGroupHistoryOnTheWire: a message of the history is the one that was pushed, to the
// byte.
func TestGroupHistoryOnTheWire(t *testing.T) {
	h := start(t, Options{})
	b := h.dial().login(bot).register()
	a := h.dial().login(alice).register()
	call(a, rpc.SendMessage, groupText(mall, "hello", 42))
	push := fields(t, b.push().Body, 1)[0]
	answer := call(b, rpc.GroupHistory, groupRange(mall, 1, 1))
	if len(answer.GetBody().GetMessages()) != 1 {
		t.Fatalf("got %d messages, want 1", len(answer.GetBody().GetMessages()))
	}
	pushed := &messagepb.CommonMessage{}
	if err := proto.Unmarshal(push, pushed); err != nil {
		t.Fatal(err)
	}
	if got := answer.GetBody().GetMessages()[0]; !proto.Equal(got, pushed) {
		t.Errorf("history\n%v\npush\n%v", got, pushed)
	}
}

// TestReadReports: what is reported as read is kept, a group's and a private chat's.
func TestReadReports(t *testing.T) {
	h := start(t, Options{})
	c := h.dial().login(bot)
	call(c, rpc.ReadReport, &messagepb.ReadReportReq{Group: &messagepb.ReadReportGroup{GroupCode: uint64(mall), Sequence: 5}})
	call(c, rpc.ReadReport, &messagepb.ReadReportReq{C2C: &messagepb.ReadReportC2C{PeerUid: proto.String(h.uidOf(alice)), Sequence: 7}})
	call(c, rpc.ReadReport, &messagepb.ReadReportReq{C2C: &messagepb.ReadReportC2C{PeerUid: proto.String(h.uidOf(alice)), Sequence: 6}})
	call(c, rpc.ReadReport, &messagepb.ReadReportReq{C2C: &messagepb.ReadReportC2C{PeerUid: proto.String("u_nobody"), Sequence: 9}})
	reads := h.World().Messages()
	if group, private := reads.ReadUpTo(mall, bot), reads.PrivateReadUpTo(bot, alice); group != 5 || private != 7 {
		t.Errorf("read up to %d in the group and %d in the private chat, want 5 and 7", group, private)
	}
}
