package onebot

import (
	"bytes"
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"libration/internal/vectors"
	"libration/ntqq/message"
)

func TestVectorsCQCode(t *testing.T) {
	type vectorSegment struct {
		Type string
		Data map[string]string
		Keys []string
	}
	type vector struct {
		ID, Kind, String, Printed, JSON string
		Roundtrip                       bool
		Segments                        []vectorSegment
		Ours                            json.RawMessage // segments, or {"error": true}: what counts instead of Segments
	}
	// view gives segments the shape that they have in the file.
	view := func(segments []segment) []vectorSegment {
		out := []vectorSegment{}
		for _, s := range segments {
			v := vectorSegment{Type: s.kind, Data: map[string]string{}}
			if s.node != nil { // its data is not read yet
				for name, v := range members(*s.node) {
					s.data = append(s.data, field{name, dataText(v)})
				}
			}
			for _, f := range s.data {
				if _, twice := v.Data[f.key]; !twice {
					v.Keys = append(v.Keys, f.key)
				}
				v.Data[f.key] = s.get(f.key)
			}
			out = append(out, v)
		}
		return out
	}
	parsed := func(s string) []vectorSegment {
		segments, err := parseCQ(s)
		if err != nil {
			t.Errorf("parseCQ(%q): %v", s, err)
		}
		return view(segments)
	}
	known := newSegmentTable()
	for _, c := range vectors.Of[vector](t, "cqcode.json") {
		t.Run(c.ID, func(t *testing.T) {
			switch c.Kind {
			case "parse":
				got, err := parseCQ(c.String)
				var ours struct{ Error bool }
				_ = json.Unmarshal(c.Ours, &ours)
				if ours.Error && err == nil { // of a type that nobody knows
					unknown := slices.IndexFunc(got, func(s segment) bool { return known.types[s.kind] == nil })
					if unknown < 0 {
						t.Fatalf("parseCQ(%q): got %v, want an error", c.String, view(got))
					}
					_, err = reader{segments: known}.outgoing(t.Context(), message.Chat{}, got[unknown])
				}
				if ours.Error || err != nil {
					named := err != nil && slices.ContainsFunc(regexp.MustCompile(`\[CQ:[A-Za-z0-9_.-]+[^\]]*`).FindAllString(c.String, -1),
						func(code string) bool {
							kind, _, _ := strings.Cut(code, ",")
							return strings.Contains(err.Error(), code) || known.types[kind[len("[CQ:"):]] == nil && strings.Contains(err.Error(), kind)
						})
					if !ours.Error || !named {
						t.Errorf("parseCQ(%q): got error %v, want one that names the code: %t", c.String, err, ours.Error)
					}
					return
				}
				seen := view(got)
				if c.Ours == nil {
					if printed := string(appendCQ(nil, got)); printed != c.Printed {
						t.Errorf("printed again: got %q, want %q", printed, c.Printed)
					}
				} else {
					c.Segments = nil
					if err := json.Unmarshal(c.Ours, &c.Segments); err != nil {
						t.Fatal(err)
					}
					for i := range seen {
						seen[i].Keys = nil // the file has none there
					}
				}
				if diff := cmp.Diff(c.Segments, seen); diff != "" {
					t.Errorf("parseCQ(%q) (-want +got):\n%s", c.String, diff)
				}
			case "print":
				var in []segment
				for _, v := range c.Segments {
					s := segment{kind: v.Type}
					for _, k := range v.Keys {
						s.data = append(s.data, field{k, v.Data[k]})
					}
					in = append(in, s)
				}
				got := string(appendCQ(nil, in))
				if got != c.String {
					t.Errorf("printed: got %q, want %q", got, c.String)
				}
				if back := cmp.Diff(view(in), parsed(got)); (back == "") != c.Roundtrip {
					t.Errorf("round trip of %q: got %t, want %t\n%s", got, back == "", c.Roundtrip, back)
				}
			case "array":
				got, err := parseSegments(json.RawMessage(c.JSON))
				if err != nil {
					t.Fatalf("parseSegments(%s): %v", c.JSON, err)
				}
				if diff := cmp.Diff(c.Segments, view(got)); diff != "" {
					t.Errorf("parseSegments(%s) (-want +got):\n%s", c.JSON, diff)
				}
			default:
				t.Fatal("unknown kind " + c.Kind)
			}
		})
	}
}

