package ntqq

import (
	"cmp"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"google.golang.org/protobuf/proto"

	"libration/internal/elements"
	"libration/internal/packed"
	"libration/internal/pb/messagepb"
	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/internal/sessiontest"
	"libration/ntqq/event"
	"libration/ntqq/message"
)

// keptChat is a service with one group and one private chat that have the same messages,
// ascending.
type keptChat struct {
	messages []keptMessage
	from     UIN    // who sent them; 0: person 5
	size     int    // bytes of text in each, 0: some
	card     []byte // in each, in place of the text
	largest  atomic.Int32
	reads    []*messagepb.ReadReportReq
}

type keptMessage struct {
	sequence uint64
	time     int64
	recalled bool
}

func (k *keptChat) client(t *testing.T, o Options) *Client {
	t.Helper()
	var mux rpc.Mux[struct{}]
	newest := k.messages[len(k.messages)-1]
	rpc.Handle(&mux, rpc.GroupInfo, func(struct{}, *oidbpb.GroupInfoReq) (*oidbpb.GroupInfoResp, error) {
		return &oidbpb.GroupInfoResp{Groups: []*oidbpb.GroupInfoRespEntry{{
			GroupCode: 7, Info: &oidbpb.GroupInfo{LatestSeq: proto.Uint32(uint32(newest.sequence))},
		}}}, nil
	})
	rpc.Handle(&mux, rpc.PeerSequence, func(struct{}, *messagepb.GetPeerSeqReq) (*messagepb.GetPeerSeqResp, error) {
		return &messagepb.GetPeerSeqResp{Sequence1: newest.sequence, LatestMsgTime: uint64(newest.time)}, nil
	})
	rpc.Handle(&mux, rpc.GroupHistory, func(_ struct{}, req *messagepb.GetGroupMsgReq) (*messagepb.GetGroupMsgResp, error) {
		return &messagepb.GetGroupMsgResp{Body: &messagepb.GetGroupMsgBody{
			Messages: k.between(true, req.GetRange().GetStartSequence(), req.GetRange().GetEndSequence()),
		}}, nil
	})
	rpc.Handle(&mux, rpc.FriendHistory, func(_ struct{}, req *messagepb.GetC2CMsgReq) (*messagepb.GetC2CMsgResp, error) {
		return &messagepb.GetC2CMsgResp{Messages: k.between(false, req.GetStartSequence(), req.GetEndSequence())}, nil
	})
	rpc.Handle(&mux, rpc.RoamHistory, func(_ struct{}, req *messagepb.GetRoamMsgReq) (*messagepb.GetRoamMsgResp, error) {
		all := slices.DeleteFunc(slices.Clone(k.messages), func(m keptMessage) bool { return m.recalled })
		i := slices.IndexFunc(all, func(m keptMessage) bool {
			return m.time > int64(req.GetTime()) || m.time == int64(req.GetTime()) && req.GetDirection() == roamNewer
		})
		if i < 0 {
			i = len(all)
		}
		if req.GetDirection() == roamNewer {
			all = all[i:min(len(all), i+int(req.GetCount()))]
		} else {
			all = all[max(0, i-int(req.GetCount())):i]
		}
		resp := &messagepb.GetRoamMsgResp{}
		for _, m := range all {
			resp.Messages = append(resp.Messages, k.common(false, m))
		}
		return resp, nil
	})
	rpc.Handle(&mux, rpc.ReadReport, func(_ struct{}, req *messagepb.ReadReportReq) (*messagepb.ReadReportResp, error) {
		k.reads = append(k.reads, req)
		return &messagepb.ReadReportResp{}, nil
	})
	service := sessiontest.New(t)
	service.Answer = func(command string, payload []byte) ([]byte, error) { return mux.Serve(struct{}{}, command, payload) }
	c := start(t, service, o)
	if _, err := c.Wait(t.Context(), State.Online); err != nil {
		t.Fatal(err)
	}
	return c
}

