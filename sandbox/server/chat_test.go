package server

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

// TestGroupPushHead checks a group push field by field against
// docs/protocol/messages.md 11.3.
func TestGroupPushHead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := defaultWorld(t)
		must(t, w.Members().SetCard(mall, bob, 0, "Bobby"))
		must(t, w.Members().SetTitle(mall, bob, 0, "star"))
		rec := recordPushes(w)
		r, err := w.Messages().Send(world.Send{From: bob, Group: mall, Parts: world.Text("hi"), Random: 0xfedcba98, Origin: "session"}, nil)
		must(t, err)
		if want := []message.UIN{bot, alice, bob, carol}; !cmp.Equal(rec.to(), want) {
			t.Fatalf("pushed to %v, want %v", rec.to(), want)
		}
		for _, p := range rec.pushes {
			if p.Exclude != nil || p.Command != "trpc.msg.olpush.OlPushService.MsgPush" {
				t.Errorf("push %+v: a group message echoes to its sender too", p)
			}
		}
		u, _ := w.Users().Find(bob)
		me, _ := w.Users().Find(carol)
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
		w.Messages().Send(world.Send{From: carol, Group: mall, Parts: world.Text("hi")}, nil)
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
		send world.Send
		head *messagepb.ContentHead
		c2c  *messagepb.RoutingC2C
		body *messagepb.MessageBody
	}{
		{
			"friend", world.Send{From: bot, To: bob, Parts: world.Text("hi")},
			&messagepb.ContentHead{Type: 166, SubType: proto.Uint64(11), C2CCmd: proto.Uint64(11)},
			&messagepb.RoutingC2C{},
			&messagepb.MessageBody{RichText: &messagepb.RichText{Elems: textElems("hi")}},
		},
		{
			"temp", world.Send{From: bot, To: bob, TempGroup: small, Parts: world.Text("hi")},
			&messagepb.ContentHead{Type: 141, SubType: proto.Uint64(0), C2CCmd: proto.Uint64(0)},
			&messagepb.RoutingC2C{C2CType: 2, FromTinyId: 730000002},
			&messagepb.MessageBody{RichText: &messagepb.RichText{Elems: textElems("hi")}},
		},
		{
			"file", world.Send{From: bot, To: bob, File: &world.Part{Segment: &message.FileSegment{ID: "f"}, Form: []byte{1, 2}}},
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
			r, err := w.Messages().Send(tt.send, nil)
			must(t, err)
			if r.ClientSequence != 12345 || r.Sequence < 1_000_000 || r.Sequence > 9_999_999 {
				t.Errorf("got result %+v, want a sequence of seven digits", r)
			}
			if want := []message.UIN{bob, bot}; !cmp.Equal(rec.to(), want) {
				t.Fatalf("pushed to %v, want %v", rec.to(), want)
			}
			if rec.pushes[0].Exclude != "session" || rec.pushes[1].Exclude != "session" {
				t.Errorf("excluded %v and %v, want the sending session", rec.pushes[0].Exclude, rec.pushes[1].Exclude)
			}
			from, _ := w.Users().Find(bot)
			to, _ := w.Users().Find(bob)
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

// TestPresence has pushes made for those who are online only.
func TestPresence(t *testing.T) {
	h := start(t, Options{})
	h.dial().login(bot).register()
	var to []message.UIN
	h.Intercept(func(p Push) { to = append(to, p.To) })
	w := h.World()
	for _, s := range []world.Send{
		{From: alice, Group: mall, Parts: world.Text("x")}, {From: alice, To: bob, Parts: world.Text("x")},
	} {
		_, err := w.Messages().Send(s, nil)
		must(t, err)
	}
	must(t, w.Groups().Rename(mall, alice, "new"))
	if want := []message.UIN{bot, bot}; !slices.Equal(to, want) {
		t.Errorf("pushed to %v, want only the one online: %v", to, want)
	}
}

func BenchmarkSendGroup(b *testing.B) {
	for _, members := range []int{1, 200} {
		b.Run(fmt.Sprintf("online=%d", members), func(b *testing.B) {
			w := world.New(1)
			var uins []message.UIN
			for range members {
				u, err := w.Users().Add(world.User{})
				must(b, err)
				uins = append(uins, u.UIN)
			}
			g, err := w.Groups().Add(world.Group{Name: "bench"}, uins...)
			must(b, err)
			size := 0
			p := newPushes(chatWriter{world: w, log: slog.New(slog.DiscardHandler)}, 1, func(to []message.UIN, _ any, e *envelope) {
				for _, uin := range to {
					size += len(e.payload(uin, "u_0123456789012345678901"))
				}
			})
			w.Listen(p.happened)
			b.ReportAllocs()
			for b.Loop() {
				w.Messages().Send(world.Send{From: uins[0], Group: g.Code, Parts: world.Text("hello, sandbox")}, nil)
			}
			b.ReportMetric(float64(size)/float64(b.N), "pushed-B/op")
		})
	}
}
