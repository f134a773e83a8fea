package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"libration/ntqq/event"
	silkcodec "libration/ntqq/media/silk"
	"libration/ntqq/message"
)

// api asks the sandbox's control API.
func (s *service) api(t *testing.T, method, path, body string, into any) {
	t.Helper()
	r := httptest.NewRequest(method, "http://localhost"+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	if w.Code/100 != 2 {
		t.Fatalf("%s %s %s: %d %s", method, path, body, w.Code, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
		t.Fatal(err)
	}
}

// newest is what the newest message of the group looks like to people.
func (s *service) newest(t *testing.T) (segments []json.RawMessage) {
	t.Helper()
	var list []struct {
		Segments []json.RawMessage `json:"segments"`
	}
	s.api(t, "GET", fmt.Sprintf("/api/messages?group=%d&limit=1", group), "", &list)
	return list[0].Segments
}

// aGIF is a picture in base64.
const aGIF = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"

// gif is a picture in JSON, with more members.
func gif(more string) string {
	return `{"type":"image","base64":"` + aGIF + `",` + more + `}`
}

// withoutURL leaves out where a medium can be downloaded: only the client knows.
var withoutURL = cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".URL" }, cmp.Ignore())

// aVoice is one of a second, in base64.
func aVoice(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	if _, err := silkcodec.Encode(t.Context(), bytes.NewReader(make([]byte, 48000)), 24000, &b); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

// aVideo is one of two seconds, in base64.
func aVideo(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("../../interop/samples/clip.mp4")
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b)
}

// TestSentByHand sends each kind of segment as a person would, over the control API: a
// client receives what is shown, and what it sends back is shown the same.
func TestSentByHand(t *testing.T) {
	kinds := []struct {
		sent string
		want message.Segment // its type counts
		kept bool            // the client cannot send it back
	}{
		{`{"type":"text","text":"hi, <b> \u0001"}`, &message.TextSegment{}, false},
		{`{"type":"at","uin":20002}`, &message.AtSegment{}, false},
		{`{"type":"face","id":14}`, &message.FaceSegment{}, false},
		{`{"type":"face","id":277}`, &message.FaceSegment{}, false},
		{`{"type":"face","id":311,"large":true}`, &message.FaceSegment{}, false},
		{`{"type":"face","id":277,"count":3}`, &message.FaceSegment{}, false},
		{`{"type":"face","id":358}`, &message.FaceSegment{}, false},
		{`{"type":"face","id":359}`, &message.FaceSegment{}, false},
		{gif(`"summary":"[x]"`), &message.ImageSegment{}, false},
		{gif(`"sub_type":1`), &message.ImageSegment{}, false},
		{gif(`"flash":true`), &message.ImageSegment{}, true},
		{`{"type":"record","base64":"` + aVoice(t) + `"}`, &message.RecordSegment{}, false},
		{`{"type":"video","base64":"` + aVideo(t) + `"}`, &message.VideoSegment{}, false},
		{`{"type":"video","base64":"` + aVideo(t) + `","cover":{"base64":"` + aGIF + `"}}`, &message.VideoSegment{}, false},
		{`{"type":"market_face","id":"0123456789abcdef0123456789abcdef","package":1,"summary":"[x]"}`, &message.MarketFaceSegment{}, false},
		{`{"type":"poke","id":3}`, &message.PokeSegment{}, false},
		{`{"type":"poke","id":8,"special":true,"count":2}`, &message.PokeSegment{}, false},
		{`{"type":"light_app","json":"{\"app\":\"com.example\",\"prompt\":\"p\"}"}`, &message.LightAppSegment{}, false},
		{`{"type":"xml","service":60,"xml":"<msg brief=\"b\"/>"}`, &message.XMLSegment{}, false},
		{`{"type":"location","latitude":39.90872,"longitude":116.39748,"title":"t","address":"a"}`, &message.LocationSegment{}, false},
		{`{"type":"contact","uin":20002}`, &message.LightAppSegment{}, false},
		{`{"type":"contact","group":730000001}`, &message.LightAppSegment{}, false},
		{`{"type":"music","title":"t","url":"http://a.example/","audio":"http://a.example/1.mp3"}`, &message.LightAppSegment{}, false},
		{`{"type":"markdown","markdown":"# hi"}`, &message.MarkdownSegment{}, false},
		{`{"type":"keyboard","rows":[{"buttons":[{"render_data":{"label":"a","style":1},"action":{"type":2,"permission":{"type":2},"data":"d"}}]}]}`, &message.KeyboardSegment{}, false},
		{`{"type":"forward","nodes":[{"uin":20002,"time":1700000000,"segments":[{"type":"text","text":"hi"}]}]}`, &message.ForwardSegment{}, false},
		{`{"type":"long_message","segments":[{"type":"text","text":"long"}]}`, &message.LongMessageSegment{}, false},
		{`{"type":"red_packet","title":"luck"}`, &message.RedPacketSegment{}, true},
		{`{"type":"flash_file","title":"a, b & \"c\".mp4","file_set":"set+1/2","scene":7}`, &message.FlashFileSegment{}, false},
	}
	bubble(t, func(t *testing.T) {
		s, b, _ := two(t)
		seen := map[string]bool{"unknown": true, "reply": true, "contact": true, "file": true} // these are below, become another, or are uploaded
		for _, tt := range kinds {
			s.api(t, "POST", "/api/send", fmt.Sprintf(`{"as":%d,"group":%d,"segments":[%s]}`, bob, group, tt.sent), &struct{}{})
			got := eventsOf[*event.Message](b)
			m := got[len(got)-1]
			if len(m.Content) != 1 || m.Content[0].Name() != tt.want.Name() {
				t.Errorf("%s: the client received %+v", tt.sent, m.Content)
				continue
			}
			seen[m.Content[0].Name()] = true
			sent := s.World().History().OfGroup(group, m.Sequence, m.Sequence)[0].Content()
			if diff := cmp.Diff(sent, m.Content, withoutURL); diff != "" {
				t.Errorf("%s: the client received what was not sent:\n%s", tt.sent, diff)
			}
			shown := s.newest(t)
			if tt.kept {
				continue
			}
			if _, err := b.Messages().SendGroup(t.Context(), group, m.Content); err != nil {
				t.Errorf("%s: sent back: %v", tt.sent, err)
				continue
			}
			if again := s.newest(t); len(again) != 1 || string(again[0]) != string(shown[0]) {
				t.Errorf("%s: shown as %s, and sent back as %s", tt.sent, shown, again)
			}
		}
		for _, segment := range message.All() {
			if !seen[segment.Name()] {
				t.Errorf("%s is not in this test", segment.Name())
			}
		}
	})
}

