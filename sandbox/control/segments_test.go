package control

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"libration/ntqq/message"
	"libration/sandbox/world"
)

// examples has a segment of each kind, by its name: as it is sent and, where that is not
// the same, as it is shown.
var examples = map[string][2]string{
	"text":  {`{"type":"text","text":"hi"}`},
	"at":    {`{"type":"at","uin":20002}`, `{"type":"at","uin":20002,"text":"@Bob"}`},
	"face":  {`{"type":"face","id":311,"large":true}`, `{"type":"face","id":311,"text":"/打call","large":true}`},
	"reply": {`{"type":"reply","sequence":1}`, `{"type":"reply","sequence":1,"uin":10001,"text":"first"}`},
	"image": {`{"type":"image","base64":"R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7","sub_type":1,"summary":"[x]"}`,
		`{"type":"image","id":"d5fceb6532643d0d84ffe09c40c481ecdf59e15a","name":"d89746888da2d9510b64a9f031eaecd5.gif","address":"/api/media/d5fceb6532643d0d84ffe09c40c481ecdf59e15a","size":42,"md5":"d89746888da2d9510b64a9f031eaecd5","width":1,"height":1,"sub_type":1,"summary":"[x]"}`},
	"market_face": {`{"type":"market_face","id":"4823D3ADB15DF08014CE5D6796B76EE1","package":11464}`,
		`{"type":"market_face","id":"4823d3adb15df08014ce5d6796b76ee1","package":11464,"key":"0123456789abcdef","summary":"[表情]","width":300,"height":300}`},
	"poke": {`{"type":"poke","id":2,"special":true}`, `{"type":"poke","id":2,"special":true,"count":1,"title":"爱心"}`},
	"light_app": {`{"type":"light_app","json":"{\"app\":\"com.example\",\"prompt\":\"[link]\",\"view\":\"news\",\"meta\":{\"news\":{\"title\":\"T\",\"desc\":\"D\",\"tag\":\"S\",\"preview\":\"http://p\",\"jumpUrl\":\"http://u\"}}}"}`,
		`{"type":"light_app","json":"{\"app\":\"com.example\",\"prompt\":\"[link]\",\"view\":\"news\",\"meta\":{\"news\":{\"title\":\"T\",\"desc\":\"D\",\"tag\":\"S\",\"preview\":\"http://p\",\"jumpUrl\":\"http://u\"}}}",` +
			`"app":"com.example","view":"news","prompt":"[link]","title":"T","desc":"D","tag":"S","preview":"http://p","url":"http://u"}`},
	"xml": {`{"type":"xml","xml":"<msg brief='B' url='http://u'><item><picture cover='http://p'/><title>T</title><summary>D</summary></item><source name='S'/></msg>","service":60}`,
		`{"type":"xml","xml":"\u003cmsg brief='B' url='http://u'\u003e\u003citem\u003e\u003cpicture cover='http://p'/\u003e\u003ctitle\u003eT\u003c/title\u003e\u003csummary\u003eD\u003c/summary\u003e\u003c/item\u003e\u003csource name='S'/\u003e\u003c/msg\u003e",` +
			`"service":60,"prompt":"B","title":"T","desc":"D","tag":"S","preview":"http://p","url":"http://u"}`},
	"location": {`{"type":"location","latitude":39.90872,"longitude":116.39748,"title":"Square","address":"Beijing"}`},
	"contact":  {`{"type":"contact","uin":20003}`, `{"type":"light_app","json":"{\"app\":\"com.tencent.contact.lua\",\"desc\":\"\",\"view\":\"contact\",\"ver\":\"0.0.0.1\",\"prompt\":\"[推荐联系人]Carol\",\"meta\":{\"contact\":{\"avatar\":\"https://q1.qlogo.cn/g?b=qq\\u0026nk=20003\\u0026s=640\",\"contact\":\"账号：20003\",\"jumpUrl\":\"\",\"nickname\":\"Carol\",\"tag\":\"推荐联系人\"}}}","app":"com.tencent.contact.lua","view":"contact","prompt":"[推荐联系人]Carol","title":"Carol","desc":"账号：20003","tag":"推荐联系人","preview":"https://q1.qlogo.cn/g?b=qq\u0026nk=20003\u0026s=640"}`},
	"music": {`{"type":"music","title":"T","url":"http://u","audio":"http://a"}`,
		`{"type":"light_app","json":"{\"app\":\"com.tencent.structmsg\",\"meta\":{\"music\":{\"title\":\"T\"}}}","app":"com.tencent.structmsg","title":"T"}`},
	"markdown": {`{"type":"markdown","markdown":"# hi"}`},
	"keyboard": {`{"type":"keyboard","bot_app_id":5,"rows":[{"buttons":[{"id":"1","render_data":{"label":"Yes","visited_label":"Yes!","style":1},` +
		`"action":{"type":2,"permission":{"type":0,"specify_role_ids":["1"],"specify_user_ids":["2"]},"unsupport_tips":"?","data":"yes","reply":true,"enter":true}}]}]}`},
	"forward": {`{"type":"forward","nodes":[{"sequence":1},{"uin":20002,"name":"B","segments":[{"type":"face","id":14},{"type":"text","text":"hi"}]}],"source":"S"}`,
		`{"type":"forward","id":"ID","prompt":"[聊天记录]","source":"S","summary":"查看2条转发消息","preview":["小振 Libration: first","B: [表情]hi"],"count":2}`},
	"long_message": {`{"type":"long_message","segments":[{"type":"text","text":"long"}]}`, `{"type":"long_message","id":"ID"}`},
	"red_packet":   {`{"type":"red_packet","title":"Good luck"}`},
	"flash_file":   {`{"type":"flash_file","title":"holiday.mp4","file_set":"00000000-0000-4000-8000-000000000001","scene":1}`},
}

