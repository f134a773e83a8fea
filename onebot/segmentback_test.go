package onebot

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"libration/internal/text"
	"libration/ntqq/message"
)

// notSentBack are the types that are received and cannot be sent, and why.
var notSentBack = map[string]string{
	"unknown":    "it has no more than the name of its element",
	"redbag":     "a red packet is paid for, and how one is sent is not known",
	"flash_file": "how one is sent is not known",
	"reply":      "it names a message of the store: TestSendReply",
}

// decided is the data that the service decides, whatever is sent, and with what it comes
// back.
var decided = map[string]string{"dice.result": "0", "rps.result": "0", "face.resultId": ""}

const emoji = "0123456789abcdef0123456789abcdef"

var someRow = []message.KeyboardRow{{Buttons: []message.KeyboardButton{
	{ID: "1", Label: "是, [好] & <b>", VisitedLabel: "已选", Style: 1, Action: 2, Permission: 2, Data: `/say "x"`, Unsupported: "升级", Reply: true, Enter: true},
	{Permission: 1, Roles: []string{"1"}, Users: []string{"u_1", "2"}, Action: -1},
}}, {}}

// samples are what is received: of each row at least one.
func samples() []message.Segment {
	return []message.Segment{
		message.Text("a,b&[c]\n\"\\ 你好 [CQ:at,qq=1] &amp;"),
		&message.AtSegment{UIN: 5, Display: "@five"}, &message.AtSegment{All: true, Display: "@全体成员"},
		&message.AtSegment{UID: "u_AbC-_", Display: "@a, [b]"},
		message.Face(14), &message.FaceSegment{ID: 5, Large: true, Result: 3}, &message.FaceSegment{ID: 5, Count: 7},
		&message.FaceSegment{ID: message.FaceDice, Large: true, Result: 6}, &message.FaceSegment{ID: message.FaceRPS, Large: true, Result: 1},
		&message.MarketFaceSegment{ID: emoji, Package: 231182, Key: "1234567890abcdef", Summary: "[a, b]"},
		&message.ImageSegment{Medium: someMedium(1), Format: 2000, SubType: 7, Summary: "[a], b"},
		&message.ImageSegment{Medium: message.Medium{Name: "a, [b].png", URL: "http://a/?b=1&c=[2],3"}, Flash: true},
		&message.RecordSegment{Medium: someMedium(2), Seconds: 3},
		&message.VideoSegment{Medium: someMedium(3), Cover: someMedium(4), Seconds: 3, Width: 4, Height: 5},
		&message.LightAppSegment{JSON: `{"app":"com.tencent.structmsg","prompt":"[a], \"b\" &amp; 你好","n":[1,2.50]}`},
		&message.LightAppSegment{JSON: `{"app":""}`, RichMessage: true},
		&message.XMLSegment{ServiceID: 60, XML: `<?xml version="1.0"?><msg a="b, [c]">&lt;&amp;</msg>`},
		&message.MarkdownSegment{Markdown: "# a, [b](mqqapi://x?a=1&b=2)\n`c`"},
		&message.KeyboardSegment{Rows: someRow}, &message.KeyboardSegment{BotAppID: 102000000, Rows: someRow[:1]},
		&message.LocationSegment{Latitude: 39.90469, Longitude: -116.4, Title: "a, b", Address: "[c]"},
		&message.ContactSegment{UIN: 5}, &message.ContactSegment{Group: 6},
		&message.PokeSegment{Type: 2, Strength: 9}, &message.PokeSegment{Type: 12, Special: true, Count: 3, Title: "钞票, [x]"},
		&message.RedPacketSegment{Title: "恭喜"},
		&message.FileSegment{ID: "/f", FileName: "a, [b].zip", Size: 5, BusID: 102}, &message.FileSegment{ID: "f", FileName: "a.zip", Size: 5, Hash: "h"},
		&message.FlashFileSegment{Title: "a.zip", FileSet: "0", Scene: 1},
		&message.ForwardSegment{ID: "AB/cd+0"}, &message.LongMessageSegment{ID: "AB/cd+0"},
		&message.UnknownSegment{Element: "custom_face"},
		&message.ReplySegment{Sequence: 3},
	}
}

func someMedium(n byte) message.Medium {
	return message.Medium{Name: "a.mp4", Size: 5, MD5: bytes.Repeat([]byte{n}, 16), SHA1: bytes.Repeat([]byte{n}, 20), ID: "id", URL: "http://a", Info: []byte{8, n}}
}

