package message

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

func encodeElems(c Content, o EncodeOptions) ([]*messagepb.Elem, error) {
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
	unknown := func(e *messagepb.Elem, name string) *UnknownSegment {
		return &UnknownSegment{Element: name, Raw: mustMarshal(t, e)}
	}
	tests := []struct {
		name  string
		elems []*messagepb.Elem
		want  Content
	}{
		{"nothing", nil, nil},
		{"empty elements", []*messagepb.Elem{{}, nil, {}}, Content{}},
		{"CR and CR LF together", []*messagepb.Elem{textElem("a\rb\r\nc")}, Content{&TextSegment{"a\rb\r\nc"}}},
		{"fallback kept", []*messagepb.Elem{textElem("a"), fallbackElem(t, "b")}, Content{&TextSegment{"a"}, &TextSegment{"b"}}},
		{"fallback of a flash picture", []*messagepb.Elem{common(3, 1, ""), textElem("[flash]"), textElem("x")},
			Content{unknown(common(3, 1, ""), "common_elem 3/1"), &TextSegment{"x"}}},
		{"mention after a large face", []*messagepb.Elem{common(37, 1, "\x18\x05"), reserve(&messagepb.TextReserve{AtType: proto.Uint32(1)})},
			Content{&FaceSegment{ID: 5, Large: true}, &AtSegment{All: true, Display: "@x"}}},
		{"mention by uin in the reserve", []*messagepb.Elem{reserve(&messagepb.TextReserve{AtType: proto.Uint32(2), AtMemberUin: proto.Uint64(7)})},
			Content{&AtSegment{UIN: 7, Display: "@x"}}},
		{"mention by uid", []*messagepb.Elem{reserve(&messagepb.TextReserve{AtType: proto.Uint32(2), AtMemberUid: proto.String("u_x")})},
			Content{&AtSegment{UID: "u_x", Display: "@x"}}},
		{"mention of nobody", []*messagepb.Elem{reserve(&messagepb.TextReserve{AtType: proto.Uint32(2)})}, Content{&TextSegment{"@x"}}},
		{"mention block too short", []*messagepb.Elem{{Text: &messagepb.Text{Str: proto.String("@x"), Attr6Buf: []byte{0, 1}}}}, Content{&TextSegment{"@x"}}},
		{"result as a number", []*messagepb.Elem{common(37, 1, "\x18\xe6\x02\x58\x04")}, Content{&FaceSegment{ID: 358, Large: true, Result: 4}}},
		{"bad faces", []*messagepb.Elem{common(37, 1, "\xff"), common(33, 1, "\xff")}, Content{}},
		{"unknown field", []*messagepb.Elem{unknownField}, Content{&UnknownSegment{Element: "field 99", Raw: []byte{0x98, 0x06, 1}}}},
		{"unknown common element", []*messagepb.Elem{common(45, 2, "x")}, Content{unknown(common(45, 2, "x"), "common_elem 45/2")}},
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
	want := Content{&ReplySegment{Sequence: 55, ClientSequence: 44, SenderUID: "u_x", Random: 9, Content: Content{&TextSegment{"q"}}}}
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
		c = c[0].(*ReplySegment).Content
	}
	if depth != maxQuoteDepth+1 {
		t.Errorf("depth: got %d, want %d", depth, maxQuoteDepth+1)
	}
}

func TestClean(t *testing.T) {
	reply := &ReplySegment{Sequence: 1, SenderUIN: 7, SenderUID: "u_7"}
	byUID := &ReplySegment{Sequence: 1, SenderUID: "u_7"}
	at7, at8 := &AtSegment{UIN: 7}, &AtSegment{UIN: 8}
	space, hi := &TextSegment{" "}, &TextSegment{"hi"}
	market, dice := &MarketFaceSegment{Summary: "[s\rt]"}, &FaceSegment{ID: FaceDice, Large: true, Result: 4}
	tests := []struct {
		name    string
		in      Content
		private bool
		want    Content
	}{
		{"nothing", nil, false, nil},
		{"mention of the quoted", Content{reply, at7, hi}, false, Content{reply, hi}},
		{"mention and space", Content{reply, at7, space, hi}, false, Content{reply, hi}},
		{"mention by uid", Content{byUID, &AtSegment{UID: "u_7"}}, false, Content{byUID}},
		{"mention of another", Content{reply, at8, space}, false, Content{reply, at8, space}},
		{"mention of all", Content{reply, &AtSegment{All: true}}, false, Content{reply, &AtSegment{All: true}}},
		{"second mention stays", Content{reply, at7, space, at7, hi}, false, Content{reply, at7, hi}},
		{"old client", Content{at7, space, reply, hi}, false, Content{reply, hi}},
		{"old client, another", Content{at8, space, reply, hi}, false, Content{reply, at8, space, hi}},
		{"quote late", Content{hi, at8, reply, space}, false, Content{reply, hi, at8, space}},
		{"quote late, mention stays", Content{hi, reply, at7}, false, Content{reply, hi, at7}},
		{"mention before a quote", Content{at7, reply, hi}, false, Content{reply, at7, hi}},
		{"private, mention stays", Content{reply, at7}, true, Content{reply, at7}},
		{"private, quote late", Content{hi, space, reply, at7}, true, Content{reply, hi, space, at7}},
		{"empty texts", Content{&TextSegment{""}, hi, &TextSegment{""}}, false, Content{hi}},
		{"market face", Content{market, &TextSegment{"[s\r\nt]"}, hi}, false, Content{market, hi}},
		{"market face and other text", Content{market, hi}, false, Content{market, hi}},
		{"die and other text", Content{dice, hi}, false, Content{dice, hi}},
		{"face and the name of a die", Content{&FaceSegment{ID: 1}, &TextSegment{"[骰子]"}}, false, Content{&FaceSegment{ID: 1}, &TextSegment{"[骰子]"}}},
		{"only fallbacks", Content{&TextSegment{""}}, false, Content{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Clean(append(Content(nil), tt.in...), !tt.private)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Clean(%v) (-want +got):\n%s", tt.in, diff)
			}
		})
	}
}

