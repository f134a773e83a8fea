package server

import (
	"bytes"
	"encoding/hex"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/internal/pb/pushpb"
	"libration/ntqq/message"
	"libration/sandbox/world"
)

const eventGroup = message.GroupCode(123456789)

// eventWorld is the cast of docs/protocol/events.md 9.3: its contents can be
// compared with the table there. Carol watches.
func eventWorld(t *testing.T) (*world.World, *recorder) {
	t.Helper()
	w := world.New(1)
	for _, u := range []world.User{
		{UIN: bot, UID: "u_bot", Nickname: "Bot"}, {UIN: alice, UID: "u_alice", Nickname: "Alice"},
		{UIN: bob, UID: "u_bob", Nickname: "Bob"}, {UIN: carol, UID: "u_carol", Nickname: "Carol"},
	} {
		_, err := w.Users().Add(u)
		must(t, err)
	}
	_, err := w.Groups().Add(world.Group{Code: eventGroup, Name: "name", Owner: bob, LastSequence: 99}, alice, carol)
	must(t, err)
	w.SetClock(func() time.Time { return time.Unix(1700000000, 0) })
	return w, recordPushes(w)
}

// titleNotice is 732/16/6: two inserts in the text, field 3 is 1.
const titleNotice = "075bcd15100082080120959aef3a2a770801126de681ade5969c3c7b22636d64223a352c2264617461223a22323030303122" +

	"2c2274657874223a22416c696365227d3ee88eb7e5be97e7bea4e4b8bbe68e88e4ba88e79a843c7b22636d64223a312c2264" +
	"617461223a22222c2274657874223a2253746172227d3ee5a4b4e8a194180128a19c016806"