// returned is content after it was received, sent back in a form, and received again: what
// a bot sees before and after.
func returned(t interface{ Context() context.Context }, s *testDialect, c message.Content, form Format) (before, after string, err error) {
	chat := message.Chat{Kind: message.Group, Group: groupCode}
	write := func(c message.Content) string {
		segments := s.account.writer.appendSegments(nil, chat, c)
		if form == FormatString {
			return string(appendCQ(nil, segments))
		}
		return string(appendSegmentsJSON(nil, segments))
	}
	s.Remember(c)
	before = write(c)
	var segments []segment
	if form == FormatString {
		segments, err = parseCQ(before)
	} else {
		segments, err = parseSegments(json.RawMessage(before))
	}
	if err != nil {
		return before, "", err
	}
	back, err := s.account.reader.content(t.Context(), chat, segments)
	if err != nil {
		return before, "", err
	}
	return before, write(back), nil
}

// TestSegmentsComeBack: what is received can be sent as it was received, in both forms, or
// stands in notSentBack.
func TestSegmentsComeBack(t *testing.T) {
	s, _, _ := newTestDialect(t)
	seen := map[string]bool{}
	for _, part := range samples() {
		shown := s.account.writer.appendSegments(nil, message.Chat{Kind: message.Group, Group: groupCode}, message.Content{part})
		if len(shown) != 1 {
			t.Fatalf("%+v is shown as %v", part, shown)
		}
		kind := shown[0].kind
		seen[kind] = true
		for form := range formats {
			before, after, err := returned(t, s, message.Content{part}, form)
			if reason := notSentBack[kind]; reason != "" {
				if err == nil {
					t.Errorf("%s was sent, though %s", before, reason)
				}
				continue
			}
			want := before
			for data, now := range decided {
				if row, key, _ := strings.Cut(data, "."); row == kind {
					want = decide(want, key, now)
				}
			}
			if err != nil || after != want {
				t.Errorf("%s came back as %s, %v, want %s", before, after, err, want)
			}
		}
	}
	for _, r := range segmentRows() {
		if r.show != nil && !seen[r.name] {
			t.Errorf("there is no sample of %s", r.name)
		}
	}
}

// decide replaces a value in a message of one segment, "" with nothing at all.
func decide(in, key, value string) string {
	for _, form := range []struct{ before, after, gone string }{{"," + key + "=", "]", ""}, {`,"` + key + `":"`, `"`, `"`}, {`{"` + key + `":"`, `"`, `"`}} {
		head, rest, found := strings.Cut(in, form.before)
		if !found {
			continue
		}
		_, tail, _ := strings.Cut(rest, form.after)
		if value == "" {
			return head + strings.TrimPrefix(form.after, form.gone) + tail
		}
		return head + form.before + value + form.after + tail
	}
	return in
}

