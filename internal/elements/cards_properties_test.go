package elements

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"libration/internal/packed"
	"libration/internal/pb"
	"libration/internal/pb/messagepb"
	"libration/internal/vectors"
	"libration/ntqq/message"
)

// aForward draws what the card of a forward can say.
func aForward(t *rapid.T) *message.ForwardSegment {
	text := rapid.Map(rapid.String(), func(s string) string { return strings.Map(xmlRune, s) })
	f := &message.ForwardSegment{
		ID: text.Draw(t, "id"), FileName: "f" + text.Draw(t, "file name"), Prompt: text.Draw(t, "prompt"),
		Source: text.Draw(t, "source"), Summary: text.Draw(t, "summary"), Count: rapid.IntRange(1, 1000).Draw(t, "count"),
	}
	for range rapid.IntRange(0, 4).Draw(t, "lines") {
		f.Preview = append(f.Preview, text.Draw(t, "line"))
	}
	return f
}

// aCard draws a card that comes back as it was sent.
func aCard(t *rapid.T) message.Segment {
	switch rapid.IntRange(0, 2).Draw(t, "kind") {
	case 0:
		members := rapid.MapOf(rapid.String(), rapid.String()).Draw(t, "members")
		if rapid.Bool().Draw(t, "has app") {
			members["app"] = rapid.StringMatching(`com\.example\.[a-z]{1,9}`).Draw(t, "app")
		}
		json, err := writeCard(members)
		if err != nil {
			t.Fatal(err)
		}
		l := message.LightApp(json)
		l.RichMessage = rapid.Bool().Draw(t, "rich message")
		return l
	case 1:
		service := rapid.Uint32Min(1).Filter(func(n uint32) bool { return n != richLinkPreview }).Draw(t, "service")
		return &message.XMLSegment{ServiceID: service, XML: "<" + rapid.String().Draw(t, "xml")}
	}
	degrees := func(most int, name string) float64 {
		return float64(rapid.IntRange(-most*100_000, most*100_000).Draw(t, name)) / 100_000
	}
	return message.Location(degrees(90, "latitude"), degrees(180, "longitude"), rapid.String().Draw(t, "title"), rapid.String().Draw(t, "address"))
}

func TestCardProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := message.Content(rapid.SliceOfN(rapid.Custom(aCard), 1, 4).Draw(t, "cards"))
		elems, err := encodeElems(want, EncodeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, Decode(&messagepb.RichText{Elems: elems}, true)); diff != "" {
			t.Errorf("content (-want +got):\n%s", diff)
		}
	})
}

// TestForwardCardProperties: both forms of a forward's card say the same.
func TestForwardCardProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := aForward(t)
		if diff := cmp.Diff(want, forwardOfXML(cardXML(want))); diff != "" {
			t.Errorf("xml (-want +got):\n%s", diff)
		}
		var card forwardCard
		extra, err := writeCard(forwardExtra{want.FileName, want.Count})
		if err != nil {
			t.Fatal(err)
		}
		card.App, card.Extra, card.Prompt = appForward, extra, want.Prompt
		d := &card.Meta.Detail
		d.ResID, d.UniSeq, d.Source, d.Summary = want.ID, want.FileName, want.Source, want.Summary
		for _, line := range want.Preview {
			d.News = append(d.News, forwardLine{line})
		}
		text, err := writeCard(card)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, forwardOfCard(text)); diff != "" {
			t.Errorf("json (-want +got):\n%s", diff)
		}
	})
}

// capturedCards calls f with the captured cards, inflated and as they came.
func capturedCards(tb testing.TB, f func(inflated string, data []byte)) {
	tb.Helper()
	type capture struct {
		Kind, Inflated string
		Body           vectors.Hex
	}
	n := 0
	for _, c := range vectors.Read[capture](tb, "captures.json") {
		if c.Kind == "light_app_data" || c.Kind == "rich_msg_template" {
			n++
			f(c.Inflated, c.Body)
		}
	}
	if n < 3 {
		tb.Errorf("got %d captured cards, want 3 at least", n)
	}
}

// FuzzCards: what is read of a card can be sent, and is read again as the same.
func FuzzCards(f *testing.F) {
	capturedCards(f, func(_ string, data []byte) {
		f.Add(data, uint32(0))
		f.Add(data, uint32(richForward))
	})
	for _, service := range []uint32{0, 1, 33, 35, 60} {
		for _, text := range []string{forwardJSON, forwardXML, locationJSON, `{"app":"com.x"}`, "words", ""} {
			f.Add([]byte("\x00"+text), service)
			f.Add(packed.AppendDeflated([]byte{cardZlib}, []byte(text)), service)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, service uint32) {
		e := lightAppElem(string(data))
		if service != 0 {
			e = richElem(service, string(data))
		}
		first := Decode(&messagepb.RichText{Elems: []*messagepb.Elem{e}}, true)
		for _, seg := range first {
			if l, ok := seg.(*message.LightAppSegment); ok {
				l.Prompt()
			}
			if _, ok := seg.(*message.ForwardSegment); ok || (&message.Message{Content: first}).Size() >= message.MaxCard {
				return // a forward is sent in another form
			}
		}
		if len(first) == 0 {
			return
		}
		elems, err := encodeElems(first, EncodeOptions{})
		if err != nil {
			if x, ok := first[0].(*message.XMLSegment); ok && x.XML == "" {
				return
			}
			t.Fatalf("card %q: Encode: %v", data, err)
		}
		again := Decode(&messagepb.RichText{Elems: elems}, true)
		if p, ok := first[0].(*message.LocationSegment); ok { // it is sent with five decimals
			q := again[0].(*message.LocationSegment)
			if math.Abs(p.Latitude-q.Latitude) > 1e-5 || math.Abs(p.Longitude-q.Longitude) > 1e-5 || p.Title != q.Title || p.Address != q.Address {
				t.Errorf("card %q: got %+v, then %+v", data, p, q)
			}
			return
		}
		if diff := cmp.Diff(first, again); diff != "" {
			t.Errorf("card %q (-first +again):\n%s", data, diff)
		}
	})
}

// FuzzForwardCards reads the text of a forward's card in both of its forms. What was read
// fits into the card that the service makes of it.
func FuzzForwardCards(f *testing.F) {
	capturedCards(f, func(inflated string, _ []byte) { f.Add(inflated) })
	f.Add(forwardJSON)
	f.Add(forwardXML)
	f.Add(`<msg m_resid="&#x41;&bogus;&" tSum="-1"><title>a<b>c</b>d</title><!-- --><title/><?x?></msg>`)
	f.Fuzz(func(t *testing.T, text string) {
		text = pb.Text(text)
		for form, read := range map[string]func(string) *message.ForwardSegment{"xml": forwardOfXML, "json": forwardOfCard} {
			want := read(text)
			if want == nil {
				continue
			}
			if want.ID == "" && want.FileName == "" || len(want.Preview) > maxPreview || want.Count < 0 {
				t.Errorf("%s of %q: got %+v", form, text, want)
			}
			if want.Count == 0 {
				want.Count = len(want.Preview)
			}
			for _, s := range []*string{&want.ID, &want.FileName, &want.Prompt, &want.Source, &want.Summary} {
				*s = strings.Map(xmlRune, *s)
			}
			for i, line := range want.Preview {
				want.Preview[i] = strings.Map(xmlRune, line)
			}
			if named(want) == nil {
				continue
			}
			if diff := cmp.Diff(want, forwardOfXML(cardXML(want))); diff != "" {
				t.Errorf("%s of %q, as the service shows it (-want +got):\n%s", form, text, diff)
			}
		}
	})
}