func TestEventContents(t *testing.T) {
	t.Parallel()
	type push struct {
		to      message.UIN
		kind    uint64
		sub     uint64
		content string // hex; "" is not compared
	}
	tests := []struct {
		name string
		do   func(t *testing.T, w *world.World)
		want []push // all pushes to the bot and to Carol, in order
	}{
		{
			"approved", func(t *testing.T, w *world.World) { must(t, w.Members().Join(eventGroup, bot, bob, false)) },
			[]push{
				{bot, 33, 0, "08959aef3a1a05755f626f742082012a05755f626f62308201"},
				{carol, 33, 0, "08959aef3a1a05755f626f742082012a05755f626f62308201"},
				{bot, 85, 0, ""},
			},
		},
		{
			"let in by nobody", func(t *testing.T, w *world.World) { must(t, w.Members().Join(eventGroup, bot, 0, false)) },
			[]push{
				{bot, 33, 0, "08959aef3a1a05755f626f74208201308201"},
				{carol, 33, 0, "08959aef3a1a05755f626f74208201308201"},
				{bot, 85, 0, ""},
			},
		},
		{
			"invited", func(t *testing.T, w *world.World) { must(t, w.Members().Join(eventGroup, bot, bob, true)) },
			[]push{
				{bot, 33, 0, "08959aef3a1a05755f626f742083012a05755f626f62308301"},
				{carol, 33, 0, "08959aef3a1a05755f626f742083012a05755f626f62308301"},
			},
		},
		{
			"left", func(t *testing.T, w *world.World) { must(t, w.Members().Leave(eventGroup, alice)) },
			[]push{{carol, 34, 0, "08959aef3a1a07755f616c696365208201"}},
		},
		{
			"leaving", func(t *testing.T, w *world.World) { must(t, w.Members().Leave(eventGroup, carol)) },
			[]push{{carol, 528, 212, "08959aef3a"}},
		},
		{
			"kicked", func(t *testing.T, w *world.World) { must(t, w.Members().Kick(eventGroup, alice, bob)) },
			[]push{{carol, 34, 0, "08959aef3a1a07755f616c6963652083012a090a070a05755f626f62"}},
		},
		{
			"being kicked", func(t *testing.T, w *world.World) { must(t, w.Members().Kick(eventGroup, carol, bob)) },
			[]push{
				{carol, 34, 0, "08959aef3a1a07755f6361726f6c20032a090a070a05755f626f62"},
				{carol, 528, 212, "08959aef3a"},
			},
		},
		{
			"dissolved", func(t *testing.T, w *world.World) { must(t, w.Members().Leave(eventGroup, bob)) },
			[]push{{carol, 34, 0, "08959aef3a1a07755f6361726f6c208101"}},
		},
		{
			"admin", func(t *testing.T, w *world.World) {
				must(t, w.Members().SetAdmin(eventGroup, alice, bob, true))
				must(t, w.Members().SetAdmin(eventGroup, alice, bob, true)) // already
				must(t, w.Members().SetAdmin(eventGroup, alice, 0, false))
			},
			[]push{
				{carol, 44, 0, "08959aef3a1801220d120b0a07755f616c6963651001"},
				{carol, 44, 0, "08959aef3a220b0a090a07755f616c696365"},
			},
		},
		{
			"mute", func(t *testing.T, w *world.World) { must(t, w.Members().Mute(eventGroup, alice, bob, 600)) },
			[]push{{carol, 732, 12, "08959aef3a100c2205755f626f622a160880e2cfaa0610011a0c0a07755f616c69636510d804"}},
		},
		{
			"mute all", func(t *testing.T, w *world.World) { must(t, w.Groups().MuteAll(eventGroup, bob, true)) },
			[]push{{carol, 732, 12, "08959aef3a100c2205755f626f622a100880e2cfaa0610011a0610ffffffff0f"}},
		},
		{
			"rename", func(t *testing.T, w *world.World) { must(t, w.Groups().Rename(eventGroup, bob, "new name")) },
			[]push{{carol, 732, 16, "075bcd1510001f080120959aef3a2a0c080112086e6577206e616d65680caa0105755f626f62"}},
		},
		{
			"title", func(t *testing.T, w *world.World) { must(t, w.Members().SetTitle(eventGroup, alice, bob, "Star")) },
			[]push{{carol, 732, 16, titleNotice}},
		},
		{"card", func(t *testing.T, w *world.World) { must(t, w.Members().SetCard(eventGroup, alice, alice, "A")) }, nil},
		{
			"recall", func(t *testing.T, w *world.World) {
				w.Messages().Send(world.Send{From: alice, Group: eventGroup, Parts: world.Text("x"), Random: 7}, nil)
				if refused := w.Messages().RecallGroup(bob, eventGroup, 100, nil); refused != nil {
					t.Fatal(refused)
				}
			},
			[]push{
				{carol, 82, 0, ""},
				{carol, 732, 17, "075bcd1511002720959aef3a5a200a05755f626f621a1308641080e2cfaa0618073207755f616c6963654a021200"},
			},
		},
		{
			"friend added", func(t *testing.T, w *world.World) { must(t, w.Friends().Add(bot, carol)) },
			[]push{{bot, 528, 179, ""}, {carol, 528, 226, ""}},
		},
		{
			"friend removed", func(t *testing.T, w *world.World) {
				must(t, w.Friends().Add(bot, alice))
				must(t, w.Friends().Remove(bot, alice))
			},
			[]push{{bot, 528, 179, ""}, {bot, 528, 39, "0a0f0800100572090a07755f616c696365"}},
		},
		{
			"join request", func(t *testing.T, w *world.World) {
				must(t, w.Members().SetAdmin(eventGroup, carol, 0, true))
				sequence, err := w.Requests().Ask(world.Join{Group: eventGroup, User: bot, Text: "hi"})
				must(t, err)
				must(t, w.Requests().Answer(carol, sequence, world.NoticeRefused, ""))
			},
			[]push{
				{carol, 44, 0, ""},
				{carol, 84, 0, "08959aef3a10011a05755f626f7420002a026869"},
				{bot, 86, 0, "075bcd15"},
				{carol, 528, 68, ""}, {carol, 528, 68, ""},
			},
		},
		{
			"invited by a member", func(t *testing.T, w *world.World) {
				must(t, w.Members().SetAdmin(eventGroup, carol, 0, true))
				_, err := w.Requests().Invite(eventGroup, alice, bot)
				must(t, err)
			},
			[]push{{carol, 44, 0, ""}, {carol, 525, 0, "0857121d0a1b08959aef3a1001180120002a05755f626f743207755f616c696365"}},
		},
		{
			"invited by the owner, no friend", func(t *testing.T, w *world.World) {
				_, err := w.Requests().Invite(eventGroup, bob, bot)
				must(t, err)
			},
			[]push{{bot, 87, 0, "08959aef3a1001180420002a05755f626f62320101"}},
		},
		{
			"friend request", func(t *testing.T, w *world.World) {
				must(t, w.Friends().Ask(world.FriendWish{From: alice, To: bot, Text: "hello"}))
				must(t, w.Friends().Answer(bot, alice, false)) // nobody is told
			},
			[]push{{bot, 528, 35, "0a1f0a05755f626f741207755f616c696365520568656c6c6f5a06736561726368"}},
		},
		{
			"friend renamed", func(t *testing.T, w *world.World) {
				must(t, w.Friends().Add(alice, bot))
				name, sign := "Alicia", "sign"
				must(t, w.Users().Edit(alice, func(u *world.User, _ *world.Details) { u.Nickname = name }))
				must(t, w.Users().Edit(alice, func(u *world.User, _ *world.Details) { u.Sign = sign })) // nobody is told
			},
			[]push{{bot, 528, 226, ""}, {bot, 528, 39, "0a1d0800101442170a07755f616c696365120c08a29c011206416c69636961"}},
		},
		{
			"self renamed", func(t *testing.T, w *world.World) {
				name := "Botty"
				must(t, w.Users().Edit(bot, func(u *world.User, _ *world.Details) { u.Nickname = name }))
			},
			[]push{{bot, 528, 29, "0814a2011008914e120b08a29c011205426f747479"}},
		},
		{
			"profile liked", func(t *testing.T, w *world.World) { must(t, w.Users().Like(bot, alice, 10)) },
			[]push{{bot, 528, 39, "0a33080010cb01da0c2b722908011080e2cfaa061a1f0a126c696b656420796f752031302074696d657318a19c012a05416c696365"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, rec := eventWorld(t)
			tt.do(t, w)
			var got []push
			var contents [][]byte
			sequences := map[uint64]bool{}
			for _, p := range rec.pushes {
				if p.To != bot && p.To != carol {
					continue
				}
				m := &messagepb.MsgPush{}
				if err := pb.Unmarshal(p.Payload, m); err != nil {
					t.Fatal(err)
				}
				head, content := m.GetMessage().GetContentHead(), m.GetMessage().GetBody().GetMsgContent()
				got = append(got, push{p.To, head.GetType(), head.GetSubType(), ""})
				contents = append(contents, content)
				if m.GetMessage().GetBody().GetRichText() == nil || m.GetMessage().GetRoutingHead().GetToUin() != uint64(p.To) {
					t.Errorf("push without rich text or to another: %v", m)
				}
				if head.GetType() == 82 {
					continue
				}
				if head.GetMsgUid()>>32 != 0x02000000 || head.GetTime() != 1700000000 || head.GetC2CCmd() != head.GetSubType() {
					t.Errorf("bad head of an event: %v", head)
				}
				if (head.Random != nil) != (head.GetType() == 528) {
					t.Errorf("only type 528 has a random: %v", head)
				}
				sequences[head.GetSequence()] = true
			}
			want := append([]push(nil), tt.want...)
			for i := range want {
				want[i].content = ""
			}
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(push{})); diff != "" {
				t.Fatalf("pushes (-want +got):\n%s", diff)
			}
			for i, p := range tt.want {
				if p.content != "" && hex.EncodeToString(contents[i]) != p.content {
					t.Errorf("push %d of type %d/%d: got %x, want %s", i, p.kind, p.sub, contents[i], p.content)
				}
			}
		})
	}
}