// anyID is the id of a forward, which is drawn.
var anyID = regexp.MustCompile(`"id":"[A-Za-z0-9+/]{64}"`)

// TestSegmentTypes finds a kind of segment that the API does not show, and one that it
// does not send without saying so.
func TestSegmentTypes(t *testing.T) {
	t.Parallel()
	w := defaultWorld(t)
	h := newContents(w, &fakeServer{})
	notSent := map[string]bool{"unknown": true, "file": true}  // a file has routes of its own
	prepared := map[string]bool{"record": true, "video": true} // TestSourcesOfMedia has them
	for _, segment := range message.All() {
		name := segment.Name()
		row, ok := h.types[name]
		if !ok {
			t.Errorf("%s has no row in segmentTypes", name)
			continue
		}
		if got, _ := json.Marshal(row.show(h, segment)); !strings.HasPrefix(string(got), `{"type":"`+name+`"`) {
			t.Errorf("%s is shown as %s", name, got)
		}
		if (row.read == nil) != notSent[name] {
			t.Errorf("%s: can be sent is %t, want %t", name, row.read != nil, !notSent[name])
		}
		if _, ok := examples[name]; !ok && !notSent[name] && !prepared[name] {
			t.Errorf("%s has no example in this test", name)
		}
	}
}

func TestSegmentsAreShownAsSent(t *testing.T) {
	t.Parallel()
	known := map[string]bool{"music": true}
	for _, segment := range message.All() {
		known[segment.Name()] = true
	}
	for name, example := range examples {
		if !known[name] {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, h := testControl(t)
			do(h, "POST", "/api/send", `{"as":10001,"group":730000001,"text":"first"}`)
			status, answer := do(h, "POST", "/api/send", fmt.Sprintf(`{"as":20001,"group":730000001,"segments":[%s]}`, example[0]))
			if status != 200 {
				t.Fatalf("send %s: got %d %s", example[0], status, answer)
			}
			_, answer = do(h, "GET", "/api/messages?group=730000001&limit=1", "")
			got := decodeMessages(t, answer)
			want := example[1]
			if want == "" {
				want = example[0]
			}
			if len(got) != 1 || len(got[0].Segments) != 1 {
				t.Fatalf("got %s", answer)
			}
			if shown := anyID.ReplaceAllString(string(got[0].Segments[0]), `"id":"ID"`); shown != want {
				t.Errorf("got %s, want %s", shown, want)
			}
		})
	}
}

