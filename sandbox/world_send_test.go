package sandbox

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

// The people and groups of the default scenario.
const (
	bot   = message.UIN(10001)
	alice = message.UIN(20001)
	bob   = message.UIN(20002)
	carol = message.UIN(20003)
	mall  = message.GroupCode(730000001) // owner Alice, admin Bob
	small = message.GroupCode(730000002) // owner the bot, without Carol
)

func defaultWorld(t testing.TB) *World {
	t.Helper()
	w, err := DefaultScenario().Build(7)
	if err != nil {
		t.Fatalf("build default scenario: %v", err)
	}
	return w
}

// recorder keeps the pushes of a world.
type recorder struct{ pushes []Push }

func recordPushes(w *World) *recorder {
	r := &recorder{}
	w.SetSink(func(p Push) { r.pushes = append(r.pushes, p) })
	return r
}

func (r *recorder) to() []message.UIN {
	var uins []message.UIN
	for _, p := range r.pushes {
		uins = append(uins, p.To)
	}
	return uins
}

// decoded returns the pushes to uin as messages.
func (r *recorder) decoded(t testing.TB, uin message.UIN) []*messagepb.MsgPush {
	t.Helper()
	var out []*messagepb.MsgPush
	for _, p := range r.pushes {
		if p.To != uin {
			continue
		}
		m := &messagepb.MsgPush{}
		if err := pb.Unmarshal(p.Payload, m); err != nil {
			t.Fatalf("push to %d: %v", uin, err)
		}
		out = append(out, m)
	}
	return out
}

func textElems(text string) []*messagepb.Elem {
	return []*messagepb.Elem{{Text: &messagepb.Text{Str: proto.String(text)}}}
}

func atAllElems() []*messagepb.Elem {
	return []*messagepb.Elem{{Text: &messagepb.Text{
		Str:       proto.String("@全体成员"),
		PbReserve: encode(&messagepb.TextReserve{AtType: proto.Uint32(1)}),
	}}}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestSendRules(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		setup func(t *testing.T, w *World)
		send  Send
		want  int32
	}{
		{"group", nil, Send{From: carol, Group: mall, Elems: textElems("hi")}, 0},
		{"friend", nil, Send{From: carol, To: bot, Elems: textElems("hi")}, 0},
		{"oneself", nil, Send{From: carol, To: carol, Elems: textElems("hi")}, 0},
		{"not a member", nil, Send{From: carol, Group: small, Elems: textElems("hi")}, 110},
		{"no such group", nil, Send{From: carol, Group: 5, Elems: textElems("hi")}, 110},
		{"muted", func(t *testing.T, w *World) { must(t, w.Mute(mall, carol, bob, 60)) },
			Send{From: carol, Group: mall, Elems: textElems("hi")}, 120},
		{"whole group muted, member", func(t *testing.T, w *World) { must(t, w.MuteAll(mall, alice, true)) },
			Send{From: carol, Group: mall, Elems: textElems("hi")}, 120},
		{"whole group muted, admin", func(t *testing.T, w *World) { must(t, w.MuteAll(mall, alice, true)) },
			Send{From: bob, Group: mall, Elems: textElems("hi")}, 0},
		{"everyone by a member", nil, Send{From: carol, Group: mall, Elems: atAllElems()}, 121},
		{"everyone by an admin", nil, Send{From: bob, Group: mall, Elems: atAllElems()}, 0},
		{"everyone once too often", func(t *testing.T, w *World) {
			for range atAllPerAccount {
				if r := w.Send(Send{From: bob, Group: mall, Elems: atAllElems()}, nil); r.Code != 0 {
					t.Fatalf("setup: code %d", r.Code)
				}
			}
		}, Send{From: bob, Group: mall, Elems: atAllElems()}, 121},
		{"rate", func(t *testing.T, w *World) {
			must(t, w.LimitRate(mall, 1))
			w.Send(Send{From: bob, Group: mall, Elems: textElems("1")}, nil)
		}, Send{From: bob, Group: mall, Elems: textElems("2")}, 299},
		{"stranger", func(t *testing.T, w *World) { must(t, w.RemoveFriend(carol, bot)) },
			Send{From: carol, To: bot, Elems: textElems("hi")}, 55},
		{"stranger through a group", func(t *testing.T, w *World) { must(t, w.RemoveFriend(carol, bot)) },
			Send{From: carol, To: bot, TempGroup: mall, Elems: textElems("hi")}, 0},
		{"stranger through a foreign group", nil, Send{From: carol, To: bot, TempGroup: small, Elems: textElems("hi")}, 55},
		{"no such user", nil, Send{From: carol, To: 99, Elems: textElems("hi")}, 55},
		{"longest text", nil, Send{From: carol, Group: mall, Elems: textElems(strings.Repeat("x", 10000))}, 0},
		{"text too long", nil, Send{From: carol, Group: mall, Elems: textElems(strings.Repeat("x", 10001))}, 10},
		{"too many elements", nil, Send{From: carol, To: bot, Elems: make([]*messagepb.Elem, 101)}, 10},
		{"empty", nil, Send{From: carol, To: bot}, 10},
		{"file", nil, Send{From: carol, To: bot, MsgContent: []byte{1}}, 0},
		{"file too large", nil, Send{From: carol, To: bot, MsgContent: make([]byte, maxFileContent+1)}, 10},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := defaultWorld(t)
				if tt.setup != nil {
					tt.setup(t, w)
				}
				rec := recordPushes(w)
				var acked *Result
				got := w.Send(tt.send, func(r Result) {
					acked = &r
					if len(rec.pushes) != 0 {
						t.Errorf("%d pushes left before the acknowledgement", len(rec.pushes))
					}
				})
				if got.Code != tt.want {
					t.Fatalf("got code %d (%s), want %d", got.Code, got.Text, tt.want)
				}
				if acked == nil || *acked != got {
					t.Errorf("acknowledged %+v, returned %+v", acked, got)
				}
				if (got.Sequence != 0) != (tt.want == 0) || (len(rec.pushes) > 0) != (tt.want == 0) {
					t.Errorf("code %d with sequence %d and %d pushes", got.Code, got.Sequence, len(rec.pushes))
				}
				if got.Time != time.Now().Unix() || got.Random == 0 {
					t.Errorf("got time %d and random %d", got.Time, got.Random)
				}
			})
		})
	}
}