// TestTextIsNotCut: what is no complete code stays text.
func TestTextIsNotCut(t *testing.T) {
	for in, want := range map[string]string{
		"[CQ:":                               "&#91;CQ:",
		"x[CQ:":                              "x&#91;CQ:",
		"[CQ:a][CQ:":                         "[CQ:a]&#91;CQ:",
		"[CQ:[CQ:face,id=1]":                 "&#91;CQ:[CQ:face,id=1]",
		"[CQ:x":                              "&#91;CQ:x",
		"[CQ:at,qq=1][CQ:at,qq":              "[CQ:at,qq=1]&#91;CQ:at,qq",
		"[CQ:text]a":                         "a",
		"he typed [CQ: and more text":        "he typed &#91;CQ: and more text",
		"50% off [CQ:sale,now":               "50% off &#91;CQ:sale,now",
		"[CQ:at,qq=20002,] hello":            "[CQ:at,qq=20002] hello",
		"a [CQ:at,qq=20001 [CQ:at,qq=2] b":   "a &#91;CQ:at,qq=20001 [CQ:at,qq=2] b",
		"[CQ:a b,c=d] [CQ:dice]":             "&#91;CQ:a b,c=d&#93; [CQ:dice]",
		"[CQ:at,,flag,qq=1,,]":               "[CQ:at,qq=1]",
		"[CQ:image,url=http://h/?a=b&amp;c]": "[CQ:image,url=http://h/?a=b&amp;c]",
		"&#91;CQ:a] &amp;#91;":               "&#91;CQ:a&#93; &amp;#91;",
	} {
		segments, err := parseCQ(in)
		if got := string(appendCQ(nil, segments)); err != nil || got != want {
			t.Errorf("parse and print %q: got %q, %v, want %q", in, got, err, want)
		}
	}
}

func TestUnreadableCodes(t *testing.T) {
	for in, want := range map[string]string{
		`ok [CQ:json,data={"a":1,"b":2}]`:                      `[CQ:json,data={"a":1,"b":2}] cannot be read at "\"b\":2}"`,
		"[CQ:share,title=one, two]":                            `[CQ:share,title=one, two] cannot be read at " two"`,
		"[CQ:image,file=" + strings.Repeat("A", 1e6) + ",a b]": "[CQ:image,file=AAA",
	} {
		_, err := parseCQ(in)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "&#44;") || !strings.Contains(err.Error(), "&#91;") || len(err.Error()) > 500 {
			t.Errorf("%.60s: got error %.600v, want %q and how to write it", in, err, want)
		}
	}
}

// TestDataURIs: their comma is not taken for the end of the value, nor what follows it for
// a flag or a value of its own.
func TestDataURIs(t *testing.T) {
	for in, want := range map[string]string{
		"[CQ:image,file=data:image/png;base64,iVBO,type=show]":       "data:image/png;base64,iVBO",
		"[CQ:image,file=data:image/png;base64,iVBOR+/=,type=show]":   "data:image/png;base64,iVBOR+/=",
		"[CQ:image,file=data:image/png;base64&#44;iVBO,x,type=show]": "data:image/png;base64,iVBO",
		"[CQ:image,file=data:image/png;base64,,type=show]":           "data:image/png;base64,",
	} {
		got, err := parseCQ(in)
		if err != nil || len(got) != 1 || got[0].get("file") != want || got[0].get("type") != "show" {
			t.Errorf("%s: got %v, %v, want the file %q", in, got, err, want)
		}
	}
}

