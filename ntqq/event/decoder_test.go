package event

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"libration/internal/elements"
	"libration/internal/pb/messagepb"
	"libration/internal/pb/pushpb"
	"libration/ntqq/message"
)

// marshal is not pb.Marshal, which would mend broken text.
func marshal(t testing.TB, m proto.Message) []byte {
	t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatalf("Marshal: %v", err)
	}
	return b
}

func envelope(t testing.TB, common []byte) []byte {
	t.Helper()
	b := protowire.AppendTag(nil, 1, protowire.BytesType)
	return protowire.AppendBytes(b, common)
}

// pushOf wraps an event's content the way the server does.
func pushOf(t testing.TB, typ uint64, subType *uint64, content []byte) []byte {
	t.Helper()
	return envelope(t, marshal(t, &messagepb.CommonMessage{
		RoutingHead: &messagepb.RoutingHead{},
		ContentHead: &messagepb.ContentHead{Type: typ, SubType: subType},
		Body:        &messagepb.MessageBody{RichText: &messagepb.RichText{}, MsgContent: content},
	}))
}

// The people of the table in docs/protocol/events.md 9.3.
var (
	bot   = Person{10001, "u_bot"}
	alice = Person{20001, "u_alice"}
	bob   = Person{UID: "u_bob"} // his uin stands nowhere in the pushes
)

const (
	theGroup = message.GroupCode(123456789)
	theTime  = 1700000000
	pushTime = 1700000100
)

// fromAlice is a push of the given kind with Alice in the routing head.
func fromAlice(t testing.TB, typ, subType uint64, content string) []byte {
	t.Helper()
	head := &messagepb.ContentHead{Type: typ, Time: proto.Uint64(pushTime)}
	if subType != 0 {
		head.SubType, head.C2CCmd = &subType, &subType
	}
	return envelope(t, marshal(t, &messagepb.CommonMessage{
		RoutingHead: &messagepb.RoutingHead{
			FromUin: uint64(alice.UIN), FromUid: proto.String(string(alice.UID)),
			ToUin: uint64(bot.UIN), ToUid: proto.String(string(bot.UID)),
		},
		ContentHead: head,
		Body:        &messagepb.MessageBody{RichText: &messagepb.RichText{}, MsgContent: unhex(t, content)},
	}))
}

// specified is a push of the table in docs/protocol/events.md 9.3 and what it means.
type specified struct {
	name         string
	typ, subType uint64
	content      string
	want         []Event
}

