package filter

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"libration/internal/text"
)

const groupEvent = `{"time":1700000000,"self_id":10001,"post_type":"message","message_type":"group","sub_type":"normal","message_id":-5,` +
	`"user_id":10002,"group_id":730000001,"anonymous":null,"message":[{"type":"text","data":{"text":"!!通知 \"x\"\n"}},{"type":"face","data":{"id":"14"}}],` +
	`"raw_message":"!!通知 \"x\"\n[CQ:face,id=14]","font":0,"big":9007199254740993,"half":1.5,"yes":true,"sender":{"user_id":10002,"nickname":"甲","level":"5","role":"admin"}}`

const noticeEvent = `{"time":1,"self_id":10001,"post_type":"notice","notice_type":"group_increase","group_id":730000002,"user_id":7}`

const heartbeat = `{"time":1,"self_id":10001,"post_type":"meta_event","meta_event_type":"heartbeat","status":{"online":true,"good":true},"interval":5000}`

// TestPasses: the language, by the examples of go-cqhttp's guide and by its rules.
func TestPasses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		filter                    string
		group, notice, heartbeats bool
	}{
		{`{}`, true, true, true},
		{`{".not": {}}`, false, false, false},
		{`{"raw_message": {".regex": "^!!"}}`, true, false, false},
		{`{"message_type": "group", "anonymous": {".eq": null}}`, true, false, false},
		{`{".or": [{"message_type": "private"}, {"message_type": "group", "group_id": {".in": [730000001]}, "anonymous": {".eq": null}}]}`, true, false, false},
		{`{".or": [{"group_id": {".in": [1, 2, 730000001]}, "user_id": {".neq": 12345}}, {"user_id": 7}]}`, true, true, false},
		{`{".or": [{"message_type": "private", "user_id": {".not": {".in": [1]}, ".neq": 4}}, {"message_type": {".regex": "group|discuss"}, ".or": [{"group_id": 12345}, {"raw_message": {".contains": "通知"}}]}]}`, true, false, false},
		// Keys.
		{`{"sender": {"role": "admin"}}`, true, false, false},
		{`{"sender.role": "admin"}`, true, false, false},
		{`{"message.0.type": "text"}`, true, false, false},
		{`{"message.1.data.id": 14}`, true, false, false},
		{`{"message": {"0": {"type": "text"}}}`, true, false, false},
		{`{"message.#": 2}`, true, false, false},
		{`{"user_id": {"x": null}}`, true, true, true},
		// What is not there is null.
		{`{"anonymous": null}`, true, true, true},
		{`{"nobody": {".neq": 1}}`, true, true, true},
		{`{"message_type": {".neq": null}}`, true, false, false},
		{`{"nobody": {".in": [null]}}`, true, true, true},
		{`{"nobody": ""}`, false, false, false},
		{`{"nobody": {".contains": ""}}`, false, false, false},
		{`{"nobody": {".not": {".regex": "x"}}}`, true, true, true},
		// Numbers and texts.
		{`{"group_id": {".in": ["730000001", "5"]}}`, true, false, false},
		{`{"sender.level": 5}`, true, false, false},
		{`{"user_id": 10002.0}`, true, false, false},
		{`{"user_id": 1.0002e4}`, true, false, false},
		{`{"message_id": -5}`, true, false, false},
		{`{"big": 9007199254740993}`, true, false, false},
		{`{"big": 9007199254740992}`, false, false, false},
		{`{"half": 1.50}`, true, false, false},
		{`{"yes": true}`, true, false, false},
		{`{"yes": false}`, false, false, false},
		// Texts alone.
		{`{"group_id": {".contains": "73"}}`, false, false, false},
		{`{"group_id": {".regex": "73"}}`, false, false, false},
		{`{"message": {".contains": "text"}}`, false, false, false},
		{`{"message_type": {".in": "group,private"}}`, true, false, false},
		{`{"group_id": {".in": "730000001"}}`, false, false, false},
		{`{"raw_message": {".regex": "(?s)\"x\"\n.*face"}}`, true, false, false},
		// Operators.
		{`{".and": {"post_type": "message", "user_id": 10002}}`, true, false, false},
		{`{"user_id": {".and": {".neq": 1, ".in": [10002, 7]}}}`, true, true, false},
		{`{"user_id": {".or": [{".eq": 7}, {".eq": 8}]}}`, false, true, false},
		{`{".or": []}`, false, false, false},
		{`{"group_id": {".in": []}}`, false, false, false},
		{`{".not": {"post_type": "meta_event"}}`, true, true, false},
		{`{"post_type": "notice", "post_type": "message"}`, false, false, false}, // both must hold
		{`{"message": [{"type": "text", "data": {"text": "!!通知 \"x\"\n"}}, {"data": {"id": "14"}, "type": "face"}]}`, true, false, false},
		{`{"message": {".neq": []}}`, true, true, true},
		{`{"sender": {".in": [{"level":"5","role":"admin","nickname":"甲","user_id":10002}]}}`, true, false, false},
		{"\xef\xbb\xbf{\"post_type\": \"message\"}", true, false, false},
	} {
		f, err := Parse([]byte(tt.filter))
		if err != nil {
			t.Errorf("%s: %v", tt.filter, err)
			continue
		}
		for event, want := range map[string]bool{groupEvent: tt.group, noticeEvent: tt.notice, heartbeat: tt.heartbeats} {
			if got := f.Passes([]byte(event)); got != want {
				t.Errorf("%s passes %.80s...: got %v, want %v", tt.filter, event, got, want)
			}
		}
	}
}

