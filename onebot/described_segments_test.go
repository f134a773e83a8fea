package onebot

import (
	"context"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"libration/gateway/table"
	"libration/ntqq/message"
)

// shownSegments gives f the data of received segments, in arrays and in codes: of the
// samples, and of the messages of the sandbox.
func shownSegments(t *testing.T, f func(kind string, format Format, data map[string]json.RawMessage)) {
	t.Helper()
	type shown struct {
		Type string
		Data map[string]json.RawMessage
	}
	var all []shown
	codes := ""
	s, _, _ := newTestDialect(t)
	nameless := message.Medium{MD5: someMedium(1).MD5}
	for _, part := range append(samples(), &message.ImageSegment{Medium: nameless}, &message.RecordSegment{Medium: nameless}, &message.VideoSegment{Medium: nameless}) {
		segments := s.account.writer.appendSegments(nil, message.Chat{Kind: message.Group, Group: groupCode}, message.Content{part})
		var some []shown
		if err := json.Unmarshal(appendSegmentsJSON(nil, segments), &some); err != nil {
			t.Fatal(err)
		}
		all = append(all, some...)
		codes += string(appendCQ(nil, segments))
	}
	for _, c := range capturedEvents(t) {
		var e struct{ Message json.RawMessage }
		if err := json.Unmarshal(c.Event, &e); err != nil {
			t.Fatal(err)
		}
		var some []shown
		var code string
		switch {
		case json.Unmarshal(e.Message, &some) == nil:
			all = append(all, some...)
		case json.Unmarshal(e.Message, &code) == nil:
			codes += code
		}
	}
	for _, one := range all {
		f(one.Type, FormatArray, one.Data)
	}
	segments, err := parseCQ(codes)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range segments {
		data := map[string]json.RawMessage{}
		for _, d := range one.data {
			data[d.key], _ = json.Marshal(d.value)
		}
		f(one.kind, FormatString, data)
	}
}

// TestShownSegments: what bots get has exactly the fields that are described, and all that
// is described is there at times.
func TestShownSegments(t *testing.T) {
	rows := newSegmentTable()
	j := newJudge()
	shownSegments(t, func(kind string, format Format, data map[string]json.RawMessage) {
		row := rows.types[kind]
		if row == nil {
			t.Fatalf("there is no row of %s", kind)
		}
		j.there[kind]++
		fields := row.received
		if format == FormatString { // texts, without what stands in arrays only
			fields = nil
			for _, f := range row.received {
				if !slices.Contains(row.arrayOnly, f.Name()) {
					f.Type = &table.Type{Kind: table.String}
					fields = append(fields, f)
				}
			}
		}
		if err := j.fields(kind, data, fields, "lagrange"); err != nil {
			t.Errorf("format %d: %v", format, err)
		}
	})
	j.events = map[string]*judged{}
	for _, r := range segmentRows() {
		if r.show != nil {
			j.events[r.name] = &judged{r.name, object(r.received...), 0}
		}
	}
	for _, what := range j.unseen() {
		t.Error(what)
	}
}

// readSegment is what becomes of a segment that is sent, by itself and within a forward.
type readSegment struct {
	alone, within message.Content
	refused       [2]string
}

// segmentReader returns what reads segments: messages that are named exist.
func segmentReader(t *testing.T) func(kind string, data map[string]json.RawMessage) readSegment {
	s, _, _ := mediaDialect(t)
	chat := message.Chat{Kind: message.Group, Group: groupCode}
	r := s.account.reader
	numbered := func(sequence uint64) *message.Message { return groupMessage(sequence, message.Text("quoted")) }
	r.find = func(_ context.Context, id int32) (*message.Message, error) { return numbered(uint64(uint32(id))), nil }
	r.numbered = func(_ context.Context, _ message.Chat, sequence uint64) (*message.Message, error) {
		return numbered(sequence), nil
	}
	r.resend = func(_ context.Context, id string) (*message.ForwardSegment, error) {
		return &message.ForwardSegment{ID: id}, nil
	}
	r.sign = func(_ context.Context, request []byte) (string, error) { return string(request), nil }
	return func(kind string, data map[string]json.RawMessage) (out readSegment) {
		raw, err := json.Marshal(map[string]any{"type": kind, "data": data})
		if err != nil {
			t.Fatal(err)
		}
		if kind == "reply" { // it says nothing by itself
			raw = append(raw, `,{"type":"text","data":{"text":"yes"}}`...)
		}
		node := slices.Concat([]byte(`{"type":"node","data":{"user_id":1,"nickname":"x","time":1,"content":[`), raw, []byte(`]}}`))
		for i, m := range [][]byte{slices.Concat([]byte("["), raw, []byte("]")), node} {
			segments, err := parseSegments(m)
			var c message.Content
			if err == nil {
				c, err = r.content(t.Context(), chat, segments)
			}
			if err != nil {
				out.refused[i] = err.Error()
			}
			if i == 0 {
				out.alone = c
			} else {
				out.within = c
			}
		}
		return out
	}
}