func TestSegmentsThatCannotBeSent(t *testing.T) {
	t.Parallel()
	tests := []struct{ segment, want string }{
		{`{"type":"file"}`, `segment 0: type "file" is none of text, at, face`},
		{`{"type":"unknown","element":"x"}`, `type "unknown" is none of`},
		{`{}`, `type "" is none of`},
		{`[]`, `cannot unmarshal array`},
		{`{"type":"text","txt":"x"}`, `text: json: unknown field "txt"`},
		{`{"type":"at","uin":1}`, "no user 1 to mention"},
		{`{"type":"face","id":358,"result":6}`, "nobody can choose the result"},
		{`{"type":"reply","sequence":9}`, "no message 9 in this chat"},
		{`{"type":"market_face","id":"abc"}`, "is not 32 hexadecimal digits"},
		{`{"type":"poke"}`, "no poke has the id 0"},
		{`{"type":"poke","id":13,"special":true}`, "no poke has the id 13"},
		{`{"type":"light_app","json":"[]"}`, `json is not an object with a text "app"`},
		{`{"type":"light_app","json":"{}"}`, `json is not an object with a text "app"`},
		{`{"type":"xml","xml":"<a>"}`, "xml is not well-formed"},
		{`{"type":"xml","xml":""}`, "xml is not well-formed"},
		{`{"type":"location","latitude":91,"longitude":0}`, "is no place"},
		{`{"type":"contact"}`, "give either uin or group"},
		{`{"type":"contact","uin":1}`, "no user 1"},
		{`{"type":"contact","group":1}`, "no group 1"},
		{`{"type":"music","title":"x"}`, "music: no title"},
		{`{"type":"markdown","markdown":""}`, "markdown is empty"},
		{`{"type":"keyboard","rows":[]}`, "needs rows"},
		{`{"type":"keyboard","rows":[{"buttons":[]}]}`, "row 0 has no buttons"},
		{`{"type":"forward"}`, "give either nodes or the id"},
		{`{"type":"forward","nodes":[{"uin":1,"segments":[{"type":"x"}]}]}`, "segment 0: forward: node 0: segment 0: type"},
		{`{"type":"forward","nodes":[{"uin":1,"content":[]}]}`, `unknown field "content"`},
		{strings.Repeat(`{"type":"forward","nodes":[{"segments":[`, 11) + strings.Repeat(`]}]}`, 11), "more than 10 forwards"},
		{`{"type":"forward","id":"abc"}`, "no forward or long message has this id"},
		{`{"type":"forward","nodes":[{"sequence":9}]}`, "node 0: no message 9 in this chat"},
		{`{"type":"forward","nodes":[{"uin":20001,"segments":[]}]}`, "node 0: give either segments or the sequence"},
		{`{"type":"forward","nodes":[null]}`, "node 0: give either segments or the sequence"},
		{`{"type":"long_message"}`, "give either segments or the id"},
		{`{"type":"long_message","id":"abc"}`, "no forward or long message has this id"},
		{`{"type":"red_packet"}`, "needs a title"},
		{`{"type":"flash_file","title":"x"}`, "needs title and file_set"},
	}
	_, _, h := testControl(t)
	for _, tt := range tests {
		status, answer := do(h, "POST", "/api/send", fmt.Sprintf(`{"as":20001,"to":10001,"segments":[%s]}`, tt.segment))
		if status != 400 && status != 404 || !strings.Contains(strings.ReplaceAll(answer, `\"`, `"`), tt.want) {
			t.Errorf("%.80s: got %d %s, want %q", tt.segment, status, answer, tt.want)
		}
	}
}

// TestCards has cards of many makers: what is not there is left out.
func TestCards(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]cardView{
		"":                          {},
		`{"app":"a"}`:               {},
		`{"desc":"d","meta":[]}`:    {},
		`{"desc":"d","prompt":"p"}`: {Prompt: "p", Desc: "d"},
		`{"meta":{"b":{"title":"B"},"a":{"title":7,"nickname":"A","contact":"c"}}}`:         {Title: "A", Desc: "c"},
		`{"view":"b","desc":"B","meta":{"b":{"title":"B"},"a":{"title":"A"},"c":1,"d":{}}}`: {View: "b", Title: "B"},
	} {
		if got := lightAppCard(text); got != want {
			t.Errorf("%s: got %+v, want %+v", text, got, want)
		}
	}
	for text, want := range map[string]cardView{
		"":                        {},
		"no xml & <":              {},
		`<msg brief="B"><title>T`: {Prompt: "B", Title: "T"},
		`<!DOCTYPE x [<!ENTITY e "e">]><msg><title>&e;</title><title> second </title></msg>`: {Title: "&e;"},
	} {
		if got := xmlCard(text); got != want {
			t.Errorf("%s: got %+v, want %+v", text, got, want)
		}
	}
}

// FuzzCards reads cards that anybody may have made.
func FuzzCards(f *testing.F) {
	f.Add(`{"view":"b","meta":{"b":{"title":"B"}}}`)
	f.Add(`<msg brief="B"><item><title>T</title></item></msg>`)
	f.Add(`<!DOCTYPE x [<!ENTITY e "&e;&e;">]><msg><title>&e;</title>`)
	f.Fuzz(func(t *testing.T, text string) {
		for _, card := range []cardView{lightAppCard(text), xmlCard(text)} {
			for _, shown := range []string{card.View, card.Prompt, card.Title, card.Desc, card.Tag, card.Preview, card.URL} {
				if len(shown) > 3*len(text) { // a byte that is no UTF-8 becomes three
					t.Errorf("%q: shows %d bytes, it has %d", text, len(shown), len(text))
				}
			}
		}
	})
}