func TestLimitsRenew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := defaultWorld(t)
		send := func(from message.UIN, elems []*messagepb.Elem) int32 {
			return w.Send(Send{From: from, Group: mall, Elems: elems}, nil).Code
		}
		must(t, w.Mute(mall, carol, alice, 60))
		time.Sleep(59 * time.Second)
		if code := send(carol, textElems("x")); code != 120 {
			t.Errorf("a second before the end of the mute: got code %d, want 120", code)
		}
		time.Sleep(time.Second)
		if code := send(carol, textElems("x")); code != 0 {
			t.Errorf("after the mute: got code %d, want 0", code)
		}
		must(t, w.Mute(mall, carol, alice, 60))
		must(t, w.Mute(mall, carol, alice, 0))
		if code := send(carol, textElems("x")); code != 0 {
			t.Errorf("after the mute was lifted: got code %d, want 0", code)
		}
		for i := range 11 {
			send(alice, atAllElems())
			if code := send(bob, atAllElems()); (code == 0) != (i < 10) {
				t.Errorf("mention of everyone %d: got code %d", i+1, code)
			}
		}
		time.Sleep(24 * time.Hour)
		if code := send(bob, atAllElems()); code != 0 {
			t.Errorf("the next day: got code %d, want 0", code)
		}
		must(t, w.LimitRate(mall, 2))
		for i, want := range []int32{0, 0, 299} {
			if code := send(bob, textElems("x")); code != want {
				t.Errorf("message %d of the minute: got code %d, want %d", i+1, code, want)
			}
		}
		time.Sleep(time.Minute)
		if code := send(bob, textElems("x")); code != 0 {
			t.Errorf("the next minute: got code %d, want 0", code)
		}
	})
}

