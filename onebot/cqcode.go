package onebot

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"libration/internal/text"
)

// segment is one part of a message in OneBot's terms: a type and its data.
type segment struct {
	kind string
	data []field     // in order; a key may occur twice, the last one counts
	row  *segmentRow // that made it of a received one; else nil
	// node is the data of a node in an array, as it came: its content is segments itself.
	node *json.RawMessage
}

type field struct{ key, value string }

func textSegment(text string) segment { return segment{kind: "text", data: []field{{"text", text}}} }

// get returns a data value, "" when there is none.
func (s segment) get(key string) string {
	for i := len(s.data) - 1; i >= 0; i-- {
		if s.data[i].key == key {
			return s.data[i].value
		}
	}
	return ""
}

// The escapes of CQ codes (docs/protocol/onebot11.md d.1). A comma is escaped in
// values only, and only there understood.
const (
	escapedAmp   = "&amp;"
	escapedOpen  = "&#91;"
	escapedClose = "&#93;"
	escapedComma = "&#44;"
)

var (
	textUnescaper  = strings.NewReplacer(escapedOpen, "[", escapedClose, "]", escapedAmp, "&")
	valueUnescaper = strings.NewReplacer(escapedComma, ",", escapedOpen, "[", escapedClose, "]", escapedAmp, "&")
)

func unescape(r *strings.Replacer, s string) string {
	if strings.IndexByte(s, '&') < 0 {
		return s
	}
	return r.Replace(s)
}

// opening begins a CQ code.
const opening = "[CQ:"

// parseCQ parses a message with CQ codes. What is no complete code of a possible
// type stays text as written, so that nothing of the message is lost. A complete
// code with a part that cannot be understood is an error that names it
// (docs/protocol/onebot11.md d.1).
func parseCQ(s string) ([]segment, error) {
	const most = 16 // of the codes that there is room for from the start
	segments := make([]segment, 0, 2*min(strings.Count(s, opening), most)+1)
	start := 0 // of the text that is in no segment yet
	for open, next := strings.Index(s, opening), 0; open >= 0; open = next {
		inner := s[open+len(opening):]
		if next = strings.Index(inner, opening); next >= 0 {
			inner = inner[:next]
			next += open + len(opening)
		}
		inner, _, closed := strings.Cut(inner, "]")
		kind, parts, _ := strings.Cut(inner, ",")
		if !closed || !isWord(kind, "_.-") {
			continue
		}
		data, err := parseParts(parts, inner)
		if err != nil {
			return nil, err
		}
		if start < open {
			segments = append(segments, textSegment(unescape(textUnescaper, s[start:open])))
		}
		segments = append(segments, segment{kind: kind, data: data})
		start = open + len(opening) + len(inner) + len("]")
	}
	if start < len(s) {
		segments = append(segments, textSegment(unescape(textUnescaper, s[start:])))
	}
	return segments, nil
}

// parseParts parses what stands behind the type of a code. Empty parts and bare
// flags are ignored. code is for the error. The comma of a data URI need not be escaped.
func parseParts(parts, code string) ([]field, error) {
	var data []field
	for part := range strings.SplitSeq(parts, ",") {
		if last := len(data) - 1; last >= 0 && isDataHead(data[last].value) {
			data[last].value += "," + unescape(valueUnescaper, part)
			continue
		}
		if part == "" || isWord(part, "_") {
			continue
		}
		key, value, found := strings.Cut(part, "=")
		if !found {
			code, part = shorten(opening+code+"]"), shorten(part)
			return nil, badParams(text.T(
				`the CQ code %s cannot be read at %q: write a comma in a value as "&#44;"; if the code is meant as text, write its "[" as "&#91;"`,
				`无法解析 CQ 码 %s 中的 %q：参数值中的逗号请写成 "&#44;"；如果它只是普通文本，请把 "[" 写成 "&#91;"`).Fill(code, part))
		}
		data = append(data, field{key, unescape(valueUnescaper, value)})
	}
	return data, nil
}

