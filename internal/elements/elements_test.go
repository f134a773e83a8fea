package elements

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

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

// sticker is an element as phones send it.
func sticker(change func(*messagepb.MarketFace)) *messagepb.Elem {
	m := &messagepb.MarketFace{
		Summary: proto.String("[猫]"), FaceId: []byte{0xAB, 1}, TabId: proto.Uint32(7), Key: []byte("0123456789abcdef"),
		Width: proto.Uint32(200), Height: proto.Uint32(100),
	}
	change(m)
	return &messagepb.Elem{MarketFace: m}
}

// oldResult is a die or rock-paper-scissors of older clients.
func oldResult(summary, id string, tab uint32, param string) *messagepb.Elem {
	raw, _ := hex.DecodeString(id)
	return sticker(func(m *messagepb.MarketFace) {
		m.Summary, m.FaceId, m.TabId, m.MobileParam = &summary, raw, &tab, []byte(param)
	})
}

func TestDecodeSegments(t *testing.T) {
	plain := func(m *messagepb.MarketFace) {}
	cat := message.MarketFaceSegment{ID: "ab01", Package: 7, Key: "0123456789abcdef", Summary: "[猫]", Width: 200, Height: 100}
	asText, bad := sticker(func(m *messagepb.MarketFace) {
		m.FaceId, m.MediaType, m.MobileParam = []byte("AB01"), proto.Uint32(2), []byte("p")
	}), sticker(func(m *messagepb.MarketFace) { m.FaceId = nil })
	withParam := cat
	withParam.Param = "p"
	payload := func(m proto.Message) string { return string(mustMarshal(t, m)) }
	thrown := func(m *messagepb.BounceFaceElem) *messagepb.Elem { return common(23, 13, payload(m)) }
	buttons := func(n int) *messagepb.Elem {
		row := &messagepb.KeyboardRow{Buttons: make([]*messagepb.KeyboardButton, n)}
		for i := range row.Buttons {
			row.Buttons[i] = &messagepb.KeyboardButton{Id: "b"}
		}
		return common(46, 1, payload(&messagepb.KeyboardElem{Keyboard: &messagepb.Keyboard{
			BotAppId: proto.Uint64(5), Rows: []*messagepb.KeyboardRow{{}, row}}}))
	}
	tests := []struct {
		name  string
		elems []*messagepb.Elem
		want  message.Content
	}{
		{"sticker", []*messagepb.Elem{sticker(plain), textElem("[猫]"), textElem("b")}, message.Content{&cat, message.Text("[猫]"), message.Text("b")}},
		{"large face that is none", []*messagepb.Elem{common(37, 1, "\xff\xff"), textElem("b")}, message.Content{message.Text("b")}},
		{"sticker with its marked text", []*messagepb.Elem{sticker(plain), fallbackElem(t, "x"), textElem("b")}, message.Content{&cat, message.Text("b")}},
		{"sticker whose id is text", []*messagepb.Elem{asText}, message.Content{&withParam}},
		{"sticker without an id", []*messagepb.Elem{bad}, message.Content{&message.UnknownSegment{Element: "market_face", Raw: mustMarshal(t, bad)}}},
		{"old die", []*messagepb.Elem{oldResult("[骰子]", marketDiceID, 11464, "rscType?1;value=0"), oldResult("[随机骰子]", marketDiceID, 11464, "rscType?1;value=5")},
			message.Content{&message.FaceSegment{ID: 358, Large: true, Result: 1, Text: "/骰子"}, &message.FaceSegment{ID: 358, Large: true, Result: 6, Text: "/骰子"}}},
		{"old die with its text", []*messagepb.Elem{oldResult("[骰子]", marketDiceID, 11464, "rscType?1;value=0"), textElem("[骰子]"), textElem("[骰子]")},
			message.Content{&message.FaceSegment{ID: 358, Large: true, Result: 1, Text: "/骰子"}, message.Text("[骰子]")}},
		{"old rock, scissors, paper", []*messagepb.Elem{oldResult("[猜拳]", marketRPSID, 11415, "rscType?1;value=0"),
			oldResult("[猜拳]", marketRPSID, 11415, "rscType?1;value=1"), oldResult("[猜拳]", marketRPSID, 11415, "rscType?1;value=2")},
			message.Content{&message.FaceSegment{ID: 359, Large: true, Result: 3, Text: "/包剪锤"}, &message.FaceSegment{ID: 359, Large: true, Result: 2, Text: "/包剪锤"},
				&message.FaceSegment{ID: 359, Large: true, Result: 1, Text: "/包剪锤"}}},
		{"poke", []*messagepb.Elem{common(2, 1, payload(&messagepb.PokeElem{Type: 3, Strength: proto.Uint32(4), Name: proto.String("n")}))},
			message.Content{&message.PokeSegment{Type: 3, Strength: 4, Title: "n"}}},
		{"special poke", []*messagepb.Elem{common(23, 9, payload(&messagepb.BounceFaceElem{Type: 9, Count: 2, Name: "榴莲"})), fallbackElem(t, "x"), textElem("y")},
			message.Content{&message.PokeSegment{Type: 9, Special: true, Count: 2, Title: "榴莲"}, message.Text("y")}},
		{"thrown face", []*messagepb.Elem{thrown(&messagepb.BounceFaceElem{Type: 13, Count: 3, Name: "敬礼", Face: &messagepb.SmallFaceElem{FaceId: 282}}), fallbackElem(t, "x"), textElem("y")},
			message.Content{&message.FaceSegment{ID: 282, Count: 3, Text: "/敬礼"}, message.Text("y")}},
		{"thrown face without a count", []*messagepb.Elem{thrown(&messagepb.BounceFaceElem{Name: "/a", Face: &messagepb.SmallFaceElem{}})},
			message.Content{&message.FaceSegment{Count: 1, Text: "/a"}}},
		{"large face of the table", []*messagepb.Elem{common(37, 2, payload(&messagepb.LargeFaceElem{
			PackId: proto.String("1"), StickerId: proto.String("33"), FaceId: proto.Uint32(358), StickerType: proto.Uint64(1<<32 + 3), ResultId: proto.String("5")}))},
			message.Content{&message.FaceSegment{ID: 358, Large: true, Result: 5, Pack: "1", Sticker: "33", StickerType: 1<<32 + 3}}},
		{"result of any face", []*messagepb.Elem{common(37, 1, payload(&messagepb.LargeFaceElem{FaceId: proto.Uint32(114), ResultId: proto.String("2")}))},
			message.Content{&message.FaceSegment{ID: 114, Large: true, Result: 2}}},
		{"red packet", []*messagepb.Elem{{QqWalletMsg: &messagepb.QQWalletMsg{Body: &messagepb.QQWalletAioBody{
			Sender: &messagepb.QQWalletAioElem{Title: "s"}, Receiver: &messagepb.QQWalletAioElem{Title: "恭喜发财"}}}}},
			message.Content{&message.RedPacketSegment{Title: "恭喜发财"}}},
		{"markdown", []*messagepb.Elem{common(45, 1, payload(&messagepb.MarkdownElem{Content: "# a"})), textElem("b")}, message.Content{&message.MarkdownSegment{Markdown: "# a"}, message.Text("b")}},
		{"keyboard", []*messagepb.Elem{buttons(1)}, message.Content{&message.KeyboardSegment{BotAppID: 5, Rows: []message.KeyboardRow{{Buttons: []message.KeyboardButton{{ID: "b"}}}}}}},
		{"keyboard too large", []*messagepb.Elem{buttons(maxButtons + 1)}, message.Content{&message.UnknownSegment{Element: "common_elem 46/1", Raw: mustMarshal(t, buttons(maxButtons+1))}}},
		{"bad payloads", []*messagepb.Elem{common(2, 1, "\xff"), common(23, 1, "\xff"), common(45, 1, "\xff"), common(45, 3, "\xff"), common(46, 1, "\xff")}, message.Content{}},
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

// TestOtherStickersStay: what does not say a result that can be known is no die.
func TestOtherStickersStay(t *testing.T) {
	for _, e := range []*messagepb.Elem{
		oldResult("[骰子]", marketDiceID, 11464, "rscType?1;value=6"),
		oldResult("[骰子]", marketDiceID, 11464, "rscType?1;value="),
		oldResult("[骰子]", marketDiceID, 11464, "rscType?2;value=1"),
		oldResult("[骰子]", marketDiceID, 11465, "rscType?1;value=1"),
		oldResult("[骰子]", marketRPSID, 11464, "rscType?1;value=1"),
		oldResult("[Dice]", marketDiceID, 11464, "rscType?1;value=1"),
		oldResult("[猜拳]", marketRPSID, 11415, "rscType?1;value=3"),
	} {
		c := Decode(&messagepb.RichText{Elems: []*messagepb.Elem{e}}, true)
		m, ok := c[0].(*message.MarketFaceSegment)
		if !ok || m.Param != string(e.MarketFace.MobileParam) || m.Summary != e.MarketFace.GetSummary() {
			t.Errorf("%v: got %+v, want the sticker", e, c[0])
		}
	}
}

// flashContent is the content of a card; docs/protocol/messages.md 5.7.
func flashContent(json string) string {
	return "[闪传](mqqapi://markdown/node?nodeType=richui&json=" + url.QueryEscape(json) + ")"
}

const flashJSON = `{"busId":"FlashTransfer","templateId":"flash","version":1,"layout":{"viewId":"flash_file","x":[1]},"attributes":{"attributes":[
	{"viewId":"icon","schema":"mqqapi://x?fileset_id=other"},
	{"viewId":"file","schema":"mqqapi://qfile/transfer?fileset_id=5e4b-1&scene_type=103","attributes":[{"viewId":"size","text":"1 KB"},{"viewId":"title","text":"a (1).zip"}]}]}}`

func TestDecodeFlashFile(t *testing.T) {
	card := func(content string) []*messagepb.Elem {
		return []*messagepb.Elem{common(45, 3, string(mustMarshal(t, &messagepb.MarkdownElem{Content: content}))),
			textElem("请使用新版手机QQ查看"), {GeneralFlags: &messagepb.GeneralFlags{}}, {}}
	}
	content := flashContent(flashJSON)
	want := message.Content{&message.FlashFileSegment{Title: "a (1).zip", FileSet: "5e4b-1", Scene: 103, Markdown: content}}
	if diff := cmp.Diff(want, Decode(&messagepb.RichText{Elems: card(content)}, true)); diff != "" {
		t.Errorf("card (-want +got):\n%s", diff)
	}
	for _, content := range []string{
		"", "[闪传]", "[闪传](", "[闪传](mqqapi://x)", "[闪传](%zz)", flashContent("{"), flashContent(`{"attributes":[]}`),
		flashContent(strings.Replace(flashJSON, "fileset_id=5", "set=5", 1)),
		flashContent(flashJSON + strings.Repeat(" ", maxFlashCard)),
	} {
		if diff := cmp.Diff(message.Content{&message.MarkdownSegment{Markdown: content}}, Decode(&messagepb.RichText{Elems: card(content)}, true)); diff != "" {
			t.Errorf("%.60q (-want +got):\n%s", content, diff)
		}
	}
}

// TestTextBesideLargeFace: readers skip the element behind a large face, so that a text of
// the message needs the face's own before it. A face without a text has none.
func TestTextBesideLargeFace(t *testing.T) {
	marked := func(shown string) *messagepb.Elem {
		e := textElem(shown)
		e.Text.PbReserve = mustMarshal(t, &messagepb.FallbackText{Text: shown + "请使用最新版手机QQ体验新功能。"})
		return e
	}
	die, flow := &message.FaceSegment{ID: message.FaceDice, Large: true, Result: 3}, &message.FaceSegment{ID: 5, Large: true}
	at := &message.AtSegment{All: true, Display: "@x"}
	for name, tt := range map[string]struct {
		in   message.Content
		want []*messagepb.Elem // nil: the face, or what is no text
	}{
		"die and text":         {message.Content{message.Text("a"), die, message.Text("b"), message.Text("c")}, []*messagepb.Elem{textElem("a"), nil, marked("/骰子"), textElem("b"), textElem("c")}},
		"face without a name":  {message.Content{flow, message.Text("b")}, []*messagepb.Elem{nil, marked("[表情]"), textElem("b")}},
		"two, then a text":     {message.Content{flow, die, message.Text("b")}, []*messagepb.Elem{nil, nil, marked("/骰子"), textElem("b")}},
		"a face between":       {message.Content{die, message.Face(1), message.Text("b")}, []*messagepb.Elem{nil, nil, textElem("b")}},
		"a mention is no text": {message.Content{die, at}, []*messagepb.Elem{nil, nil}},
		"alone":                {message.Content{die}, []*messagepb.Elem{nil}},
	} {
		body, err := Encode(tt.in, EncodeOptions{})
		if err != nil {
			t.Fatal(name, err)
		}
		got := body.GetRichText().GetElems()
		if len(got) != len(tt.want) {
			t.Errorf("%s: %d elements, want %d: %v", name, len(got), len(tt.want), got)
			continue
		}
		for i, want := range tt.want {
			if want != nil && !proto.Equal(got[i], want) {
				t.Errorf("%s: element %d is %v, want %v", name, i, got[i], want)
			}
		}
		if texts := func(c message.Content) (s string) {
			for _, seg := range c {
				if text, ok := seg.(*message.TextSegment); ok {
					s += text.Text
				}
			}
			return s
		}; texts(Decode(body.GetRichText(), false)) != texts(tt.in) {
			t.Errorf("%s: received %v, want %v", name, Decode(body.GetRichText(), false), tt.in)
		}
	}
}

func TestEncodeSegments(t *testing.T) {
	payload := func(m proto.Message) string { return string(mustMarshal(t, m)) }
	large := func(business uint32, l *messagepb.LargeFaceElem) []*messagepb.Elem {
		l.SourceType, l.RandomType = proto.Uint32(1), proto.Uint32(1)
		return []*messagepb.Elem{common(37, business, payload(l))}
	}
	market := func(m *messagepb.MarketFace) *messagepb.Elem {
		m.ItemType, m.FaceInfo, m.SubType, m.MediaType = proto.Uint32(6), proto.Uint32(1), proto.Uint32(3), proto.Uint32(0)
		m.PbReserve = []byte{0x40, 1}
		return &messagepb.Elem{MarketFace: m}
	}
	marked := textElem("[敬礼]x3")
	marked.Text.PbReserve = []byte(payload(&messagepb.FallbackText{Text: "[敬礼]请使用最新版手机QQ体验新功能。"}))
	nameless := textElem("[表情]x1")
	nameless.Text.PbReserve = []byte(payload(&messagepb.FallbackText{Text: "[表情]请使用最新版手机QQ体验新功能。"}))
	tests := []struct {
		name string
		in   message.Segment
		want []*messagepb.Elem
	}{
		{"sticker", &message.MarketFaceSegment{ID: "AB01", Package: 7, Key: "k", Summary: "[猫]", Param: "p", Width: 200}, []*messagepb.Elem{
			market(&messagepb.MarketFace{Summary: proto.String("[猫]"), FaceId: []byte{0xAB, 1}, TabId: proto.Uint32(7), Key: []byte("k"),
				Width: proto.Uint32(200), Height: proto.Uint32(300), MobileParam: []byte("p")}), textElem("[猫]")}},
		{"sticker without a summary", &message.MarketFaceSegment{ID: "ab"}, []*messagepb.Elem{
			market(&messagepb.MarketFace{Summary: proto.String(""), FaceId: []byte{0xAB}, TabId: proto.Uint32(0), Key: []byte{},
				Width: proto.Uint32(300), Height: proto.Uint32(300)})}},
		{"poke", &message.PokeSegment{Type: 2}, []*messagepb.Elem{common(2, 2, "\x08\x02\x38\x00")}},
		{"strong poke with a title", &message.PokeSegment{Type: 2, Strength: 1, Title: "t"}, []*messagepb.Elem{common(2, 2, "\x08\x02\x2a\x01t\x38\x01")}},
		{"special poke", &message.PokeSegment{Type: 9, Special: true}, []*messagepb.Elem{common(23, 9, "\x08\x09\x10\x01\x1a\x06榴莲")}},
		{"special poke with a title", &message.PokeSegment{Type: 99, Special: true, Count: 5, Title: "t"}, []*messagepb.Elem{common(23, 99, "\x08\x63\x10\x05\x1a\x01t")}},
		{"thrown face", &message.FaceSegment{ID: 282, Count: 3, Text: "/敬礼", Large: true}, []*messagepb.Elem{
			common(23, 13, payload(&messagepb.BounceFaceElem{Type: 13, Count: 3, Name: "敬礼",
				Face: &messagepb.SmallFaceElem{FaceId: 282, Text: "敬礼", CompatText: "敬礼"}})), marked}},
		{"thrown face without a name", &message.FaceSegment{ID: 1, Count: 1}, []*messagepb.Elem{
			common(23, 13, payload(&messagepb.BounceFaceElem{Type: 13, Count: 1, Face: &messagepb.SmallFaceElem{FaceId: 1}})), nameless}},
		{"large face of the table", &message.FaceSegment{ID: 5, Large: true, Text: "/流泪", Pack: "1", Sticker: "16", StickerType: 3},
			large(3, &messagepb.LargeFaceElem{PackId: proto.String("1"), StickerId: proto.String("16"), FaceId: proto.Uint32(5),
				StickerType: proto.Uint64(3), ResultId: proto.String(""), Text: proto.String("/流泪")})},
		{"die of the table", &message.FaceSegment{ID: 358, Pack: "1", Sticker: "33"},
			large(2, &messagepb.LargeFaceElem{PackId: proto.String("1"), StickerId: proto.String("33"), FaceId: proto.Uint32(358),
				StickerType: proto.Uint64(2), ResultId: proto.String(""), Text: proto.String("/骰子")})},
		{"result of any face", &message.FaceSegment{ID: 114, Large: true, Result: 2},
			large(1, &messagepb.LargeFaceElem{PackId: proto.String("1"), StickerId: proto.String("8"), FaceId: proto.Uint32(114),
				StickerType: proto.Uint64(1), ResultId: proto.String("2"), Text: proto.String("")})},
		{"markdown", &message.MarkdownSegment{Markdown: "# a"}, []*messagepb.Elem{common(45, 1, "\x0a\x03# a")}},
		{"flash transfer", &message.FlashFileSegment{Markdown: "c"}, []*messagepb.Elem{common(45, 3, "\x0a\x01c")}},
		{"keyboard", &message.KeyboardSegment{BotAppID: 5, Rows: []message.KeyboardRow{{Buttons: []message.KeyboardButton{{
			ID: "i", Label: "l", VisitedLabel: "v", Style: 1, Action: 2, Permission: 3, Roles: []string{"r"}, Users: []string{"u"},
			Unsupported: "t", Data: "d", Enter: true}}}}},
			[]*messagepb.Elem{common(46, 1, payload(&messagepb.KeyboardElem{Keyboard: &messagepb.Keyboard{BotAppId: proto.Uint64(5),
				Rows: []*messagepb.KeyboardRow{{Buttons: []*messagepb.KeyboardButton{{Id: "i",
					Render: &messagepb.KeyboardRender{Label: "l", VisitedLabel: "v", Style: 1},
					Action: &messagepb.KeyboardAction{Type: 2, UnsupportTips: "t", Data: "d", Enter: proto.Bool(true),
						Permission: &messagepb.KeyboardPermission{Type: 3, SpecifyRoleIds: []string{"r"}, SpecifyUserIds: []string{"u"}}}}}}}}}))}},
	}
	for _, tt := range tests {
		got, err := encodeElems(message.Content{tt.in}, EncodeOptions{Group: true})
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		} else if diff := cmp.Diff(tt.want, got, protocmp.Transform()); diff != "" {
			t.Errorf("%s: elements (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestSegmentsThatCannotBeSent(t *testing.T) {
	for _, seg := range []message.Segment{&message.RedPacketSegment{}, &message.FlashFileSegment{FileSet: "x"}} {
		if _, err := Encode(message.Content{seg}, EncodeOptions{}); !errors.Is(err, message.ErrReceivedOnly) {
			t.Errorf("%T: got %v, want %v", seg, err, message.ErrReceivedOnly)
		}
		elems, err := encodeElems(message.Content{&message.ReplySegment{Sequence: 1, Content: message.Content{seg, message.Text("x")}}}, EncodeOptions{})
		if err != nil || len(elems[0].GetSrcMsg().GetElems()) != 1 {
			t.Errorf("%T quoted: got %v, %v; want a quote of the text", seg, elems, err)
		}
	}
	for _, id := range []string{"", "x", "123"} {
		if _, err := Encode(message.Content{&message.MarketFaceSegment{ID: id}}, EncodeOptions{}); err == nil {
			t.Errorf("a sticker with the id %q is sent", id)
		}
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

func ExampleEncode() {
	body, err := Encode(message.Content{message.Text("hello")}, EncodeOptions{Group: true})
	fmt.Println(len(body.RichText.Elems), err)
	// Output: 1 <nil>
}
