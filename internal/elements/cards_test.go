package elements

import (
	"context"
	"errors"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"libration/internal/packed"
	"libration/internal/pb/messagepb"
	"libration/ntqq/message"
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

func testForward() *message.ForwardSegment {
	return &message.ForwardSegment{ID: "RES", Prompt: "[聊天记录]", Source: "群聊的聊天记录", Summary: "查看5条转发消息",
		Preview: []string{`A: <hi> & "you"`, "B: it's"}, Count: 5, FileName: "uuid-1"}
}

// TestDecodeCards reads cards of all kinds, and those that are something else than they
// look like.
func TestDecodeCards(t *testing.T) {
	unknown := func(e *messagepb.Elem) message.Content {
		return message.Content{&message.UnknownSegment{Element: elementName(e), Raw: mustMarshal(t, e)}}
	}
	light := func(json string) message.Content { return message.Content{message.LightApp(json)} }
	rich := func(service uint32, xml string) message.Content {
		return message.Content{&message.XMLSegment{ServiceID: service, XML: xml}}
	}
	replace := func(s, old, new string) string {
		t.Helper()
		if !strings.Contains(s, old) {
			t.Fatalf("%s does not contain %s", s, old)
		}
		return strings.Replace(s, old, new, 1)
	}
	nested := testForward()
	nested.ID = ""
	bare := &message.ForwardSegment{ID: "RES"}
	cut := testForward()
	cut.Preview, cut.Summary = cut.Preview[:1], ""
	location := &message.LocationSegment{Latitude: 39.90872, Longitude: -116.39748, Title: "天安门", Address: "<A> & B"}
	farAway := replace(locationJSON, `"39.90872"`, `"99.90872"`)
	number := replace(locationJSON, `"39.90872"`, `39.90872`)
	otherView := replace(locationJSON, `"LocationShare"`, `"Other"`)
	nobody := replace(replace(replace(forwardJSON, `"RES"`, `""`), `"uuid-1"`, `""`), `\"uuid-1\"`, `\"\"`)
	plain := `{"app":"com.tencent.structmsg","prompt":"[分享]x"}`

	for name, tt := range map[string]struct {
		elem *messagepb.Elem
		want message.Content
	}{
		"light app":           {lightAppElem(deflatedCard(t, plain)), message.Content{&message.LightAppSegment{App: "com.tencent.structmsg", JSON: plain}}},
		"light app, plain":    {lightAppElem("\x00" + plain), light(plain)},
		"no app":              {lightAppElem("\x00 {}"), message.Content{&message.LightAppSegment{JSON: " {}"}}},
		"app of another type": {lightAppElem("\x00" + `{"app":1}`), message.Content{&message.LightAppSegment{JSON: `{"app":1}`}}},
		"invalid UTF-8":       {lightAppElem("\x00{\"app\":\"\xff\"}"), message.Content{&message.LightAppSegment{App: "\ufffd", JSON: "{\"app\":\"\ufffd\"}"}}},
		"no object":           {lightAppElem("\x00[]"), unknown(lightAppElem("\x00[]"))},
		"no JSON":             {lightAppElem("\x00com.tencent.multimsg"), unknown(lightAppElem("\x00com.tencent.multimsg"))},
		"text behind":         {lightAppElem("\x00{}x"), unknown(lightAppElem("\x00{}x"))},
		"empty":               {lightAppElem(""), unknown(lightAppElem(""))},
		"no text":             {lightAppElem("\x01"), unknown(lightAppElem("\x01"))},
		"another form":        {lightAppElem("\x02" + plain), unknown(lightAppElem("\x02" + plain))},
		"broken zlib":         {lightAppElem("\x01" + plain), unknown(lightAppElem("\x01" + plain))},
		"too deep": {lightAppElem("\x00" + `{"a":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + "}"),
			unknown(lightAppElem("\x00" + `{"a":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + "}"))},

		"forward":                 {lightAppElem(deflatedCard(t, forwardJSON)), message.Content{testForward()}},
		"forward, nested":         {lightAppElem("\x00" + replace(forwardJSON, `"RES"`, `""`)), message.Content{nested}},
		"forward, name in extra":  {lightAppElem("\x00" + replace(forwardJSON, `"uniseq":"uuid-1"`, `"uniseq":""`)), message.Content{testForward()}},
		"forward, little of it":   {lightAppElem("\x00" + `{"app":"com.tencent.multimsg","extra":{},"meta":{"detail":{"news":{},"resid":"RES"}}}`), message.Content{bare}},
		"forward of nothing":      {lightAppElem("\x00" + nobody), light(nobody)},
		"forward in another card": {lightAppElem("\x00" + `{"app":"com.x","prompt":"com.tencent.multimsg"}`), light(`{"app":"com.x","prompt":"com.tencent.multimsg"}`)},

		"location":            {lightAppElem(deflatedCard(t, locationJSON)), message.Content{location}},
		"location, far away":  {lightAppElem("\x00" + farAway), light(farAway)},
		"location, number":    {lightAppElem("\x00" + number), light(number)},
		"location, view":      {lightAppElem("\x00" + otherView), light(otherView)},
		"location, something": {lightAppElem("\x00" + `{"app":"com.tencent.map"}`), light(`{"app":"com.tencent.map"}`)},

		"xml":                  {richElem(60, deflatedCard(t, "<msg/>")), rich(60, "<msg/>")},
		"xml, plain":           {richElem(60, "\x00<msg/>"), rich(60, "<msg/>")},
		"xml, broken zlib":     {richElem(60, "\x01<msg/>"), unknown(richElem(60, "\x01<msg/>"))},
		"xml without a number": {&messagepb.Elem{RichMsg: &messagepb.RichMsg{Template: []byte("\x00x")}}, rich(0, "x")},
		"link preview":         {richElem(33, "\x00<msg/>"), message.Content{}},
		"text of service 1":    {richElem(1, "\x00words"), rich(1, "words")},
		"JSON of service 1":    {richElem(1, "\x00"+plain), message.Content{&message.LightAppSegment{App: "com.tencent.structmsg", JSON: plain, RichMessage: true}}},

		"forward in xml":               {richElem(35, deflatedCard(t, forwardXML)), message.Content{testForward()}},
		"forward in xml, nested":       {richElem(35, "\x00"+replace(forwardXML, `m_resid="RES"`, `m_resid=""`)), message.Content{nested}},
		"forward in xml, little":       {richElem(35, "\x00"+`<msg m_resid="RES" tSum="many"/>`), message.Content{bare}},
		"forward in xml, cut":          {richElem(35, "\x00"+forwardXML[:strings.Index(forwardXML, "it&apos;s")]), message.Content{cut}},
		"forward in xml of another":    {richElem(60, "\x00"+forwardXML), rich(60, forwardXML)},
		"forward in xml, encoding":     {richElem(35, "\x00"+replace(forwardXML, "UTF-8", "GBK")), message.Content{testForward()}},
		"forward in xml, lone &":       {richElem(35, "\x00"+replace(forwardXML, "&amp;", "&")), message.Content{testForward()}},
		"forward in xml, control":      {richElem(35, "\x00"+replace(forwardXML, "it&apos;s", "\x02it's\x01")), message.Content{testForward()}},
		"forward in xml, CDATA":        {richElem(35, "\x00"+replace(forwardXML, "it&apos;s", "<![CDATA[it's]]>")), message.Content{testForward()}},
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
	want := message.Content{
		message.Text("RES-1"), &message.LightAppSegment{App: "com.x", JSON: `{"app":"com.x"}`, RichMessage: true},
		message.LightApp(`{"app":"com.x"}`),
		&message.XMLSegment{ServiceID: 2, XML: "<msg/>"},
		message.Location(39.90872, -116.39748, "天安门", "<A> & B"), message.Location(-90, 180, "", ""),
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
	if elems, err = encodeElems(message.Content{message.XML("x")}, EncodeOptions{}); err != nil || elems[0].GetRichMsg().GetServiceId() != 35 {
		t.Errorf("xml without a service: got %v, %v; want 35", elems, err)
	}
}

func TestCardsThatCannotBeSent(t *testing.T) {
	for name, seg := range map[string]message.Segment{
		"no JSON":       message.LightApp("x"),
		"no object":     message.LightApp("[]"),
		"empty JSON":    message.LightApp(""),
		"large JSON":    message.LightApp(`{"a":"` + strings.Repeat("x", message.MaxCard) + `"}`),
		"empty XML":     message.XML(""),
		"large XML":     message.XML(strings.Repeat("x", message.MaxCard+1)),
		"far away":      message.Location(90.1, 0, "", ""),
		"far away too":  message.Location(0, -180.1, "", ""),
		"nowhere":       message.Location(math.NaN(), 0, "", ""),
		"long address":  message.Location(0, 0, "", strings.Repeat("x", message.MaxCard)),
		"contact as is": message.Contact(10001),
	} {
		_, err := Encode(message.Content{seg}, EncodeOptions{})
		if e, ok := errors.AsType[*message.SegmentError](err); !ok || e.Segment != seg {
			t.Errorf("%s: got %v, want a SegmentError", name, err)
		}
	}
	if _, err := Encode(message.Content{message.XML(strings.Repeat("x", message.MaxCard))}, EncodeOptions{}); err != nil {
		t.Errorf("largest card: %v", err)
	}
}

// contacts makes the cards of contacts; other uploads fail.
type contacts struct {
	Uploader
	json string
	err  error
	got  *message.ContactSegment
}

func (s *contacts) ContactCard(_ context.Context, c *message.ContactSegment) (string, error) {
	s.got = c
	return s.json, s.err
}

func TestContact(t *testing.T) {
	const card = `{"app":"com.tencent.contact.lua","prompt":"推荐联系人"}`
	for _, seg := range []*message.ContactSegment{message.Contact(10001), message.ContactGroup(730000001)} {
		s := &contacts{json: card}
		got, err := Upload(t.Context(), s, message.Content{seg})
		if diff := cmp.Diff(message.Content{message.LightApp(card)}, got); diff != "" || err != nil {
			t.Errorf("content %v (-want +got):\n%s", err, diff)
		}
		if s.got != seg {
			t.Errorf("the service was asked for %v, want %v", s.got, seg)
		}
	}
	refused := errors.New("refused")
	for name, tt := range map[string]struct {
		seg  *message.ContactSegment
		to   Uploader
		want error
	}{
		"nobody":  {&message.ContactSegment{}, &contacts{json: card}, nil},
		"both":    {&message.ContactSegment{UIN: 1, Group: 2}, &contacts{json: card}, nil},
		"refused": {message.Contact(1), &contacts{err: refused}, refused},
		"no card": {message.Contact(1), &contacts{json: "x"}, nil},
		"nowhere": {message.Contact(1), nil, ErrNoUploader},
	} {
		_, err := Upload(t.Context(), tt.to, message.Content{tt.seg})
		if _, ok := errors.AsType[*message.SegmentError](err); !ok || tt.want != nil && !errors.Is(err, tt.want) {
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
		"long": lightAppElem("\x00" + strings.Replace(forwardJSON, "A: ", strings.Repeat("'", message.MaxCard/2), 1)),
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
			return richElem(60, "\x00"+strings.Repeat("x", message.MaxCard+1))
		}
		half := deflatedCard(t, strings.Repeat("x", message.MaxCard))
		return richElem(60, half[:len(half)-4]) // its checksum is missing
	}
	kinds := func(elems ...*messagepb.Elem) (out string) {
		for _, seg := range Decode(&messagepb.RichText{Elems: elems}, true) {
			switch s := seg.(type) {
			case *message.UnknownSegment:
				out += "-"
			case *message.ReplySegment:
				out += "r"
				for _, seg := range s.Content {
					if _, unknown := seg.(*message.UnknownSegment); unknown {
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
	quote := &messagepb.Elem{SrcMsg: &messagepb.SourceMsg{OrigSeqs: []uint64{1}, Elems: [][]byte{mustMarshal(t, card(message.MaxCard))}}}
	for _, tt := range []struct {
		name  string
		elems []*messagepb.Elem
		want  string
	}{
		{"largest", []*messagepb.Elem{card(message.MaxCard), card(message.MaxCard)}, "++"},
		{"together", []*messagepb.Elem{card(message.MaxCard), card(message.MaxCard), card(100)}, "++-"},
		{"just together", []*messagepb.Elem{card(message.MaxCard), card(message.MaxCard - 99), card(99)}, "+++"},
		{"plain over", []*messagepb.Elem{large("plain"), card(100)}, "-+"},
		{"broken ones count", []*messagepb.Elem{large(""), large(""), card(100)}, "---"},
		{"short broken ones do not", []*messagepb.Elem{richElem(1, "\x01x"), richElem(1, "\x01x"), card(message.MaxCard)}, "--+"},
		{"quotes count", []*messagepb.Elem{quote, quote, quote}, "r+r+r-"},
	} {
		if got := kinds(tt.elems...); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

// TestCleanCards is the clean-up of docs/protocol/messages.md 8 as far as it is about cards.
func TestCleanCards(t *testing.T) {
	reserve := mustMarshal(t, &messagepb.FallbackText{Text: "fallback"})
	fallback := &messagepb.Elem{Text: &messagepb.Text{Str: proto.String("[卡片]请使用新版本"), PbReserve: reserve}}
	card, forward := lightAppElem("\x00"+`{"app":"com.x"}`), richElem(richForward, "\x00"+forwardXML)
	quote := &messagepb.Elem{SrcMsg: &messagepb.SourceMsg{OrigSeqs: []uint64{1}, SenderUin: 10001}}
	mention := &messagepb.Elem{Text: &messagepb.Text{Str: proto.String("@a"), Attr6Buf: OldMention(&message.AtSegment{UIN: 10001, Display: "@a"})}}
	flags := []*messagepb.Elem{{GeneralFlags: &messagepb.GeneralFlags{}}, {ElemFlags2: &messagepb.ElemFlags2{}}, {ExtraInfo: &messagepb.ExtraInfo{}}}
	reply := &message.ReplySegment{Sequence: 1, SenderUIN: 10001}
	light := message.LightApp(`{"app":"com.x"}`)
	for name, tt := range map[string]struct {
		elems []*messagepb.Elem
		want  message.Content
	}{
		"a forward is one segment":      {append([]*messagepb.Elem{forward}, flags...), message.Content{testForward()}},
		"fallback behind a light app":   {[]*messagepb.Elem{card, fallback}, message.Content{light}},
		"fallback behind a forward":     {[]*messagepb.Elem{lightAppElem("\x00" + forwardJSON), fallback}, message.Content{testForward()}},
		"fallback behind a location":    {[]*messagepb.Elem{lightAppElem("\x00" + locationJSON), fallback}, message.Content{message.Location(39.90872, -116.39748, "天安门", "<A> & B")}},
		"fallback behind a broken card": {[]*messagepb.Elem{lightAppElem("\x00{"), fallback}, message.Content{&message.UnknownSegment{Element: "light_app", Raw: mustMarshal(t, lightAppElem("\x00{"))}}},
		"one fallback only":             {[]*messagepb.Elem{card, fallback, fallback}, message.Content{light, message.Text("[卡片]请使用新版本")}},
		"words behind a light app":      {[]*messagepb.Elem{card, textElem("look")}, message.Content{light, message.Text("look")}},
		"quote, mention, card":          {[]*messagepb.Elem{quote, mention, card, fallback}, message.Content{reply, light}},
		"a preview leaves its link":     {[]*messagepb.Elem{textElem("https://example.com"), richElem(33, "\x00<msg/>")}, message.Content{message.Text("https://example.com")}},
		"a preview alone is nothing":    {append([]*messagepb.Elem{richElem(33, "\x00<msg/>")}, flags...), message.Content{}},
	} {
		if diff := cmp.Diff(tt.want, message.Clean(Decode(&messagepb.RichText{Elems: tt.elems}, true), true)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestBombs: a message of 2 MiB full of cards that inflate to 1 MiB each takes little
// memory and time.
func TestBombs(t *testing.T) {
	bomb := richElem(60, deflatedCard(t, strings.Repeat(" ", message.MaxCard)))
	over := richElem(60, string(packed.AppendDeflated([]byte{cardZlib}, make([]byte, message.MaxCard+1))))
	for name, e := range map[string]*messagepb.Elem{"bombs": bomb, "bombs over the limit": over} {
		rt := &messagepb.RichText{}
		size := proto.Size(&messagepb.RichText{Elems: []*messagepb.Elem{e}})
		for range MaxRaw / size {
			rt.Elems = append(rt.Elems, e)
		}
		if len(rt.Elems) < 1000 {
			t.Fatalf("%s: only %d have room", name, len(rt.Elems))
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := time.Now()
		c := Decode(rt, true)
		took := time.Since(began)
		runtime.ReadMemStats(&after)
		const most = 32 << 20
		if used := after.TotalAlloc - before.TotalAlloc; used > most || took > 5*time.Second || (&message.Message{Content: c}).Size() > 3*maxCards {
			t.Errorf("%s: %d cards took %d bytes of memory and %v, and keep %d bytes", name, len(rt.Elems), used, took, (&message.Message{Content: c}).Size())
		}
		if len(c) != len(rt.Elems) {
			t.Errorf("%s: got %d segments of %d cards", name, len(c), len(rt.Elems))
		}
	}
}