// TestForwards sends forwards in a forward, and opens them.
func TestForwards(t *testing.T) {
	t.Parallel()
	_, _, h := testControl(t)
	const group = `"group":730000001,"segments":[%s]}`
	for _, segment := range []string{`{"type":"face","id":358}`, `{"type":"red_packet","title":"luck"}`} {
		if status, answer := do(h, "POST", "/api/send", fmt.Sprintf(`{"as":20002,`+group, segment)); status != 200 {
			t.Fatalf("got %d %s", status, answer)
		}
	}
	status, answer := do(h, "POST", "/api/send", fmt.Sprintf(`{"as":20001,`+group, `{"type":"forward","nodes":[
		{"sequence":1},{"sequence":2},
		{"uin":7,"time":1700000000,"segments":[{"type":"contact","uin":20003}]},
		{"uin":20002,"segments":[{"type":"forward","source":"inner","nodes":[
			{"uin":20003,"segments":[{"type":"text","text":"<b>"},{"type":"reply","sequence":1}]}]}]}]}`))
	if status != 200 {
		t.Fatalf("got %d %s", status, answer)
	}
	_, answer = do(h, "GET", "/api/messages?group=730000001&limit=1", "")
	var card forwardView
	must(t, json.Unmarshal(decodeMessages(t, answer)[0].Segments[0], &card))
	if len(card.Nodes) != 0 || card.Count != 4 {
		t.Errorf("got the card %+v", card)
	}
	status, answer = do(h, "GET", "/api/forwards/"+url.PathEscape(card.ID), "")
	var got struct {
		Nodes []struct {
			nodeView
			Segments []json.RawMessage `json:"segments"`
		}
	}
	must(t, json.Unmarshal([]byte(answer), &got))
	if status != 200 || len(got.Nodes) != 4 {
		t.Fatalf("got %d %s", status, answer)
	}
	for i, want := range []struct{ name, segment string }{
		{"Bob", `^{"type":"face","id":358,"text":"/骰子","large":true,"result":[1-6]}$`},
		{"Bob", `^{"type":"text","text":"\[.*\]"}$`}, // a red packet cannot be forwarded
		{"7", `^{"type":"light_app",.*"app":"com.tencent.contact.lua"`},
		{"Bob", `^{"type":"forward","id":"[^"]+","nodes":\[{"uin":20003,"name":"Carol",.*"text":"\\u003cb\\u003e"`},
	} {
		n := got.Nodes[i]
		if n.Name != want.name || n.Group != mall || n.Time == 0 {
			t.Errorf("node %d: got %+v", i, n)
		}
		if shown := n.Segments[0]; !regexp.MustCompile(want.segment).Match(shown) {
			t.Errorf("node %d: got %s, want %s", i, shown, want.segment)
		}
	}
	if status, answer = do(h, "GET", "/api/forwards/none", ""); status != 404 || !strings.Contains(answer, "no forward has this id") {
		t.Errorf("got %d %s", status, answer)
	}
}

// TestLargeMessagesAreListed has messages that would be too much together.
func TestLargeMessagesAreListed(t *testing.T) {
	t.Parallel()
	w, _, h := testControl(t)
	const size = 900 << 10
	for range 30 {
		_, err := w.Messages().Send(world.Send{From: alice, Group: mall, Parts: world.Parts(&message.MarkdownSegment{Markdown: strings.Repeat("x", size)})}, nil)
		must(t, err)
	}
	_, answer := do(h, "GET", "/api/messages?group=730000001", "")
	if got := decodeMessages(t, answer); len(answer) > maxListedBytes+1000 || len(got) != maxListedBytes/size || got[len(got)-1].Sequence != 30 {
		t.Errorf("got %d messages in %d bytes, want those of %d bytes up to the newest", len(got), len(answer), maxListedBytes)
	}
}

// FuzzSend sends segments that anybody may have written, and shows what was sent.
func FuzzSend(f *testing.F) {
	for _, example := range examples {
		f.Add(example[0])
	}
	f.Add(strings.Repeat(`{"type":"forward","nodes":[{"segments":[`, 11) + strings.Repeat(`]}]}`, 11))
	_, _, h := testControl(f)
	do(h, "POST", "/api/send", `{"as":10001,"group":730000001,"text":"first"}`)
	f.Fuzz(func(t *testing.T, segments string) {
		status, answer := do(h, "POST", "/api/send", `{"as":20001,"group":730000001,"segments":[`+segments+`]}`)
		if status >= 500 || !json.Valid([]byte(answer)) {
			t.Fatalf("%q: got %d %s", segments, status, answer)
		}
		if status != 200 {
			return
		}
		if status, answer = do(h, "GET", "/api/messages?group=730000001&limit=1", ""); status != 200 || !json.Valid([]byte(answer)) {
			t.Fatalf("%q: listed as %d %s", segments, status, answer)
		}
	})
}
