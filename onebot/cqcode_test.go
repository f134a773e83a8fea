package onebot

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"libration/internal/vectors"
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
	}
	// view gives segments the shape that they have in the file.
	view := func(segments []segment) []vectorSegment {
		out := []vectorSegment{}
		for _, s := range segments {
			v := vectorSegment{Type: s.kind, Data: map[string]string{}}
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
	for _, c := range vectors.Read[vector](t, "cqcode.json") {
		t.Run(c.ID, func(t *testing.T) {
			switch c.Kind {
			case "parse":
				got := parseCQ(c.String)
				if diff := cmp.Diff(c.Segments, view(got)); diff != "" {
					t.Errorf("parseCQ(%q) (-want +got):\n%s", c.String, diff)
				}
				if printed := string(appendCQ(nil, got)); printed != c.Printed {
					t.Errorf("printed again: got %q, want %q", printed, c.Printed)
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
				if back := cmp.Diff(view(in), view(parseCQ(got))); (back == "") != c.Roundtrip {
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
				t.Skip("unknown kind " + c.Kind)
			}
		})
	}
}

func TestParseCQEdges(t *testing.T) {
	for in, want := range map[string]string{
		"[CQ:":                  "&#91;CQ:",
		"x[CQ:":                 "x&#91;CQ:",
		"[CQ:a][CQ:":            "[CQ:a]&#91;CQ:",
		"[CQ:[CQ:face,id=1]":    "[CQ:[CQ:face,id=1]",
		"[CQ:x":                 "",
		"[CQ:at,qq=1][CQ:at,qq": "[CQ:at,qq=1]",
		"[CQ:text]a":            "a",
	} {
		if got := string(appendCQ(nil, parseCQ(in))); got != want {
			t.Errorf("parse and print %q: got %q, want %q", in, got, want)
		}
	}
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
		first := parseCQ(in)
		printed := string(appendCQ(nil, first))
		second := parseCQ(printed)
		if again := string(appendCQ(nil, second)); again != printed {
			t.Errorf("printing is not stable for %q: %q, then %q", in, printed, again)
		}
		if plain := string(appendCQ(nil, []segment{textSegment(in)})); in != "" {
			back := parseCQ(plain)
			if len(back) != 1 || back[0].kind != "text" || back[0].get("text") != in {
				t.Errorf("text %q printed as %q parses as %v", in, plain, back)
			}
		}
	})
}

func FuzzParseSegments(f *testing.F) {
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
	})
}