// TestWrongFilters: who writes a mistake reads where it is, and what to do.
func TestWrongFilters(t *testing.T) {
	t.Parallel()
	for filter, want := range map[string]string{
		"":                                   "the file is empty: write a JSON object",
		"[]":                                 "line 1, column 1: must be an object",
		`{"a": 1,}`:                          "line 1, column 9: not JSON: invalid character '}'",
		"{\n  // all\n}":                     "line 2, column 3: not JSON",
		"{\"群\": 1\n \"b\": 2}":              "line 2, column 2: not JSON",
		"{\n \"group_id\": {\".inn\": [1]}}": `line 2, column 20: group_id > .inn: no such operator, did you mean .in?`,
		`{".frobnicate": 1}`:                 "no such operator; there are .not .and .or",
		`{".not": 1}`:                        "column 10: .not: must be an object",
		`{".and": []}`:                       ".and: must be an object",
		`{".or": {}}`:                        ".or: must be an array of objects",
		`{".or": [1]}`:                       ".or: must be an object",
		`{"a": {".in": 5}}`:                  "a > .in: must be an array of values, or a text",
		`{"a": {".contains": 5}}`:            "a > .contains: must be a text in quotes",
		`{"a": {".regex": ["x"]}}`:           "a > .regex: must be a text in quotes",
		`{"a": {".regex": "("}}`:             "a > .regex: the pattern cannot be used: error parsing regexp: missing closing )",
		`{"a": {".regex": "(?=x)"}}`:         "patterns are those of RE2, without lookaround, backreferences and possessive repeats",
		`{"a": {".regex": "(x)\\1"}}`:        "patterns are those of RE2",
		`{"a": {".regex": "x++"}}`:           "patterns are those of RE2",
		`{"": 1}`:                            "a key is empty",
		"\xff\xfe{\x00}\x00":                 "UTF-16",
		"{\"a\": \"\xff\"}":                  "not UTF-8",
		strings.Repeat(`{".not":`, 40) + "{}" + strings.Repeat("}", 40):  "nested too deeply: at most 32",
		`{"a": {".in": [` + strings.Repeat("1,", MaxSize/2) + "1]}}":     "larger than 1048576 bytes",
		"{" + strings.Repeat(`"a":1,`, maxRules) + `"a":1}`:              "too many conditions: at most 10000",
		`{"a": {".regex": "` + strings.Repeat("x", maxPattern+1) + `"}}`: "the patterns are larger than 65536 bytes",
	} {
		_, err := Parse([]byte(filter))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: got %v, want %q", filter, err, want)
			continue
		}
		if said := text.Of(err); said.ZH == said.EN {
			t.Errorf("%.60q: the error is in English only: %v", filter, err)
		}
	}
}

// TestReload: a file is read again when that is asked for, and one that is broken changes
// nothing.
func TestReload(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "filter.json")
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), "event filter "+path) {
		t.Errorf("a file that is not there: got %v", err)
	}
	if _, err := Load(t.TempDir()); err == nil || !strings.Contains(err.Error(), "not a file") {
		t.Errorf("a folder: got %v", err)
	}
	write := func(content string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"post_type": "notice"}`)
	f, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		content                string
		changed, fails, passes bool
	}{
		{`{"post_type": "notice"}`, false, false, false},
		{`{"post_type": "message"}`, true, false, true},
		{`{"post_type": `, false, true, true},
		{`{".not": {}}`, true, false, false},
	} {
		write(step.content)
		changed, err := f.Reload()
		if changed != step.changed || (err != nil) != step.fails || f.Passes([]byte(groupEvent)) != step.passes {
			t.Errorf("%s: changed %v, err %v, passes %v", step.content, changed, err, f.Passes([]byte(groupEvent)))
		}
	}
}

// FuzzFilter: nothing that a file or an event holds does harm, and .not is the opposite.
func FuzzFilter(f *testing.F) {
	for _, filter := range []string{`{"a.#(b==1).c": {".regex": "x"}}`, `{"@pretty": 1, "[a,b]": {".in": [1, null, [2]]}}`, `{"raw_message": {".contains": "!"}}`, `{".or": [{"a|b": 1}, {"!x": "y"}]}`} {
		f.Add(filter, groupEvent)
		f.Add(filter, `{"a":[{"b":1,"c":"x"}`)
	}
	f.Fuzz(func(t *testing.T, filter, event string) {
		parsed, err := Parse([]byte(filter))
		if err != nil {
			return
		}
		opposite, err := Parse([]byte(fmt.Sprintf(`{".not": %s}`, strings.TrimPrefix(filter, "\xef\xbb\xbf"))))
		if err != nil {
			return // too deep, or too large
		}
		if got := parsed.Passes([]byte(event)); got == opposite.Passes([]byte(event)) {
			t.Errorf("%q passes %q: %v, and so does the opposite", event, filter, got)
		}
	})
}

func BenchmarkPasses(b *testing.B) {
	var groups []string
	for i := range 200 {
		groups = append(groups, fmt.Sprint(730000100+i))
	}
	for name, filter := range map[string]string{
		"field":  `{"post_type": "message"}`,
		"groups": `{"group_id": {".in": [` + strings.Join(groups, ",") + `]}}`,
		"text":   `{"raw_message": {".regex": "^#"}}`,
		"mixed":  `{".or": [{"post_type": {".neq": "message"}}, {"message_type": "private"}, {"group_id": {".in": [` + strings.Join(groups, ",") + `]}}, {"sender.role": "owner"}]}`,
	} {
		b.Run(name, func(b *testing.B) {
			f, err := Parse([]byte(filter))
			if err != nil {
				b.Fatal(err)
			}
			event := []byte(strings.ReplaceAll(groupEvent, `\"`, "'"))
			b.ReportAllocs()
			for b.Loop() {
				f.Passes(event)
			}
		})
	}
}
