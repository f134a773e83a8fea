package ntqq

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"libration/internal/crypto"
	"libration/internal/elements"
	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/internal/pb/oidbpb"
	"libration/internal/rpc"
	"libration/internal/sessiontest"
	"libration/internal/wire"
	"libration/ntqq/event"
	"libration/ntqq/internal/order"
	"libration/ntqq/message"
)

// A list that comes in pages without end is refused by its size, not its pages.
func TestPagesAreBounded(t *testing.T) {
	members := make([]*oidbpb.GroupMember, 30_000)
	for i := range members {
		members[i] = &oidbpb.GroupMember{Id: &oidbpb.GroupMemberId{Uid: "u_x", Uin: uint64(i + 1)}}
	}
	long := []*oidbpb.GroupMember{{MemberName: strings.Repeat("x", 6<<20)}}
	for _, list := range [][]*oidbpb.GroupMember{members, long} {
		asked := 0
		service := sessiontest.New(t)
		service.Answer = func(command string, _ []byte) ([]byte, error) {
			if command != rpc.GroupMembers.Name {
				return nil, rpc.ErrUnknownCommand
			}
			asked++
			return rpc.GroupMembers.EncodeResponse(&oidbpb.GroupMemberListResp{Members: list, Cookie: fmt.Append(nil, asked)})
		}
		c := start(t, service, Options{})
		if _, err := c.Wait(t.Context(), State.Online); err != nil {
			t.Fatal(err)
		}
		err := c.fetchMembers(t.Context(), testGroup)
		if n := asked; n != 3 || err == nil || !strings.Contains(err.Error(), "more than 65536 entries") {
			t.Errorf("%d pages were asked for, then %v; want 3 and a refusal", n, err)
		}
	}
}

// Texts of pushes that no person has do not stay.
func TestLongTextsAreNotKept(t *testing.T) {
	var c cache
	c.init(memberMemory)
	c.setMembers(testGroup, []Member{{Group: testGroup, UIN: 1, Nickname: "short"}})
	c.setFriends([]Friend{{UIN: 2, UID: "u_2", Nickname: "short"}})
	c.setGroups([]Group{{Code: testGroup, Name: "short"}})
	long := strings.Repeat("x", 1<<20)
	c.apply(&event.Message{Message: &message.Message{
		Chat: message.Chat{Kind: message.Group, Group: testGroup}, Raw: []byte{1},
		Sender: message.Sender{UIN: 1, UID: UID(long), Nickname: long},
	}})
	c.apply(&event.GroupTitleChanged{Group: testGroup, Member: event.Person{UIN: 1}, Title: long})
	c.apply(&event.GroupNameChanged{Group: testGroup, NewName: long})
	c.apply(&event.FriendRenamed{Friend: event.Person{UID: "u_2"}, Nickname: long})
	m, _, _ := c.member(testGroup, 1)
	f, _ := c.friend(2)
	if _, known := c.uin(UID(long)); known || m.Nickname != "short" || m.Title != "" || f.Nickname != "short" || c.groupName(testGroup) != "short" {
		t.Errorf("a long text is kept: %.80v %.80v", m, f)
	}
	cl := newTestClient(t)
	cl.order.step(t.Context(), order.Listed{Newest: []order.Newest{{Chat: friendChat(UIN(1)), Peer: UID(long), Sequence: 1}}})
	if chats := cl.order.privateChats(); len(chats) != 0 {
		t.Errorf("a text id of %d bytes is kept", len(long))
	}
}