// TestForwardsByHand: messages that were chosen are forwarded by hand, and the client opens
// them; what the client forwards can be opened by hand.
func TestForwardsByHand(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, b, _ := two(t)
		send := func(segment string) {
			s.api(t, "POST", "/api/send", fmt.Sprintf(`{"as":%d,"group":%d,"segments":[%s]}`, bob, group, segment), &struct{}{})
		}
		send(`{"type":"text","text":"first"}`)
		send(`{"type":"face","id":358}`)
		send(`{"type":"reply","sequence":1},{"type":"text","text":"third"}`)
		send(`{"type":"forward","nodes":[{"sequence":1},{"sequence":2},{"sequence":3},
			{"uin":20001,"segments":[{"type":"forward","nodes":[{"uin":20002,"segments":[{"type":"location","latitude":1,"longitude":2}]}]}]}]}`)
		got := eventsOf[*event.Message](b)
		card, ok := got[len(got)-1].Content[0].(*message.ForwardSegment)
		if !ok || card.Count != 4 {
			t.Fatalf("got %+v", got[len(got)-1].Content)
		}
		nodes, err := b.Messages().Forward(t.Context(), card.ID)
		if err != nil || len(nodes) != 4 {
			t.Fatalf("got %d nodes, %v", len(nodes), err)
		}
		die, _ := nodes[1].Content[0].(*message.FaceSegment)
		quote, _ := nodes[2].Content[0].(*message.ReplySegment)
		inner, _ := nodes[3].Content[0].(*message.ForwardSegment)
		if die == nil || die.Result == 0 || quote == nil || message.Brief(quote.Content) != "first" || inner == nil || len(inner.Nodes) != 1 {
			t.Errorf("got %+v", nodes)
		}

		if _, err := b.Messages().SendGroup(t.Context(), group, message.Content{message.Forward(nodes...)}); err != nil {
			t.Fatal(err)
		}
		var shown struct {
			ID string `json:"id"`
		}
		if err := json.Unmarshal(s.newest(t)[0], &shown); err != nil || shown.ID == card.ID {
			t.Fatalf("got %+v, %v: want a forward of its own", shown, err)
		}
		var byHand, byClient struct {
			Nodes []json.RawMessage `json:"nodes"`
		}
		s.api(t, "GET", "/api/forwards/"+url.PathEscape(card.ID), "", &byHand)
		s.api(t, "GET", "/api/forwards/"+url.PathEscape(shown.ID), "", &byClient)
		for i := range byHand.Nodes[:3] {
			if string(byHand.Nodes[i]) != string(byClient.Nodes[i]) {
				t.Errorf("node %d: got %s, want %s", i, byClient.Nodes[i], byHand.Nodes[i])
			}
		}
	})
}