func (k *keptChat) between(group bool, first, last uint64) (out []*messagepb.CommonMessage) {
	k.largest.Store(max(k.largest.Load(), int32(last-first+1)))
	for _, m := range k.messages {
		if first <= m.sequence && m.sequence <= last {
			out = append(out, k.common(group, m))
		}
	}
	return out
}

// common is a message as it arrives; one that was taken back has no sender.
func (k *keptChat) common(group bool, m keptMessage) *messagepb.CommonMessage {
	cm := &messagepb.CommonMessage{
		RoutingHead: &messagepb.RoutingHead{FromUin: uint64(cmp.Or(k.from, 5)), FromUid: proto.String("u_5")},
		ContentHead: &messagepb.ContentHead{
			Type: elements.TypeGroup, Sequence: proto.Uint64(m.sequence), Time: proto.Uint64(uint64(m.time)),
		},
		Body: &messagepb.MessageBody{RichText: &messagepb.RichText{Elems: []*messagepb.Elem{
			{Text: &messagepb.Text{Str: proto.String(strings.Repeat("x", max(1, k.size)))}},
		}}},
	}
	if k.card != nil {
		cm.Body.RichText.Elems = []*messagepb.Elem{{LightApp: &messagepb.LightApp{Data: k.card}}}
	}
	if group {
		cm.RoutingHead.Group = &messagepb.RoutingGroup{GroupCode: 7}
	} else {
		cm.ContentHead.Type = elements.TypeFriend
		cm.ContentHead.Sequence, cm.ContentHead.NtMsgSeq = proto.Uint64(m.sequence%1000), proto.Uint64(m.sequence)
	}
	if m.recalled {
		cm.RoutingHead.FromUin = 0
	}
	return cm
}

var (
	keptGroup   = message.Chat{Kind: message.Group, Group: 7}
	keptPrivate = message.Chat{Kind: message.Friend, Peer: 5, PeerUID: "u_5"}
)

// TestHistory asks for all kinds of pages of chats with gaps, and compares with what is
// there.
func TestHistory(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for name, step := range map[string]int{"without gaps": 1, "with gaps": 25, "with large gaps": 1000} {
		t.Run(name, func(t *testing.T) {
			k := &keptChat{}
			m := keptMessage{sequence: 3, time: 1_700_000_000}
			for range 200 {
				k.messages = append(k.messages, m)
				m.sequence += 1 + rng.Uint64N(uint64(step))
				m.time += rng.Int64N(20)
				m.recalled = rng.IntN(10) == 0
			}
			k.messages[199].recalled = false
			c := k.client(t, Options{Handler: func(e event.Event) {
				if m, ok := e.(*event.Message); ok {
					t.Errorf("message %d became an event", m.Sequence)
				}
			}})
			there := slices.DeleteFunc(slices.Clone(k.messages), func(m keptMessage) bool { return m.recalled })
			newest := there[len(there)-1].sequence
			for range 60 {
				chat := keptGroup
				if step == 1000 || rng.IntN(2) == 0 { // groups are not searched that far
					chat = keptPrivate
				}
				q := HistoryQuery{Count: 1 + rng.IntN(150), Newer: rng.IntN(2) == 0}
				at := there[rng.IntN(len(there))]
				switch {
				case rng.IntN(10) == 0:
				case chat.Kind == message.Friend && rng.IntN(2) == 0:
					q.Time = at.time + rng.Int64N(3) - 1
				default:
					q.From = at.sequence
				}
				var want []uint64
				for _, m := range there {
					before, after := m.sequence <= q.From, m.sequence >= q.From
					switch {
					case q.Time != 0:
						before, after = m.time <= q.Time, m.time >= q.Time
					case q.From == 0:
						before, after = true, true
					}
					if q.Newer && after || !q.Newer && before {
						want = append(want, m.sequence)
					}
				}
				if q.Newer && (q.From != 0 || q.Time != 0) {
					want = want[:min(len(want), q.Count)]
				} else {
					want = want[max(0, len(want)-q.Count):]
				}
				found, err := c.Messages().History(t.Context(), chat, q)
				if err != nil {
					t.Fatal(err)
				}
				var got []uint64
				for _, m := range found {
					got = append(got, m.Sequence)
				}
				if !slices.Equal(got, want) {
					t.Fatalf("%v, %+v, newest %d:\n got %v\nwant %v", chat.Kind, q, newest, got, want)
				}
			}
			if k.largest.Load() > historyPage {
				t.Errorf("a request was for %d messages, the service takes %d", k.largest.Load(), historyPage)
			}
		})
	}
}