// TestForms reads the forms of other services (docs/protocol/onebot11.md d.4).
func TestForms(t *testing.T) {
	face := func(id uint32, large bool, count uint32) message.Segment {
		return &message.FaceSegment{ID: id, Large: large, Count: count}
	}
	for in, want := range map[string]message.Segment{
		`{"type":"at","data":{"qq":0,"uid":"u_1","name":"x"}}`:                                                    &message.AtSegment{UID: "u_1", Display: "@x"},
		`{"type":"at","data":{"uid":"u_1"}}`:                                                                      &message.AtSegment{UID: "u_1"},
		`{"type":"at","data":{"qq":5,"uid":"u_1","name":null}}`:                                                   &message.AtSegment{UIN: 5},
		`{"type":"at","data":{"target":"5"}}`:                                                                     &message.AtSegment{UIN: 5},
		`{"type":"face","data":{"id":5,"large":null,"resultId":null}}`:                                            face(5, false, 0),
		`{"type":"face","data":{"id":"5","sub_type":1,"chainCount":null}}`:                                        face(5, false, 0),
		`{"type":"face","data":{"id":"5","sub_type":3}}`:                                                          face(5, true, 0),
		`{"type":"face","data":{"id":"392","resultId":"2","chainCount":"3"}}`:                                     face(392, false, 3),
		`{"type":"face","data":{"id":"358","resultId":"2"}}`:                                                      face(message.FaceDice, true, 0),
		`{"type":"dice","data":{"value":3}}`:                                                                      face(message.FaceDice, true, 0),
		`{"type":"dice","data":{"result":"6"}}`:                                                                   face(message.FaceDice, true, 0),
		`{"type":"rps","data":{"result":1}}`:                                                                      face(message.FaceRPS, true, 0),
		`{"type":"share","data":{"url":"http://a/b","title":"t","image":"i"}}`:                                    message.Text("t\nhttp://a/b"),
		`{"type":"share","data":{"url":"http://a/b","title":null}}`:                                               message.Text("http://a/b"),
		`{"type":"json","data":{"data":"{\"app\":\"a.b\"}","resid":0}}`:                                           &message.LightAppSegment{App: "a.b", JSON: `{"app":"a.b"}`},
		`{"type":"json","data":{"data":{"app":"a.b","n":[1.50]},"resid":1}}`:                                      &message.LightAppSegment{App: "a.b", JSON: `{"app":"a.b","n":[1.50]}`, RichMessage: true},
		`{"type":"xml","data":{"data":"<x/>","service_id":null}}`:                                                 &message.XMLSegment{XML: "<x/>"},
		`{"type":"xml","data":{"data":"<x/>","resid":"60"}}`:                                                      &message.XMLSegment{XML: "<x/>", ServiceID: 60},
		`{"type":"location","data":{"lat":39.5,"lon":"-1","title":null}}`:                                         &message.LocationSegment{Latitude: 39.5, Longitude: -1},
		`{"type":"mface","data":{"emoji_id":"` + strings.ToUpper(emoji) + `","emoji_package_id":"5","key":null}}`: &message.MarketFaceSegment{ID: emoji, Package: 5},
		`{"type":"markdown","data":{"content":"# x"}}`:                                                            &message.MarkdownSegment{Markdown: "# x"},
		`{"type":"poke","data":{"type":"1","id":"-1","strength":null}}`:                                           &message.PokeSegment{Type: 1},
		`{"type":"poke","data":{"type":2,"strength":3,"name":"比心"}}`:                                              &message.PokeSegment{Type: 2, Strength: 3},
		`{"type":"poke","data":{"type":2,"special":1,"count":3,"name":"x"}}`:                                      &message.PokeSegment{Type: 2, Special: true, Count: 3, Title: "x"},
		`{"type":"shake","data":{}}`:                                                                              &message.PokeSegment{Type: 1},
		`{"type":"keyboard","data":{"content":{"rows":[{"buttons":[{"id":1,"render_data":{"label":"a","style":"2"},"action":{"type":null,"reply":"yes","permission":{"specify_user_ids":[5]}}}]},{}],"bot_app_id":7}}}`: &message.KeyboardSegment{BotAppID: 7, Rows: []message.KeyboardRow{{Buttons: []message.KeyboardButton{{ID: "1", Label: "a", Style: 2, Reply: true, Users: []string{"5"}}}}, {}}},
		`{"type":"keyboard","data":{"rows":"[{\"buttons\":[{}]}]","bot_app_id":null}}`: &message.KeyboardSegment{Rows: []message.KeyboardRow{{Buttons: []message.KeyboardButton{{}}}}},
		`{"type":"contact","data":{"type":"qq","id":5}}`:                               &message.ContactSegment{UIN: 5},
		`{"type":"contact","data":{"type":"group","id":"6"}}`:                          &message.ContactSegment{Group: 6},
	} {
		reads(t, in, want)
	}
}

func reads(t *testing.T, in string, want message.Segment) {
	t.Helper()
	s, _, _ := newTestDialect(t)
	segments, err := parseSegments(json.RawMessage(in))
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.account.reader.content(t.Context(), message.Chat{Kind: message.Group, Group: groupCode}, segments)
	if err != nil {
		t.Errorf("%s: %v", in, err)
	} else if diff := cmp.Diff(message.Content{want}, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", in, diff)
	}
}

