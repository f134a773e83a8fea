package message

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"libration/internal/pb/messagepb"
)

func lightAppElem(data string) *messagepb.Elem {
	return &messagepb.Elem{LightApp: &messagepb.LightApp{Data: []byte(data)}}
}

func richElem(service uint32, data string) *messagepb.Elem {
	return &messagepb.Elem{RichMsg: &messagepb.RichMsg{Template: []byte(data), ServiceId: proto.Uint32(service)}}
}

func deflatedCard(t testing.TB, text string) string {
	t.Helper()
	data, err := cardData(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

const (
	forwardJSON = `{"app":"com.tencent.multimsg","desc":"[聊天记录]","extra":"{\"filename\":\"uuid-1\",\"tsum\":5}",` +
		`"meta":{"detail":{"news":[{"text":"A: <hi> & \"you\""},{"text":"B: it's"}],"resid":"RES","source":"群聊的聊天记录",` +
		`"summary":"查看5条转发消息","uniseq":"uuid-1"}},"prompt":"[聊天记录]","ver":"0.0.0.5","view":"contact"}`
	forwardXML = `<?xml version='1.0' encoding='UTF-8' standalone='yes'?><msg serviceID="35" templateID="1" action="viewMultiMsg" ` +
		`brief="[聊天记录]" m_resid="RES" m_fileName="uuid-1" tSum="5" sourceMsgId="0" url="" flag="3" adverSign="0" multiMsgFlag="0">` +
		`<item layout="1"><title color="#000000" size="34">群聊的聊天记录</title>` +
		`<title color="#777777" size="26">A: &lt;hi&gt; &amp; &quot;you&quot;</title><title color="#777777" size="26">B: it&apos;s</title>` +
		`<hr/><summary size="26" color="#808080">查看5条转发消息</summary></item><source name="聊天记录"/></msg>`
	locationJSON = `{"app":"com.tencent.map","from":1,"meta":{"Location.Search":{"address":"<A> & B","enum_relation_type":1,` +
		`"from":"plusPanel","id":"","lat":"39.90872","lng":"-116.39748","name":"天安门"}},"prompt":"[Location]<A> & B",` +
		`"ver":"1.1.2.21","view":"LocationShare"}`
)

func testForward() *ForwardSegment {
	return &ForwardSegment{ID: "RES", Prompt: "[聊天记录]", Source: "群聊的聊天记录", Summary: "查看5条转发消息",
		Preview: []string{`A: <hi> & "you"`, "B: it's"}, Count: 5, FileName: "uuid-1"}
}

// TestDecodeCards reads cards of all kinds, and those that are something else than they
// look like.
func TestDecodeCards(t *testing.T) {
	unknown := func(e *messagepb.Elem) Content {
		return Content{&UnknownSegment{Element: elementName(e), Raw: mustMarshal(t, e)}}
	}
	light := func(json string) Content { return Content{LightApp(json)} }
	rich := func(service uint32, xml string) Content { return Content{&XMLSegment{ServiceID: service, XML: xml}} }
	replace := func(s, old, new string) string {
		t.Helper()
		if !strings.Contains(s, old) {
			t.Fatalf("%s does not contain %s", s, old)
		}
		return strings.Replace(s, old, new, 1)
	}
	nested := testForward()
	nested.ID = ""
	bare := &ForwardSegment{ID: "RES"}
	cut := testForward()
	cut.Preview, cut.Summary = cut.Preview[:1], ""
	location := &LocationSegment{Latitude: 39.90872, Longitude: -116.39748, Title: "天安门", Address: "<A> & B"}
	farAway := replace(locationJSON, `"39.90872"`, `"99.90872"`)
	number := replace(locationJSON, `"39.90872"`, `39.90872`)
	otherView := replace(locationJSON, `"LocationShare"`, `"Other"`)
	nobody := replace(replace(replace(forwardJSON, `"RES"`, `""`), `"uuid-1"`, `""`), `\"uuid-1\"`, `\"\"`)
	plain := `{"app":"com.tencent.structmsg","prompt":"[分享]x"}`

	for name, tt := range map[string]struct {
		elem *messagepb.Elem
		want Content
	}{
		"light app":           {lightAppElem(deflatedCard(t, plain)), Content{&LightAppSegment{App: "com.tencent.structmsg", JSON: plain}}},
		"light app, plain":    {lightAppElem("\x00" + plain), light(plain)},
		"no app":              {lightAppElem("\x00 {}"), Content{&LightAppSegment{JSON: " {}"}}},
		"app of another type": {lightAppElem("\x00" + `{"app":1}`), Content{&LightAppSegment{JSON: `{"app":1}`}}},
		"invalid UTF-8":       {lightAppElem("\x00{\"app\":\"\xff\"}"), Content{&LightAppSegment{App: "\ufffd", JSON: "{\"app\":\"\ufffd\"}"}}},
		"no object":           {lightAppElem("\x00[]"), unknown(lightAppElem("\x00[]"))},
		"no JSON":             {lightAppElem("\x00com.tencent.multimsg"), unknown(lightAppElem("\x00com.tencent.multimsg"))},
		"text behind":         {lightAppElem("\x00{}x"), unknown(lightAppElem("\x00{}x"))},
		"empty":               {lightAppElem(""), unknown(lightAppElem(""))},
		"no text":             {lightAppElem("\x01"), unknown(lightAppElem("\x01"))},
		"another form":        {lightAppElem("\x02" + plain), unknown(lightAppElem("\x02" + plain))},
		"broken zlib":         {lightAppElem("\x01" + plain), unknown(lightAppElem("\x01" + plain))},
		"too deep": {lightAppElem("\x00" + `{"a":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + "}"),
			unknown(lightAppElem("\x00" + `{"a":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + "}"))},

		"forward":                 {lightAppElem(deflatedCard(t, forwardJSON)), Content{testForward()}},
		"forward, nested":         {lightAppElem("\x00" + replace(forwardJSON, `"RES"`, `""`)), Content{nested}},
		"forward, name in extra":  {lightAppElem("\x00" + replace(forwardJSON, `"uniseq":"uuid-1"`, `"uniseq":""`)), Content{testForward()}},
		"forward, little of it":   {lightAppElem("\x00" + `{"app":"com.tencent.multimsg","extra":{},"meta":{"detail":{"news":{},"resid":"RES"}}}`), Content{bare}},
		"forward of nothing":      {lightAppElem("\x00" + nobody), light(nobody)},
		"forward in another card": {lightAppElem("\x00" + `{"app":"com.x","prompt":"com.tencent.multimsg"}`), light(`{"app":"com.x","prompt":"com.tencent.multimsg"}`)},

		"location":            {lightAppElem(deflatedCard(t, locationJSON)), Content{location}},
		"location, far away":  {lightAppElem("\x00" + farAway), light(farAway)},
		"location, number":    {lightAppElem("\x00" + number), light(number)},
		"location, view":      {lightAppElem("\x00" + otherView), light(otherView)},
		"location, something": {lightAppElem("\x00" + `{"app":"com.tencent.map"}`), light(`{"app":"com.tencent.map"}`)},

		"xml":                  {richElem(60, deflatedCard(t, "<msg/>")), rich(60, "<msg/>")},
		"xml, plain":           {richElem(60, "\x00<msg/>"), rich(60, "<msg/>")},
		"xml, broken zlib":     {richElem(60, "\x01<msg/>"), unknown(richElem(60, "\x01<msg/>"))},
		"xml without a number": {&messagepb.Elem{RichMsg: &messagepb.RichMsg{Template: []byte("\x00x")}}, rich(0, "x")},
		"link preview":         {richElem(33, "\x00<msg/>"), Content{}},
		"text of service 1":    {richElem(1, "\x00words"), rich(1, "words")},
		"JSON of service 1":    {richElem(1, "\x00"+plain), Content{&LightAppSegment{App: "com.tencent.structmsg", JSON: plain, RichMessage: true}}},

		"forward in xml":               {richElem(35, deflatedCard(t, forwardXML)), Content{testForward()}},
		"forward in xml, nested":       {richElem(35, "\x00"+replace(forwardXML, `m_resid="RES"`, `m_resid=""`)), Content{nested}},
		"forward in xml, little":       {richElem(35, "\x00"+`<msg m_resid="RES" tSum="many"/>`), Content{bare}},
		"forward in xml, cut":          {richElem(35, "\x00"+forwardXML[:strings.Index(forwardXML, "it&apos;s")]), Content{cut}},
		"forward in xml of another":    {richElem(60, "\x00"+forwardXML), rich(60, forwardXML)},
		"forward in xml, encoding":     {richElem(35, "\x00"+replace(forwardXML, "UTF-8", "GBK")), Content{testForward()}},
		"forward in xml, lone &":       {richElem(35, "\x00"+replace(forwardXML, "&amp;", "&")), Content{testForward()}},
		"forward in xml, control":      {richElem(35, "\x00"+replace(forwardXML, "it&apos;s", "\x02it's\x01")), Content{testForward()}},
		"forward in xml, CDATA":        {richElem(35, "\x00"+replace(forwardXML, "it&apos;s", "<![CDATA[it's]]>")), Content{testForward()}},
		"xml 35 of something else":     {richElem(35, "\x00"+`<msg serviceID="35"><title>x</title></msg>`), rich(35, `<msg serviceID="35"><title>x</title></msg>`)},
		"xml 35 of nothing":            {richElem(35, "\x00"+`<msg m_resid="" m_fileName=""/>`), rich(35, `<msg m_resid="" m_fileName=""/>`)},
		"xml 35, number not at root":   {richElem(35, "\x00"+`<a><msg m_resid="RES"/></a>`), rich(35, `<a><msg m_resid="RES"/></a>`)},
		"xml 35, end before beginning": {richElem(35, "\x00"+`</a><msg m_resid="RES"/>`), rich(35, `</a><msg m_resid="RES"/>`)},
		"xml 35 is no xml":             {richElem(35, "\x00words"), rich(35, "words")},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, Decode(&messagepb.RichText{Elems: []*messagepb.Elem{tt.elem}}, true)); diff != "" {
				t.Errorf("content (-want +got):\n%s", diff)
			}
		})
	}
}