// isDataHead tells whether a value is what stands before the comma of a data URI with
// base64.
func isDataHead(value string) bool {
	return strings.HasSuffix(value, ";base64") && strings.HasPrefix(value, "data:") && !strings.Contains(value, ",")
}

// isWord tells whether s has at least one character, and none but ASCII letters,
// digits and those of others.
func isWord(s, others string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && strings.IndexByte(others, c) < 0 {
			return false
		}
	}
	return s != ""
}

// shorten bounds a text in an error: a value may be a whole picture.
func shorten(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}

// appendCQ appends segments as a message with CQ codes.
func appendCQ(dst []byte, segments []segment) []byte {
	for _, s := range segments {
		if s.kind == "text" {
			dst = appendEscaped(dst, s.get("text"), false)
			continue
		}
		dst = append(dst, "[CQ:"...)
		dst = append(dst, s.kind...)
		for _, f := range s.data {
			if s.row != nil && slices.Contains(s.row.arrayOnly, f.key) {
				continue
			}
			dst = append(dst, ',')
			dst = append(dst, f.key...)
			dst = append(dst, '=')
			dst = appendEscaped(dst, f.value, true)
		}
		dst = append(dst, ']')
	}
	return dst
}

func appendEscaped(dst []byte, s string, value bool) []byte {
	start := 0
	for i := range len(s) {
		var escape string
		switch s[i] {
		case '&':
			escape = escapedAmp
		case '[':
			escape = escapedOpen
		case ']':
			escape = escapedClose
		case ',':
			if !value {
				continue
			}
			escape = escapedComma
		default:
			continue
		}
		dst = append(dst, s[start:i]...)
		dst = append(dst, escape...)
		start = i + 1
	}
	return append(dst, s[start:]...)
}

// parseSegments parses a message given as JSON: an array of segments, or one
// segment object. All data values but those of nodes become texts: null is "", objects
// and arrays their JSON, numbers are written without exponent
// (docs/protocol/onebot11.md d.2).
func parseSegments(raw json.RawMessage) ([]segment, error) {
	v, err := checked(raw)
	if err != nil {
		return nil, err
	}
	switch v[0] {
	case '{':
		s, err := parseSegment(v)
		return []segment{s}, err
	case '[':
	default:
		return nil, text.Errorf("not an array of segments", "不是消息段数组")
	}
	var segments []segment
	for item := range items(v) {
		s, err := parseSegment(item)
		if err != nil {
			return nil, text.Errorf("segment %d: %v", "消息段 %d：%v", len(segments), err)
		}
		segments = append(segments, s)
	}
	return segments, nil
}

// parseSegment parses valid JSON.
func parseSegment(v json.RawMessage) (segment, error) {
	var s segment
	var data json.RawMessage
	if v[0] != '{' {
		return s, text.Errorf("not an object", "不是对象")
	}
	typed := false
	for name, v := range members(v) {
		switch name {
		case "type":
			if typed = v[0] == '"'; typed {
				s.kind = unquote(v)
			}
		case "data":
			if v[0] != '{' && v[0] != 'n' {
				return s, text.Errorf(`"data" is not an object`, `"data" 不是对象`)
			}
			data = v
		}
	}
	if !typed {
		return s, text.Errorf(`no "type" string`, `没有字符串 "type"`)
	}
	if s.kind == nodeType {
		node := data // others do not go to the heap
		s.node = &node
		return s, nil
	}
	for name, v := range members(data) {
		s.data = append(s.data, field{name, dataText(v)})
	}
	return s, nil
}

// dataText is a data value as text.
func dataText(v json.RawMessage) string {
	switch v[0] {
	case 'n':
		return ""
	case '"':
		return unquote(v)
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		if bytes.ContainsAny(v, ".eE") {
			if f, err := strconv.ParseFloat(string(v), 64); err == nil {
				return strconv.FormatFloat(f, 'f', -1, 64)
			}
		}
	}
	return string(v)
}