// TestNothingIsLost: the texts and codes of a message that is not refused are the
// message, but for escapes, flags and empty parts.
func TestNothingIsLost(t *testing.T) {
	pieces := rapid.SliceOf(rapid.OneOf(
		rapid.SampledFrom([]string{
			"[CQ:", "[CQ:at", "[CQ:at,qq=1]", "[CQ:a,b=c,flag,,d=&#44;]", "[CQ:a,b]", ",", "]", "[", "=", "qq=1", "flag",
			"&amp;", "&#91;", "&#93;", "&#44;", "&", "a", " ", "中",
		}), rapid.String()))
	rapid.Check(t, func(t *rapid.T) {
		in := strings.Join(pieces.Draw(t, "pieces"), "")
		segments, err := parseCQ(in)
		if err != nil {
			return
		}
		var out strings.Builder
		for _, s := range segments {
			if s.kind == "text" && len(s.data) == 1 && s.data[0].key == "text" && !strings.Contains(in, "[CQ:text") {
				out.WriteString(s.data[0].value)
				continue
			}
			out.WriteString(opening + s.kind)
			for _, f := range s.data {
				out.WriteString("," + f.key + "=" + f.value)
			}
			out.WriteString("]")
		}
		if got, want := essence(out.String()), essence(in); got != want {
			t.Errorf("%q came apart as %v: got %q, want %q", in, segments, got, want)
		}
	})
}

// essence is a message without escapes, and without what looks like a flag or an
// empty part of a code.
func essence(s string) string {
	for before := ""; before != s; {
		before, s = s, unescape(valueUnescaper, s)
	}
	var out []byte
	for i := 0; i < len(s); i++ {
		if s[i] == ',' {
			end := i + 1
			for end < len(s) && isWord(s[end:end+1], "_") {
				end++
			}
			if end < len(s) && (s[end] == ',' || s[end] == ']') {
				i = end - 1
				continue
			}
		}
		out = append(out, s[i])
	}
	return string(out)
}

// TestSegmentForms: a text with CQ codes, once read, stays the same; segments come back
// from both forms as they were.
func TestSegmentForms(t *testing.T) {
	word := rapid.StringMatching(`[A-Za-z0-9_.-]{1,8}`)
	value := rapid.OneOf(rapid.SampledFrom([]string{"", "[CQ:at,qq=1]", "&#44;", "a=b,c"}), rapid.String())
	key := rapid.StringMatching(`[^=,\[\]"\\]{1,5}`)
	segments := rapid.Custom(func(t *rapid.T) (out []segment) {
		for range rapid.IntRange(0, 4).Draw(t, "segments") {
			s := segment{kind: word.Draw(t, "kind")}
			for _, k := range rapid.SliceOfN(key, 0, 3).Draw(t, "keys") {
				s.data = append(s.data, field{k, value.Draw(t, "value")})
			}
			if rapid.Bool().Draw(t, "text") && (len(out) == 0 || out[len(out)-1].kind != "text") {
				s = textSegment(value.Filter(func(s string) bool { return s != "" }).Draw(t, "value"))
			} else if s.kind == "text" {
				s.kind = "other"
			}
			out = append(out, s)
		}
		return out
	})
	same := cmp.AllowUnexported(segment{}, field{}, segmentRow{})
	rapid.Check(t, func(t *rapid.T) {
		want := segments.Draw(t, "segments")
		code := string(appendCQ(nil, want))
		got, err := parseCQ(code)
		if diff := cmp.Diff(want, got, same, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Errorf("%q: %v (-want +got):\n%s", code, err, diff)
		}
		array := appendSegmentsJSON(nil, want)
		got, err = parseSegments(array)
		if diff := cmp.Diff(want, got, same, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", array, err, diff)
		}
		if again := appendSegmentsJSON(nil, got); !bytes.Equal(again, array) {
			t.Errorf("%s is written as %s", array, again)
		}
	})
}