// TestCardsComeBack sends each kind of card and reads it again.
func TestCardsComeBack(t *testing.T) {
	want := Content{
		Text("RES-1"), &LightAppSegment{App: "com.x", JSON: `{"app":"com.x"}`, RichMessage: true},
		LightApp(`{"app":"com.x"}`),
		&XMLSegment{ServiceID: 2, XML: "<msg/>"},
		Location(39.90872, -116.39748, "天安门", "<A> & B"), Location(-90, 180, "", ""),
	}
	elems, err := encodeElems(want, EncodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, Decode(&messagepb.RichText{Elems: elems}, true)); diff != "" {
		t.Errorf("content (-want +got):\n%s", diff)
	}
	if text, _ := new(decoder).cardText(elems[4].GetLightApp().GetData()); text != locationJSON {
		t.Errorf("location:\n got %s\nwant %s", text, locationJSON)
	}
	if elems, err = encodeElems(Content{XML("x")}, EncodeOptions{}); err != nil || elems[0].GetRichMsg().GetServiceId() != 35 {
		t.Errorf("xml without a service: got %v, %v; want 35", elems, err)
	}
}

func TestCardsThatCannotBeSent(t *testing.T) {
	for name, seg := range map[string]Segment{
		"no JSON":       LightApp("x"),
		"no object":     LightApp("[]"),
		"empty JSON":    LightApp(""),
		"large JSON":    LightApp(`{"a":"` + strings.Repeat("x", MaxCard) + `"}`),
		"empty XML":     XML(""),
		"large XML":     XML(strings.Repeat("x", MaxCard+1)),
		"far away":      Location(90.1, 0, "", ""),
		"far away too":  Location(0, -180.1, "", ""),
		"nowhere":       Location(math.NaN(), 0, "", ""),
		"long address":  Location(0, 0, "", strings.Repeat("x", MaxCard)),
		"contact as is": Contact(10001),
	} {
		_, err := Encode(Content{seg}, EncodeOptions{})
		if e, ok := errors.AsType[*SegmentError](err); !ok || e.Segment != seg {
			t.Errorf("%s: got %v, want a SegmentError", name, err)
		}
	}
	if _, err := Encode(Content{XML(strings.Repeat("x", MaxCard))}, EncodeOptions{}); err != nil {
		t.Errorf("largest card: %v", err)
	}
}