func TestHistoryBounds(t *testing.T) {
	k := &keptChat{size: 10}
	for i := range 1500 {
		k.messages = append(k.messages, keptMessage{sequence: uint64(i + 1), time: 1_700_000_000})
	}
	c := k.client(t, Options{})
	for count, want := range map[int]int{0: 20, -1: 20, 1: 1, 31: 31, MaxHistory + 1: MaxHistory} {
		for _, chat := range []message.Chat{keptGroup, keptPrivate} {
			if found, err := c.Messages().History(t.Context(), chat, HistoryQuery{Count: count}); err != nil || len(found) != want {
				t.Errorf("%v, %d wanted: got %d, %v; want %d", chat.Kind, count, len(found), err, want)
			}
		}
	}
	// Beyond the newest it begins with the newest, or there is nothing.
	if found, err := c.Messages().History(t.Context(), keptGroup, HistoryQuery{From: 1 << 50, Count: 2}); err != nil || len(found) != 2 || found[1].Sequence != 1500 {
		t.Errorf("from far beyond: got %d messages, %v; want the newest two", len(found), err)
	}
	if found, err := c.Messages().History(t.Context(), keptGroup, HistoryQuery{From: 1501, Newer: true}); err != nil || len(found) != 0 {
		t.Errorf("what is newer than the newest: got %d messages, %v; want none", len(found), err)
	}
	// What messages take in memory is bounded, and not what they have on the wire: a card of
	// a kilobyte inflates to a megabyte.
	bomb := packed.AppendDeflated([]byte{1}, []byte(`{"app":"x","a":"`+strings.Repeat("a", 1<<20-50)+`"}`))
	for name, tt := range map[string]struct {
		size int
		card []byte
		want int
	}{"texts of 100 KiB": {100 << 10, nil, 82}, "cards": {0, bomb, 16}} {
		k.size, k.card = tt.size, tt.card
		for _, newer := range []bool{false, true} {
			q, first := HistoryQuery{Count: 500}, 1500-tt.want+1
			if newer {
				q.From, q.Newer, first = 1, true, 1
			}
			found, err := c.Messages().History(t.Context(), keptGroup, q)
			if err != nil || len(found) != tt.want || found[0].Sequence != uint64(first) {
				t.Errorf("%s, newer %v: got %d of them, %v; want %d from %d on", name, newer, len(found), err, tt.want, first)
			}
		}
	}
}

// A message without a sequence leads nowhere.
func TestHistoryWithoutSequences(t *testing.T) {
	k := &keptChat{messages: []keptMessage{{sequence: 0, time: 9}, {sequence: 3, time: 10}}}
	c := k.client(t, Options{})
	found, err := c.Messages().History(t.Context(), keptPrivate, HistoryQuery{Time: 9})
	if err != nil || len(found) != 0 || k.largest.Load() != 0 {
		t.Errorf("got %d messages, %v, pages of %d; want none", len(found), err, k.largest.Load())
	}
}

