package message

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"libration/internal/pb"
	"libration/internal/pb/messagepb"
)

// plainCards returns a body with all cards inflated: a zlib stream has many forms.
func plainCards(t *testing.T, body []byte) []byte {
	t.Helper()
	var m messagepb.MessageBody
	if err := pb.Unmarshal(body, &m); err != nil {
		t.Fatal(err)
	}
	plain := func(data *[]byte) {
		if len(*data) == 0 {
			return
		}
		text, ok := new(decoder).cardText(*data)
		if !ok {
			t.Fatalf("card %x cannot be read", *data)
		}
		*data = []byte(text)
	}
	for _, e := range m.GetRichText().GetElems() {
		if e.LightApp != nil {
			plain(&e.LightApp.Data)
		}
		if e.RichMsg != nil {
			plain(&e.RichMsg.Template)
		}
	}
	return encoded(t, &m)
}

// checkCard reads a captured card, and sends it again.
func checkCard(t *testing.T, e *messagepb.Elem, inflated string, expected json.RawMessage) {
	t.Helper()
	decode := func(e *messagepb.Elem) Segment {
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
	case *LightAppSegment:
		if got.App != want.App || got.JSON != inflated || got.Prompt() != "[分享]"+want.Title {
			t.Errorf("got %+v, prompt %q; want %+v", got, got.Prompt(), want)
		}
		elems, err := encodeElems(Content{got}, EncodeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(got, decode(elems[0])); diff != "" {
			t.Errorf("sent again (-first +again):\n%s", diff)
		}
	case *ForwardSegment:
		if expected != nil && (got.ID != want.ID || got.FileName != want.FileName || got.Count != want.Count) {
			t.Errorf("got %+v, want %+v", got, want)
		}
		if want.Summary != "" && (got.Summary != want.Summary || got.Source != want.Title || !cmp.Equal(got.Preview, want.Preview)) {
			t.Errorf("got %+v, want %+v", got, want)
		}
		if got.ID == "" || got.Count == 0 || got.Prompt == "" || got.Source == "" || got.Summary == "" || len(got.Preview) == 0 {
			t.Errorf("got %+v: something was not read", got)
		}
		if again := forwardOfXML(got.xml()); !cmp.Equal(got, again) {
			t.Errorf("as the service shows it: got %+v, want %+v", again, got)
		}
	default:
		t.Errorf("got %T", got)
	}
}