// contacts makes the cards of contacts; other uploads fail.
type contacts struct {
	Uploader
	json string
	err  error
	got  *ContactSegment
}

func (s *contacts) ContactCard(_ context.Context, c *ContactSegment) (string, error) {
	s.got = c
	return s.json, s.err
}

func TestContact(t *testing.T) {
	const card = `{"app":"com.tencent.contact.lua","prompt":"推荐联系人"}`
	for _, seg := range []*ContactSegment{Contact(10001), ContactGroup(730000001)} {
		s := &contacts{json: card}
		got, err := Upload(t.Context(), s, Content{seg})
		if diff := cmp.Diff(Content{LightApp(card)}, got); diff != "" || err != nil {
			t.Errorf("content %v (-want +got):\n%s", err, diff)
		}
		if s.got != seg {
			t.Errorf("the service was asked for %v, want %v", s.got, seg)
		}
	}
	refused := errors.New("refused")
	for name, tt := range map[string]struct {
		seg  *ContactSegment
		to   Uploader
		want error
	}{
		"nobody":  {&ContactSegment{}, &contacts{json: card}, nil},
		"both":    {&ContactSegment{UIN: 1, Group: 2}, &contacts{json: card}, nil},
		"refused": {Contact(1), &contacts{err: refused}, refused},
		"no card": {Contact(1), &contacts{json: "x"}, nil},
		"nowhere": {Contact(1), nil, ErrNoUploader},
	} {
		_, err := Upload(t.Context(), tt.to, Content{tt.seg})
		if _, ok := errors.AsType[*SegmentError](err); !ok || tt.want != nil && !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want a SegmentError with %v", name, err, tt.want)
		}
	}
}