func TestEncodeErrors(t *testing.T) {
	tests := []struct {
		name string
		in   Content
		is   error
	}{
		{"empty", nil, ErrEmpty},
		{"two quotes", Content{&ReplySegment{Sequence: 1}, &ReplySegment{Sequence: 2}}, nil},
		{"quote of nothing", Content{&ReplySegment{}}, nil},
		{"mention of nobody", Content{&AtSegment{}}, nil},
		{"mention too large for its form", Content{&AtSegment{UIN: 1 << 40}}, nil},
		{"bad raw", Content{&UnknownSegment{Element: "x", Raw: []byte{0xFF}}}, nil},
		{"empty raw", Content{&UnknownSegment{Element: "x"}}, nil},
		{"no element", Content{&UnknownSegment{Element: ElementPtt, Raw: []byte{8, 1}}}, nil},
		{"nil segment", Content{nil}, nil},
		{"bad quoted mention", Content{&ReplySegment{Sequence: 1, Content: Content{&AtSegment{}}}}, nil},
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
	reply := &ReplySegment{Sequence: 5, SenderUIN: 7, SenderUID: "u_7", Time: 3, Random: 9,
		Content: Content{&TextSegment{"q"}, &ReplySegment{Sequence: 1}, &UnknownSegment{Element: ElementPtt}}}
	elems, err := encodeElems(Content{&TextSegment{"hi"}, reply}, EncodeOptions{Group: true, MentionQuoted: true, QuotedName: "Anne"})
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
	want := Content{&AtSegment{UID: "u_7", Display: "@Anne"}, &TextSegment{"hi"}}
	if diff := cmp.Diff(want, Decode(&messagepb.RichText{Elems: elems[1:]}, true)); diff != "" {
		t.Errorf("after the quote (-want +got):\n%s", diff)
	}
	for _, c := range []struct {
		name string
		in   Content
		o    EncodeOptions
		want int
	}{
		{"already mentioned", Content{reply, &AtSegment{UIN: 7}}, EncodeOptions{Group: true, MentionQuoted: true}, 2},
		{"not asked for", Content{reply}, EncodeOptions{Group: true}, 1},
		{"private", Content{reply}, EncodeOptions{MentionQuoted: true}, 1},
		{"sender unknown", Content{&ReplySegment{Sequence: 1}}, EncodeOptions{Group: true, MentionQuoted: true}, 1},
		{"name unknown", Content{&ReplySegment{Sequence: 1, SenderUIN: 8}}, EncodeOptions{Group: true, MentionQuoted: true}, 2},
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
	hi := Content{&TextSegment{"hi"}}
	tests := []struct {
		name string
		in   *messagepb.CommonMessage
		want *Message
		err  error
	}{
		{"group", group(), &Message{Chat: Chat{Kind: Group, Group: 99}, GroupName: "g\uFFFD", Sequence: 5, Random: 1<<32 - 1, Time: 3, Content: Content{&TextSegment{"hi\uFFFD"}},
			Sender: Sender{UIN: 7, UID: "u_7", Nickname: "Nick", Title: "T\uFFFD", Role: RoleAdmin, Level: 4}}, nil},
		{"own private", private(166, self), &Message{Chat: Chat{Kind: Friend, Peer: 8, PeerUID: "u_8"}, Self: true, Sender: Sender{UIN: self},
			Sequence: 55, ClientSequence: 44, Random: 6, Content: hi}, nil},
		{"temp", private(141, 7), &Message{Chat: Chat{Kind: Temp, Group: 99, Peer: 7}, Sender: Sender{UIN: 7},
			Sequence: 55, ClientSequence: 44, Random: 6, Content: hi}, nil},
		{"official account", private(167, 7), &Message{Chat: Chat{Kind: Friend, Peer: 7}, Sender: Sender{UIN: 7},
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
func decoded(t *testing.T, raw []byte, group bool) Content {
	var c Content
	n := allocated(func() {
		var rt messagepb.RichText
		if pb.Unmarshal(raw, &rt) == nil {
			c = Clean(Decode(&rt, group), group)
		}
	})
	// The fuzzer itself allocates, too; cards are inflated once, and read as JSON or XML.
	if most := decodedPerByte*uint64(len(raw)) + 64*maxCards; n > most {
		t.Errorf("%d bytes allocate %d, over %d", len(raw), n, most)
	}
	return c
}

// again sends what was received. After one round it stays as it is.
func again(t *testing.T, c Content, group bool) {
	var last Content
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
		last, c = c, Clean(Decode(&rt, group), group)
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
	body, err := Encode(Content{Text("hello")}, EncodeOptions{Group: true})
	fmt.Println(len(body.RichText.Elems), err)
	// Output: 1 <nil>
}