func TestEventSenders(t *testing.T) {
	t.Parallel()
	w, rec := eventWorld(t)
	must(t, w.Friends().Add(alice, carol))
	must(t, w.Members().Leave(eventGroup, alice))
	pushes := append(rec.decoded(t, carol), rec.decoded(t, alice)...)
	want := []struct {
		uin uint64
		uid string
	}{
		{20001, "u_alice"},         // 226 about the new friend
		{2066456789, "2066456789"}, // 34 from the group's internal number
		{20003, "u_carol"},         // 179 about the new friend
		{20001, "u_alice"},         // 212 about the account itself
	}
	if len(pushes) != len(want) {
		t.Fatalf("got %d pushes, want %d", len(pushes), len(want))
	}
	for i, m := range pushes {
		if r := m.GetMessage().GetRoutingHead(); r.GetFromUin() != want[i].uin || r.GetFromUid() != want[i].uid {
			t.Errorf("push %d: got from %d %q, want %+v", i, r.GetFromUin(), r.GetFromUid(), want[i])
		}
	}
}

func TestTitleText(t *testing.T) {
	t.Parallel()
	w, rec := eventWorld(t)
	must(t, w.Members().SetTitle(eventGroup, alice, bob, `a"<b>`))
	content := rec.decoded(t, carol)[0].GetMessage().GetBody().GetMsgContent()
	n, p := &pushpb.GroupNotify{}, &pushpb.GroupTextParam{}
	if err := pb.Unmarshal(content[7:], n); err != nil {
		t.Fatal(err)
	}
	if err := pb.Unmarshal(n.GetEventParam(), p); err != nil {
		t.Fatal(err)
	}
	const want = `恭喜<{"cmd":5,"data":"20001","text":"Alice"}>获得群主授予的<{"cmd":1,"data":"","text":"a\"\u003cb\u003e"}>头衔`
	if string(p.GetText()) != want || p.GetMemberUin() != 20001 || n.GetServiceType() != 6 {
		t.Errorf("got %q about %d, service type %d; want %q", p.GetText(), p.GetMemberUin(), n.GetServiceType(), want)
	}
}