// TestRelayForward: the service turns the light app of a forward into a rich message.
func TestRelayForward(t *testing.T) {
	for _, data := range []string{"\x00" + forwardJSON, deflatedCard(t, forwardJSON)} {
		got := RelayForward(lightAppElem(data))
		text, ok := new(decoder).cardText(got.GetRichMsg().GetTemplate())
		if !ok || got.GetRichMsg().GetServiceId() != 35 {
			t.Fatalf("card %.20q: got %v", data, got)
		}
		if diff := cmp.Diff(forwardXML, text); diff != "" {
			t.Errorf("card %.20q (-want +got):\n%s", data, diff)
		}
	}
	for name, e := range map[string]*messagepb.Elem{
		"no card":    textElem("x"),
		"another":    lightAppElem("\x00{}"),
		"unreadable": lightAppElem("\x01" + forwardJSON),
		"nothing":    nil,
		// The XML has six bytes for each quote.
		"long": lightAppElem("\x00" + strings.Replace(forwardJSON, "A: ", strings.Repeat("'", MaxCard/2), 1)),
	} {
		if got := RelayForward(e); got != nil {
			t.Errorf("%s: got %v, want nil", name, got)
		}
	}
}

// TestCardBudget: a card is read up to 1 MiB, and those of one message up to 2 MiB
// together; what is over stays an element.
func TestCardBudget(t *testing.T) {
	card := func(size int) *messagepb.Elem {
		const frame = `{"a":""}`
		return lightAppElem(deflatedCard(t, `{"a":"`+strings.Repeat("x", size-len(frame))+`"}`))
	}
	large := func(form string) *messagepb.Elem {
		if form == "plain" {
			return richElem(60, "\x00"+strings.Repeat("x", MaxCard+1))
		}
		half := deflatedCard(t, strings.Repeat("x", MaxCard))
		return richElem(60, half[:len(half)-4]) // its checksum is missing
	}
	kinds := func(elems ...*messagepb.Elem) (out string) {
		for _, seg := range Decode(&messagepb.RichText{Elems: elems}, true) {
			switch s := seg.(type) {
			case *UnknownSegment:
				out += "-"
			case *ReplySegment:
				out += "r"
				for _, seg := range s.Content {
					if _, unknown := seg.(*UnknownSegment); unknown {
						out += "-"
					} else {
						out += "+"
					}
				}
			default:
				out += "+"
			}
		}
		return out
	}
	quote := &messagepb.Elem{SrcMsg: &messagepb.SourceMsg{OrigSeqs: []uint64{1}, Elems: [][]byte{encoded(t, card(MaxCard))}}}
	for _, tt := range []struct {
		name  string
		elems []*messagepb.Elem
		want  string
	}{
		{"largest", []*messagepb.Elem{card(MaxCard), card(MaxCard)}, "++"},
		{"together", []*messagepb.Elem{card(MaxCard), card(MaxCard), card(100)}, "++-"},
		{"just together", []*messagepb.Elem{card(MaxCard), card(MaxCard - 99), card(99)}, "+++"},
		{"plain over", []*messagepb.Elem{large("plain"), card(100)}, "-+"},
		{"broken ones count", []*messagepb.Elem{large(""), large(""), card(100)}, "---"},
		{"short broken ones do not", []*messagepb.Elem{richElem(1, "\x01x"), richElem(1, "\x01x"), card(MaxCard)}, "--+"},
		{"quotes count", []*messagepb.Elem{quote, quote, quote}, "r+r+r-"},
	} {
		if got := kinds(tt.elems...); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}
