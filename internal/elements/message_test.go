package elements

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatalf("bad hex in test data: %v", err)
	}
	return b
}

// mustMarshal is not pb.Marshal, which would mend broken text.
func mustMarshal(t testing.TB, m proto.Message) []byte {
	t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatalf("Marshal: %v", err)
	}
	return b
}

func encodeElems(c message.Content, o EncodeOptions) ([]*messagepb.Elem, error) {
	body, err := Encode(c, o)
	return body.GetRichText().GetElems(), err
}

func textElem(s string) *messagepb.Elem {
	return &messagepb.Elem{Text: &messagepb.Text{Str: proto.String(s)}}
}

func fallbackElem(t testing.TB, s string) *messagepb.Elem {
	e := textElem(s)
	e.Text.PbReserve = mustMarshal(t, &messagepb.FallbackText{Text: s})
	return e
}

func common(service, business uint32, raw string) *messagepb.Elem {
	return &messagepb.Elem{CommonElem: &messagepb.CommonElem{
		ServiceType: service, BusinessType: proto.Uint32(business), PbElem: []byte(raw)}}
}

func TestDecodeElements(t *testing.T) {
	reserve := func(r *messagepb.TextReserve) *messagepb.Elem {
		return &messagepb.Elem{Text: &messagepb.Text{Str: proto.String("@x"), PbReserve: mustMarshal(t, r)}}
	}
	unknownField := new(messagepb.Elem)
	unknownField.ProtoReflect().SetUnknown(protowire.AppendVarint(protowire.AppendTag(nil, 99, protowire.VarintType), 1))
	unknown := func(e *messagepb.Elem, name string) *message.UnknownSegment {
		return &message.UnknownSegment{Element: name, Raw: mustMarshal(t, e)}
	}
	tests := []struct {
		name  string
		elems []*messagepb.Elem
		want  message.Content
	}{
		{"nothing", nil, nil},
		{"empty elements", []*messagepb.Elem{{}, nil, {}}, message.Content{}},
		{"CR and CR LF together", []*messagepb.Elem{textElem("a\rb\r\nc")}, message.Content{message.Text("a\rb\r\nc")}},
		{"fallback kept", []*messagepb.Elem{textElem("a"), fallbackElem(t, "b")}, message.Content{message.Text("a"), message.Text("b")}},
		{"fallback of a flash picture", []*messagepb.Elem{common(3, 1, ""), textElem("[flash]"), textElem("x")},
			message.Content{unknown(common(3, 1, ""), "common_elem 3/1"), message.Text("x")}},
		{"mention after a large face", []*messagepb.Elem{common(37, 1, "\x18\x05"), reserve(&messagepb.TextReserve{AtType: proto.Uint32(1)})},
			message.Content{&message.FaceSegment{ID: 5, Large: true}, &message.AtSegment{All: true, Display: "@x"}}},
		{"mention by uin in the reserve", []*messagepb.Elem{reserve(&messagepb.TextReserve{AtType: proto.Uint32(2), AtMemberUin: proto.Uint64(7)})},
			message.Content{&message.AtSegment{UIN: 7, Display: "@x"}}},
		{"mention by uid", []*messagepb.Elem{reserve(&messagepb.TextReserve{AtType: proto.Uint32(2), AtMemberUid: proto.String("u_x")})},
			message.Content{&message.AtSegment{UID: "u_x", Display: "@x"}}},
		{"mention of nobody", []*messagepb.Elem{reserve(&messagepb.TextReserve{AtType: proto.Uint32(2)})}, message.Content{message.Text("@x")}},
		{"mention block too short", []*messagepb.Elem{{Text: &messagepb.Text{Str: proto.String("@x"), Attr6Buf: []byte{0, 1}}}}, message.Content{message.Text("@x")}},
		{"result as a number", []*messagepb.Elem{common(37, 1, "\x18\xe6\x02\x58\x04")}, message.Content{&message.FaceSegment{ID: 358, Large: true, Result: 4}}},
		{"bad faces", []*messagepb.Elem{common(37, 1, "\xff"), common(33, 1, "\xff")}, message.Content{}},
		{"unknown field", []*messagepb.Elem{unknownField}, message.Content{&message.UnknownSegment{Element: "field 99", Raw: []byte{0x98, 0x06, 1}}}},
		{"unknown common element", []*messagepb.Elem{common(45, 2, "x")}, message.Content{unknown(common(45, 2, "x"), "common_elem 45/2")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Decode(&messagepb.RichText{Elems: tt.elems}, true)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("content (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodePrivateReply(t *testing.T) {
	rt := &messagepb.RichText{Elems: []*messagepb.Elem{{SrcMsg: &messagepb.SourceMsg{
		OrigSeqs: []uint64{44},
		PbReserve: mustMarshal(t, &messagepb.SourceMsgReserve{
			MsgUid: proto.Uint64(MsgUID(9)), SenderUid: proto.String("u_x"), NtMsgSeq: proto.Uint64(55)}),
		SrcMsg: mustMarshal(t, &messagepb.CommonMessage{Body: &messagepb.MessageBody{
			RichText: &messagepb.RichText{Elems: []*messagepb.Elem{textElem("q")}}}}),
	}}}}
	want := message.Content{&message.ReplySegment{Sequence: 55, ClientSequence: 44, SenderUID: "u_x", Random: 9, Content: message.Content{message.Text("q")}}}
	if diff := cmp.Diff(want, Decode(rt, false)); diff != "" {
		t.Errorf("content (-want +got):\n%s", diff)
	}
}

func TestQuotesInQuotesAreBounded(t *testing.T) {
	raw := mustMarshal(t, textElem("x"))
	for range 50 {
		raw = mustMarshal(t, &messagepb.Elem{SrcMsg: &messagepb.SourceMsg{OrigSeqs: []uint64{1}, Elems: [][]byte{raw}}})
	}
	e := new(messagepb.Elem)
	if err := pb.Unmarshal(raw, e); err != nil {
		t.Fatal(err)
	}
	depth := 0
	for c := Decode(&messagepb.RichText{Elems: []*messagepb.Elem{e}}, true); len(c) > 0; depth++ {
		c = c[0].(*message.ReplySegment).Content
	}
	if depth != maxQuoteDepth+1 {
		t.Errorf("depth: got %d, want %d", depth, maxQuoteDepth+1)
	}
}

func TestClean(t *testing.T) {
	reply := &message.ReplySegment{Sequence: 1, SenderUIN: 7, SenderUID: "u_7"}
	byUID := &message.ReplySegment{Sequence: 1, SenderUID: "u_7"}
	at7, at8 := &message.AtSegment{UIN: 7}, &message.AtSegment{UIN: 8}
	space, hi := message.Text(" "), message.Text("hi")
	market, dice := &message.MarketFaceSegment{Summary: "[s\rt]"}, &message.FaceSegment{ID: message.FaceDice, Large: true, Result: 4}
	tests := []struct {
		name    string
		in      message.Content
		private bool
		want    message.Content
	}{
		{"nothing", nil, false, nil},
		{"mention of the quoted", message.Content{reply, at7, hi}, false, message.Content{reply, hi}},
		{"mention and space", message.Content{reply, at7, space, hi}, false, message.Content{reply, hi}},
		{"mention by uid", message.Content{byUID, &message.AtSegment{UID: "u_7"}}, false, message.Content{byUID}},
		{"mention of another", message.Content{reply, at8, space}, false, message.Content{reply, at8, space}},
		{"mention of all", message.Content{reply, &message.AtSegment{All: true}}, false, message.Content{reply, &message.AtSegment{All: true}}},
		{"second mention stays", message.Content{reply, at7, space, at7, hi}, false, message.Content{reply, at7, hi}},
		{"old client", message.Content{at7, space, reply, hi}, false, message.Content{reply, hi}},
		{"old client, another", message.Content{at8, space, reply, hi}, false, message.Content{reply, at8, space, hi}},
		{"quote late", message.Content{hi, at8, reply, space}, false, message.Content{reply, hi, at8, space}},
		{"quote late, mention stays", message.Content{hi, reply, at7}, false, message.Content{reply, hi, at7}},
		{"mention before a quote", message.Content{at7, reply, hi}, false, message.Content{reply, at7, hi}},
		{"private, mention stays", message.Content{reply, at7}, true, message.Content{reply, at7}},
		{"private, quote late", message.Content{hi, space, reply, at7}, true, message.Content{reply, hi, space, at7}},
		{"empty texts", message.Content{message.Text(""), hi, message.Text("")}, false, message.Content{hi}},
		{"market face", message.Content{market, message.Text("[s\r\nt]"), hi}, false, message.Content{market, hi}},
		{"market face and other text", message.Content{market, hi}, false, message.Content{market, hi}},
		{"die and other text", message.Content{dice, hi}, false, message.Content{dice, hi}},
		{"face and the name of a die", message.Content{&message.FaceSegment{ID: 1}, message.Text("[骰子]")}, false, message.Content{&message.FaceSegment{ID: 1}, message.Text("[骰子]")}},
		{"only fallbacks", message.Content{message.Text("")}, false, message.Content{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := message.Clean(append(message.Content(nil), tt.in...), !tt.private)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Clean(%v) (-want +got):\n%s", tt.in, diff)
			}
		})
	}
}

func TestEncodeErrors(t *testing.T) {
	tests := []struct {
		name string
		in   message.Content
		is   error
	}{
		{"empty", nil, message.ErrEmpty},
		{"two quotes", message.Content{&message.ReplySegment{Sequence: 1}, &message.ReplySegment{Sequence: 2}}, nil},
		{"quote of nothing", message.Content{&message.ReplySegment{}}, nil},
		{"mention of nobody", message.Content{&message.AtSegment{}}, nil},
		{"mention too large for its form", message.Content{&message.AtSegment{UIN: 1 << 40}}, nil},
		{"bad raw", message.Content{&message.UnknownSegment{Element: "x", Raw: []byte{0xFF}}}, nil},
		{"empty raw", message.Content{&message.UnknownSegment{Element: "x"}}, nil},
		{"no element", message.Content{&message.UnknownSegment{Element: message.ElementPtt, Raw: []byte{8, 1}}}, nil},
		{"nil segment", message.Content{nil}, nil},
		{"bad quoted mention", message.Content{&message.ReplySegment{Sequence: 1, Content: message.Content{&message.AtSegment{}}}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := encodeElems(tt.in, EncodeOptions{Group: true})
			if err == nil || tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("Encode(%v): got %v, %v; want an error", tt.in, got, err)
			}
		})
	}
}

// TestEncodeQuotes checks both forms of a quote and the mention after it.
func TestEncodeQuotes(t *testing.T) {
	reply := &message.ReplySegment{Sequence: 5, SenderUIN: 7, SenderUID: "u_7", Time: 3, Random: 9,
		Content: message.Content{message.Text("q"), &message.ReplySegment{Sequence: 1}, &message.UnknownSegment{Element: message.ElementPtt}}}
	elems, err := encodeElems(message.Content{message.Text("hi"), reply}, EncodeOptions{Group: true, MentionQuoted: true, QuotedName: "Anne"})
	if err != nil || len(elems) != 3 {
		t.Fatalf("Encode: got %d elements, %v; want 3", len(elems), err)
	}
	src := elems[0].GetSrcMsg()
	var r messagepb.SourceMsgReserve
	if err := pb.Unmarshal(src.GetPbReserve(), &r); err != nil {
		t.Fatal(err)
	}
	if src.Flag == nil || src.GetSenderUin() != 0 || src.GetTime() != 3 || len(src.GetElems()) != 1 ||
		r.GetMsgUid() != MsgUID(9) || r.GetSenderUid() != "u_7" || r.GetOrigMsgType() != 2 || r.NtMsgSeq != nil {
		t.Errorf("quote: got %v, reserve %v", src, &r)
	}
	want := message.Content{&message.AtSegment{UID: "u_7", Display: "@Anne"}, message.Text("hi")}
	if diff := cmp.Diff(want, Decode(&messagepb.RichText{Elems: elems[1:]}, true)); diff != "" {
		t.Errorf("after the quote (-want +got):\n%s", diff)
	}
	for _, c := range []struct {
		name string
		in   message.Content
		o    EncodeOptions
		want int
	}{
		{"already mentioned", message.Content{reply, &message.AtSegment{UIN: 7}}, EncodeOptions{Group: true, MentionQuoted: true}, 2},
		{"not asked for", message.Content{reply}, EncodeOptions{Group: true}, 1},
		{"private", message.Content{reply}, EncodeOptions{MentionQuoted: true}, 1},
		{"sender unknown", message.Content{&message.ReplySegment{Sequence: 1}}, EncodeOptions{Group: true, MentionQuoted: true}, 1},
		{"name unknown", message.Content{&message.ReplySegment{Sequence: 1, SenderUIN: 8}}, EncodeOptions{Group: true, MentionQuoted: true}, 2},
	} {
		got, err := encodeElems(c.in, c.o)
		if err != nil || len(got) != c.want {
			t.Errorf("%s: got %d elements, %v; want %d", c.name, len(got), err, c.want)
		}
	}
}

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

func FuzzDecode(f *testing.F) {
	for _, s := range []string{"12180a160a0540416e6e651a0d00010000000500000027120000",
		"1226ea0223086510924e1880e2cfaa0620002a050a030a01712a071205080e1201015081d58bdc0212180a160a0540416e6e651a0d0001000000050000002712000012070a050a03206f6b",
		"1221aa031e082512180a013112013918e702200128023201323a042f7270734801180212090a070a055b7270735d",
		"120daa030a0830120412025001181412050a030a0178"} {
		f.Add(unhex(f, s), true)
		f.Add(unhex(f, s), false)
	}
	for _, raw := range elementSeeds(f) {
		f.Add(raw, true)
		f.Add(raw, false)
	}
	f.Fuzz(func(t *testing.T, raw []byte, group bool) {
		again(t, decoded(t, raw, group), group)
	})
}

// FuzzCommon is FuzzDecode for the payload of one common element, with a text behind it.
func FuzzCommon(f *testing.F) {
	for _, e := range heaviest(f) {
		if c := e.CommonElem; c != nil {
			f.Add(c.GetServiceType(), c.GetBusinessType(), c.GetPbElem())
		}
	}
	f.Add(uint32(serviceMarkdown), uint32(businessFlash), encoded(f, &messagepb.MarkdownElem{Content: flashContent(flashJSON)}))
	f.Fuzz(func(t *testing.T, service, business uint32, payload []byte) {
		raw := encoded(t, &messagepb.RichText{Elems: []*messagepb.Elem{
			{CommonElem: &messagepb.CommonElem{ServiceType: service, PbElem: payload, BusinessType: &business}}, textElem("behind"),
		}})
		again(t, decoded(t, raw, true), true)
	})
}

// decoded is what an encoded RichText says. It fails when that takes too much memory.
func decoded(t *testing.T, raw []byte, group bool) message.Content {
	var c message.Content
	n := allocated(func() {
		var rt messagepb.RichText
		if pb.Unmarshal(raw, &rt) == nil {
			c = message.Clean(Decode(&rt, group), group)
		}
	})
	// The fuzzer itself allocates, too; cards are inflated once, and read as JSON or XML.
	if most := decodedPerByte*uint64(len(raw)) + 64*maxCards; n > most {
		t.Errorf("%d bytes allocate %d, over %d", len(raw), n, most)
	}
	return c
}

// again sends what was received. After one round it stays as it is.
func again(t *testing.T, c message.Content, group bool) {
	var last message.Content
	for round := range 3 {
		elems, err := encodeElems(c, EncodeOptions{Group: group, MentionQuoted: true})
		if err != nil {
			if round > 1 {
				t.Fatalf("what was sent cannot be sent again: %v", err)
			}
			return
		}
		raw, err := pb.Marshal(&messagepb.RichText{Elems: elems})
		if err != nil {
			t.Fatalf("Marshal: %v", err)
		}
		var rt messagepb.RichText
		if err := pb.Unmarshal(raw, &rt); err != nil {
			t.Fatalf("own encoding does not decode: %v", err)
		}
		last, c = c, message.Clean(Decode(&rt, group), group)
		if diff := cmp.Diff(last, c); round > 1 && diff != "" {
			t.Errorf("round %d (-before +after):\n%s", round, diff)
		}
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

func ExampleEncode() {
	body, err := Encode(message.Content{message.Text("hello")}, EncodeOptions{Group: true})
	fmt.Println(len(body.RichText.Elems), err)
	// Output: 1 <nil>
}