func TestRecallFriend(t *testing.T) {
	t.Parallel()
	const clientSeq, random = 12345, 7
	tests := []struct {
		name       string
		by         message.UIN
		client, nt func(m *world.Message) uint64
		random     uint32
		want       bool
	}{
		{"as the protocol says", alice, ownNumber, ntNumber, random, true},
		{"swapped", alice, ntNumber, ownNumber, random, true},
		{"client sequence only", alice, ownNumber, noNumber, random, true},
		{"wrong random", alice, ownNumber, ntNumber, 8, false},
		{"wrong sequence", alice, ownNumber, func(m *world.Message) uint64 { return m.Sequence + 1 }, random, false},
		{"by the receiver", bot, ownNumber, ntNumber, random, false},
		{"by a stranger", 99, ownNumber, ntNumber, random, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, rec := eventWorld(t)
			must(t, w.Friends().Add(alice, bot))
			peer := bot
			if tt.by == bot {
				peer = alice
			}
			r, err := w.Messages().Send(world.Send{From: alice, To: bot, Parts: world.Text("x"), Random: random, ClientSequence: clientSeq}, nil)
			must(t, err)
			rec.pushes = nil
			acked := 0
			err = w.Messages().RecallFriend(tt.by, peer, tt.client(r), tt.random, tt.nt(r), func() { acked++ })
			if (err == nil) != tt.want || (acked == 1) != tt.want {
				t.Fatalf("got %v, acknowledged %d times; want success %t", err, acked, tt.want)
			}
			if !tt.want {
				if len(rec.pushes) != 0 {
					t.Errorf("%d pushes of a refused recall", len(rec.pushes))
				}
				return
			}
			if len(w.History().OfPrivate(alice, bot, r.Sequence, r.Sequence)) != 0 {
				t.Error("the history still has the message")
			}
			body := &pushpb.FriendRecall{}
			for uin, sub := range map[message.UIN]uint64{bot: 138, alice: 139} {
				m := rec.decoded(t, uin)
				if len(m) != 1 || m[0].GetMessage().GetContentHead().GetSubType() != sub {
					t.Fatalf("pushes to %d: %v, want one 528/%d", uin, m, sub)
				}
				if m[0].GetMessage().GetRoutingHead().GetFromUid() != "u_alice" {
					t.Errorf("push to %d is from %s, want the author", uin, m[0].GetMessage().GetRoutingHead().GetFromUid())
				}
				if err := pb.Unmarshal(m[0].GetMessage().GetBody().GetMsgContent(), body); err != nil {
					t.Fatal(err)
				}
			}
			// The vector of docs/protocol/events.md 9.3, but for field 20.
			want, _ := hex.DecodeString("0a320a07755f616c6963651205755f626f7418b960208780808080808080012880e2cfaa0630073801400048006a021200a0012a")
			body.Info.Sequence = 42
			if got := encode(body); !bytes.Equal(got, want) {
				t.Errorf("got %x, want %x", got, want)
			}
		})
	}
}

func ownNumber(m *world.Message) uint64 { return m.ClientSequence }

func ntNumber(m *world.Message) uint64 { return m.Sequence }

func noNumber(*world.Message) uint64 { return 0 }
