package elements

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

func TestParse(t *testing.T) {
	const self = 10001
	group := func() *messagepb.CommonMessage {
		return &messagepb.CommonMessage{
			RoutingHead: &messagepb.RoutingHead{FromUin: 7, FromUid: proto.String("u_7"), ToUin: self,
				Group: &messagepb.RoutingGroup{GroupCode: 99, GroupCard: "nick\xff", GroupCardType: 2, GroupLevel: 4, GroupName: "g\xff", MsgFlag: 16}},
			ContentHead: &messagepb.ContentHead{Type: 82, Sequence: proto.Uint64(5), Time: proto.Uint64(3)},
			Body: &messagepb.MessageBody{RichText: &messagepb.RichText{Attr: &messagepb.Attr{Random: 1<<32 - 1}, Elems: []*messagepb.Elem{
				textElem("hi\xff"),
				{ExtraInfo: &messagepb.ExtraInfo{Nick: "Nick", GroupCard: "Nick", SenderTitle: "T\xff", Level: 9, Uin: 7}},
			}}},
		}
	}
	private := func(typ uint64, from uint64) *messagepb.CommonMessage {
		return &messagepb.CommonMessage{
			RoutingHead: &messagepb.RoutingHead{FromUin: from, ToUin: 8, ToUid: proto.String("u_8"),
				C2C: &messagepb.RoutingC2C{FromTinyId: 99}},
			ContentHead: &messagepb.ContentHead{Type: typ, Sequence: proto.Uint64(44), NtMsgSeq: proto.Uint64(55), MsgUid: proto.Uint64(MsgUID(6))},
			Body:        &messagepb.MessageBody{RichText: &messagepb.RichText{Elems: []*messagepb.Elem{textElem("hi")}}},
		}
	}
	hi := message.Content{message.Text("hi")}
	tests := []struct {
		name string
		in   *messagepb.CommonMessage
		want *message.Message
		err  error
	}{
		{"group", group(), &message.Message{Chat: message.Chat{Kind: message.Group, Group: 99}, GroupName: "g\uFFFD", Sequence: 5, Random: 1<<32 - 1, Time: 3, Content: message.Content{message.Text("hi\uFFFD")},
			Sender: message.Sender{UIN: 7, UID: "u_7", Nickname: "Nick", Title: "T\uFFFD", Role: message.RoleAdmin, Level: 4}}, nil},
		{"own private", private(166, self), &message.Message{Chat: message.Chat{Kind: message.Friend, Peer: 8, PeerUID: "u_8"}, Self: true, Sender: message.Sender{UIN: self},
			Sequence: 55, ClientSequence: 44, Random: 6, Content: hi}, nil},
		{"temp", private(141, 7), &message.Message{Chat: message.Chat{Kind: message.Temp, Group: 99, Peer: 7}, Sender: message.Sender{UIN: 7},
			Sequence: 55, ClientSequence: 44, Random: 6, Content: hi}, nil},
		{"official account", private(167, 7), &message.Message{Chat: message.Chat{Kind: message.Friend, Peer: 7}, Sender: message.Sender{UIN: 7},
			Sequence: 55, ClientSequence: 44, Random: 6, Content: hi}, nil},
		{"deleted", private(166, 0), nil, ErrDeleted},
		{"all empty", &messagepb.CommonMessage{}, nil, ErrDeleted},
		{"event", private(732, 7), nil, ErrNotChat},
		{"no type", private(0, 7), nil, ErrNotChat},
		{"other 529", private(529, 7), nil, ErrNotChat},
		{"no body", &messagepb.CommonMessage{RoutingHead: &messagepb.RoutingHead{FromUin: 7}, ContentHead: &messagepb.ContentHead{Type: 82}}, nil, ErrNoBody},
		{"group without a code", &messagepb.CommonMessage{RoutingHead: &messagepb.RoutingHead{FromUin: 7},
			ContentHead: &messagepb.ContentHead{Type: 82}, Body: &messagepb.MessageBody{}}, nil, ErrIncomplete},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			raw := mustMarshal(t, tt.in)
			got, err := Parse(raw, self)
			if !errors.Is(err, tt.err) {
				t.Fatalf("Parse: got error %v, want %v", err, tt.err)
			}
			if tt.want != nil {
				tt.want.Raw = raw
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
		})
	}
	if _, err := Parse([]byte{0xFF}, self); err == nil {
		t.Error("Parse of garbage: got no error")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(unhex(f, "0a3a08924e1218755f616e6e65616e6e65616e6e65616e6e65616e6e65414128914e3218755f73656c6673656c6673656c6673656c6673656c664141121a08a601100b20ab042809308ae2cfaa0660ab84808080808080011a110a0f120d0a0b0a0968656c6c6f20796f75"))
	f.Add(unhex(f, "0a3b08924e1218755f616e6e65616e6e65616e6e65616e6e65616e6e65414128914e42190881d58bdc022204416e6e6528013a0967726f7570206f6e6512160852200228683083e2cfaa06608280808080808080011a450a432241080410924e1a087074742d7575696422100c0074a35546f6efca39e5cafd094f472a05762e616d72308407403792010e67726f75702d66696c652d6b6579980103"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := Parse(raw, 10001)
		if (m == nil) == (err == nil) {
			t.Fatalf("got %v, %v", m, err)
		}
		if m != nil && strings.ToValidUTF8(m.Sender.Nickname, "") != m.Sender.Nickname {
			t.Errorf("nickname %q is not valid UTF-8", m.Sender.Nickname)
		}
	})
}
