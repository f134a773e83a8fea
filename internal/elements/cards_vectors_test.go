package elements

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/internal/vectors"
	"libration/ntqq/message"
)

// TestVectorsCards reads the cards of real messages.
func TestVectorsCards(t *testing.T) {
	type capture struct {
		ID, Kind, Inflated string
		Body               vectors.Hex
		Expected           json.RawMessage
	}
	for _, v := range vectors.Of[capture](t, "captures.json") {
		switch v.Kind {
		case "light_app_data":
			t.Run(v.ID, func(t *testing.T) {
				checkCard(t, &messagepb.Elem{LightApp: &messagepb.LightApp{Data: v.Body}}, v.Inflated, v.Expected)
			})
		case "rich_msg_template":
			t.Run(v.ID, func(t *testing.T) {
				checkCard(t, &messagepb.Elem{RichMsg: &messagepb.RichMsg{Template: v.Body, ServiceId: proto.Uint32(35)}}, v.Inflated, v.Expected)
			})
		case "rich_text":
			var want struct {
				Inflated string `json:"inflated"`
			}
			var rt messagepb.RichText
			if err := pb.Unmarshal(v.Body, &rt); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(v.Expected, &want); err != nil {
				t.Fatal(err)
			}
			if want.Inflated != "" {
				t.Run(v.ID, func(t *testing.T) { checkCard(t, rt.GetElems()[0], want.Inflated, nil) })
			}
		}
	}
}

// checkCard reads a captured card, and sends it again.
func checkCard(t *testing.T, e *messagepb.Elem, inflated string, expected json.RawMessage) {
	t.Helper()
	decode := func(e *messagepb.Elem) message.Segment {
		t.Helper()
		c := Decode(&messagepb.RichText{Elems: []*messagepb.Elem{e}}, true)
		if len(c) != 1 {
			t.Fatalf("got %v, want one segment", c)
		}
		return c[0]
	}
	data := e.GetLightApp().GetData()
	if e.RichMsg != nil {
		data = e.RichMsg.GetTemplate()
	}
	if text, ok := new(decoder).cardText(data); !ok || text != inflated {
		t.Errorf("got the text %q, want %q", text, inflated)
	}
	var want struct {
		App      string   `json:"app"`
		ID       string   `json:"res_id"`
		FileName string   `json:"file_name"`
		Count    int      `json:"count"`
		Title    string   `json:"title"`
		Summary  string   `json:"summary"`
		Preview  []string `json:"preview"`
	}
	if err := json.Unmarshal(expected, &want); expected != nil && err != nil {
		t.Fatal(err)
	}
	switch got := decode(e).(type) {
	case *message.LightAppSegment:
		if got.App != want.App || got.JSON != inflated || got.Prompt() != "[分享]"+want.Title {
			t.Errorf("got %+v, prompt %q; want %+v", got, got.Prompt(), want)
		}
		elems, err := encodeElems(message.Content{got}, EncodeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(got, decode(elems[0])); diff != "" {
			t.Errorf("sent again (-first +again):\n%s", diff)
		}
	case *message.ForwardSegment:
		if expected != nil && (got.ID != want.ID || got.FileName != want.FileName || got.Count != want.Count) {
			t.Errorf("got %+v, want %+v", got, want)
		}
		if want.Summary != "" && (got.Summary != want.Summary || got.Source != want.Title || !cmp.Equal(got.Preview, want.Preview)) {
			t.Errorf("got %+v, want %+v", got, want)
		}
		if got.ID == "" || got.Count == 0 || got.Prompt == "" || got.Source == "" || got.Summary == "" || len(got.Preview) == 0 {
			t.Errorf("got %+v: something was not read", got)
		}
		if again := forwardOfXML(cardXML(got)); !cmp.Equal(got, again) {
			t.Errorf("as the service shows it: got %+v, want %+v", again, got)
		}
	default:
		t.Errorf("got %T", got)
	}
}