func TestParseSegmentsErrors(t *testing.T) {
	for in, want := range map[string]string{
		``:                               "unexpected end",
		`5`:                              "not an array",
		`"x"`:                            "not an array",
		`[1]`:                            "segment 0: not an object",
		`[{"type":"text"},["x"]]`:        "segment 1: not an object",
		`[{"data":{}}]`:                  `no "type"`,
		`{"type":1,"data":{}}`:           `no "type"`,
		`{"type":"text","data":[1]}`:     `"data" is not an object`,
		`[{"type":"text","data":"text"}`: "unexpected end",
	} {
		_, err := parseSegments(json.RawMessage(in))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("parseSegments(%s): got error %v, want %q", in, err, want)
		}
	}
}

func TestDataText(t *testing.T) {
	for in, want := range map[string]string{
		`9007199254740993`: "9007199254740993",
		`-5`:               "-5",
		`1.0`:              "1",
		`1.5e3`:            "1500",
		`0.25`:             "0.25",
		`false`:            "false",
		`null`:             "",
		`"\u4f60\n"`:       "你\n",
		`{"a":[1]}`:        `{"a":[1]}`,
	} {
		if got := dataText(json.RawMessage(in)); got != want {
			t.Errorf("dataText(%s): got %q, want %q", in, got, want)
		}
	}
}

func FuzzParseCQ(f *testing.F) {
	for _, s := range []string{"", "a[CQ:at,qq=1]b", "[CQ:", "[CQ:,", "[CQ:x,=&#44;]", "&amp;#91;", "[CQ:a,b=c,b=d]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		first, err := parseCQ(in)
		if err == nil {
			printed := string(appendCQ(nil, first))
			second, err := parseCQ(printed)
			if again := string(appendCQ(nil, second)); err != nil || again != printed {
				t.Errorf("printing is not stable for %q: %q, then %q, %v", in, printed, again, err)
			}
		}
		if plain := string(appendCQ(nil, []segment{textSegment(in)})); in != "" {
			back, err := parseCQ(plain)
			if err != nil || len(back) != 1 || back[0].kind != "text" || back[0].get("text") != in {
				t.Errorf("text %q printed as %q parses as %v, %v", in, plain, back, err)
			}
		}
	})
}

func FuzzParseSegments(f *testing.F) {
	s, _, st := newTestDialect(f)
	st.messages[5] = groupMessage(5, message.Text("quoted"))
	s.account.reader.sign = func(context.Context, []byte) (string, error) { return `{"app":"a"}`, nil }
	for _, r := range segmentRows() {
		f.Add([]byte(`{"type":"` + r.name + `","data":{"id":5,"qq":"all","text":"x","large":true,"type":"qq","url":"u","lat":1,"lon":"-2.5"}}`))
	}
	for _, part := range samples() {
		f.Add(appendSegmentsJSON(nil, s.account.writer.appendSegments(nil, message.Chat{}, message.Content{part})))
	}
	for _, s := range []string{`[]`, `{"type":"text","data":{"text":"x"}}`, `[{"type":"a","data":{"b":1.5e300,"c":null,"d":[{}]}}]`, `[[[`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		segments, err := parseSegments(in)
		if err != nil {
			return
		}
		if out := appendSegmentsJSON(nil, segments); !json.Valid(out) {
			t.Errorf("segments of %q encode to invalid JSON %q", in, out)
		}
		chat := message.Chat{Kind: message.Group, Group: groupCode}
		c, err := s.account.reader.content(t.Context(), chat, segments)
		if err != nil {
			return
		}
		shown := s.account.writer.appendSegments(nil, chat, c)
		if out := appendSegmentsJSON(nil, shown); len(shown) != len(c) || !json.Valid(out) {
			t.Errorf("%q is shown as %q", in, out)
		}
	})
}