// TestGroupPushHead checks a group push field by field against
// docs/protocol/messages.md 11.3.
func TestGroupPushHead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := defaultWorld(t)
		must(t, w.SetCard(mall, bob, 0, "Bobby"))
		must(t, w.SetTitle(mall, bob, 0, "star"))
		rec := recordPushes(w)
		r := w.Send(Send{From: bob, Group: mall, Elems: textElems("hi"), Random: 0xfedcba98, Origin: "session"}, nil)
		if want := []message.UIN{bot, alice, bob, carol}; !cmp.Equal(rec.to(), want) {
			t.Fatalf("pushed to %v, want %v", rec.to(), want)
		}
		for _, p := range rec.pushes {
			if p.Exclude != nil || p.Command != "trpc.msg.olpush.OlPushService.MsgPush" {
				t.Errorf("push %+v: a group message echoes to its sender too", p)
			}
		}
		u, _ := w.User(bob)
		me, _ := w.User(carol)
		random := uint32(0xfedcba98)
		want := &messagepb.MsgPush{
			Status: proto.Int32(1),
			Message: &messagepb.CommonMessage{
				RoutingHead: &messagepb.RoutingHead{
					FromUin: 20002, FromUid: proto.String(string(u.UID)), FromAppId: senderAppID,
					ToUin: 20003, ToUid: proto.String(string(me.UID)),
					Group: &messagepb.RoutingGroup{
						GroupCode: 730000001, GroupCard: "Bobby", GroupCardType: 1, GroupLevel: 1,
						GroupName: "Libration 沙盒", MsgFlag: 16,
					},
				},
				ContentHead: &messagepb.ContentHead{
					Type: 82, Random: proto.Uint64(uint64(random)), Sequence: proto.Uint64(1),
					Time: proto.Uint64(uint64(r.Time)), PkgNum: proto.Uint64(1), PkgIndex: proto.Uint64(0),
					DivSeq: proto.Uint64(0), MsgUid: proto.Uint64(1<<56 | uint64(random)),
				},
				Body: &messagepb.MessageBody{RichText: &messagepb.RichText{
					Attr: &messagepb.Attr{Random: random, FontName: "Times New Roman"},
					Elems: []*messagepb.Elem{
						{Text: &messagepb.Text{Str: proto.String("hi")}},
						{ExtraInfo: &messagepb.ExtraInfo{
							Nick: "Bob", GroupCard: "Bobby", Level: 1, SenderTitle: "star", Uin: 20002,
						}},
					},
				}},
			},
		}
		// Above 2^31 it must not be sign-extended to ten bytes.
		if attr := encode(want.Message.Body.RichText.Attr); !bytes.HasPrefix(attr, []byte("\x18\x98\xf5\xf2\xf6\x0f\x4a")) || !bytes.Contains(rec.pushes[3].Payload, attr) {
			t.Errorf("attributes: got %x", attr)
		}
		if diff := cmp.Diff(want, rec.decoded(t, carol)[0], protocmp.Transform()); diff != "" {
			t.Errorf("push to Carol (-want +got):\n%s", diff)
		}
		rec.pushes = nil
		w.Send(Send{From: carol, Group: mall, Elems: textElems("hi")}, nil)
		g := rec.decoded(t, bot)[0].GetMessage().GetRoutingHead().GetGroup()
		if string(g.GroupCard) != "Carol" || g.GroupCardType != 2 || g.MsgFlag != 0 {
			t.Errorf("without a card: got card %q of type %d, flag %d; want the nickname, 2, 0", g.GroupCard, g.GroupCardType, g.MsgFlag)
		}
	})
}

