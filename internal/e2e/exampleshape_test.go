package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"libration/gateway/table"
)

// misshapen returns how a value is not what a type describes.
func misshapen(t *table.Type, raw json.RawMessage, at string) (wrong []string) {
	not := func(what string) []string { return []string{fmt.Sprintf("%s is no %s: %.80s", at, what, raw)} }
	var v any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return not("JSON")
	}
	switch t.Kind {
	case table.Integer, table.Number:
		n, ok := v.(json.Number)
		if _, err := n.Int64(); !ok || t.Kind == table.Integer && err != nil {
			return not(string(t.Kind))
		}
	case table.Boolean:
		if _, ok := v.(bool); !ok {
			return not("boolean")
		}
	case table.String:
		if _, ok := v.(string); !ok {
			return not("text")
		}
	case table.Nothing:
		if v != nil {
			return not("null")
		}
	case table.Array:
		var items []json.RawMessage
		if json.Unmarshal(raw, &items) != nil || items == nil {
			return not("list")
		}
		for i, item := range items {
			wrong = append(wrong, misshapen(t.Items, item, fmt.Sprintf("%s[%d]", at, i))...)
		}
	case table.Object:
		var fields map[string]json.RawMessage
		if json.Unmarshal(raw, &fields) != nil || fields == nil {
			return not("object")
		}
		return misshapenFields(t, fields, at)
	}
	return wrong
}

func misshapenFields(t *table.Type, fields map[string]json.RawMessage, at string) (wrong []string) {
	if len(t.Fields) == 0 { // it may have any
		return nil
	}
	for i := range t.Fields {
		f := &t.Fields[i]
		value, there := fields[f.Name()]
		delete(fields, f.Name())
		var text string
		switch {
		case !there && f.Required:
			wrong = append(wrong, at+" lacks "+f.Name())
		case !there, f.Nullable && string(value) == "null":
		case f.Enum != nil && (json.Unmarshal(value, &text) != nil || !slices.Contains(f.Enum, text)):
			wrong = append(wrong, fmt.Sprintf("%s.%s is %s, none of %q", at, f.Name(), value, f.Enum))
		default:
			wrong = append(wrong, misshapen(f.Type, value, at+"."+f.Name())...)
		}
	}
	for name := range fields {
		wrong = append(wrong, fmt.Sprintf("%s has %s, which is not described", at, name))
	}
	return wrong
}

// clipped is JSON with the beginnings of long lists and texts only. Members keep their order.
func clipped(raw json.RawMessage) json.RawMessage {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return raw
	}
	var out bytes.Buffer
	d := json.NewDecoder(bytes.NewReader(raw))
	switch raw[0] {
	case '{':
		_, _ = d.Token()
		out.WriteByte('{')
		for d.More() {
			name, _ := d.Token()
			var value json.RawMessage
			if d.Decode(&value) != nil {
				return raw
			}
			if out.Len() > 1 {
				out.WriteByte(',')
			}
			fmt.Fprintf(&out, "%q:%s", name, clipped(value))
		}
		out.WriteByte('}')
	case '[':
		var items []json.RawMessage
		if d.Decode(&items) != nil {
			return raw
		}
		out.WriteByte('[')
		for i, item := range items[:min(len(items), mostItems)] {
			if i > 0 {
				out.WriteByte(',')
			}
			out.Write(clipped(item))
		}
		out.WriteByte(']')
	case '"':
		var text string
		if json.Unmarshal(raw, &text) != nil || len([]rune(text)) <= mostText {
			return raw
		}
		encoder := json.NewEncoder(&out)
		encoder.SetEscapeHTML(false)
		_ = encoder.Encode(string([]rune(text)[:mostText]) + "…")
		return bytes.TrimSpace(out.Bytes())
	default:
		return raw
	}
	return out.Bytes()
}