// TestResultsInForwards: nobody throws what a forward shows.
func TestResultsInForwards(t *testing.T) {
	s, _, _ := newTestDialect(t)
	for in, want := range map[string]message.Segment{
		`{"type":"dice","data":{"result":"6"}}`:                       &message.FaceSegment{ID: message.FaceDice, Large: true, Result: 6},
		`{"type":"rps","data":{"result":1}}`:                          &message.FaceSegment{ID: message.FaceRPS, Large: true, Result: 1},
		`{"type":"rps","data":{}}`:                                    &message.FaceSegment{ID: message.FaceRPS, Large: true},
		`{"type":"dice","data":{"result":7}}`:                         nil,
		`{"type":"rps","data":{"result":4}}`:                          nil,
		`{"type":"face","data":{"id":5,"large":true,"resultId":"2"}}`: &message.FaceSegment{ID: 5, Large: true, Result: 2},
	} {
		segments, err := parseSegments(fmt.Appendf(nil, `{"type":"node","data":{"user_id":5,"nickname":"x","content":[%s]}}`, in))
		if err != nil {
			t.Fatal(err)
		}
		c, err := s.account.reader.content(t.Context(), message.Chat{Kind: message.Group, Group: groupCode}, segments)
		if want == nil {
			if err == nil || !strings.Contains(err.Error(), "must be a whole number from 0 to") {
				t.Errorf("%s: got %v, %v", in, c, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if diff := cmp.Diff(message.Content{want}, c[0].(*message.ForwardSegment).Nodes[0].Content); diff != "" {
			t.Errorf("%s (-want +got):\n%s", in, diff)
		}
	}
}

// TestBadSegments: what is wrong with a segment, as an array and as a CQ code.
func TestBadSegments(t *testing.T) {
	for in, want := range map[string]string{
		`{"type":"at","data":{"qq":0,"name":"x"}}`:                                          `segment at: qq "0" must be an account number`,
		`{"type":"face","data":{"id":5,"chainCount":"x"}}`:                                  `segment face: chainCount "x" must be a whole number from 0 to 4294967295`,
		`{"type":"face","data":{"id":5,"chainCount":-1}}`:                                   `segment face: chainCount "-1" must be a whole number`,
		`{"type":"face","data":{"id":4294967296}}`:                                          `segment face: id "4294967296" must be a face number`,
		`{"type":"share","data":{"title":"x"}}`:                                             `segment share: url is missing`,
		`{"type":"json","data":{"data":"hello"}}`:                                           `segment json: data "hello" must be a JSON object`,
		`{"type":"json","data":{"data":"[1]"}}`:                                             `segment json: data "[1]" must be a JSON object`,
		`{"type":"json","data":{}}`:                                                         `segment json: data "" must be a JSON object`,
		`{"type":"xml","data":{"data":""}}`:                                                 `segment xml: data is missing`,
		`{"type":"xml","data":{"data":"<x/>","resid":"x"}}`:                                 `segment xml: resid "x" must be a whole number`,
		`{"type":"location","data":{"lat":"91","lon":"0"}}`:                                 `segment location: lat "91" must be degrees from -90 to 90`,
		`{"type":"location","data":{"lat":1,"lon":"NaN"}}`:                                  `segment location: lon "NaN" must be degrees from -180 to 180`,
		`{"type":"location","data":{"lat":1}}`:                                              `segment location: lon "" must be degrees`,
		`{"type":"contact","data":{"type":"qq"}}`:                                           `segment contact: id "" must be the number of an account or a group`,
		`{"type":"contact","data":{"id":5}}`:                                                `segment contact: type "" must be "qq" or "group"`,
		`{"type":"music","data":{"id":5}}`:                                                  `segment music: type is missing`,
		`{"type":"music","data":{"type":"163"}}`:                                            `segment music: id is missing`,
		`{"type":"music","data":{"type":"custom","id":5}}`:                                  `segment music: url is missing`,
		`{"type":"music","data":{"type":"163","url":"u"}}`:                                  `segment music: audio is missing`,
		`{"type":"mface","data":{"emoji_id":"xyz","emoji_package_id":1}}`:                   `segment mface: emoji_id "xyz" must have 32 hexadecimal digits`,
		`{"type":"mface","data":{"emoji_id":"` + emoji + `"}}`:                              `segment mface: emoji_package_id "" must be the number of a pack`,
		`{"type":"markdown","data":{}}`:                                                     `segment markdown: content is missing`,
		`{"type":"keyboard","data":{}}`:                                                     `segment keyboard: content "" is no keyboard`,
		`{"type":"keyboard","data":{"rows":"["}}`:                                           `segment keyboard: rows "[" is no keyboard: unexpected end of JSON input`,
		`{"type":"keyboard","data":{"rows":[{"buttons":[{"render_data":{"style":"x"}}]}]}}`: `is no keyboard: "x" is no 32-bit whole number`,
		`{"type":"keyboard","data":{"rows":[{"buttons":[{"action":{"enter":2}}]}]}}`:        `is no keyboard: 2 is neither true nor false`,
		`{"type":"keyboard","data":{"rows":{}}}`:                                            `segment keyboard: rows "{}" is no keyboard: rows cannot be of type object`,
		`{"type":"keyboard","data":{"content":{"rows":[{"buttons":"x"}]}}}`:                 `is no keyboard: rows.buttons cannot be of type string`,
		`{"type":"keyboard","data":{"rows":[],"bot_app_id":"x"}}`:                           `segment keyboard: bot_app_id "x" must be a whole number`,
		`[{"type":"poke","data":{"qq":"5"}},{"type":"text","data":{"text":"x"}}]`:           `segment poke: with qq it is an action, and must be the only segment of a message`,
		`{"type":"poke","data":{"type":7}}`:                                                 `segment poke: type "7" must be the number of a poke`,
		`{"type":"poke","data":{"type":"126","id":"2003"}}`:                                 `segment poke: type "126" must be the number of a poke`,
		`{"type":"poke","data":{"type":13,"special":true}}`:                                 `segment poke: type "13" must be the number of a poke`,
		`{"type":"poke","data":{"type":1,"strength":"x"}}`:                                  `segment poke: strength "x" must be a whole number`,
		`{"type":"redbag","data":{"title":"x"}}`:                                            `segment redbag cannot be sent: how it is sent is not known`,
		`{"type":"flash_file","data":{"file_set_id":"x"}}`:                                  `segment flash_file cannot be sent: how it is sent is not known`,
		`{"type":"miniapp","data":{"data":"{}"}}`:                                           `segment miniapp cannot be sent: how one is made is not known; one that exists is sent as`,
		`{"type":"tts","data":{"text":"x"}}`:                                                `segment tts cannot be sent: how it is sent is not known`,
		`{"type":"gift","data":{"qq":"1","id":"1"}}`:                                        `segment gift cannot be sent: the feature is gone`,
		`{"type":"cardimage","data":{"file":"http://a/b"}}`:                                 `segment cardimage cannot be sent`,
	} {
		refuses(t, in, want)
	}
}

func refuses(t *testing.T, in, want string) {
	t.Helper()
	s, c, _ := newTestDialect(t)
	for form, written := range map[string]string{"array": in, "string": codeOf(t, in)} {
		message, err := json.Marshal(written)
		if err != nil {
			t.Fatal(err)
		}
		if form == "array" {
			message = []byte(in)
		}
		r := call(t, s, "send_group_msg", fmt.Sprintf(`{"group_id":5,"message":%s}`, message))
		if r.RetCode != RetBadParams || !strings.Contains(r.Wording, want) || len(c.Sent()) != 0 {
			t.Errorf("%s: got %+v, want %q", written, r, want)
		}
	}
}

// codeOf is a segment as a CQ code.
func codeOf(t *testing.T, in string) string {
	t.Helper()
	segments, err := parseSegments(json.RawMessage(in))
	if err != nil {
		t.Fatal(err)
	}
	return string(appendCQ(nil, segments))
}

// TestMusic: what is asked of the card signer, and what becomes of its answer.
func TestMusic(t *testing.T) {
	card := `{"app":"com.tencent.structmsg","prompt":"[分享]t"}`
	for in, want := range map[string]string{
		`{"type":"qq","id":5}`:                      `{"type":"qq","id":"5"}`,
		`{"type":"163","id":"28949129","url":null}`: `{"type":"163","id":"28949129"}`,
		`{"type":"xm","id":"5","title":"t"}`:        `{"type":"xm","id":"5","title":"t"}`,
		`{"type":"custom","url":"http://u/?a=1&b=2","audio":"a","title":"t","content":"c","image":"i"}`:     `{"type":"custom","url":"http://u/?a=1\u0026b=2","audio":"a","title":"t","image":"i","singer":"c"}`,
		`{"type":"custom","url":"u","voice":"a","title":"t","singer":"s"}`:                                  `{"type":"custom","url":"u","audio":"a","title":"t","singer":"s"}`,
		`{"type":"kugou","url":"u","audio":"a","title":"t"}`:                                                `{"type":"kugou","url":"u","audio":"a","title":"t"}`,
		`{"url":"u","audio":"a","title":"t","content":"c","appid":100497308,"sign":"s","package_name":"p"}`: `{"url":"u","audio":"a","title":"t","singer":"c","appid":"100497308","sign":"s","package_name":"p"}`,
	} {
		s, c, _ := newTestDialect(t)
		var asked string
		s.account.reader.sign = func(_ context.Context, request []byte) (string, error) {
			asked = string(request)
			return card, nil
		}
		r := call(t, s, "send_group_msg", fmt.Sprintf(`{"group_id":5,"message":{"type":"music","data":%s}}`, in))
		if r.RetCode != RetOK || asked != want {
			t.Errorf("%s: got %+v, asked for %s, want %s", in, r, asked, want)
			continue
		}
		if diff := cmp.Diff(message.Content{message.LightApp(card)}, c.Sent()[0].Content); diff != "" {
			t.Errorf("%s (-want +got):\n%s", in, diff)
		}
	}
}

// TestMusicUnsigned: without a card nothing is sent, and the text says what to do.
func TestMusicUnsigned(t *testing.T) {
	s, c, _ := newTestDialect(t)
	s.account.hints = map[string]text.Text{"MUSIC_SIGN_ERROR": text.T("see the key", "请检查")}
	const song = `{"group_id":5,"message":"[CQ:music,type=163,id=5]"}`
	r := call(t, s, "send_group_msg", song)
	if r.RetCode != RetFailed || r.Msg != "MUSIC_SIGN_ERROR" || r.Wording != "no signer made the music card, nothing was sent; see the key" {
		t.Errorf("without a signer: got %+v", r)
	}
	s.account.reader.sign = func(context.Context, []byte) (string, error) { return "", errDisk }
	r = call(t, s, "send_group_msg", song)
	if r.RetCode != RetFailed || r.Msg != "MUSIC_SIGN_ERROR" || r.Wording != "no signer made the music card, nothing was sent: disk full; see the key" {
		t.Errorf("with a signer that fails: got %+v", r)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s.account.reader.sign = func(context.Context, []byte) (string, error) { cancel(); return "", context.Canceled }
	r = s.Call(ctx, Request{Action: "send_group_msg", Params: mustParams(t, song)})
	if r.Msg != "CANCELED" {
		t.Errorf("a call that was given up: got %+v", r)
	}
	if len(c.Sent()) != 0 {
		t.Errorf("sent %v", c.Sent())
	}
}

// TestAnySegmentComesBack is TestSegmentsComeBack for any content.
func TestAnySegmentComesBack(t *testing.T) {
	s, _, _ := newTestDialect(t)
	words := rapid.OneOf(rapid.SampledFrom([]string{"", "a, b", "[CQ:at,qq=1]", "&#91;", "&amp;#44;", `{"a":[1,2]}`, "你好\n", "=,]"}), rapid.String())
	some := words.Filter(func(s string) bool { return s != "" })
	number := rapid.Uint32()
	button := rapid.Custom(func(t *rapid.T) message.KeyboardButton {
		return message.KeyboardButton{
			ID: words.Draw(t, "id"), Label: words.Draw(t, "label"), VisitedLabel: words.Draw(t, "visited"),
			Style: rapid.Int32().Draw(t, "style"), Action: rapid.Int32().Draw(t, "action"), Permission: rapid.Int32().Draw(t, "permission"),
			Roles: rapid.SliceOfN(words, 0, 2).Draw(t, "roles"), Users: rapid.SliceOfN(words, 0, 2).Draw(t, "users"),
			Unsupported: words.Draw(t, "unsupported"), Data: words.Draw(t, "data"), Reply: rapid.Bool().Draw(t, "reply"), Enter: rapid.Bool().Draw(t, "enter"),
		}
	})
	row := rapid.Custom(func(t *rapid.T) message.KeyboardRow {
		return message.KeyboardRow{Buttons: rapid.SliceOfN(button, 0, 2).Draw(t, "buttons")}
	})
	kinds := map[string]func(*rapid.T) message.Segment{
		"text": func(t *rapid.T) message.Segment { return message.Text(some.Draw(t, "text")) },
		"at": func(t *rapid.T) message.Segment {
			return &message.AtSegment{UIN: message.UIN(rapid.Uint64Range(1, math.MaxInt64).Draw(t, "uin")), Display: "@" + words.Draw(t, "name")}
		},
		"at by uid": func(t *rapid.T) message.Segment {
			return &message.AtSegment{UID: message.UID(some.Draw(t, "uid")), Display: "@" + words.Draw(t, "name")}
		},
		"face": func(t *rapid.T) message.Segment {
			return &message.FaceSegment{ID: number.Filter(func(n uint32) bool { return n != message.FaceDice && n != message.FaceRPS }).Draw(t, "id"),
				Large: rapid.Bool().Draw(t, "large"), Count: number.Draw(t, "count")}
		},
		"mface": func(t *rapid.T) message.Segment {
			return &message.MarketFaceSegment{ID: rapid.StringMatching("[0-9a-f]{32}").Draw(t, "id"), Package: number.Draw(t, "package") | 1,
				Key: words.Draw(t, "key"), Summary: words.Draw(t, "summary")}
		},
		"json": func(t *rapid.T) message.Segment {
			b, err := json.Marshal(map[string]any{"app": words.Draw(t, "app"), "n": rapid.Float64().Draw(t, "n")})
			if err != nil {
				t.Fatal(err)
			}
			l := message.LightApp(string(b))
			l.RichMessage = rapid.Bool().Draw(t, "rich")
			return l
		},
		"xml": func(t *rapid.T) message.Segment {
			return &message.XMLSegment{XML: some.Draw(t, "xml"), ServiceID: number.Draw(t, "service")}
		},
		"markdown": func(t *rapid.T) message.Segment { return &message.MarkdownSegment{Markdown: some.Draw(t, "markdown")} },
		"keyboard": func(t *rapid.T) message.Segment {
			return &message.KeyboardSegment{BotAppID: rapid.Uint64Max(math.MaxInt64).Draw(t, "bot"), Rows: rapid.SliceOfN(row, 0, 2).Draw(t, "rows")}
		},
		"location": func(t *rapid.T) message.Segment {
			return &message.LocationSegment{Latitude: rapid.Float64Range(-90, 90).Draw(t, "lat"), Longitude: rapid.Float64Range(-180, 180).Draw(t, "lon"),
				Title: words.Draw(t, "title"), Address: words.Draw(t, "address")}
		},
		"contact": func(t *rapid.T) message.Segment {
			return &message.ContactSegment{UIN: message.UIN(number.Draw(t, "uin")) | 1}
		},
		"poke": func(t *rapid.T) message.Segment {
			return &message.PokeSegment{Type: rapid.Uint32Range(1, 6).Draw(t, "type"), Strength: number.Draw(t, "strength"), Title: words.Draw(t, "title")}
		},
		"special poke": func(t *rapid.T) message.Segment {
			return &message.PokeSegment{Type: rapid.Uint32Range(1, 12).Draw(t, "type"), Special: true, Count: number.Draw(t, "count"), Title: words.Draw(t, "title")}
		},
	}
	names := slices.Sorted(maps.Keys(kinds))
	rapid.Check(t, func(t *rapid.T) {
		var c message.Content
		for range rapid.IntRange(1, 3).Draw(t, "segments") {
			c = append(c, kinds[rapid.SampledFrom(names).Draw(t, "kind")](t))
		}
		for form := range formats {
			if before, after, err := returned(t, s, c, form); err != nil || after != before {
				t.Errorf("%s came back as %s, %v", before, after, err)
			}
		}
	})
}

func FuzzKeyboard(f *testing.F) {
	s, _, _ := newTestDialect(f)
	for _, part := range samples() {
		if k, ok := part.(*message.KeyboardSegment); ok {
			shown, _ := showKeyboard(nil, message.Chat{}, k, nil)
			f.Add(shown[0].value)
		}
	}
	for _, in := range []string{
		`{"rows":[{"buttons":[{"id":1,"action":{"permission":{"specify_role_ids":[1,null,{}]}}}]}],"bot_app_id":18446744073709551615}`,
		`[{"buttons":null},null]`, `[[]]`, `null`, `5`, "",
	} {
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, in string) {
		for _, name := range []string{"rows", "content"} {
			k, err := readKeyboard(t.Context(), s.account.reader, message.Chat{}, segment{kind: "keyboard", data: []field{{name, in}}})
			if err != nil {
				continue
			}
			before, after, err := returned(t, s, message.Content{k}, FormatArray)
			if err != nil || after != before || !json.Valid([]byte(before)) {
				t.Errorf("%q is shown as %s and comes back as %s, %v", in, before, after, err)
			}
		}
	})
}