func TestPrivatePushHeads(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		send Send
		head *messagepb.ContentHead
		c2c  *messagepb.RoutingC2C
		body *messagepb.MessageBody
	}{
		{
			"friend", Send{From: bot, To: bob, Elems: textElems("hi")},
			&messagepb.ContentHead{Type: 166, SubType: proto.Uint64(11), C2CCmd: proto.Uint64(11)},
			&messagepb.RoutingC2C{},
			&messagepb.MessageBody{RichText: &messagepb.RichText{Elems: textElems("hi")}},
		},
		{
			"temp", Send{From: bot, To: bob, TempGroup: small, Elems: textElems("hi")},
			&messagepb.ContentHead{Type: 141, SubType: proto.Uint64(0), C2CCmd: proto.Uint64(0)},
			&messagepb.RoutingC2C{C2CType: 2, FromTinyId: 730000002},
			&messagepb.MessageBody{RichText: &messagepb.RichText{Elems: textElems("hi")}},
		},
		{
			"file", Send{From: bot, To: bob, MsgContent: []byte{1, 2}},
			&messagepb.ContentHead{Type: 529, SubType: proto.Uint64(4), C2CCmd: proto.Uint64(4)},
			&messagepb.RoutingC2C{},
			&messagepb.MessageBody{RichText: &messagepb.RichText{}, MsgContent: []byte{1, 2}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := defaultWorld(t)
			rec := recordPushes(w)
			tt.send.Random, tt.send.ClientSequence, tt.send.Origin = 5, 12345, "session"
			r := w.Send(tt.send, nil)
			if r.ClientSequence != 12345 || r.Sequence < 1000 || r.Sequence > 9999 {
				t.Errorf("got result %+v, want a sequence from 1000 to 9999", r)
			}
			if want := []message.UIN{bob, bot}; !cmp.Equal(rec.to(), want) {
				t.Fatalf("pushed to %v, want %v", rec.to(), want)
			}
			if rec.pushes[0].Exclude != nil || rec.pushes[1].Exclude != "session" {
				t.Errorf("excluded %v and %v, want only the sending session", rec.pushes[0].Exclude, rec.pushes[1].Exclude)
			}
			from, _ := w.User(bot)
			to, _ := w.User(bob)
			tt.head.Random, tt.head.Sequence, tt.head.Time = proto.Uint64(5), proto.Uint64(12345), proto.Uint64(uint64(r.Time))
			tt.head.PkgNum, tt.head.PkgIndex, tt.head.DivSeq = proto.Uint64(1), proto.Uint64(0), proto.Uint64(0)
			tt.head.NtMsgSeq, tt.head.MsgUid = proto.Uint64(r.Sequence), proto.Uint64(1<<56|5)
			want := &messagepb.MsgPush{Status: proto.Int32(1), Message: &messagepb.CommonMessage{
				RoutingHead: &messagepb.RoutingHead{
					FromUin: 10001, FromUid: proto.String(string(from.UID)), FromAppId: senderAppID,
					ToUin: 20002, ToUid: proto.String(string(to.UID)), C2C: tt.c2c,
				},
				ContentHead: tt.head, Body: tt.body,
			}}
			for _, uin := range []message.UIN{bob, bot} {
				if diff := cmp.Diff(want, rec.decoded(t, uin)[0], protocmp.Transform()); diff != "" {
					t.Errorf("push to %d (-want +got):\n%s", uin, diff)
				}
			}
		})
	}
}

func TestSequences(t *testing.T) {
	t.Parallel()
	w := defaultWorld(t)
	rec := recordPushes(w)
	for i := range 3 {
		from := []message.UIN{alice, bob, alice}[i]
		if r := w.Send(Send{From: from, Group: mall, Elems: textElems("x")}, nil); r.Sequence != uint64(i+1) {
			t.Errorf("group message %d: got sequence %d", i+1, r.Sequence)
		}
	}
	if got := w.LatestSequence(mall); got != 3 {
		t.Errorf("latest sequence of the group: got %d, want 3", got)
	}
	first := w.Send(Send{From: alice, To: bob, Elems: textElems("x")}, nil)
	second := w.Send(Send{From: bob, To: alice, Elems: textElems("x")}, nil)
	if second.Sequence != first.Sequence+1 {
		t.Errorf("both directions count together: got %d after %d", second.Sequence, first.Sequence)
	}
	if seq, at := w.PeerSequence(alice, bob); seq != second.Sequence || at != second.Time {
		t.Errorf("peer sequence: got %d at %d, want %d at %d", seq, at, second.Sequence, second.Time)
	}
	if seq, at := w.PeerSequence(alice, 5); seq != 0 || at != 0 {
		t.Errorf("peer sequence of strangers: got %d at %d, want zeros", seq, at)
	}
	rec.pushes = nil
	w.Send(Send{From: alice, To: alice, Elems: textElems("x"), Origin: 1}, nil)
	if len(rec.pushes) != 1 || rec.pushes[0].Exclude != 1 {
		t.Errorf("a message to oneself goes to the other sessions once: got %+v", rec.pushes)
	}
}

func TestPresence(t *testing.T) {
	t.Parallel()
	w := defaultWorld(t)
	rec := recordPushes(w)
	w.SetPresence(func(uin message.UIN) bool { return uin == bot })
	w.Send(Send{From: alice, Group: mall, Elems: textElems("x")}, nil)
	w.Send(Send{From: alice, To: bob, Elems: textElems("x")}, nil)
	must(t, w.Rename(mall, alice, "new"))
	if want := []message.UIN{bot, bot}; !cmp.Equal(rec.to(), want) {
		t.Errorf("pushed to %v, want only the one online: %v", rec.to(), want)
	}
}