func TestHistoryErrors(t *testing.T) {
	k := &keptChat{messages: []keptMessage{{sequence: 5, time: 1}, {sequence: 6, time: 1, recalled: true}}}
	c := k.client(t, Options{})
	m, temp := c.Messages(), message.Chat{Kind: message.Temp, Group: 7, Peer: 5, PeerUID: "u_5"}
	for name, tt := range map[string]struct {
		do   func() error
		want error
	}{
		"temporary chat":                {func() error { _, err := m.History(t.Context(), temp, HistoryQuery{}); return err }, ErrTempChat},
		"message of a temporary chat":   {func() error { _, err := m.Get(t.Context(), temp, 5); return err }, ErrTempChat},
		"read mark of a temporary chat": {func() error { return m.MarkRead(t.Context(), &message.Message{Chat: temp, Sequence: 5}) }, ErrTempChat},
		"a group by time":               {func() error { _, err := m.History(t.Context(), keptGroup, HistoryQuery{Time: 1}); return err }, ErrGroupTime},
		"one that was taken back":       {func() error { _, err := m.Get(t.Context(), keptPrivate, 6); return err }, ErrNoMessage},
		"one that is not there":         {func() error { _, err := m.Get(t.Context(), keptGroup, 9); return err }, ErrNoMessage},
		"one that is there":             {func() error { _, err := m.Get(t.Context(), keptGroup, 5); return err }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if err := tt.do(); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
	if _, err := m.History(t.Context(), message.Chat{}, HistoryQuery{}); err == nil {
		t.Error("a chat of no kind has a history")
	}
}

// A fetched message is not taken for one that is on its way, nor for one that was
// delivered.
func TestHistoryProvesNothing(t *testing.T) {
	self := sessiontest.Keystore().UIN
	k := &keptChat{messages: []keptMessage{{sequence: 5, time: 1}}, from: self}
	c := k.client(t, Options{})
	out := &outgoing{sendKey: sendKey{chat: groupChat(7)}}
	c.sends.begin(out)
	defer c.sends.end(out, nil)
	found, err := c.Messages().History(t.Context(), keptGroup, HistoryQuery{})
	if err != nil || len(found) != 1 || !found[0].Self {
		t.Fatalf("got %v, %v; want an own message", found, err)
	}
	if out.seen != nil || c.order.delivered(groupChat(7)) != 0 {
		t.Errorf("got sending seen %v, delivered up to %d; want neither", out.seen, c.order.delivered(groupChat(7)))
	}
	if _, err := c.page(t.Context(), groupChat(7), "", 5, 5); err != nil || out.seen == nil { // who looks for it finds it
		t.Errorf("the message is not recognised by who looks for it: %v", err)
	}
}

func TestMarkRead(t *testing.T) {
	k := &keptChat{messages: []keptMessage{{sequence: 5, time: 1_700_000_000}}}
	c := k.client(t, Options{})
	m := c.Messages()
	for _, err := range []error{
		m.MarkRead(t.Context(), &message.Message{Chat: keptGroup, Sequence: 3}),
		m.MarkRead(t.Context(), &message.Message{Chat: keptPrivate, Sequence: 4, Time: 1_600_000_000}),
		m.MarkChatRead(t.Context(), keptGroup),
		m.MarkChatRead(t.Context(), keptPrivate),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	private := func(sequence, time uint64) *messagepb.ReadReportReq {
		return &messagepb.ReadReportReq{C2C: &messagepb.ReadReportC2C{PeerUid: proto.String("u_5"), Sequence: sequence, Time: time}}
	}
	group := func(sequence uint64) *messagepb.ReadReportReq {
		return &messagepb.ReadReportReq{Group: &messagepb.ReadReportGroup{GroupCode: 7, Sequence: sequence}}
	}
	want := []*messagepb.ReadReportReq{group(3), private(4, 1_600_000_000), group(5), private(5, 1_700_000_000)}
	if !slices.EqualFunc(k.reads, want, func(a, b *messagepb.ReadReportReq) bool { return proto.Equal(a, b) }) {
		t.Errorf("reported\n got %v\nwant %v", k.reads, want)
	}
}
