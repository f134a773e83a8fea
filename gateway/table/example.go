package table

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// Example is a call of an action that was really made.
type Example struct {
	Action string          `json:"action"`
	Params json.RawMessage `json:"params"`
	// Answers are what came back: one, or one per frame.
	Answers []json.RawMessage `json:"answers"`
}

// How examples are laid out on pages and terminals.
const (
	layoutWidth = 100 // what fits into a line of this many characters is not broken up
	layoutLines = 15  // what is longer is shortened
	layoutText  = 60  // characters that are left of a text then
)

// Request returns the call as JSON, for people to read.
func (e *Example) Request() string {
	params := e.Params
	if len(params) == 0 {
		params = json.RawMessage("{}")
	}
	return layout(object{{"action", e.Action}, {"params", params}})
}

// Answer returns what came back, one frame after the other.
func (e *Example) Answer() string {
	var frames []string
	for _, a := range e.Answers {
		frames = append(frames, layout(a))
	}
	return strings.Join(frames, "\n")
}

// data returns what the answers have as data, of each frame.
func (e *Example) data() (all []any) {
	for _, a := range e.Answers {
		var envelope struct {
			Data json.RawMessage `json:"data"`
		}
		if json.Unmarshal(a, &envelope) == nil {
			all = append(all, envelope.Data)
		}
	}
	return all
}

// layout writes JSON over as many lines as it needs. What would be too long loses all but
// the beginnings of its lists and texts, with an ellipsis for the rest.
func layout(v any) string {
	raw, err := encode(v)
	if err != nil {
		return ""
	}
	tree := ordered(raw)
	written := lay(tree, "")
	for _, keep := range []int{2, 1} {
		if strings.Count(written, "\n") >= layoutLines {
			written = lay(shortened(tree, keep), "")
		}
	}
	return written
}

// ellipsis stands for the rest of a list.
type ellipsis struct{}

// ordered reads JSON so that objects keep the order of their members.
func ordered(raw json.RawMessage) any {
	d := json.NewDecoder(bytes.NewReader(raw))
	switch raw = bytes.TrimSpace(raw); {
	case len(raw) > 0 && raw[0] == '{':
		o := object{}
		_, _ = d.Token()
		for d.More() {
			var value json.RawMessage
			name, err := d.Token()
			if err != nil || d.Decode(&value) != nil {
				break
			}
			o = append(o, member{name.(string), ordered(value)})
		}
		return o
	case len(raw) > 0 && raw[0] == '[':
		var items []json.RawMessage
		list := []any{}
		if d.Decode(&items) == nil {
			for _, item := range items {
				list = append(list, ordered(item))
			}
		}
		return list
	}
	return raw
}

// shortened leaves the beginnings of lists and texts.
func shortened(v any, keep int) any {
	switch v := v.(type) {
	case object:
		var o object
		for _, m := range v {
			o = append(o, member{m.key, shortened(m.value, keep)})
		}
		return o
	case []any:
		list := []any{}
		for i, item := range v {
			if i == keep {
				return append(list, ellipsis{})
			}
			list = append(list, shortened(item, keep))
		}
		return list
	case json.RawMessage:
		var text string
		if json.Unmarshal(v, &text) == nil && utf8.RuneCountInString(text) > layoutText {
			cut, _ := encode(string([]rune(text)[:layoutText]) + "…")
			return json.RawMessage(cut)
		}
	}
	return v
}

// lay writes a value that stands behind an indent.
func lay(v any, indent string) string {
	flat := onOneLine(v)
	if utf8.RuneCountInString(indent+flat) <= layoutWidth {
		return flat
	}
	inner := indent + "  "
	var parts []string
	switch v := v.(type) {
	case object:
		for _, m := range v {
			name, _ := encode(m.key)
			parts = append(parts, inner+string(name)+": "+lay(m.value, inner))
		}
		return "{\n" + strings.Join(parts, ",\n") + "\n" + indent + "}"
	case []any:
		for _, item := range v {
			parts = append(parts, inner+lay(item, inner))
		}
		return "[\n" + strings.Join(parts, ",\n") + "\n" + indent + "]"
	}
	return flat
}

func onOneLine(v any) string {
	var parts []string
	switch v := v.(type) {
	case object:
		for _, m := range v {
			name, _ := encode(m.key)
			parts = append(parts, string(name)+": "+onOneLine(m.value))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case []any:
		for _, item := range v {
			parts = append(parts, onOneLine(item))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case ellipsis:
		return "…"
	case json.RawMessage:
		return string(v)
	}
	return ""
}