// A message that is larger than any real one is not read, pushed or fetched.
func TestLargeMessagesAreNotRead(t *testing.T) {
	c := newTestClient(t)
	for size, want := range map[int]string{elements.MaxRaw - 1000: "message", elements.MaxRaw: "unknown_push"} {
		cm := &messagepb.CommonMessage{
			RoutingHead: &messagepb.RoutingHead{FromUin: uint64(testFrom), Group: &messagepb.RoutingGroup{GroupCode: uint64(testGroup)}},
			ContentHead: &messagepb.ContentHead{Type: 82, Sequence: proto.Uint64(1), Random: proto.Uint64(uint64(size))},
			Body: &messagepb.MessageBody{RichText: &messagepb.RichText{Elems: []*messagepb.Elem{
				{Text: &messagepb.Text{Str: proto.String(strings.Repeat("x", size))}},
			}}},
		}
		push, err := pb.Marshal(&messagepb.MsgPush{Message: cm})
		if err != nil {
			t.Fatal(err)
		}
		if events := c.decoder.Decode(rpc.PushMessage, push); len(events) != 1 || events[0].Name() != want {
			t.Errorf("a message with %d bytes of text gives %v, want one %s", size, events[0].Name(), want)
		}
		payload, err := rpc.GroupHistory.EncodeResponse(&messagepb.GetGroupMsgResp{Body: &messagepb.GetGroupMsgBody{Messages: []*messagepb.CommonMessage{cm}}})
		if err != nil {
			t.Fatal(err)
		}
		online := online(t, Options{}, map[string][]byte{rpc.GroupHistory.Name: payload})
		page, err := online.page(t.Context(), groupChat(testGroup), "", 1, 1)
		if err != nil || (len(page) == 1) != (want == "message") {
			t.Errorf("a message with %d bytes of text is fetched as %d, %v", size, len(page), err)
		}
	}
}

// receivedPerByte bounds the whole way of a push from the frame to its event: so
// many bytes are allocated for each inflated one, whatever they say.
const receivedPerByte = 200

func TestReceivedMemory(t *testing.T) {
	c := newTestClient(t)
	entry := func(num protowire.Number, value []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(nil, num, protowire.BytesType), value)
	}
	elem := func(rng *rand.Rand) []byte {
		switch rng.IntN(6) {
		case 0:
			return entry(2, nil)
		case 1: // a text
			return entry(2, entry(1, entry(1, make([]byte, rng.IntN(3)))))
		case 2: // a quote
			quoted := bytes.Repeat(entry(2, entry(1, entry(1, []byte("x")))), rng.IntN(2000))
			return entry(2, entry(45, append([]byte{8, 1}, entry(11, entry(3, entry(1, quoted)))...)))
		case 3: // a common element, a keyboard's payload
			payload := entry(1, entry(1, bytes.Repeat(entry(1, nil), rng.IntN(300))))
			services := []byte{2, 23, 33, 37, 45, 46}
			return entry(2, entry(53, append([]byte{8, services[rng.IntN(len(services))], 0x18, byte(rng.IntN(4))}, entry(2, payload)...)))
		case 4: // not known
			return entry(2, entry(900, make([]byte, rng.IntN(4))))
		}
		return entry(2, protowire.AppendVarint(protowire.AppendTag(nil, protowire.Number(1+rng.IntN(60)), protowire.BytesType), 0))
	}
	var key crypto.Key
	most := 0.0
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 7))
		head := encodedHead(t, seed)
		var elems []byte
		size := 1 << (10 + rng.IntN(11))
		if seed%2 == 0 { // all alike
			one := elem(rng)
			elems = bytes.Repeat(one, size/len(one))
		}
		for len(elems) < size {
			elems = append(elems, elem(rng)...)
		}
		body := entry(1, append(head, entry(3, entry(1, elems))...))
		frame, err := wire.AppendResponse(nil, &wire.Response{
			Protocol: wire.Protocol12, Flag: wire.FlagD2, UIN: "10001", Sequence: -1, Command: rpc.PushMessage,
			Compression: wire.CompressionZlib, Body: body,
		}, key)
		if err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		var resp wire.Response
		if err := wire.ParseResponse(frame[4:], key, &resp); err != nil {
			t.Fatal(err)
		}
		events := c.decoder.Decode(resp.Command, resp.Body)
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(events)
		got := float64(int64(after.TotalAlloc-before.TotalAlloc)-64<<10) / float64(len(body)) // the state of zlib
		most = max(most, got)
		if got > receivedPerByte {
			t.Errorf("seed %d: %d bytes allocated %.0f for each, over %d", seed, len(body), got, receivedPerByte)
		}
	}
	t.Logf("most: %.1f bytes for each inflated one", most)
}

func encodedHead(t *testing.T, sequence uint64) []byte {
	t.Helper()
	b, err := pb.Marshal(&messagepb.CommonMessage{
		RoutingHead: &messagepb.RoutingHead{FromUin: uint64(testFrom), Group: &messagepb.RoutingGroup{GroupCode: uint64(testGroup)}},
		ContentHead: &messagepb.ContentHead{Type: 82, Sequence: proto.Uint64(sequence + 1), Random: proto.Uint64(sequence + 1)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}