// values are tried for each field, beside those of the samples.
var values = []string{
	`"x"`, `7`, `true`, `false`, `3`, `"sticker"`, `"flash"`, `"https://example.com/other"`, `"base64://eA=="`, `["a line"]`,
	`{"rows":[{"buttons":[{}]}]}`, `[{"buttons":[{"id":"2"}]}]`, `[{"type":"text","data":{"text":"y"}}]`, `"20009"`,
}

// TestSentSegments: samples can be sent, each field that is described changes what is
// sent under each of its names, no other does, and none that is required can be left out.
func TestSentSegments(t *testing.T) {
	read := segmentReader(t)
	var universe []string
	for _, r := range segmentRows() {
		for _, f := range r.sent {
			universe = append(universe, f.Names...)
		}
	}
	slices.Sort(universe)
	universe = slices.Compact(universe)
	for _, r := range segmentRows() {
		if r.refused || r.name == "anonymous" {
			continue
		}
		if len(r.samples) == 0 {
			t.Errorf("%s has no sample", r.name)
		}
		var bases []map[string]json.RawMessage
		tried := slices.Clone(values)
		for _, sample := range r.samples {
			var data map[string]json.RawMessage
			if err := json.Unmarshal([]byte(sample), &data); err != nil {
				t.Fatal(err)
			}
			if got := read(r.name, data); got.refused[0] != "" {
				t.Errorf("%s %s: %s", r.name, sample, got.refused[0])
			}
			bases = append(bases, data)
			for _, v := range data {
				tried = append(tried, string(v))
			}
		}
		// counts tells whether a name counts where the names without are not there.
		counts := func(name string, without, tried []string) bool {
			for _, base := range append(bases, map[string]json.RawMessage{}) {
				base := maps.Clone(base)
				maps.DeleteFunc(base, func(key string, _ json.RawMessage) bool { return slices.Contains(without, key) })
				before := read(r.name, base)
				for _, v := range tried {
					base[name] = json.RawMessage(v)
					if !reflect.DeepEqual(before, read(r.name, base)) {
						return true
					}
				}
			}
			return false
		}
		var known []string
		for _, f := range r.sent {
			known = append(known, f.Names...)
			for _, name := range f.Names {
				if !counts(name, f.Names, tried) {
					t.Errorf("%s: %s is not read", r.name, name)
				}
			}
			for _, base := range bases {
				base := maps.Clone(base)
				maps.DeleteFunc(base, func(key string, _ json.RawMessage) bool { return slices.Contains(f.Names, key) })
				if got := read(r.name, base); f.Required && got.refused[0] == "" {
					t.Errorf("%s: %s can be left out", r.name, f.Name())
				}
			}
		}
		for _, name := range universe {
			if !slices.Contains(known, name) && counts(name, nil, values[:4]) {
				t.Errorf("%s: %s is read, and not described", r.name, name)
			}
		}
	}
}

// TestSegmentWords: whatever is said of a field is said in both languages.
func TestSegmentWords(t *testing.T) {
	for _, r := range segmentRows() {
		for _, f := range slices.Concat(r.received, r.sent) {
			for en, zh := range map[string]string{f.Text.EN: f.Text.ZH, f.When.EN: f.When.ZH} {
				if strings.Contains(en, " ") && !chinese.MatchString(zh) {
					t.Errorf("%s.%s: %q has no Chinese text, but %q", r.name, f.Name(), en, zh)
				}
			}
		}
	}
}