func TestHistories(t *testing.T) {
	t.Parallel()
	w := defaultWorld(t)
	const count = 2*historyLimit + 500
	for i := range count {
		w.Send(Send{From: alice, Group: mall, Elems: textElems(fmt.Sprint(i + 1))}, nil)
	}
	tests := []struct {
		from, to uint64
		want     int
	}{
		{1, count, historyLimit},
		{1, count - historyLimit, 0},
		{count - 29, count, 30},
		{count, 1 << 60, 1},
		{count + 1, count + 5, 0},
		{10, 5, 0},
		{0, 1 << 63, historyLimit},
	}
	for _, tt := range tests {
		got := w.GroupHistory(mall, tt.from, tt.to)
		if len(got) != tt.want {
			t.Errorf("history %d to %d: got %d messages, want %d", tt.from, tt.to, len(got), tt.want)
		}
		for i, m := range got {
			want := max(tt.from, count-historyLimit+1) + uint64(i)
			if m.GetContentHead().GetSequence() != want || m.GetBody().GetRichText().GetElems()[0].GetText().GetStr() != fmt.Sprint(want) {
				t.Fatalf("history %d to %d: message %d is %v", tt.from, tt.to, i, m)
			}
		}
	}
	if refused := w.RecallGroup(alice, mall, count-1, nil); refused != nil {
		t.Fatal(refused)
	}
	if got := w.GroupHistory(mall, count-2, count); len(got) != 2 {
		t.Errorf("recalled messages are left out: got %d messages, want 2", len(got))
	}
	if got := w.GroupHistory(99, 1, 10); got != nil {
		t.Errorf("unknown group: got %v", got)
	}
}

func TestRoamHistory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := defaultWorld(t)
		var sent []Result
		for range 5 {
			sent = append(sent, w.Send(Send{From: alice, To: bob, Elems: textElems("x")}, nil))
			time.Sleep(10 * time.Second)
		}
		tests := []struct {
			name      string
			time      int64
			count     int
			direction uint32
			want      []int // indexes of sent
			complete  bool
		}{
			{"newest", 0xfffffffa, 2, 1, []int{3, 4}, false},
			{"older", sent[2].Time, 2, 1, []int{1, 2}, false},
			{"oldest", sent[1].Time, 10, 1, []int{0, 1}, true},
			{"before all", 0, 10, 1, nil, true},
			{"onwards", sent[2].Time, 2, 2, []int{2, 3}, false},
			{"from the beginning", 0, 2, 2, []int{0, 1}, true},
			{"after all", sent[4].Time + 1, 2, 2, nil, false},
		}
		for _, tt := range tests {
			got, complete := w.RoamHistory(bob, alice, tt.time, tt.count, tt.direction)
			if complete != tt.complete || len(got) != len(tt.want) {
				t.Errorf("%s: got %d messages, complete %t; want %v, %t", tt.name, len(got), complete, tt.want, tt.complete)
				continue
			}
			for i, m := range got {
				if m.GetContentHead().GetNtMsgSeq() != sent[tt.want[i]].Sequence {
					t.Errorf("%s: message %d is %d, want %d", tt.name, i, m.GetContentHead().GetNtMsgSeq(), sent[tt.want[i]].Sequence)
				}
			}
		}
		if got, complete := w.RoamHistory(alice, 5, 0, 1, 1); got != nil || !complete {
			t.Errorf("strangers: got %v, %t; want nothing, complete", got, complete)
		}
	})
}

func BenchmarkSendGroup(b *testing.B) {
	for _, members := range []int{1, 200} {
		b.Run(fmt.Sprintf("online=%d", members), func(b *testing.B) {
			w := NewWorld(1)
			var uins []message.UIN
			for range members {
				u, err := w.AddUser(User{})
				must(b, err)
				uins = append(uins, u.UIN)
			}
			g, err := w.AddGroup(Group{Name: "bench"}, uins...)
			must(b, err)
			size := 0
			w.SetSink(func(p Push) { size += len(p.Payload) })
			b.ReportAllocs()
			for b.Loop() {
				w.Send(Send{From: uins[0], Group: g.Code, Elems: textElems("hello, sandbox")}, nil)
			}
			b.ReportMetric(float64(size)/float64(b.N), "pushed-B/op")
		})
	}
}