func specification() []specified {
	const pokeTip = `080c10a508180730ec083a2f0a0e616374696f6e5f696d675f75726c121d68747470733a2f2f6578616d706c652e696e76616c69642f702e706e673a130a0a616374696f6e5f7374721205706f6b65643a110a08616c745f737472311205706f6b65643a130a0a7375666669785f7374721205636865656b3a110a0875696e5f73747231120532303030313a110a0875696e5f737472321205313030303150ac04a20602302b`
	poke := PokeLook{"poked", "cheek", "https://example.invalid/p.png"}
	return []specified{
		{"33 approve", 33, 0, "08959aef3a1a07755f616c6963652082012a05755f626f62", []Event{
			&GroupMemberIncrease{theGroup, alice, bob, JoinApproved, pushTime}}},
		{"33 invite", 33, 0, "08959aef3a1a07755f616c6963652083012a05755f626f62", []Event{
			&GroupMemberIncrease{theGroup, alice, bob, JoinInvited, pushTime}}},
		{"33 approve, with the join type of older notes", 33, 0, "08959aef3a1a07755f616c6963652082012a05755f626f62308201", []Event{
			&GroupMemberIncrease{theGroup, alice, bob, JoinApproved, pushTime}}},
		{"33 invite, with the join type of older notes", 33, 0, "08959aef3a1a07755f616c6963652083012a05755f626f62308301", []Event{
			&GroupMemberIncrease{theGroup, alice, bob, JoinInvited, pushTime}}},
		{"34 leave", 34, 0, "08959aef3a1a07755f616c696365208201", []Event{
			&GroupMemberDecrease{theGroup, alice, Person{}, LeaveLeft, pushTime}}},
		{"34 kick", 34, 0, "08959aef3a1a07755f616c6963652083012a090a070a05755f626f62", []Event{
			&GroupMemberDecrease{theGroup, alice, bob, LeaveKicked, pushTime}}},
		{"34 account kicked", 34, 0, "08959aef3a1a05755f626f7420032a090a070a05755f626f62", []Event{
			&GroupMemberDecrease{theGroup, bot, bob, LeaveKickMe, pushTime}, &GroupLeft{theGroup, pushTime}}},
		{"44 set", 44, 0, "08959aef3a1801220d120b0a07755f616c6963651001", []Event{
			&GroupAdminChanged{theGroup, alice, true, pushTime}}},
		{"44 unset", 44, 0, "08959aef3a220b0a090a07755f616c696365", []Event{
			&GroupAdminChanged{theGroup, alice, false, pushTime}}},
		{"44 of nobody", 44, 0, "08959aef3a2200", []Event{&ListsChanged{Lists: Stale{Groups: true, Members: theGroup}}}},
		{"84", 84, 0, "08959aef3a1a07755f616c69636520032a026869", []Event{
			&GroupJoinRequest{Group: theGroup, Applicant: alice, Comment: "hi", Time: pushTime}}},
		{"86", 86, 0, "075bcd15", []Event{&GroupJoinRejected{theGroup, pushTime}}},
		{"85", 85, 0, "08959aef3a10011a05755f626f6220003030", []Event{
			&GroupMemberIncrease{theGroup, bot, bob, JoinSelf, pushTime}}},
		{"87", 87, 0, "08959aef3a1001180420002a05755f626f62", []Event{
			&GroupInvitation{Group: theGroup, Inviter: bob, Time: pushTime}}},
		{"525", 525, 0, "085712170a1508959aef3a2a07755f616c6963653205755f626f62", []Event{
			&GroupInvitedJoinRequest{Group: theGroup, Target: alice, Inviter: bob, Time: pushTime}}},
		{"732/12 member", 732, 12, "08959aef3a100c2205755f626f622a160880e2cfaa0610011a0c0a07755f616c69636510d804", []Event{
			&GroupMuted{theGroup, false, alice, bob, 600, theTime}}},
		{"732/12 all", 732, 12, "08959aef3a100c2205755f626f622a100880e2cfaa0610011a0610ffffffff0f", []Event{
			&GroupMuted{theGroup, true, Person{}, bob, 4294967295, theTime}}},
		{"732/16/6 title", 732, 16, "075bcd1510009b080120959aef3a2a8f010801128401e681ade5969c3c7b22636d64223a352c2264617461223a223230303031222c2274657874223a22416c696365227d3ee88eb7e5be97e7bea4e4b8bbe68e88e4ba88e79a843c7b22636d64223a312c2264617461223a2268747470733a2f2f6578616d706c652e696e76616c6964222c2274657874223a2253746172227d3ee5a4b4e8a194180128a19c016806", []Event{
			&GroupTitleChanged{theGroup, Person{UIN: alice.UIN}, "Star", pushTime}}},
		{"732/16/12 name", 732, 16, "075bcd1510001f080120959aef3a2a0c080112086e6577206e616d65680caa0105755f626f62", []Event{
			&GroupNameChanged{theGroup, "new name", bob, pushTime}}},
		{"732/16/23 to-do", 732, 16, "075bcd1510000f20959aef3a6817aa0105755f626f62", []Event{&GroupTodo{theGroup, bob, pushTime}}},
		{"732/16/35 reaction", 732, 16, "075bcd1510002b20959aef3a6823e202210a1f0a1d08011204086410011a130a023736100118012207755f616c6963652801", []Event{
			&GroupReaction{Group: theGroup, Sequence: 100, Operator: alice, Added: true, Code: "76", Count: 1, Time: pushTime}}},
		{"732/17 recall", 732, 17, "075bcd1511002720959aef3a5a200a05755f626f621a1308641080e2cfaa0618073207755f616c6963654a021200", []Event{
			&MessageRecalled{Chat: message.Chat{Kind: message.Group, Group: theGroup}, Author: alice, Operator: bob,
				Sequence: 100, Random: 7, MessageTime: theTime, Time: pushTime}}},
		{"732/20 poke", 732, 20, "075bcd151400b2081420959aef3a6813d2019e01080c10a508180730ec083a2f0a0e616374696f6e5f696d675f75726c121d68747470733a2f2f6578616d706c652e696e76616c69642f702e706e673a130a0a616374696f6e5f7374721205706f6b65643a110a08616c745f737472311205706f6b65643a130a0a7375666669785f7374721205636865656b3a110a0875696e5f73747231120532303030313a110a0875696e5f7374723212053130303031a802659003ab04", []Event{
			&GroupPoked{theGroup, alice, bot, poke, 101, 555, pushTime}}},
		{"732/21 poke withdrawn", 732, 21, "075bcd1515001e082020959aef3ac202140a07755f616c69636518959aef3a20a50828ab04", []Event{
			&GroupPokeRecalled{theGroup, alice, 555, pushTime}}},
		{"732/21 essence", 732, 21, "075bcd15150033081b20959aef3a8a022908959aef3a10641807200128a19c0130a29c013880e2cfaa0640654a03426f625205416c6963655801", []Event{
			&GroupEssenceChanged{Group: theGroup, Sequence: 100, Random: 7, Set: true, Author: Person{UIN: alice.UIN}, Operator: Person{UIN: 20002},
				AuthorName: "Alice", OperatorName: "Bob", Time: theTime}}},
		{"528/35", 528, 35, "0a1f0a05755f626f741207755f616c696365520568656c6c6f5a06736561726368", []Event{
			&FriendRequest{alice, "hello", "search", pushTime}}},
		{"528/138", 528, 138, "0a2c0a07755f616c6963651205755f626f7418b960208780808080808080012880e2cfaa0630076a021200a0012a", []Event{
			&MessageRecalled{Chat: message.Chat{Kind: message.Friend, Peer: alice.UIN, PeerUID: alice.UID}, Author: alice, Operator: alice,
				Sequence: 42, ClientSequence: 12345, Random: 7, MessageTime: theTime, Time: pushTime}}},
		{"528/138, with what a server writes always", 528, 138, "0a320a07755f616c6963651205755f626f7418b960208780808080808080012880e2cfaa0630073801400048006a021200a0012a", []Event{
			&MessageRecalled{Chat: message.Chat{Kind: message.Friend, Peer: alice.UIN, PeerUID: alice.UID}, Author: alice, Operator: alice,
				Sequence: 42, ClientSequence: 12345, Random: 7, MessageTime: theTime, Time: pushTime}}},
		{"528/179", 528, 179, "080112230a07755f616c6963651d00f15365220568656c6c6f2a05416c6963654a05755f626f74", []Event{
			&FriendAdded{alice, "Alice", "hello", 1700000000}}},
		{"528/212", 528, 212, "08959aef3a", []Event{&GroupLeft{theGroup, pushTime}}},
		{"528/290 poke", 528, 290, pokeTip, []Event{
			&FriendPoked{alice, alice, bot, poke, 43, 556, pushTime}}},
		{"528/321", 528, 321, "0a07755f616c6963651205755f626f741a07755f616c69636520a50828ac04", []Event{
			&FriendPokeRecalled{alice, alice, 556, pushTime}}},
		{"528/39 friend pinned", 528, 39, "0a1e08001007a201170a150a07755f616c696365821909088a6a12046553f100", []Event{
			&ChatPinChanged{Peer: alice, Pinned: true, Time: pushTime}}},
		{"528/39 group unpinned", 528, 39, "0a1608001007a2010f0a0d10959aef3a82190508816a1200", []Event{&ChatPinChanged{Group: theGroup, Time: pushTime}}},
		{"528/39 friend deleted", 528, 39, "0a0f0800100572090a07755f616c696365", []Event{&FriendRemoved{alice, pushTime}}},
		{"528/39 friend renamed", 528, 39, "0a1d0800101442170a07755f616c696365120c08a29c011206416c69636961", []Event{
			&FriendRenamed{alice, "Alicia", pushTime}}},
		{"528/39 profile liked", 528, 39, "0a33080010cb01da0c2b722908011080e2cfaa061a1f0a126c696b656420796f752031302074696d657318a19c012a05416c696365", []Event{
			&ProfileLiked{Person{UIN: alice.UIN}, "Alice", 10, theTime}}},
		{"528/29", 528, 29, "0814a2011008914e120b08a29c011205426f747479", []Event{&SelfRenamed{"Botty", pushTime}}},
	}
}

func TestSpecificationTable(t *testing.T) {
	for _, tt := range specification() {
		t.Run(tt.name, func(t *testing.T) {
			payload := fromAlice(t, tt.typ, tt.subType, tt.content)
			for _, e := range tt.want {
				if u, ok := e.(*Unknown); ok {
					u.Payload = payload
				}
			}
			got := decoderFor(bot).Decode(CommandMsgPush, payload)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("kick", func(t *testing.T) {
		got := decoderFor(bot).Decode(CommandKick, unhex(t, "08914e1a0a6c6f67676564206f757422066e6f7469636528d10f"))
		want := []Event{&Kicked{Title: "notice", Tips: "logged out", Code: 2001}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
	t.Run("whole push", func(t *testing.T) {
		got := decoderFor(bot).Decode(CommandMsgPush, unhex(t, "0a650a1a08959aef3a120931323334353637383928914e3205755f626f74121b08dc051010181028e8c3033080e2cfaa0660cdd7828080808080021a2a0a001226075bcd1510001f080120959aef3a2a0c080112086e6577206e616d65680caa0105755f626f621801"))
		want := []Event{&GroupNameChanged{theGroup, "new name", bob, theTime}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

// TestGarbage: whatever the server sends is counted and reported, nothing else
// happens.
func TestGarbage(t *testing.T) {
	u := func(n uint64) *uint64 { return &n }
	tests := []struct {
		name    string
		command string
		payload []byte
		reason  UnknownReason
		key     Key
	}{
		{"unknown subtype", CommandMsgPush, pushOf(t, 732, u(99), []byte{1, 2, 3}), ReasonUnknown, Key{CommandMsgPush, 732, 99, -1}},
		{"service type 17", CommandMsgPush, pushOf(t, 732, u(16), unhex(t, "075bcd151000026811")), ReasonIgnored, Key{CommandMsgPush, 732, 16, 17}},
		{"unknown type", CommandMsgPush, pushOf(t, 999, nil, []byte{1}), ReasonUnknown, Key{CommandMsgPush, 999, -1, -1}},
		{"unknown command", "trpc.test.Unknown.Push", []byte{1}, ReasonUnknown, Key{"trpc.test.Unknown.Push", -1, -1, -1}},
		{"truncated envelope", CommandMsgPush, pushOf(t, 732, u(17), make([]byte, 9))[:12], ReasonDecode, Key{CommandMsgPush, -1, -1, -1}},
		{"no common message", CommandMsgPush, []byte{0x18, 1}, ReasonEmpty, Key{CommandMsgPush, 0, -1, -1}},
		{"short header", CommandMsgPush, pushOf(t, 732, u(17), []byte{1, 2, 3}), ReasonDecode, Key{CommandMsgPush, 732, 17, -1}},
		{"no body", CommandMsgPush, envelope(t, unhex(t, "0a0308924e120308dc05")), ReasonEmpty, Key{CommandMsgPush, 732, 0, -1}},
		{"recall of nothing", CommandMsgPush, pushOf(t, 732, u(17), unhex(t, "075bcd1511000520959aef3a")), ReasonIncomplete, Key{CommandMsgPush, 732, 17, -1}},
		{"admin of nobody", CommandMsgPush, pushOf(t, 44, nil, unhex(t, "08959aef3a")), ReasonIncomplete, Key{CommandMsgPush, 44, -1, -1}},
		{"525, other command", CommandMsgPush, pushOf(t, 525, nil, []byte{8, 1}), ReasonUnknown, Key{CommandMsgPush, 525, -1, 1}},
		{"profile sync, other operation", CommandMsgPush, pushOf(t, 528, u(39), unhex(t, "0a021063")), ReasonUnknown, Key{CommandMsgPush, 528, 39, 99}},
		{"info sync", CommandInfoSyncPush, []byte{8, 1}, ReasonIgnored, Key{CommandInfoSyncPush, -1, -1, -1}},
		{"broken info sync", CommandInfoSyncPush, []byte{1}, ReasonDecode, Key{CommandInfoSyncPush, -1, -1, -1}},
		{"server list", "ConfigPushSvc.PushReq", []byte{1}, ReasonIgnored, Key{"ConfigPushSvc.PushReq", -1, -1, -1}},
		{"nothing", CommandMsgPush, nil, ReasonEmpty, Key{CommandMsgPush, 0, -1, -1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := decoderFor(bot)
			got := d.Decode(tt.command, tt.payload)
			if len(got) != 1 {
				t.Fatalf("got %d events, want one", len(got))
			}
			e, ok := got[0].(*Unknown)
			if !ok || e.Key != tt.key || e.Reason != tt.reason || (e.Err != nil) != (tt.reason == ReasonDecode) {
				t.Errorf("got %+v, want key %v, reason %s", got[0], tt.key, tt.reason)
			}
			n := d.Counters()
			if sum := n.Unknown + n.Ignored + n.DecodeError + n.EmptyBody + n.Incomplete; sum != 1 {
				t.Errorf("got counters %+v, want one count", n)
			}
		})
	}
}

func TestKickedWithoutNotice(t *testing.T) {
	for _, command := range []string{"MessageSvc.PushForceOffline", "StatSvc.ReqMSFOffline", CommandKick} {
		got := decoderFor(bot).Decode(command, []byte{0xFF})
		if diff := cmp.Diff([]Event{&Kicked{}}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", command, diff)
		}
	}
}

func TestDuplicates(t *testing.T) {
	d := decoderFor(bot)
	push := unhex(t, "0a650a1a08959aef3a120931323334353637383928914e3205755f626f74121b08dc051010181028e8c3033080e2cfaa0660cdd7828080808080021a2a0a001226075bcd1510001f080120959aef3a2a0c080112086e6577206e616d65680caa0105755f626f621801")
	if n := len(d.Decode(CommandMsgPush, push)); n != 1 {
		t.Fatalf("first push: got %d events, want 1", n)
	}
	if n := len(d.Decode(CommandMsgPush, push)); n != 0 || d.Counters().Duplicate != 1 {
		t.Errorf("second push: got %d events, %+v, want none and one duplicate", n, d.Counters())
	}
	var f Deduper
	for i := range uint64(dedupeKeys + 1) {
		if f.Seen(1, i+1, 7) {
			t.Fatalf("key %d: seen too early", i)
		}
	}
	if f.Seen(1, 1, 7) {
		t.Error("the oldest key was not forgotten")
	}
	if !f.Seen(1, dedupeKeys+1, 7) || !f.Seen(1, 3, 7) {
		t.Error("a recent key was forgotten")
	}
	for range 2 {
		if f.Seen(1, 0, 7) || f.Seen(1, 9999, 0) {
			t.Error("an incomplete key was taken for a duplicate")
		}
	}
}

// TestOwnComings: two pushes about one change of the account give one event; the lists are
// asked for again all the same.
func TestOwnComings(t *testing.T) {
	d := decoderFor(bot)
	var names []string
	for _, p := range []struct {
		typ, subType uint64
		content      string
	}{
		{85, 0, "08959aef3a10011a05755f626f6220003030"},
		{33, 0, "08959aef3a1a05755f626f742083012a05755f626f62"},
		{34, 0, "08959aef3a1a05755f626f7420032a090a070a05755f626f62"},
		{528, 212, "08959aef3a"},
		{85, 0, "08959aef3a10011a05755f626f6220003030"},
		{528, 212, "08959aef3a"},
	} {
		for _, e := range d.Decode(CommandMsgPush, fromAlice(t, p.typ, p.subType, p.content)) {
			names = append(names, e.Name())
		}
	}
	want := []string{"group_member_increase", "lists_changed", "group_member_decrease", "group_left", "group_member_increase", "group_left"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestSeveralRecalls(t *testing.T) {
	body := marshal(t, &pushpb.GroupNotify{GroupCode: 5, Recall: &pushpb.GroupRecall{
		OperatorUid: proto.String("u_bob"), Tip: &pushpb.RecallTip{Text: proto.String("gone\xff")},
		Messages: []*pushpb.RecalledGroupMessage{{Sequence: 1, AuthorUid: "u_bob"}, {Sequence: 2, AuthorUid: "u_alice", Type: proto.Uint32(2)}},
	}})
	content := append([]byte{0, 0, 0, 5, 17, 0, byte(len(body))}, body...)
	got := decoderFor(bot).Decode(CommandMsgPush, fromAlice(t, 732, 17, fmt.Sprintf("%x", content)))
	if len(got) != 2 {
		t.Fatalf("got %d events, want 2", len(got))
	}
	for i, e := range got {
		r, ok := e.(*MessageRecalled)
		if !ok || r.Sequence != uint64(i+1) || r.Tip != "gone\uFFFD" || r.Chat.Group != 5 || r.Operator.UID != "u_bob" {
			t.Errorf("event %d: got %+v", i, e)
		}
	}
}

func TestOperatorForms(t *testing.T) {
	p := &push{self: bot}
	for in, want := range map[string]message.UID{
		"":                         "",
		"u_plain":                  "u_plain",
		"\x0a\x07\x0a\x05u_bob":    "u_bob",
		"\x12\x02\x08\x00":         "",
		"\x0a\xff":                 "",
		"name with space":          "",
		"\xe5\xbc\xa0":             "",
		"\x0a\x02\x10\x01":         "",
		"\x0a\x07\x0a\x05u_bot":    "u_bot",
		"\x0a\x04\x10\x06\x10\x00": "",
	} {
		if got := p.operator([]byte(in)); got.UID != want {
			t.Errorf("operator %q: got %q, want %q", in, got.UID, want)
		}
	}
}

func TestInserts(t *testing.T) {
	in := `a<{"cmd":5,"data":"1","text":"x"}>b<{"cmd":"bad"}>c<{broken<{"cmd":1,"text":"t"}>`
	got := inserts(in)
	want := []insert{{Cmd: 5, Data: "1", Text: "x"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("inserts of %q (-want +got):\n%s", in, diff)
	}
}

func TestCountersAreSafe(t *testing.T) {
	d := decoderFor(bot)
	var wg sync.WaitGroup
	wg.Go(func() {
		for range 100 {
			d.Decode("x", nil)
		}
	})
	for range 100 {
		d.Counters()
	}
	wg.Wait()
	if n := d.Counters().Unknown; n != 100 {
		t.Errorf("unknown: got %d, want 100", n)
	}
}

func FuzzDecoder(f *testing.F) {
	for _, content := range []string{"08959aef3a1a07755f616c6963652083012a090a070a05755f626f62",
		"075bcd1511002720959aef3a5a200a05755f626f621a1308641080e2cfaa0618073207755f616c6963654a021200",
		"0a1d0800101442170a07755f616c696365120c08a29c011206416c69636961"} {
		for _, kind := range [][2]uint64{{33, 0}, {34, 0}, {732, 16}, {732, 17}, {528, 39}, {528, 138}, {82, 0}, {166, 0}} {
			f.Add(CommandMsgPush, fromAlice(f, kind[0], kind[1], content))
		}
	}
	for _, tt := range slices.Concat(specification(), built(f)) {
		f.Add(CommandMsgPush, fromAlice(f, tt.typ, tt.subType, tt.content))
	}
	// Empty elements, more than a packet may have, and a message that is too large.
	for _, elems := range [][]byte{bytes.Repeat([]byte{0x12, 0}, 1<<16+1), make([]byte, elements.MaxRaw)} {
		for _, num := range []protowire.Number{1, 3, 1} { // rich text, body, message
			elems = protowire.AppendBytes(protowire.AppendTag(nil, num, protowire.BytesType), elems)
		}
		f.Add(CommandMsgPush, elems)
	}
	f.Add(CommandKick, unhex(f, "08914e1a0a6c6f67676564206f757422066e6f7469636528d10f"))
	f.Fuzz(func(t *testing.T, command string, payload []byte) {
		d := watched(t)
		if len(d.Decode(command, payload)) == 0 && d.Counters().Duplicate == 0 {
			t.Error("got no event at all")
		}
		for _, e := range watched(t).Decode(command, payload) {
			e.When()
			e.Stale()
			plausible(t, e)
			if size := Size(e); size < 0 || size > 16*len(payload)+1<<14 {
				t.Errorf("%s of %d bytes keeps %d", e.Name(), len(payload), size)
			}
			if e, ok := e.(Updater); ok {
				e.Update()
			}
		}
	})
}

func BenchmarkDecodeGroupText(b *testing.B) {
	payload := unhex(b, "0a6b0a3b08924e1218755f616e6e65616e6e65616e6e65616e6e65616e6e65414128914e42190881d58bdc022204416e6e6528013a0967726f7570206f6e651217085220922128653080e2cfaa066092a1808080808080011a130a11120f0a0d0a0b68656c6c6f2067726f7570")
	d := decoderFor(bot)
	b.ReportAllocs()
	b.SetBytes(int64(len(payload)))
	for b.Loop() {
		if len(d.Decode(CommandMsgPush, payload)) != 1 {
			b.Fatal("no event")
		}
	}
}

// TestPins: other settings come under the number of pins, and service accounts have a form
// of their own.
func TestPins(t *testing.T) {
	sync := func(item *pushpb.ProfileSyncItem) []byte {
		return marshal(t, &pushpb.ProfileSync{Items: []*pushpb.ProfileSyncItem{item}})
	}
	pin := func(kind uint32, value []byte) *pushpb.ProfileSyncItem {
		return &pushpb.ProfileSyncItem{Operation: 7, PinChange: &pushpb.PinChange{Body: &pushpb.PinChangeBody{
			Uid: proto.String("u_alice"), Item: &pushpb.PinChangeItem{Kind: kind, Value: value},
		}}}
	}
	service := func(value []byte) *pushpb.ProfileSyncItem {
		return &pushpb.ProfileSyncItem{Operation: 4000, ServicePin: &pushpb.ServicePinChange{Uin: 5, F6Unk: value}}
	}
	for _, tt := range []struct {
		name    string
		subType uint64
		item    *pushpb.ProfileSyncItem
		want    Event
	}{
		{"a friend", 39, pin(13578, []byte{1, 2, 3, 4}), &ChatPinChanged{Peer: alice, Pinned: true, Time: pushTime}},
		{"another setting", 39, pin(13575, make([]byte, 35)), &Unknown{Key: Key{CommandMsgPush, 528, 39, 7}, Reason: ReasonIgnored}},
		{"a service", 199, service([]byte{0, 0, 0, 0, 0, 0, 0, 0x65, 0x53, 0xf1, 0}),
			&ChatPinChanged{Peer: Person{UIN: 5}, Service: true, Pinned: true, Time: pushTime}},
		{"a service, no time", 199, service(nil), &ChatPinChanged{Peer: Person{UIN: 5}, Service: true, Time: pushTime}},
	} {
		payload := fromAlice(t, 528, tt.subType, fmt.Sprintf("%x", sync(tt.item)))
		if u, ok := tt.want.(*Unknown); ok {
			u.Payload = payload
		}
		if diff := cmp.Diff([]Event{tt.want}, decoderFor(bot).Decode(CommandMsgPush, payload)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}
